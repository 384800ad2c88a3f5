"""The loss of guessing: the scale on which the losses of a log are judged.

For a classification with C classes, a network that predicts all classes equally has a cross-entropy of ln C. If the
task or its number of classes is unknown, the level at which the log starts takes its place where a rule allows it.
"""

from __future__ import annotations

import math

from reportgen.analysis.diagnosis.scores.evidence.points import scores
from reportgen.analysis.finding import Abstention
from reportgen.runs.training_log import TrainingLog

UNKNOWN_CLASSES = Abstention(
    "the loss of guessing is not known: the log does not say that the task is a classification with C classes",
    "state the task and the number of classes (--task classification --classes C)",
)


def guess_loss(log: TrainingLog) -> float | None:
    """Return ln C, or None if the task is not a classification with a known number of classes."""
    known = log.task.kind == "classification" and log.task.classes is not None and log.task.classes > 1
    return math.log(log.task.classes) if known and log.task.classes else None


def scale(log: TrainingLog) -> float | None:
    """Return the loss of guessing, or else the larger of the first training and validation loss; None if unknown.

    Negative losses have no natural scale.
    """
    known = guess_loss(log)
    if known is not None:
        return known
    found = [scores(log, role) for role in ("train_loss", "val_loss")]
    if log.task.kind == "likelihood" or any((p.values < 0).any() for p in found):
        return None
    first = [float(p.values[0]) for p in found if p.size]
    return max(first) if first and max(first) > 0 else None
