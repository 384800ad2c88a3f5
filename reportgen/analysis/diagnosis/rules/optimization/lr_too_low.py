"""The learning rate is so low that training hardly progresses: there is a gradient, but the steps are too small.

**Statistic.** The average effect of a step on the examples' losses, relative to the loss L, by the bound
|u| sqrt(tr F) / L, where u is the step and tr F the mean squared gradient of one example. The decrease of the loss that
the gradients predict for all steps together: the sum of |u| |g| / L (for plain gradient descent, the sum of
lr |g|^2 / L). The path length of the weights: the sum of update ratios over all steps. The decrease of the loss.

**Reference.** No learning rate is low in itself. Steps are small if they change the losses by less than 5%: with ten
times the learning rate, they would still change them by less than half, where the loss is about linear. Small steps are
reported if

- the loss has kept more than half of its initial value, and the network does not fit the training set;
- the gradient persists: its square is at least a tenth of its maximum at the end. A network that converged or died has
  lost its gradient;
- the predicted decrease of all steps is less than a factor of e, or no layer's weights have moved by more than a fifth
  of their size.

The rule does not report networks with vanishing gradients: at initialization, weights (not biases) must carry half of
the squared gradient. It does not report networks that only a learning rate above 1000 would move, unless the schedule
or gradient clipping limits the steps. Runs of fewer than 20 steps are not tested, since they have too few steps.

A schedule can also make the learning rate too low. Then it has reached a hundredth of its maximum; the predicted
decrease in the second half of training is below 5% and below a hundredth of the total; the gradient persists as above;
and the network does not fit. If the network is worse than simple models in training and in validation, a thousandth of
the squared gradient is sufficient.

**Advice.** Raise the learning rate by the power of ten that brings a step to about the size of the loss, but not beyond
2% of the weights in the first step, nor beyond the highest plausible value of the optimizer (10 for gradient descent).
If the warm-up of the schedule is longer than the training, shorten it. If the schedule never reaches a tenth of the
learning rate, or clipping removes more than nine tenths of the initial
gradient, change the schedule or the clipping. If a schedule ends training early, let the learning rate decay later and
by less.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from reportgen.analysis.diagnosis.evidence.course import Course, finite, rises, training_course
from reportgen.analysis.diagnosis.evidence.held_out import below_simple_models, scored
from reportgen.analysis.diagnosis.evidence.learning_rate import (
    first_ratio,
    higher,
    set_above_zero,
    shorter_warmup,
    unfinished_warmup,
)
from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.outcome import fits
from reportgen.analysis.diagnosis.evidence.symptoms import (
    from_to,
    in_most,
    number,
    percent,
    percent_at_most,
    words_for_seeds,
)
from reportgen.analysis.diagnosis.scores.lr_too_low import FORM
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

SMALL = 0.05
FEW = 1.0
HALVED = math.log(2)
THERE = 0.1
WEIGHT_SHARE = 0.5
NEAR = 0.2
LITTLE = 0.1
LEAST_STEPS = 20
UNUSABLE = 1e3
"""A network that only a learning rate above this would move has no gradient."""

COMMON_RATIO = 0.02
"""Update ratio of a first step that is common in training."""

NEVER = 0.1
DECAYED, NEGLIGIBLE, LEFT = 0.01, 0.05, 1e-3
"""Limits for schedules: decay of the learning rate, late predicted decrease, and remaining squared gradient."""

SOURCES = ("stanford-scribe", "lecture-review", "Goodfellow, Bengio and Courville 2016, 11.4.1")


def _steps_too_small(record: RunRecord) -> Course | None:
    """Return the course of a run with steps that are too small, None for other runs."""
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
    # A network that only an unusable learning rate would move has no gradient.
    lr = record.spec.training.lr
    beyond = course.typical_step_effect == 0 or lr * _times(course.typical_step_effect) > UNUSABLE
    dead = course.gradient_left <= THERE or (lr > 0 and beyond and _step_limit(record) is None)
    if dead or course.weight_share < WEIGHT_SHARE:
        return None
    return course if course.path < NEAR or course.predicted_decrease < FEW else None


def _stalled_by_schedule(record: RunRecord, there: float) -> Course | None:
    """Return the course of a run whose schedule ended training while a gradient was left, None for other runs."""
    rates = finite(record.arrays.get("epoch_lr", ()))
    if record.status == "diverged" or rises(record) or fits(record) or rates.size < 2:
        return None
    course = training_course(record)
    if course is None or course.losses.size < LEAST_STEPS or course.gradient_left <= there:
        return None
    negligible = course.late_predicted_decrease < min(NEGLIGIBLE, DECAYED * course.predicted_decrease)
    return course if rates[-1] < DECAYED * rates.max() and negligible else None


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if most seeds make steps that are too small, from the start or because of the schedule."""
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
    return RULE.finding(
        evidence,
        severity="error" if little else "warning",
        seeds=seeds,
        step=1,
        evidence={**facts, "limit": SMALL, "steps": record.steps, "lr": record.spec.training.lr},
        message=_message(record, facts, words_for_seeds(seeds, len(courses))),
        advice=advice,
        proposals=proposals,
    )


def _message(record: RunRecord, facts: Mapping[str, float], seeds: str) -> str:
    """Return the message about steps that are too small, which names a warm-up that did not end."""
    text = _(
        "The learning rate of {lr} is too low: a step changes the losses by {usual_effect_of_a_step} "
        "on average, and the gradients predict a decrease of {expm1} for all {steps} steps. The loss "
        "changes {change} ({seeds}, from step 1)."
    )
    if warmup := unfinished_warmup(record):
        text = _(
            "The warm-up is longer than the training, so that the learning rate only reaches {reached} instead of "
            "{lr}: a step changes the losses by {usual_effect_of_a_step} on average, and the gradients predict a "
            "decrease of {expm1} for all {steps} steps. The loss changes {change} ({seeds}, from step 1)."
        )
    return text.format(
        lr=number(record.spec.training.lr),
        reached=number(warmup.reached) if warmup else "",
        usual_effect_of_a_step=percent_at_most(facts["usual_effect_of_a_step"]),
        expm1=percent(-math.expm1(-facts["promised_fall"])),
        steps=record.steps,
        change=from_to(facts["first_loss"], facts["last_loss"]),
        seeds=seeds,
    )


