"""Oscillation on scores: a loss without sampling noise swings and does not settle.

**Statistic.** The swing: the mean rise between averages over 1, 2, 4, ... values as a standard deviation, at the scale
with the largest, over the second half or the last third, whichever is smaller; the same for falls, and the smaller one
counts, since a loss that only rises does not swing. Training loss by epoch or window, and validation loss; single
minibatches are not judged, since they vary by their examples.

**Reference.** More than 10% of the loss of guessing (15% of the first loss, if the number of classes is not known),
while the loss is on average above 30% of guessing or swings by 30%. Not reported if the loss falls by more than twice
the swing from the third quarter to the last, if the learning rate rises late (restarts), or if the validation loss
swings while `overfitting` reports its rise. For information only if just the validation loss swings, by less than 30%
of guessing, and 85% of the validation examples are classified correctly: the confidence changes, but few predictions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.swings import amplitude
from reportgen.analysis.diagnosis.evidence.symptoms import number, percent, share_of
from reportgen.analysis.diagnosis.scores import overfitting
from reportgen.analysis.diagnosis.scores.evidence.divergence import diverged
from reportgen.analysis.diagnosis.scores.evidence.guessing import guess_loss, scale, scale_in_words
from reportgen.analysis.diagnosis.scores.evidence.points import Points, points, scores
from reportgen.analysis.diagnosis.scores.evidence.runs import Shown, finding, in_most_runs, thin
from reportgen.analysis.finding import Abstention, Finding, ScoreEvidence, ScoreForm
from reportgen.languages.translate import _
from reportgen.runs.training_log import TrainingLog

LEAST = 8
MUCH, MUCH_OF_FIRST, HIGH, WILD, RAISED, GOOD = 0.1, 0.15, 0.3, 0.3, 1.5, 0.85
SOURCES = ("stanford-scribe", "csci-497p", "Bottou, Curtis and Nocedal 2018, 4.2", "von Neumann et al. 1941")
CAUSES = ("lr_too_high", "update_ratio_high", "bn_tiny_batch")


@dataclass(frozen=True)
class _Swing:
    """The swing and the late level of a loss, the scale, the role, and the position from which on it counts."""

    size: float
    level: float
    scale: float
    role: str
    start: float
    limit: float


def _sign(log: TrainingLog) -> _Swing | Abstention | None:
    found = [(role, p) for role in ("train_loss", "val_loss") if (p := scores(log, role)).resolution != "step"]
    most = max((p.size for _role, p in found), default=0)
    if most < LEAST:
        return thin(_("training losses by epoch or validation losses"), most, LEAST)
    size = scale(log)
    if size is None or diverged(log) or _restarts(log):
        return None
    much = MUCH if guess_loss(log) is not None else MUCH_OF_FIRST
    swings = [s for role, p in found if p.size >= LEAST and (s := _swing(role, p, size, much)) is not None]
    return max(swings, key=lambda s: s.size, default=None)


def _restarts(log: TrainingLog) -> bool:
    rates = points(log.curve("lr")).late(0.5).values
    return rates.size > 1 and bool((rates[1:] > RAISED * rates[:-1]).any())


def _swing(role: str, found: Points, scale_: float, much: float) -> _Swing | None:
    size, level = min(amplitude(found.values), amplitude(-found.values)), found.late(1 / 3).mean
    third, last = np.array_split(found.values, 4)[2:]
    falls = mean(third) - mean(last) > 2 * size
    high = size > much * scale_ and (level > HIGH * scale_ or size > WILD * scale_)
    start = float(found.positions[found.size // 2])
    return _Swing(size, level, scale_, role, start, much) if high and not falls else None


def _overfits(evidence: ScoreEvidence) -> bool:
    found = overfitting.check(evidence)
    return isinstance(found, Finding) and found.severity != "info"


def _is_harmless(shown: Shown[_Swing]) -> bool:
    """Return whether only the validation loss swings, not wildly, and most validation examples are right."""
    right = [scores(log, "val_accuracy").late(1 / 3) for log in shown.logs]
    calm = shown.mean("size") < WILD * shown.mean("scale")
    return calm and shown.signs[0].role == "val_loss" and all(p.size > 0 and p.mean >= GOOD for p in right)


def check(evidence: ScoreEvidence) -> Finding | Abstention | None:
    """Return a finding if a loss of most runs swings late in training."""
    shown = in_most_runs(evidence, _sign)
    if shown is None or isinstance(shown, Abstention):
        return shown
    if shown.signs[0].role == "val_loss" and _overfits(evidence):
        return None
    size, level, of = (shown.mean(name) for name in ("size", "level", "scale"))
    sign = shown.signs[0]
    text = (
        _(
            "From {start} on, the training loss swings by {size} ({share}, limit {limit}) around {level} and does not "
            "settle"
        )
        if sign.role == "train_loss"
        else _(
            "From {start} on, the validation loss swings by {size} ({share}, limit {limit}) around {level} and does "
            "not settle"
        )
    )
    return finding(
        "loss_oscillation",
        evidence,
        shown,
        severity="info" if _is_harmless(shown) else "warning",
        position=sign.start,
        numbers={"swing": size, "late_loss": level, "scale": of, "limit": sign.limit},
        message=text.format(
            start=shown.position(sign.start), size=number(size), limit=percent(sign.limit), level=number(level),
            share=share_of(size, of, scale_in_words(shown.logs[0])),
        ),
        advice=_("Lower the learning rate tenfold, or let it decay."),
        sources=SOURCES,
        causes=CAUSES,
    )  # fmt: skip


FORM = ScoreForm(check, f"training loss by epoch or validation loss, {LEAST} values")
