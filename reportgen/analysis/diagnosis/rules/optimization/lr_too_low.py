"""The learning rate is so low that training does not get anywhere: the gradient is there, and the steps are not.

**Statistic.** What a step does to the examples' losses on the average, as a share of the loss, by the bound
|u| sqrt(tr F) / L (u the step, tr F the mean squared gradient of one example). What all steps together promise: the
sum of |u| |g| / L, for plain gradient descent the sum of lr |g|^2 / L. The path of the weights, as the sum of all
steps' update over weight. And the fall of the loss that came.

**Reference.** No rate is low by its number. Steps are small that change the losses by less than 5%: at ten times the
rate they would still change them by less than half, and over that reach the loss is about linear. They got nowhere
where the loss has kept more than half of itself though the gradient is there, at the end still a tenth (squared) of its
largest: a net that converged, or died between two looks, has lost its gradient. And one of two holds. Either all steps
together promise no fall by a factor of e. Or no layer's weights have moved by more than a fifth of their size, so that
the net is still the one that was drawn. A net that fits its training split is no case of a low rate. Nor is one whose
gradient vanished among its layers: at initialization, weights and not biases must hold half of the (squared) gradient,
and other rules name what starves them, as they do where only a rate above a thousand would move the net, unless its
schedule or clipping is what keeps steps small. Runs of fewer than 20 steps are not judged: there, steps are what is
missing.

A schedule can make a rate too low that was not: it has brought the rate below a hundredth of its highest; the second
half of all steps promises less than a hundredth of what all do, and a fall of the loss by less than 5%; the gradient is
still there at the end, as above; and the net does not fit. Of a net that is below simple models in training and in
validation, a thousandth of the (squared) gradient is enough.

**Advice.** Raise the rate, by the power of ten that brings a step to about the size of the loss. Where the schedule
never reaches a tenth of the rate, or gradients are clipped to less than a tenth of what they are before training,
change that and not the rate. Where a schedule ends training early, let it decay later and by less.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from reportgen.analysis.diagnosis.evidence.course import Course, finite, rises, training_course
from reportgen.analysis.diagnosis.evidence.held_out import scored
from reportgen.analysis.diagnosis.evidence.learning_rate import UNUSABLE_RATE, rounded, set_above_zero
from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.outcome import fits
from reportgen.analysis.diagnosis.evidence.symptoms import (
    fold,
    from_to,
    in_most,
    number,
    percent,
    percent_at_most,
    words_for_seeds,
)
from reportgen.analysis.diagnosis.rules.generalization.underfitting import below_simple_models
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.runs.record import RunRecord

SMALL = 0.05
FEW = 1.0
HALVED = math.log(2)
THERE = 0.1
WEIGHT_SHARE = 0.5
NEAR = 0.2
LITTLE = 0.1
LEAST_STEPS = 20
NEVER = 0.1
DECAYED, STANDS, LEFT = 0.01, 0.05, 1e-3
"""Below a share of what was there, of the rate and of what steps promise; below a promise; above a gradient's share."""

SOURCES = ("stanford-scribe", "lecture-review", "Goodfellow, Bengio and Courville 2016, 11.4.1")


def _steps_too_small(record: RunRecord) -> Course | None:
    """Return the run's course where its steps are too small, None elsewhere."""
    if record.status == "diverged" or rises(record) or fits(record):
        return None
    course = training_course(record)
    if (
        course is None
        or course.losses.size < LEAST_STEPS
        or course.typical_step_effect >= SMALL
        or course.log_decrease >= HALVED
    ):
        return None
    # Steps that only a rate beyond all use would make larger are those of a net without a gradient.
    lr = record.spec.training.lr
    beyond = course.typical_step_effect == 0 or lr * _times(course.typical_step_effect) > UNUSABLE_RATE
    dead = course.gradient_left <= THERE or (lr > 0 and beyond and _step_limit(record) is None)
    if dead or course.weight_share < WEIGHT_SHARE:
        return None
    return course if course.path < NEAR or course.predicted_decrease < FEW else None


def _stalled_by_schedule(record: RunRecord, there: float) -> Course | None:
    """Return the run's course where its schedule brought the steps to nothing while there was a gradient, else None."""
    rates = finite(record.arrays.get("epoch_lr", ()))
    if record.status == "diverged" or rises(record) or fits(record) or rates.size < 2:
        return None
    course = training_course(record)
    if course is None or course.losses.size < LEAST_STEPS or course.gradient_left <= there:
        return None
    stands = course.late_predicted_decrease < min(STANDS, DECAYED * course.predicted_decrease)
    return course if rates[-1] < DECAYED * rates.max() and stands else None


