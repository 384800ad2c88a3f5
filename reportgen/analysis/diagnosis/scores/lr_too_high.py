"""Learning rate too high, on scores: the loss ends above guessing and swings, or loses what it had gained.

**Statistic.** The mean training and validation losses over the second half of the values, and the swing: the mean rise
from value to value over the last two thirds, as a standard deviation. Minibatch losses are averaged over blocks.

**Reference.** The loss of guessing, ln C. A network that predicts nothing has this loss; a higher one has confident
wrong predictions, which steps that are too large cause anew. Reported if both losses are above 103% of guessing, one of
them above 115%, and the swing exceeds 5% of it. A loss that is above guessing and falls without swinging is judged by
`no_learning` and `lr_too_low`. A first mean over a window or an epoch of ten times guessing, with late losses at
guessing, is reported too: large first steps have thrown the network to where it learns nothing. Without a known number
of classes, a training loss that ends above its start by more than three standard errors and by half is reported.

The learning rate itself is not measured: weights that are too large from the start look the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from reportgen.analysis.diagnosis.evidence.symptoms import enough, number, share_of
from reportgen.analysis.diagnosis.scores.evidence.divergence import diverged
from reportgen.analysis.diagnosis.scores.evidence.guessed import LEAST, Levels, levels, too_few_losses
from reportgen.analysis.diagnosis.scores.evidence.guessing import guess_in_words, guess_loss, highest_guess, scale
from reportgen.analysis.diagnosis.scores.evidence.points import points, scores, smoothed
from reportgen.analysis.diagnosis.scores.evidence.runs import Shown, finding, in_any_run, thin_smoothed
from reportgen.analysis.finding import Abstention, Finding, ScoreEvidence, ScoreForm
from reportgen.languages.translate import _, pgettext
from reportgen.runs.training_log import TrainingLog

ABOVE, FAR_ABOVE, SWINGS = 1.03, 1.15, 0.05
THROWN, AT_GUESSING = 10.0, 0.97
GROWN, ERRORS, LEAST_GROWN = 1.5, 3.0, 6
SOURCES = ("stanford-scribe", "Goodfellow, Bengio and Courville 2016, 11.4.1")
CAUSES = ("unnormalized_input", "exploding_activations", "exploding_gradients", "symmetric_init")


@dataclass(frozen=True)
class _High:
    """Late level, its reference (guessing or the start), swing, and position from which on it is late.

    thrown: the first training loss if it was far above guessing and the late losses are at guessing, else NaN.
    lowest, lowest_at: the lowest value and its position for a loss that only grows after it and does not swing, else
    NaN.
    """

    level: float
    reference: float
    swing: float
    position: float
    of_guessing: bool
    lowest: float = math.nan
    lowest_at: float = math.nan
    thrown: float = math.nan


def _sign(log: TrainingLog) -> _High | Abstention | None:
    if diverged(log):
        return None
    guess = highest_guess(log)
    if guess is None:
        return _grown(log)
    found = levels(log, guess)
    if found is None:
        return too_few_losses(log)
    if _is_thrown(log, found):
        return _High(found.train * guess, guess, found.swing * guess, found.start, True, thrown=found.early * guess)
    if not found.lowest > ABOVE + found.tolerance or found.swing < SWINGS:
        return _grown(log) if guess_loss(log) is None else None
    level = found.val if found.tolerance else found.train
    high = _High(level * found.guess, found.guess, found.swing * found.guess, found.start, True)
    return high if found.turns >= SWINGS else _growing(log, high)


def _is_thrown(log: TrainingLog, found: Levels) -> bool:
    """Return whether the mean loss is far above guessing at first and at guessing late."""
    averaged = scores(log, "train_loss").resolution != "step"
    stays = AT_GUESSING < found.train < FAR_ABOVE and not found.val < AT_GUESSING
    return guess_loss(log) is not None and averaged and found.early > THROWN and stays


def _grown(log: TrainingLog) -> _High | Abstention | None:
    """Return the sign of a training loss that grew, for an unknown loss of guessing."""
    train, size = smoothed(scores(log, "train_loss")), scale(log)
    if train.size < LEAST_GROWN:
        return thin_smoothed("training", scores(log, "train_loss"), LEAST_GROWN)
    if size is None:
        return None
    start, end = float(train.values[0]), train.late(1 / 3)
    rise = end.mean - start
    grown = rise > (GROWN - 1) * size and rise > ERRORS * (train.noise if train.noise == train.noise else 0.0)
    high = _High(end.mean, start, train.noise, float(end.positions[0]), False)
    if not grown:
        return None
    lowest = int(train.values.argmin())
    return _growing(log, high) if (np.diff(train.values[lowest:]) > 0).all() else high


def _growing(log: TrainingLog, high: _High) -> _High:
    """Return the sign of a loss that grows without swinging, with its lowest value as it stands in the log."""
    found = [p for role in ("train_loss", "val_loss") if (p := scores(log, role)).size >= LEAST]
    at = int(found[0].values.argmin())
    lowest, place = float(found[0].values[at]), float(found[0].positions[at])
    return replace(high, lowest=lowest, lowest_at=place, position=place)


def _first_rate(log: TrainingLog) -> str:
    """Return what threw the network off, with the first learning rate if it is logged."""
    rates = points(log.curve("lr"))
    if not rates.size:
        return _("Either the first steps were too large, or the initial weights or the inputs are")
    text = _(
        "Either the first steps were too large (the first learning rate of the log is {rate}), or the initial weights "
        "or the inputs are"
    )
    return text.format(rate=number(float(rates.values[0])))


def check(evidence: ScoreEvidence) -> Finding | Abstention | None:
    """Return a finding if a run ends above the loss of guessing, or above its start, and swings."""
    shown = in_any_run(evidence, _sign)
    if shown is None or isinstance(shown, Abstention):
        return shown
    level, reference, swing = shown.mean("level"), shown.mean("reference"), shown.mean("swing")
    return finding(
        "lr_too_high",
        evidence,
        shown,
        severity="error" if enough(len(shown.runs), shown.judged) else "warning",
        position=shown.signs[0].position,
        numbers={"late_loss": level, "reference": reference, "swing": swing},
        message=f"{_ends(shown)}. {_course(shown)}",
        advice=_("Lower the learning rate tenfold. Standardize the inputs and check the initial scale of the weights."),
        sources=SOURCES,
        causes=CAUSES,
    )


def _is_all_thrown(shown: Shown[_High]) -> bool:
    return all(sign.thrown == sign.thrown for sign in shown.signs)


def _ends(shown: Shown[_High]) -> str:
    """Return the late level and its reference in words."""
    level, reference = number(shown.mean("level")), shown.mean("reference")
    first = pgettext("above", "its first value, {value}").format(value=number(reference))
    limit = guess_in_words(shown.logs[0], reference) if shown.signs[0].of_guessing else first
    if not _is_all_thrown(shown):
        return _("The loss ends at {level}, above {limit}").format(level=level, limit=limit)
    text = _(
        "The first training loss of the log, up to {at}, is {thrown}, and later ones stay at {level}, near {limit}"
    )
    at = shown.position(shown.signs[0].position)
    return text.format(at=at, thrown=number(shown.mean("thrown")), level=level, limit=limit)


def _course(shown: Shown[_High]) -> str:
    """Return how the loss got there in words."""
    if _is_all_thrown(shown):
        return _first_rate(shown.logs[0])
    if all(sign.lowest == sign.lowest for sign in shown.signs):
        lowest = number(shown.mean("lowest"))
        if len(shown.signs) > 1:
            return _("It is lowest on average ({lowest}) and grows from there on").format(lowest=lowest)
        at = shown.position(shown.signs[0].lowest_at)
        return _("It is lowest at {at} ({lowest}) and grows from there on").format(at=at, lowest=lowest)
    swing, of_guessing = shown.mean("swing"), shown.signs[0].of_guessing
    whole = pgettext("of", "the loss of guessing") if of_guessing else pgettext("of", "its first value")
    text = _("It swings by {swing} from value to value ({share}), so steps undo one another")
    return text.format(swing=number(swing), share=share_of(swing, shown.mean("reference"), whole))


FORM = ScoreForm(check, f"training or validation loss, {LEAST} values, and the number of classes")
