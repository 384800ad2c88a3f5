"""Initial loss far above chance, on scores: the first training loss of the log is far above the loss of guessing.

**Statistic.** The first training loss: the mean over the first epoch or window, or the loss of a minibatch. The first
validation loss, if it comes before any training loss and the first of these is above guessing too.

**Reference.** The loss of guessing, ln C. Healthy networks start at it or up to a half above, and fall below it
within the first epoch. Reported from twice the loss of guessing on, if it is later at least halved (from three times
on for a minibatch or a validation). For information only below ten times, if the poor start did no harm: the late
training loss is below 30% of guessing, and so is that of validation, or the late validation accuracy is 85% or more (a
few confident mistakes can make a loss high). The log must begin within the first epoch, or within the first tenth of
its steps.

**Start.** Only a loss of the first five steps is the initial loss. A mean over a window or an epoch, or a later value,
is also high after first steps that are too large; then both causes are named, the learning rate first. Nothing is
reported if training losses stay far above those of validation, since `over_regularization` explains both.

**Causes.** Output weights or hidden weights that are too large, inputs that are too large, or first steps that are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.analysis.diagnosis.evidence.symptoms import enough, number
from reportgen.analysis.diagnosis.scores import over_regularization
from reportgen.analysis.diagnosis.scores.evidence.divergence import diverged
from reportgen.analysis.diagnosis.scores.evidence.guessing import guess_in_words, highest_guess, unknown_classes
from reportgen.analysis.diagnosis.scores.evidence.points import points, scores
from reportgen.analysis.diagnosis.scores.evidence.runs import Shown, finding, in_most_runs, place, thin
from reportgen.analysis.finding import Abstention, Finding, ScoreEvidence, ScoreForm
from reportgen.languages.translate import _
from reportgen.runs.training_log import Curve, TrainingLog

LEAST, FIRST_STEPS = 3, 5
TIMES, TIMES_OF_ONE, FALLEN, SOON = 2.0, 3.0, 0.5, 0.1
HARMLESS, LEARNED, GOOD, AGREES = 10.0, 0.3, 0.85, 0.5
SOURCES = ("stanford-scribe", "lecture-review", "He et al. 2015", "Hanin and Rolnick 2018")
CAUSES = ("unnormalized_input", "exploding_activations", "exploding_gradients", "symmetric_init", "lr_too_high")


@dataclass(frozen=True)
class _Start:
    """The first training loss, a later one, the loss of guessing, the first position, and whether it did no harm.

    role: training or validation loss. initial: whether the first loss is that of the first steps. rate: the first
    learning rate, NaN if unknown.
    """

    role: str
    first: float
    later: float
    guess: float
    position: float
    harmless: bool
    initial: bool
    rate: float


def _sign(log: TrainingLog) -> _Start | Abstention | None:
    guess = highest_guess(log)
    if guess is None:
        return unknown_classes(log)
    curves = [curve for curve in log.curves if curve.role == "train_loss" and points(curve).size >= LEAST]
    if not curves:
        most = max((points(c).size for c in log.curves if c.role == "train_loss"), default=0)
        return thin(_("training losses"), most, LEAST)
    early, val = [curve for curve in curves if _begins_early(log, curve)], scores(log, "val_loss").late(0.5).mean
    judged = [*early, *_earlier_validation(log, curves, guess)]
    signs = [sign for curve in judged if (sign := _of_curve(log, curve, guess, val)) is not None]
    if not early and not signs:
        first = min(float(points(curve).positions[0]) for curve in curves)
        reason = _("the first training loss is at {at}").format(at=place(log, first))
        return Abstention(reason, _("log the training loss from step 1 on"))
    return signs[0] if signs and not diverged(log) else None


def _begins_early(log: TrainingLog, curve: Curve) -> bool:
    if curve.resolution in ("epoch", "window"):
        return True
    return float(points(curve).positions[0]) <= max(1.0, SOON * log.end)


def _earlier_validation(log: TrainingLog, curves: Sequence[Curve], guess: float) -> list[Curve]:
    """Return the validation losses if they begin before all training losses and agree with the first of them.

    If training is far better at the same time, or better than guessing, the network differs in test mode.
    """
    train = min((points(curve) for curve in curves), key=lambda found: float(found.positions[0]))
    at, level = float(train.positions[0]), float(train.values[0])
    found = []
    for curve in log.curves:
        val = points(curve)
        if curve.role == "val_loss" and val.size >= LEAST and val.positions[0] < at:
            agrees = level > max(guess, AGREES * float(np.interp(at, val.positions, val.values)))
            found += [curve] * agrees
    return found


def _of_curve(log: TrainingLog, curve: Curve, guess: float, val: float) -> _Start | None:
    found = points(curve)
    first, later = float(found.values[0]), found.late(0.5).mean
    is_validated = not val >= LEARNED * guess or scores(log, "val_accuracy").late(0.5).mean >= GOOD
    harmless = first < HARMLESS * guess and later < LEARNED * guess and is_validated
    averaged = curve.role == "train_loss" and curve.resolution != "step"
    limit = TIMES if averaged else TIMES_OF_ONE
    starts = first > limit * guess and later < FALLEN * first
    rates = points(log.curve("lr"))
    rate = float(rates.values[0]) if rates.size else math.nan
    initial = _is_initial(log, curve)
    position = float(found.positions[0])
    return _Start(curve.role, first, later, guess, position, harmless, initial, rate) if starts else None


def _is_initial(log: TrainingLog, curve: Curve) -> bool:
    """Return whether the first value is of the first steps."""
    steps = 1.0 if log.unit == "step" else log.steps_per_epoch or math.inf
    return curve.resolution != "epoch" and float(points(curve).positions[0]) * steps <= FIRST_STEPS


def _initial(shown: Shown[_Start]) -> tuple[str, str]:
    """Return the message and the advice for losses of the first steps."""
    first = (
        _("The first training loss, at {at}, is {level}")
        if shown.signs[0].role == "train_loss"
        else _("The first validation loss, at {at}, is {level}")
    )
    return (
        f"{_with_level(shown, first)}. " + _("At first, the network makes confident wrong predictions"),
        _(
            "Standardize the inputs and scale the weights by fan-in, above all in the output layer. If the loss before "
            "the first step is not far above guessing, lower the learning rate of the first steps."
        ),
    )


def _averaged(shown: Shown[_Start]) -> tuple[str, str]:
    """Return the message and the advice for first losses that come after some steps."""
    rate = shown.signs[0].rate
    first = (
        _("The first training loss of the log, up to {at}, is {level}")
        if shown.signs[0].role == "train_loss"
        else _("The first validation loss of the log, up to {at}, is {level}")
    )
    reason = (
        _(
            "It is not the loss before training, so either the first steps were too large (the first learning rate of "
            "the log is {rate}), or the network started with confident wrong predictions"
        )
        if rate == rate
        else _(
            "It is not the loss before training, so either the first steps were too large, or the network started with "
            "confident wrong predictions"
        )
    )
    return (
        f"{_with_level(shown, first)}. {reason.format(rate=number(rate))}",
        _(
            "Lower the learning rate tenfold. If that does not help, print the loss before the first step; if it is "
            "far above guessing, standardize the inputs and scale the weights by fan-in, above all in the output layer."
        ),
    )


def _with_level(shown: Shown[_Start], first: str) -> str:
    """Return a clause with the first loss, its limit and the later loss."""
    level = _("{first}, far above {guess}. Later it is {later}").format(
        first=number(shown.mean("first")),
        guess=guess_in_words(shown.logs[0], shown.mean("guess")),
        later=number(shown.mean("later")),
    )
    return first.format(at=shown.position(shown.signs[0].position), level=level)


def check(evidence: ScoreEvidence) -> Finding | Abstention | None:
    """Return a finding if most runs start far above the loss of guessing."""
    shown = in_most_runs(evidence, _sign)
    if shown is None or isinstance(shown, Abstention):
        return shown
    if over_regularization.explains(evidence):
        return None
    message, advice = (_initial if all(sign.initial for sign in shown.signs) else _averaged)(shown)
    first, later, guess = (shown.mean(name) for name in ("first", "later", "guess"))
    return finding(
        "wrong_init_loss",
        evidence,
        shown,
        severity="info" if enough(sum(sign.harmless for sign in shown.signs), len(shown.signs)) else "warning",
        position=shown.signs[0].position,
        numbers={"first_loss": first, "later_loss": later, "guessing": guess},
        message=message,
        advice=advice,
        sources=SOURCES,
        causes=CAUSES,
    )


FORM = ScoreForm(check, f"training loss from the start, {LEAST} values, and the number of classes")
