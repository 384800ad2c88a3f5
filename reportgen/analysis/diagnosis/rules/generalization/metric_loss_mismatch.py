"""Accuracy and loss cannot both be right: one of them is computed from something else than the other.

Only logs of scores are judged by this rule.

**Statistic.** Loss and accuracy on the same split at the same positions, for a classification with cross-entropy.

**Reference.** Two facts that hold for any network:

1. A wrong prediction gives the true class at most one half, so it costs at least ln 2. The share of wrong predictions
   is therefore at most the mean loss divided by ln 2. A lower accuracy means that accuracy and loss are computed from
   different outputs, labels or modes.
2. If probabilities take the place of the logits (softmax twice), the loss of a correct and certain prediction is not
   0 but ln(1 + (C - 1) / e), and that of a wrong one 1 more. Reported if the losses agree within 2% with this floor
   plus the share of wrong predictions, at an accuracy of at least 60% that is twice that of guessing.

Each must hold at four positions and in most of the second half of training. Training scores are compared only with
each other, because both are averages over the epoch; a tolerance of two percentage points is granted for rounding, and
of ten for a loss of single minibatches, which are averaged over four. The first is not reported if the accuracy rises
by twenty percentage points as the loss falls (a rank correlation below -0.7): then the loss is of another kind, such as
a mean of squared errors.

**Advice.** Compute both from the same outputs: pass logits, not probabilities, to the loss.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from reportgen.analysis.diagnosis.evidence.symptoms import number, percent
from reportgen.analysis.diagnosis.scores.evidence.divergence import diverged
from reportgen.analysis.diagnosis.scores.evidence.guessing import classes
from reportgen.analysis.diagnosis.scores.evidence.points import LEAST_OF_BLOCK, Array, running, scores
from reportgen.analysis.diagnosis.scores.evidence.runs import finding, in_most_runs, thin
from reportgen.analysis.finding import Abstention, Finding, Rule, ScoreEvidence, ScoreForm
from reportgen.languages.translate import N_, _
from reportgen.runs.training_log import TrainingLog

LEAST, MOST, TOLERANCE, TOLERANCE_OF_FEW = 4, 0.75, 0.02, 0.1
NEAR, KNOWN, GAINED, FOLLOWS = 0.02, 0.6, 0.2, -0.7
TWICE, BOUND = "softmax twice", "bound"
NO_CLASSIFICATION = Abstention(
    N_("the task is not a classification"), N_("if it is one, state it (--task classification)")
)

MESSAGES = {
    (BOUND, "train"): N_(
        "A mean training loss of {loss} allows at most {least} of wrong predictions, but the training accuracy is "
        "{accuracy}: they are not computed from the same outputs and labels"
    ),
    (BOUND, "val"): N_(
        "A mean validation loss of {loss} allows at most {least} of wrong predictions, but the validation accuracy is "
        "{accuracy}: they are not computed from the same outputs and labels"
    ),
    (TWICE, "train"): N_(
        "The training accuracy is {accuracy}, but the training loss stays at {loss}. This loss results if softmax is "
        "applied twice, since {least} is then the lowest possible loss"
    ),
    (TWICE, "val"): N_(
        "The validation accuracy is {accuracy}, but the validation loss stays at {loss}. This loss results if softmax "
        "is applied twice, since {least} is then the lowest possible loss"
    ),
}
"""The message of a sign on a split."""


@dataclass(frozen=True)
class _Mismatch:
    """The sign, the split, late loss and accuracy, what the loss implies, and the end."""

    sign: str
    split: str
    loss: float
    accuracy: float
    implied: float
    end: float


def _sign(log: TrainingLog) -> _Mismatch | Abstention | None:
    pairs = {split: _paired(log, split) for split in ("val", "train")}
    most = max(loss.size for loss, *_others in pairs.values())
    if log.task.kind not in ("classification", "unknown"):
        return Abstention(_(NO_CLASSIFICATION.reason), _(NO_CLASSIFICATION.remedy))
    if most < LEAST:
        return thin(_("pairs of loss and accuracy on one split"), most, LEAST)
    if diverged(log):
        return None
    found = [_of_split(log, split, *pair) for split, pair in pairs.items() if pair[0].size >= LEAST]
    return next((sign for sign in found if sign is not None), None)


def _paired(log: TrainingLog, split: str) -> tuple[Array, Array, Array]:
    """Return the losses and accuracies at common positions, and these."""
    loss, right = scores(log, f"{split}_loss"), scores(log, f"{split}_accuracy")
    if right.resolution == "step" or (loss.resolution == "step" and loss.size < LEAST_OF_BLOCK):
        return (np.empty(0),) * 3
    if loss.resolution == "step":
        loss = running(loss)
        right = right.between(float(loss.positions[0]), float(loss.positions[-1]))
        return np.interp(right.positions, loss.positions, loss.values), right.values, right.positions
    same, i, j = np.intersect1d(loss.positions, right.positions, return_indices=True)
    return loss.values[i], right.values[j], same


def _of_split(log: TrainingLog, split: str, loss: Array, right: Array, same: Array) -> _Mismatch | None:
    half = same.size // 2
    level, share = float(loss[half:].mean()), float(right[half:].mean())
    few = scores(log, f"{split}_loss").resolution == "step"
    least = 1 - loss / math.log(2) - (TOLERANCE_OF_FEW if few else TOLERANCE)
    below = right < least
    if below.sum() >= LEAST and below[half:].mean() >= MOST and level >= 0 and not _follows(loss, right):
        return _Mismatch(BOUND, split, level, share, 1 - level / math.log(2), float(same[-1]))
    count = classes(log)
    if count is None or share < max(KNOWN, 2 / count * (count > 2)):
        return None
    floor = math.log1p((count - 1) / math.e)
    near = abs(loss - (floor + 1 - right)) < NEAR * floor
    if near.sum() >= LEAST and near[half:].mean() >= MOST:
        return _Mismatch(TWICE, split, level, share, floor, float(same[-1]))
    return None


def _follows(loss: Array, right: Array) -> bool:
    """Return whether the accuracy rises as the loss falls, so that the loss is of another kind than cross-entropy."""
    if float(np.ptp(right)) < GAINED or float(np.ptp(loss)) == 0:
        return False
    ranks = [np.argsort(np.argsort(array)).astype(np.float64) for array in (loss, right)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1]) < FOLLOWS


def check(evidence: ScoreEvidence) -> Finding | Abstention | None:
    """Return a finding if loss and accuracy of most runs contradict each other."""
    shown = in_most_runs(evidence, _sign)
    if shown is None or isinstance(shown, Abstention):
        return shown
    sign = shown.signs[0]
    loss, accuracy, implied = (shown.mean(name) for name in ("loss", "accuracy", "implied"))
    message = MESSAGES[sign.sign, sign.split]
    least = percent(1 - implied) if sign.sign == BOUND else number(implied)
    return finding(
        RULE.id,
        evidence,
        shown,
        severity="warning",
        position=sign.end,
        numbers={"loss": loss, "accuracy": accuracy, "implied": implied, "sign": sign.sign},
        message=_(message).format(loss=number(loss), accuracy=percent(accuracy), least=least),
        advice=_("Compute loss and accuracy from the same outputs, and pass logits, not probabilities, to the loss."),
        sources=RULE.sources,
    )


RULE = Rule(
    id="metric_loss_mismatch",
    title=N_("Metric and loss disagree"),
    check=None,
    sources=("stanford-scribe", "Goodfellow, Bengio and Courville 2016, 6.2.2"),
    stage="generalization",
    one_task=True,
    on_scores=ScoreForm(check, f"loss and accuracy on the same split, {LEAST} pairs"),
)