def check(evidence: Evidence) -> Finding | None:
    """Return the finding where most seeds make steps too small to get anywhere, or stop doing so on the way."""
    known = scored(evidence.records)
    there = LEFT if known and below_simple_models(known) else THERE
    stalled = in_most(evidence.records, [_stalled_by_schedule(record, there) for record in evidence.records])
    if stalled:
        return _stalled(evidence, stalled)
    courses = [_steps_too_small(record) for record in evidence.records]
    shown = in_most(evidence.records, courses)
    if not shown:
        return None
    record, seeds = shown[0][0], tuple(r.spec.seed for r, _ in shown)
    facts = _means([c for _, c in shown])
    little = facts["first_loss"] - facts["last_loss"] < LITTLE * shown[0][1].guess_loss
    advice, proposals = _raise(record, facts["usual_effect_of_a_step"])
    return Finding(
        rule=RULE.id,
        severity="error" if little else "warning",
        variant=evidence.variant.id,
        seeds=seeds,
        layers=(),
        step=1,
        evidence={**facts, "limit": SMALL, "steps": record.steps, "lr": record.spec.training.lr},
        message=(
            f"A step changes the losses by {percent_at_most(facts['usual_effect_of_a_step'])} on the average, and all "
            f"{record.steps} steps promise a fall of the loss by {percent(-math.expm1(-facts['promised_fall']))}: it "
            f"went {from_to(facts['first_loss'], facts['last_loss'])} "
            f"({words_for_seeds(seeds, len(courses))}, from the first step)."
        ),
        advice=advice,
        sources=SOURCES,
        proposals=proposals,
    )


def _stalled(evidence: Evidence, shown: Sequence[tuple[RunRecord, Course]]) -> Finding:
    """Return the finding on a schedule that ends training before it is done."""
    record, seeds = shown[0][0], tuple(r.spec.seed for r, _ in shown)
    rates, late = finite(record.arrays["epoch_lr"]), mean([c.late_predicted_decrease for _, c in shown])
    last = mean([c.last for _, c in shown])
    return Finding(
        rule=RULE.id,
        severity="warning",
        variant=evidence.variant.id,
        seeds=seeds,
        layers=(),
        step=record.steps // 2,
        evidence={"promised_fall_late": late, "limit": STANDS, "last_loss": last, "lr": float(rates[-1])},
        message=(
            f"The schedule takes the learning rate from {number(float(rates.max()))} to {number(float(rates[-1]))}, "
            f"and the second half of all {record.steps} steps promises a fall of the loss by "
            f"{percent_at_most(-math.expm1(-late))}: it stays at {number(last)}, with a gradient that asks for more "
            f"({words_for_seeds(seeds, len(evidence.records))}, from step {record.steps // 2})."
        ),
        advice="Let the rate decay later and by less, such as along a cosine (schedule: cosine), or keep it.",
        sources=SOURCES,
        proposals=tuple(
            Proposal({"training.schedule": name}, why)
            for name, why in (
                ("cosine", "a rate that lasts to the end"),
                ("constant", "the rate of the start throughout"),
            )
            if name != record.spec.training.schedule.name
        ),
    )


def _means(courses: Sequence[Course]) -> dict[str, float]:
    """Return what was measured, averaged over seeds."""
    names = {
        "usual_effect_of_a_step": "typical_step_effect",
        "promised_fall": "predicted_decrease",
        "path": "path",
        "first_loss": "first",
        "last_loss": "last",
    }
    return {name: mean([getattr(c, field) for c in courses]) for name, field in names.items()}


def _times(effect: float) -> float:
    """Return the power of ten, 10 at least, by which a rate is to be raised for steps as large as the loss."""
    return float(10.0 ** max(1, round(-math.log10(max(effect, 1e-12)))))


def _gradient(record: RunRecord) -> float:
    """Return the norm of the gradient before training."""
    norms = np.asarray(record.statistic("weight_gradient_norm")[0], np.float64)
    return float(np.sqrt((norms**2).sum()))


def _step_limit(record: RunRecord) -> tuple[str, tuple[Proposal, ...]] | None:
    """Return what to try where the schedule, or clipping, keeps steps far below the rate that was set; else None."""
    rates, training = finite(record.arrays.get("epoch_lr", ())), record.spec.training
    if rates.size and rates.max() < NEVER * training.lr:
        constant = Proposal({"training.schedule": "constant"}, "the rate that was meant")
        far = f"{percent(NEVER)} of {number(training.lr)}"
        return f"Let the schedule reach the rate: it stays below {far}.", (constant,)
    if training.clip_norm is not None and training.clip_norm < NEVER * _gradient(record):
        free = Proposal({"training.clip_norm": None}, "steps of the gradients' own size")
        return f"Do not clip gradients, or at a norm above {number(training.clip_norm)}: most of each is cut.", (free,)
    return None


def _raise(record: RunRecord, effect: float) -> tuple[str, tuple[Proposal, ...]]:
    lr, times = record.spec.training.lr, _times(effect)
    if lr <= 0:
        return set_above_zero()
    spoiled = _step_limit(record)
    if spoiled:
        return spoiled
    advice = f"Raise the learning rate by {fold(times)}, to {number(lr * times)}."
    factors = dict.fromkeys((times, 10 * times, max(times / 10, 10.0)))
    return advice, tuple(Proposal({"training.lr": rounded(lr * factor)}, "larger steps") for factor in factors)


RULE = Rule(
    id="lr_too_low",
    title="Learning rate too low",
    check=check,
    sources=SOURCES,
    stage="optimization",
    causes=("over_regularization",),
    yields_to=(
        "unnormalized_input",
        "vanishing_gradients",
        "vanishing_activations",
        "symmetric_init",
        "dead_relu",
        "saturation",
    ),
)
