"""Undertrained, on scores: the losses still fall at the end, or the learning rate still rises.

**Statistic.** Training loss (minibatches averaged over blocks) and validation loss at a quarter, at half and at the
end, clipped at the loss of guessing. The expected gain of training twice as long is the decrease over the second half,
multiplied by its ratio to that over the second quarter if that is below 1, and at most a decrease by the same factor.
The forecast that is stated also does not go below the limit of an exponential with the two decreases.

**Reference.** A gain of more than 8% of the loss of guessing (of the first loss, if the number of classes is not
known) in each loss that the log holds. The late decrease of each must exceed two standard errors of its noise.
Not reported if the validation accuracy is 95% or more. For information only if it is 88% or more, if it has gained half
of what guessing lacks and, since half of training, less than two percentage points or two standard errors of its noise
(or, from 80% on, if wrong predictions have become fewer by less than a fifth), or if the training accuracy is 95% or
more. Not reported either if the learning rate has decayed to less than half, since then the schedule causes the late
decrease.

**Schedule.** A learning rate that rises from value to value up to the last one, by half or more in total, has not left
its warm-up. It is reported if the loss does not rise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from reportgen.analysis.diagnosis.evidence.symptoms import enough, number
from reportgen.analysis.diagnosis.scores.evidence.divergence import diverged
from reportgen.analysis.diagnosis.scores.evidence.guessing import classes, guess_loss, scale
from reportgen.analysis.diagnosis.scores.evidence.points import Array, Points, points, scores, smoothed
from reportgen.analysis.diagnosis.scores.evidence.runs import Shown, finding, in_most_runs, thin
from reportgen.analysis.finding import Abstention, Finding, ScoreEvidence, ScoreForm
from reportgen.languages.translate import _
from reportgen.runs.training_log import TrainingLog

LEAST, LEAST_RATES = 4, 3
GAIN, ERRORS, DECAYED, RISEN = 0.08, 2.0, 0.5, 1.5
GOOD, FAIR, FEWER, ENOUGH, FITTED, MORE, LEAD = 0.88, 0.8, 0.2, 0.95, 0.95, 0.02, 0.5
SOURCES = ("stanford-scribe", "Goodfellow, Bengio and Courville 2016, 7.8", "von Neumann et al. 1941")
CAUSES = ("lr_too_low", "update_ratio_low", "unnormalized_input", "vanishing_gradients", "saturation")


@dataclass(frozen=True)
class _Falling:
    """The expected gain as a share of the scale, whether it is beyond noise, losses at half and end, and the rest.

    forecast: the loss expected after twice as many steps.
    """

    gain: float
    certain: bool
    half: float
    last: float
    end: float
    settled: bool = False
    first_rate: float = math.nan
    last_rate: float = math.nan
    forecast: float = math.nan


def _sign(log: TrainingLog) -> _Falling | Abstention | None:
    if diverged(log):
        return None
    warming = _still_warming(log)
    if warming is not None:
        return warming
    judged = [p for p in _losses(log) if p.size >= LEAST]
    if not judged:
        return thin(_("losses by epoch"), max((p.size for p in _losses(log)), default=0), LEAST)
    size, rates = scale(log), points(log.curve("lr"))
    if size is None:
        return None
    decayed = rates.size > 1 and rates.values[-1] < DECAYED * rates.values.max()
    right = scores(log, "val_accuracy")
    if decayed or (right.size and right.late(1 / 4).mean >= ENOUGH):
        return None
    falls = [_fall(found, size, guess_loss(log)) for found in judged]
    if not all(fall.certain for fall in falls):
        return None
    least = min(falls, key=lambda fall: fall.gain)
    return replace(least, settled=_settled(log, right)) if least.gain > GAIN else None


def _settled(log: TrainingLog, right: Points) -> bool:
    """Return whether all is fitted, or the validation accuracy is good and has hardly improved since half."""
    if scores(log, "train_accuracy").late(1 / 4).mean >= FITTED:
        return True
    if right.size < LEAST:
        return right.size > 0 and right.mean >= GOOD
    half, end = _at_times(right)[1:]
    chance = 1 / (classes(log) or 2)
    noise = right.late(0.5 if right.size >= 8 else 1.0).noise
    least = max(MORE, ERRORS * noise * math.sqrt(2 / _reach(right)))
    still = end - half < least and end - chance >= LEAD * (1 - chance)
    return end >= GOOD or still or (end >= FAIR and 1 - end > (1 - FEWER) * (1 - half))


def _losses(log: TrainingLog) -> list[Points]:
    """Return the training and the validation loss, without single minibatches."""
    found = [smoothed(scores(log, "train_loss")), scores(log, "val_loss")]
    return [p for p in found if p.size and p.resolution != "step"]


def _fall(found: Points, size: float, guess: float | None) -> _Falling:
    """Return the expected gain of a loss, and whether its late decrease exceeds the noise."""
    limit = math.inf if guess is None else guess
    quarter, half, end = (min(level, limit) for level in _at_times(found))
    before, late = quarter - half, half - end
    slowing = late * min(1.0, late / before) if before > 0 and late > 0 else late
    gain = min(slowing, end * (1 - end / half)) if half > 0 and end > 0 else 0.0
    noise = found.late(0.5 if found.size >= 8 else 1.0).noise
    certain = late > ERRORS * noise * math.sqrt(2 / _reach(found))
    forecast = end - min(gain, _room(before, late))
    return _Falling(gain / size, certain, half, end, float(found.positions[-1]), forecast=forecast)


def _room(before: float, late: float) -> float:
    """Return how far a loss is above the limit of an exponential, infinite if its decrease does not slow down.

    before, late: its decrease over the second quarter and over the second half. If q is the share of the distance to
    the limit that a quarter leaves, the later decrease is q (1 + q) times the earlier one.
    """
    if before <= 0 or late >= 2 * before:
        return math.inf
    left = (math.sqrt(1 + 4 * max(late, 0.0) / before) - 1) / 2
    return late * left**2 / (1 - left**2)


def _reach(found: Points) -> int:
    return max(1, found.size // 8)


def _at_times(found: Points) -> list[float]:
    """Return the mean loss around a quarter, around half and at the end of all positions."""
    reach, ends = _reach(found), found.positions[-1]
    levels = []
    for share in (0.25, 0.5):
        at = int(np.argmin(abs(found.positions - share * ends)))
        start = max(0, at - reach // 2)
        levels.append(float(np.mean(found.values[start : start + reach])))
    return [*levels, float(np.mean(found.values[-reach:]))]


def _still_warming(log: TrainingLog) -> _Falling | None:
    rates = points(log.curve("lr"))
    if rates.size < LEAST_RATES or not _rises_throughout(rates.values):
        return None
    losses = [p for role in ("train_loss", "val_loss") if (p := scores(log, role)).size >= LEAST_RATES]
    rising = [p for p in losses if p.late(1 / 3).mean > p.early(1 / 3).mean]
    if not losses or rising:
        return None
    found = losses[0]
    half = float(found.values[found.size // 2])
    ends = (float(rates.values[0]), float(rates.values[-1]))
    return _Falling(math.nan, True, half, float(found.values[-1]), float(found.positions[-1]), False, *ends)


def _rises_throughout(rates: Array) -> bool:
    return bool((np.diff(rates) > 0).all() and rates[-1] >= RISEN * rates[0])


def check(evidence: ScoreEvidence) -> Finding | Abstention | None:
    """Return a finding if the losses of most runs still fall at the end, or their learning rate still rises."""
    shown = in_most_runs(evidence, _sign)
    if shown is None or isinstance(shown, Abstention):
        return shown
    half, last = shown.mean("half"), shown.mean("last")
    sign = shown.signs[0]
    if sign.last_rate == sign.last_rate:
        message = _in_warm_up(shown)
        advice = _("Train longer, or shorten the warm-up to a tenth of all steps.")
    else:
        message = _still_falling(shown)
        advice = _(
            "Train four times as long. If the loss falls as slowly from the start, raise the learning rate first."
        )
    return finding(
        "undertrained",
        evidence,
        shown,
        severity="info" if enough(sum(sign.settled for sign in shown.signs), len(shown.signs)) else "warning",
        position=sign.end,
        numbers={
            "gain": sign.gain,
            "forecast": sign.forecast,
            "limit": GAIN,
            "loss_at_half": half,
            "last_loss": last,
            "last_lr": sign.last_rate,
        },
        message=message,
        advice=advice,
        sources=SOURCES,
        causes=CAUSES,
    )


def _in_warm_up(shown: Shown[_Falling]) -> str:
    sign = shown.signs[0]
    text = _(
        "The learning rate still rises at the end, from {first} to {rate} at {at}, and the loss has only fallen to "
        "{last}: training stopped in the warm-up"
    )
    ends = {"first": number(sign.first_rate), "rate": number(sign.last_rate), "last": number(shown.mean("last"))}
    return text.format(at=shown.position(sign.end), **ends)


def _still_falling(shown: Shown[_Falling]) -> str:
    text = _(
        "The loss still falls at {at}: from {half} at half of training to {last}. If it goes on in this way, twice as "
        "many steps lower it to about {forecast}"
    )
    levels = {name: number(shown.mean(name)) for name in ("half", "last", "forecast")}
    return text.format(at=shown.position(shown.signs[0].end), **levels)


FORM = ScoreForm(
    check,
    f"training loss by epoch or validation loss, {LEAST} values; or learning rate, {LEAST_RATES} values, and a loss",
)
