"""Plateau at the start, on scores: the loss stays at guessing for long and then falls.

**Statistic.** Training loss by epoch or window (minibatches averaged over blocks), or else validation loss, clipped at
guessing. Two times are compared: until a tenth and until half of the total decrease. Time is the sum of learning rates,
if they are logged, so that a warm-up is no plateau.

**Reference.** An exponential decrease reaches a tenth after 0.15 of the time to half. From 0.65 on, with the tenth
reached only after a sixth of training and after four values, the start counts as a plateau. The decrease must be 15% of
guessing, and the validation accuracy must not rise by ten percentage points on the plateau. Some tasks have a plateau
of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.analysis.diagnosis.evidence.symptoms import number, percent
from reportgen.analysis.diagnosis.scores.evidence.divergence import diverged
from reportgen.analysis.diagnosis.scores.evidence.guessing import below_any_guess, guess_loss, unknown_classes
from reportgen.analysis.diagnosis.scores.evidence.points import Array, Points, points, scores, smoothed
from reportgen.analysis.diagnosis.scores.evidence.runs import finding, in_most_runs, thin
from reportgen.analysis.finding import Abstention, Finding, ScoreEvidence, ScoreForm
from reportgen.languages.translate import _
from reportgen.runs.training_log import TrainingLog

LEAST = 8
BEGUN, HALF, FLAT, DEEP, LONG, FEW = 0.1, 0.5, 0.65, 0.15, 1 / 6, 4
NEAR, RISES = 0.1, 0.1
SOURCES = ("stanford-scribe", "Glorot and Bengio 2010", "Saxe, McClelland and Ganguli 2014, section 2")
CAUSES = ("vanishing_activations", "vanishing_gradients", "saturation", "unnormalized_input", "symmetric_init")


@dataclass(frozen=True)
class _Plateau:
    """Its end, its share of training, the loss on it and the lowest loss."""

    end: float
    share: float
    level: float
    lowest: float


def _sign(log: TrainingLog) -> _Plateau | Abstention | None:
    guess = guess_loss(log)
    if guess is None:
        early = [scores(log, role).first(FEW) for role in ("train_loss", "val_loss")]
        return None if below_any_guess(log, *early) else unknown_classes(log)
    train, val = smoothed(scores(log, "train_loss")), scores(log, "val_loss")
    found = train if train.size >= LEAST and train.resolution != "step" else val
    if found.size < LEAST:
        return thin(_("losses by epoch"), found.size, LEAST)
    return None if diverged(log) else _plateau(log, found, guess)


def _plateau(log: TrainingLog, found: Points, guess: float) -> _Plateau | None:
    values = np.minimum(found.values, guess)
    start, fall = float(np.mean(values[:2])), float(np.mean(values[:2]) - values.min())
    if fall < DEEP * guess or start < (1 - NEAR) * guess:
        return None
    spent = _time(log, found)
    begun, half = (_first_below(values, start - share * fall) for share in (BEGUN, HALF))
    share = float(spent[begun] / spent[-1])
    if begun < FEW or share < LONG or spent[begun] < FLAT * spent[half]:
        return None
    if _accuracy_rises(log, float(found.positions[begun - 1])):
        return None
    return _Plateau(float(found.positions[begun]), share, start, float(values.min()))


def _accuracy_rises(log: TrainingLog, end: float) -> bool:
    """Return whether the validation accuracy rises on the plateau, so that something is learned there."""
    right = scores(log, "val_accuracy").between(-np.inf, end)
    return right.size > 1 and float(right.values[1:].max() - right.values[0]) > RISES


def _time(log: TrainingLog, found: Points) -> Array:
    """Return the sum of learning rates up to each value, or its position if rates are not logged."""
    rates = points(log.curve("lr"))
    if rates.size < 2 or rates.values.max() <= 0:
        return found.positions
    rate = np.interp(found.positions, rates.positions, rates.values)
    return np.cumsum(rate * np.diff(found.positions, prepend=0.0))


def _first_below(values: Array, level: float) -> int:
    """Return the first value that is below a level together with the next one."""
    smooth = np.append((values[:-1] + values[1:]) / 2, values[-1])
    below = np.flatnonzero(smooth <= level)
    return int(below[0]) if below.size else values.size - 1


def check(evidence: ScoreEvidence) -> Finding | Abstention | None:
    """Return a finding if the loss of most runs starts on a plateau."""
    shown = in_most_runs(evidence, _sign)
    if shown is None or isinstance(shown, Abstention):
        return shown
    end, share, level, lowest = (shown.mean(name) for name in ("end", "share", "level", "lowest"))
    return finding(
        "init_plateau",
        evidence,
        shown,
        severity="warning",
        position=shown.signs[0].end,
        numbers={"plateau_end": end, "plateau_share": share, "loss_on_plateau": level, "least_loss": lowest},
        message=_(
            "The loss stays near {level}, the level of guessing, up to {end} ({share} of training) and then falls to "
            "{lowest}"
        ).format(level=number(level), end=shown.position(end), share=percent(share), lowest=number(lowest)),
        advice=_("Scale the initial weights by fan-in (He for ReLU, Xavier for tanh), or normalize each layer."),
        sources=SOURCES,
        causes=CAUSES,
    )


FORM = ScoreForm(check, f"training loss by epoch or validation loss, {LEAST} values, and the number of classes")
