"""The loss of guessing: the scale on which the losses of a log are judged.

For a classification with C classes, a network that predicts all classes equally has a cross-entropy of ln C. If the
log does not state C, it can be inferred from a network that guesses: its loss is ln C and its accuracy 1/C at the same
time. A network that has learned something has a higher accuracy at the same loss. If C cannot be inferred either, the
level at which the log starts takes the place of guessing where a rule allows it.
"""

from __future__ import annotations

import math

import numpy as np

from reportgen.analysis.diagnosis.evidence.symptoms import number
from reportgen.analysis.diagnosis.scores.evidence.points import Points, scores
from reportgen.analysis.finding import Abstention
from reportgen.analysis.words.formatting import whole
from reportgen.languages.translate import N_, _, pgettext
from reportgen.runs.training_log import TrainingLog

UNKNOWN_TASK = Abstention(
    N_("the loss of guessing is not known: the log does not say that the task is a classification with C classes"),
    N_("state the task and the number of classes (--task classification --classes C)"),
)

UNKNOWN_CLASSES = Abstention(
    N_("the loss of guessing is not known: the log does not state the number of classes"),
    N_("state the number of classes (--classes C)"),
)

LEAST, FIRST, LOSS_ERROR, ACCURACY_ERROR = 4, 2, 0.02, 0.15
"""Least number of values to infer C, number of first values, and relative deviations of loss and accuracy."""

BELOW = 0.9
"""Share of ln 2, the loss of guessing among the fewest classes, below which a loss is better than guessing."""

MOST_CLASSES = 50_000
"""More classes than nearly all classifications have, the vocabulary of language models included."""


def classes(log: TrainingLog) -> int | None:
    """Return the number of classes of a classification, stated or inferred; None if it is unknown."""
    if log.task.kind != "classification":
        return None
    return log.task.classes if log.task.classes is not None else _inferred(log)


def guess_loss(log: TrainingLog) -> float | None:
    """Return ln C, or None if the task is not a classification or C is neither stated nor inferred."""
    count = classes(log)
    return math.log(count) if count is not None and count > 1 else None


def unknown_classes(log: TrainingLog) -> Abstention:
    """Return the abstention of a rule that needs the loss of guessing, with what the log lacks."""
    lacks = UNKNOWN_CLASSES if log.task.kind == "classification" else UNKNOWN_TASK
    return Abstention(_(lacks.reason), _(lacks.remedy))


def highest_guess(log: TrainingLog) -> float | None:
    """Return ln C, or the ln of more classes than there can be if C is unknown; None for other tasks."""
    known = guess_loss(log)
    return known if known is not None or log.task.kind != "classification" else math.log(MOST_CLASSES)


def guess_in_words(log: TrainingLog, guess: float) -> str:
    """Return the loss of guessing in words, to stand after "above"; an upper bound for an unknown number of classes.

    guess: the loss of guessing, or its bound (`highest_guess`), possibly averaged over the runs of a group.
    """
    if guess_loss(log) is not None:
        return pgettext("above", "the loss of guessing, {guess}").format(guess=number(guess))
    text = pgettext(
        "above",
        "the loss of guessing, which is at most {guess}: the number of classes is not known, and {classes} are assumed",
    )
    return text.format(guess=number(guess), classes=whole(MOST_CLASSES))


def scale_in_words(log: TrainingLog) -> str:
    """Return what `scale` is, to stand after "12% of": the loss of guessing or the first loss."""
    return pgettext("of", "the first loss") if guess_loss(log) is None else pgettext("of", "the loss of guessing")


def below_any_guess(log: TrainingLog, *losses: Points) -> bool:
    """Return whether losses of a classification are below those of guessing for any number of classes."""
    found = [loss for loss in losses if loss.size]
    below = all(loss.mean < BELOW * math.log(2) for loss in found)
    return log.task.kind == "classification" and bool(found) and below


def _inferred(log: TrainingLog) -> int | None:
    """Return the number of classes for which loss and accuracy are those of guessing, late or at first; else None."""
    for split in ("val", "train"):
        loss, right = scores(log, f"{split}_loss"), scores(log, f"{split}_accuracy")
        if min(loss.size, right.size) < LEAST:
            continue
        for level, share in ((loss.late(0.5), right.late(0.5)), (loss.first(FIRST), right.first(FIRST))):
            count = _count(float(np.median(level.values)), float(np.median(share.values)))
            if count is not None:
                return count
    return None


def _count(level: float, share: float) -> int | None:
    """Return the number of classes for which guessing has this loss and this accuracy, None if there is none."""
    if not 0.5 < level < math.log(MOST_CLASSES):
        return None
    count = max(round(math.exp(level)), 2)
    near = abs(level - math.log(count)) <= LOSS_ERROR * math.log(count)
    return count if near and abs(share * count - 1) <= ACCURACY_ERROR else None


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
