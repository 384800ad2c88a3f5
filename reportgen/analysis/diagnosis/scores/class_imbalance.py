"""Class never predicted, on scores: the accuracy never changes, and the loss is that of the class frequencies.

**Statistic.** The validation accuracy over the last three quarters of the values, and the late losses.

**Reference.** A network that gives every example the frequencies of the classes always predicts the most common one:
its accuracy a is constant, and its loss is the entropy of the frequencies, at least h(a) = -a ln a - (1 - a) ln(1 - a).
A network that tells the classes apart has a lower loss at the same accuracy. Reported if the accuracy, at least 60% and
below 100%, does not change at all in at least four values, and the late losses are between 90% of h(a) and 125% of the
highest entropy with this accuracy. An even share of two classes is judged by `no_learning`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from reportgen.analysis.diagnosis.evidence.symptoms import number, percent
from reportgen.analysis.diagnosis.scores.evidence.divergence import diverged
from reportgen.analysis.diagnosis.scores.evidence.guessing import classes
from reportgen.analysis.diagnosis.scores.evidence.points import scores, smoothed
from reportgen.analysis.diagnosis.scores.evidence.runs import finding, in_most_runs, thin
from reportgen.analysis.finding import Abstention, Finding, ScoreEvidence, ScoreForm
from reportgen.runs.training_log import TrainingLog

LEAST, LEAST_SAME = 6, 4
COMMON, ENTROPY, ABOVE, SINCE = 0.6, 0.9, 1.25, 0.75
SOURCES = ("He and Garcia 2009, Learning from imbalanced data", "Cover and Thomas 2006, section 2.1")
CAUSES = ("symmetric_init", "no_signal", "unnormalized_input", "lr_too_low")


@dataclass(frozen=True)
class _Constant:
    """The constant accuracy, the entropy of always predicting one class, the late losses, and where it begins."""

    accuracy: float
    entropy: float
    val: float
    train: float
    start: float


def _sign(log: TrainingLog) -> _Constant | Abstention | None:
    right, val, train = (scores(log, role) for role in ("val_accuracy", "val_loss", "train_loss"))
    if right.size < LEAST:
        return thin("validation accuracies", right.size, LEAST)
    if min(val.size, train.size) == 0:
        return thin("training and validation losses", 0, 1)
    late = right.late(SINCE)
    accuracy = float(late.values[0])
    if diverged(log) or log.task.kind != "classification" or late.size < LEAST_SAME or np.ptp(late.values) > 0:
        return None
    if not COMMON <= accuracy < 1:
        return None
    entropy = -accuracy * math.log(accuracy) - (1 - accuracy) * math.log1p(-accuracy)
    levels = val.late(0.5).mean, smoothed(train).late(0.5).mean
    most = entropy + (1 - accuracy) * math.log(max(classes(log) or 2, 2) - 1)
    if min(levels) < ENTROPY * entropy or max(levels) > ABOVE * most:
        return None
    return _Constant(accuracy, entropy, *levels, float(late.positions[0]))


def check(evidence: ScoreEvidence) -> Finding | Abstention | None:
    """Return a finding if most runs predict one class for all examples."""
    shown = in_most_runs(evidence, _sign)
    if shown is None or isinstance(shown, Abstention):
        return shown
    accuracy, entropy, val, train = (shown.mean(name) for name in ("accuracy", "entropy", "val", "train"))
    start = shown.signs[0].start
    return finding(
        "class_imbalance",
        evidence,
        shown,
        severity="warning",
        position=start,
        numbers={"val_accuracy": accuracy, "entropy": entropy, "late_val_loss": val, "late_train_loss": train},
        message=(
            f"From {shown.position(start)} on, the validation accuracy is always {percent(accuracy)}, with a "
            f"validation loss of {number(val)} and a training loss of {number(train)}. A network that predicts the "
            f"most common class for every example has this accuracy and a loss of at least {number(entropy)}"
        ),
        advice=(
            "Report the recall of each class. Use more examples of the rare classes, fewer of the common one, or "
            "longer training."
        ),
        sources=SOURCES,
        causes=CAUSES,
    )


FORM = ScoreForm(check, f"validation accuracy, {LEAST} values, training and validation loss")
