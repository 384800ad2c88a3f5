"""Class never predicted, on scores: the accuracy never changes, and the loss is that of the class frequencies.

**Statistic.** The validation accuracy over the last three quarters of the values, and the late losses.

**Reference.** A network that gives every example the frequencies of the classes always predicts the most common one:
its accuracy a is constant, and its loss is the entropy of the frequencies, at least h(a) = -a ln a - (1 - a) ln(1 - a).
A network that tells the classes apart has a lower loss at the same accuracy. Reported if the accuracy, at least 60% and
below 100%, does not change at all in at least four values, and the late losses are between 90% of h(a) and 125% of the
highest entropy with this accuracy. An even share of two classes is judged by `no_learning`.

**Shares that differ.** If the most common class of training is rarer in validation, both accuracies are constant at its
two shares. Reported if over four consecutive values the validation accuracy does not change, the training accuracy a
changes by at most one percentage point and is higher by 15, validation is at most ten points above the share of a class
of C equal ones, and the mean training loss is between 70% of h(a) and 125% of the highest entropy with a. A training
accuracy in later values may rise: the network begins to tell the rare class.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.symptoms import number, percent
from reportgen.analysis.diagnosis.scores.evidence.divergence import diverged
from reportgen.analysis.diagnosis.scores.evidence.guessing import classes
from reportgen.analysis.diagnosis.scores.evidence.points import Points, scores, smoothed
from reportgen.analysis.diagnosis.scores.evidence.runs import Shown, finding, in_most_runs, thin
from reportgen.analysis.finding import Abstention, Finding, ScoreEvidence, ScoreForm
from reportgen.languages.translate import _
from reportgen.runs.training_log import TrainingLog

LEAST, LEAST_SAME = 6, 4
STEADY, LEAD, ENTROPY_OF_TRAIN, CHANCE = 0.01, 0.15, 0.7, 0.1
COMMON, ENTROPY, ABOVE, SINCE = 0.6, 0.9, 1.25, 0.75
SOURCES = ("He and Garcia 2009, Learning from imbalanced data", "Cover and Thomas 2006, section 2.1")
CAUSES = ("symmetric_init", "no_signal", "unnormalized_input", "lr_too_low")


@dataclass(frozen=True)
class _Constant:
    """The constant accuracy, the entropy of always predicting one class, the late losses, and where it begins.

    in_training: the share of the class among the training examples if it is larger than in validation, else NaN. Then
    the entropy is that of training, and `end` is the last position at which only this class is predicted.
    """

    accuracy: float
    entropy: float
    val: float
    train: float
    start: float
    in_training: float = math.nan
    end: float = math.nan


def _sign(log: TrainingLog) -> _Constant | Abstention | None:
    right, val, train = (scores(log, role) for role in ("val_accuracy", "val_loss", "train_loss"))
    if right.size < LEAST:
        return thin(_("validation accuracies"), right.size, LEAST)
    if min(val.size, train.size) == 0:
        return thin(_("training and validation losses"), 0, 1)
    if diverged(log) or log.task.kind != "classification":
        return None
    return _same_shares(log, right, val, train) or _other_shares(log, right, val, train)


def _same_shares(log: TrainingLog, right: Points, val: Points, train: Points) -> _Constant | None:
    """Return the sign if both losses are those of one class at its share in validation."""
    late = right.late(SINCE)
    accuracy = float(late.values[0])
    if late.size < LEAST_SAME or np.ptp(late.values) > 0 or not COMMON <= accuracy < 1:
        return None
    least, most = _entropies(accuracy, log)
    levels = val.late(0.5).mean, smoothed(train).late(0.5).mean
    if min(levels) < ENTROPY * least or max(levels) > ABOVE * most:
        return None
    return _Constant(accuracy, least, *levels, float(late.positions[0]))


def _entropies(share: float, log: TrainingLog) -> tuple[float, float]:
    """Return the least and the highest entropy of class frequencies of which the largest is this share."""
    least = -share * math.log(share) - (1 - share) * math.log1p(-share)
    return least, least + (1 - share) * math.log(max(classes(log) or 2, 2) - 1)


def _other_shares(log: TrainingLog, right: Points, val: Points, train: Points) -> _Constant | None:
    """Return the sign if one class is predicted whose share is larger in training than in validation."""
    fitted, loss = scores(log, "train_accuracy"), smoothed(train)
    if fitted.size < LEAST or loss.resolution == "step":
        return None
    shares, losses = (np.interp(right.positions, p.positions, p.values) for p in (fitted, loss))
    chance = 1 / (classes(log) or 2)
    for first in range(right.size - LEAST_SAME + 1):
        same = slice(first, first + LEAST_SAME)
        share, accuracy = float(shares[same].mean()), float(right.values[first])
        if np.ptp(right.values[same]) > 0 or np.ptp(shares[same]) > STEADY or accuracy > chance + CHANCE:
            continue
        if not max(accuracy + LEAD, COMMON) < share < 1:
            continue
        least, most = _entropies(share, log)
        if ENTROPY_OF_TRAIN * least < losses[same].mean() < ABOVE * most:
            start, end = (float(right.positions[at]) for at in (first, first + LEAST_SAME - 1))
            levels = val.late(0.5).mean, loss.late(0.5).mean
            return _Constant(accuracy, least, *levels, start, share, end)
    return None


def check(evidence: ScoreEvidence) -> Finding | Abstention | None:
    """Return a finding if most runs predict one class for all examples."""
    shown = in_most_runs(evidence, _sign)
    if shown is None or isinstance(shown, Abstention):
        return shown
    accuracy, entropy, val, train = (shown.mean(name) for name in ("accuracy", "entropy", "val", "train"))
    start = shown.signs[0].start
    shares = [sign.in_training for sign in shown.signs if not math.isnan(sign.in_training)]
    return finding(
        "class_imbalance",
        evidence,
        shown,
        severity="warning",
        position=start,
        numbers={"val_accuracy": accuracy, "entropy": entropy, "late_val_loss": val, "late_train_loss": train},
        message=_of_other_shares(shown, mean(shares)) if shares else _of_same_shares(shown),
        advice=_(
            "Report the recall of each class. Use more examples of the rare classes, fewer of the common one, or "
            "longer training."
        ),
        sources=SOURCES,
        causes=("absent_class",) if shares else CAUSES,
    )


def _of_same_shares(shown: Shown[_Constant]) -> str:
    text = _(
        "From {start} on, the validation accuracy is always {accuracy}, with a validation loss of {val} and a training "
        "loss of {train}. A network that predicts the most common class for every example has this accuracy and a loss "
        "of at least {entropy}"
    )
    losses = {name: number(shown.mean(name)) for name in ("val", "train", "entropy")}
    return text.format(start=shown.position(shown.signs[0].start), accuracy=percent(shown.mean("accuracy")), **losses)


def _of_other_shares(shown: Shown[_Constant], share: float) -> str:
    text = _(
        "From {start} to {end} at least, the validation accuracy is {accuracy} and the training accuracy {share}, and "
        "neither changes. The training loss is that of a network that predicts the most common class for every "
        "example. This class is more frequent in training than in validation, so another one is rare in training or "
        "absent"
    )
    ends = {name: shown.position(getattr(shown.signs[0], name)) for name in ("start", "end")}
    return text.format(**ends, accuracy=percent(shown.mean("accuracy")), share=percent(share))


FORM = ScoreForm(check, f"validation accuracy, {LEAST} values, training and validation loss")