def _stalled(evidence: Evidence, shown: Sequence[tuple[RunRecord, Course]]) -> Finding:
    """Return the finding on a schedule that ends training too early."""
    record, seeds = shown[0][0], tuple(r.spec.seed for r, _ in shown)
    rates, late = finite(record.arrays["epoch_lr"]), mean([c.late_predicted_decrease for _, c in shown])
    last = mean([c.last for _, c in shown])
    return RULE.finding(
        evidence,
        severity="warning",
        seeds=seeds,
        step=record.steps // 2,
        evidence={"promised_fall_late": late, "limit": NEGLIGIBLE, "last_loss": last, "lr": float(rates[-1])},
        message=(
            _(
                "The schedule lowers the learning rate from {max} to {rates}. In the second half of all "
                "{steps} steps, the gradients predict a decrease of the loss of {expm1}. The loss stays at "
                "{last} although the gradient is not zero ({seeds}, from step {steps2})."
            ).format(
                max=number(float(rates.max())),
                rates=number(float(rates[-1])),
                steps=record.steps,
                expm1=percent_at_most(-math.expm1(-late)),
                last=number(last),
                seeds=words_for_seeds(seeds, len(evidence.records)),
                steps2=record.steps // 2,
            )
        ),
        advice=_longer_schedule(record),
        proposals=tuple(
            Proposal({"training.schedule": name}, why)
            for name, why in (
                ("cosine", _("a learning rate that decays later")),
                ("constant", _("a constant learning rate")),
            )
            if name != record.spec.training.schedule.name
        ),
    )


def _longer_schedule(record: RunRecord) -> str:
    """Return the advice for a schedule that ends too early; a rate that changes with every step has another unit."""
    rates = finite(record.arrays.get("step_lr", ()))
    by_step = rates.size > LEAST_STEPS and np.count_nonzero(np.diff(rates)) > rates.size / 2
    text = _("Let the learning rate decay later and by less (schedule: cosine), or keep it constant.")
    if not by_step:
        return text
    return _(
        "Call scheduler.step() once per epoch if it counts epochs: here, every step changes the rate. {text}"
    ).format(text=text)


def _means(courses: Sequence[Course]) -> dict[str, float]:
    """Return the measured values, averaged over seeds."""
    names = {
        "usual_effect_of_a_step": "typical_step_effect",
        "promised_fall": "predicted_decrease",
        "path": "path",
        "first_loss": "first",
        "last_loss": "last",
    }
    return {name: mean([getattr(c, field) for c in courses]) for name, field in names.items()}


def _times(effect: float) -> float:
    """Return the power of ten, at least 10, that makes steps about as large as the loss."""
    return float(10.0 ** max(1, round(-math.log10(max(effect, 1e-12)))))


def _most_times(record: RunRecord) -> float:
    """Return the power of ten, at least 10, that raises the first update ratio to COMMON_RATIO at most."""
    ratio = first_ratio(record)
    return float(10.0 ** max(1, math.floor(math.log10(COMMON_RATIO / ratio)))) if ratio > 0 else math.inf


def _gradient(record: RunRecord) -> float:
    """Return the norm of the gradient before training."""
    norms = np.asarray(record.statistic("weight_gradient_norm")[0], np.float64)
    return float(np.sqrt((norms**2).sum()))


def _step_limit(record: RunRecord) -> tuple[str, tuple[Proposal, ...]] | None:
    """Return the advice if the schedule or clipping limits the steps, otherwise None."""
    rates, training = finite(record.arrays.get("epoch_lr", ())), record.spec.training
    if limited := shorter_warmup(record):
        return limited
    if rates.size and rates.max() < NEVER * training.lr:
        constant = Proposal({"training.schedule": "constant"}, _("the configured learning rate"))
        limit = _("{never} of {lr}").format(never=percent(NEVER), lr=number(training.lr))
        return _("Change the schedule: it keeps the learning rate below {limit}.").format(limit=limit), (constant,)
    if training.clip_norm is not None and training.clip_norm < NEVER * _gradient(record):
        free = Proposal({"training.clip_norm": None}, _("steps in proportion to the gradient"))
        return (
            _("Do not clip gradients, or use a limit above {clip_norm}: most of each gradient is cut.").format(
                clip_norm=number(training.clip_norm)
            ),
            (free,),
        )
    return None


def _raise(record: RunRecord, effect: float) -> tuple[str, tuple[Proposal, ...]]:
    lr, times = record.spec.training.lr, min(_times(effect), _most_times(record))
    if lr <= 0:
        return set_above_zero(record)
    if limited := _step_limit(record):
        return limited
    return higher(record, tuple(dict.fromkeys((times, 10 * times, max(times / 10, 10.0)))))


RULE = Rule(
    id="lr_too_low",
    title=N_("Learning rate too low"),
    check=check,
    sources=SOURCES,
    stage="optimization",
    one_task=True,
    causes=("over_regularization",),
    yields_to=(
        "no_signal",
        "unnormalized_input",
        "layer_learning_rate",
        "vanishing_gradients",
        "vanishing_activations",
        "symmetric_init",
        "dead_relu",
        "saturation",
    ),
    on_scores=FORM,
)
