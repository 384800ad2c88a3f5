"""Excessive regularization, on scores: training has a far higher loss than validation of the same network.

**Statistic.** The gap: each mean training loss (minibatches averaged over blocks) minus the validation loss at the
start of its epoch or window, before the steps that it averages; and the first training loss.

**Reference.** The same weights are scored in train mode and in test mode, so a training loss above an earlier
validation loss is not due to what is learned in between. Noise of batch normalization and random changes of the
inputs raise the training loss of healthy networks by up to 30% of the loss of guessing. Reported if nine of ten
training losses are above the validation loss before them, and the median gap is 40% of the loss of guessing; or 14%, if
the first training loss is also 1.75 times that of guessing. A mean over steps that are too large is high as well, but
then validation is as bad.

**Causes.** Dropout that removes most units, augmentation that changes the inputs beyond recognition. A penalty on the
weights is not seen, since it acts on both losses in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.analysis.diagnosis.evidence.symptoms import number, percent
from reportgen.analysis.diagnosis.scores.evidence.divergence import diverged
from reportgen.analysis.diagnosis.scores.evidence.guessing import guess_loss, unknown_classes
from reportgen.analysis.diagnosis.scores.evidence.points import scores, smoothed
from reportgen.analysis.diagnosis.scores.evidence.runs import finding, in_most_runs, thin, thin_smoothed
from reportgen.analysis.finding import Abstention, Finding, ScoreEvidence, ScoreForm
from reportgen.languages.translate import _
from reportgen.runs.training_log import TrainingLog

LEAST = 6
ABOVE, GAP, GAP_OF_HIGH, HIGH = 0.9, 0.4, 0.14, 1.75
SOURCES = (
    "Srivastava et al. 2014, sections 4 and 7.3",
    "Goodfellow, Bengio and Courville 2016, 7.12",
)


@dataclass(frozen=True)
class _Apart:
    """The median gap, mean training and validation losses, the loss of guessing, and the first position."""

    gap: float
    train: float
    val: float
    guess: float
    start: float


def _sign(log: TrainingLog) -> _Apart | Abstention | None:
    guess, val, train = guess_loss(log), scores(log, "val_loss"), smoothed(scores(log, "train_loss"))
    if guess is None:
        return unknown_classes(log)
    if val.size < LEAST:
        return thin(_("validation losses"), val.size, LEAST)
    if train.size < LEAST or train.resolution == "step":
        return thin_smoothed("training", scores(log, "train_loss"), LEAST)
    if diverged(log):
        return None
    known = train.positions[:-1] >= val.positions[0]
    before = np.interp(train.positions[:-1], val.positions, val.values)[known]
    gaps = (train.values[1:][known] - before) / guess
    if gaps.size < LEAST - 1 or np.mean(gaps > 0) < ABOVE:
        return None
    gap = float(np.median(gaps))
    if gap < (GAP_OF_HIGH if train.values[0] > HIGH * guess else GAP):
        return None
    return _Apart(gap, train.mean, float(before.mean()), guess, float(train.positions[0]))


def check(evidence: ScoreEvidence) -> Finding | Abstention | None:
    """Return a finding if the training losses of most runs are far above the validation losses before them."""
    shown = in_most_runs(evidence, _sign)
    if shown is None or isinstance(shown, Abstention):
        return shown
    gap, train, val, guess = (shown.mean(name) for name in ("gap", "train", "val", "guess"))
    return finding(
        "over_regularization",
        evidence,
        shown,
        severity="warning",
        position=shown.signs[0].start,
        numbers={"gap": gap, "mean_train_loss": train, "mean_val_loss": val, "guessing": guess},
        message=_(
            "The training loss is {train} on average, and the validation loss of the same network only {val}. The "
            "usual gap is {gap} of the loss of guessing. What acts in train mode alone, such as dropout or random "
            "changes of the inputs, takes away most of what the network has learned"
        ).format(train=number(train), val=number(val), gap=percent(gap)),
        advice=_("Lower the dropout rate, or remove dropout. Weaken random changes of the inputs."),
        sources=SOURCES,
        causes=("bn_tiny_batch",),
    )


def explains(evidence: ScoreEvidence) -> bool:
    """Return whether training losses are high since regularization acts in train mode."""
    return isinstance(check(evidence), Finding)


FORM = ScoreForm(check, f"training and validation loss, {LEAST} values each, and the number of classes")
