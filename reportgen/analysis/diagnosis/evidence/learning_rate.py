"""Proposals for another learning rate, within the plausible range of the optimizer, and for a shorter warm-up.

A lower learning rate follows from the effect of the first step on the weights. An update ratio (update over weight) of
0.001 is common in training, and the first step often has ten times that. A step as large as the weights is never
justified by a gradient.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.analysis.diagnosis.evidence.course import finite
from reportgen.analysis.diagnosis.evidence.symptoms import fold, number, probed
from reportgen.analysis.finding import Proposal
from reportgen.engine.tables.optimizers import OPTIMIZERS
from reportgen.engine.tables.schedules import SCHEDULES, warmup_epochs
from reportgen.languages.translate import _
from reportgen.registry import Component
from reportgen.runs.record import RunRecord
from reportgen.study.model.components import plain

FIRST_RATIO = 0.05
"""Largest acceptable update ratio of the first step."""

LOWEST_RATE = 1e-7
"""Lowest learning rate that is proposed; the table of optimizers has the highest ones."""

SHARE = 0.1
"""The share of training that a proposed warm-up takes."""


def first_ratio(record: RunRecord) -> float:
    """Return the largest update ratio over layers at the first probed step, 0 if there is none.

    Layers whose weights start at zero are not considered, since any step is large compared with them.
    """
    if not probed([record]) or "probe_update_ratio" not in record.arrays:
        return 0.0
    ratios = np.asarray(record.statistic("update_ratio"), np.float64)
    if "probe_weight_norm" in record.arrays:
        ratios = np.where(np.asarray(record.statistic("weight_norm"))[0] == 0, np.nan, ratios)
    return next((float(np.nanmax(row)) for row in ratios if np.isfinite(row).any()), 0.0)


def factor(record: RunRecord) -> float:
    """Return the power of ten, at least 10, that brings the first update ratio to FIRST_RATIO or below."""
    return 10.0 ** max(1, math.ceil(math.log10(max(first_ratio(record), FIRST_RATIO) / FIRST_RATIO)))


def rounded(lr: float) -> float:
    """Return a value rounded to six digits, which removes rounding errors of divisions by ten."""
    return float(f"{lr:.6g}")


def set_above_zero(record: RunRecord) -> tuple[str, tuple[Proposal, ...]]:
    """Return the advice for a learning rate of 0, and the proposals."""
    rate = common_rate(record)
    common = Proposal({"training.lr": rate}, _("a learning rate of 0 makes no steps"))
    return _("Set a learning rate above 0, such as {common_rate}.").format(common_rate=number(rate)), (common,)


def common_rate(record: RunRecord) -> float:
    """Return the learning rate with which to start with the run's optimizer."""
    return OPTIMIZERS[record.spec.training.optimizer.name].common_rate


def highest_rate(record: RunRecord) -> float:
    """Return the highest plausible learning rate of the run's optimizer."""
    return OPTIMIZERS[record.spec.training.optimizer.name].highest_rate


def plausible(record: RunRecord, lr: float) -> float:
    """Return a learning rate, rounded and limited to the plausible range of the run's optimizer."""
    return rounded(min(max(lr, LOWEST_RATE), highest_rate(record)))


def higher(record: RunRecord, factors: Sequence[float]) -> tuple[str, tuple[Proposal, ...]]:
    """Return the advice to raise the learning rate by the first of several factors, and the proposals of all.

    Learning rates beyond the plausible range are replaced by its end. If the present one is there, no higher one is
    advised. If the warm-up has not ended, the advice is to shorten it instead.
    """
    if limited := shorter_warmup(record):
        return limited
    lr, most = record.spec.training.lr, highest_rate(record)
    rates = dict.fromkeys(rate for factor in factors if (rate := plausible(record, lr * factor)) > lr)
    if not rates:
        return _("Look for another cause than the learning rate, which is high with {lr}.").format(lr=number(lr)), ()
    proposals = tuple(Proposal({"training.lr": rate}, _("larger steps")) for rate in rates)
    if lr * factors[0] <= most * (1 + 1e-9):
        return _("Raise the learning rate by {factors}, to {lr}.").format(
            factors=fold(factors[0]), lr=number(lr * factors[0])
        ), proposals
    advice = _(
        "Raise the learning rate, to {most} at most. If that is not enough, look for another cause, such as"
    ).format(most=number(most))
    return _("{advice} the scale of the inputs, the initialization or the loss.").format(advice=advice), proposals


def lower(record: RunRecord, why: str) -> tuple[str, Proposal]:
    """Return the advice to lower the learning rate, without a full stop, and the proposal."""
    times, lr = factor(record), record.spec.training.lr
    if lr / times > highest_rate(record):
        return _("Lower the learning rate to a common value, {common_rate}").format(
            common_rate=number(common_rate(record))
        ), Proposal({"training.lr": common_rate(record)}, why)
    target = plausible(record, lr / times)
    if target >= lr:
        return _("Look for another cause than the learning rate, which is low with {lr}").format(
            lr=number(lr)
        ), Proposal({"training.lr": rounded(lr / times)}, why)
    return _("Lower the learning rate by {lr}, to {target}").format(
        lr=fold(lr / target), target=number(target)
    ), Proposal({"training.lr": target}, why)


def other_rates(record: RunRecord) -> tuple[Proposal, ...]:
    """Return further proposals: a learning rate ten times lower, and one ten times higher if that still lowers it."""
    times, lr = factor(record), record.spec.training.lr
    if lr / times > highest_rate(record):
        return (Proposal({"training.lr": common_rate(record) / 10}, _("much smaller steps")),)
    lowest = Proposal({"training.lr": plausible(record, lr / (10 * times))}, _("much smaller steps"))
    above = Proposal({"training.lr": plausible(record, 10 * lr / times)}, _("slightly smaller steps"))
    return (lowest,) if times <= 10 else (lowest, above)


@dataclass(frozen=True)
class Warmup:
    """A warm-up that did not end.

    length, trained: epochs of the warm-up and of the training. reached: the highest learning rate.
    """

    length: float
    trained: float
    reached: float

    @property
    def times(self) -> float:
        """Length of the warm-up in multiples of the training."""
        return self.length / self.trained


def unfinished_warmup(record: RunRecord) -> Warmup | None:
    """Return the warm-up of a run that ended before it, None for other runs."""
    training, rates = record.spec.training, finite(record.arrays.get("epoch_lr", ()))
    length, examples = warmup_epochs(training.schedule), int(record.facts.get("train_n", 0))
    if not length or not rates.size or not record.steps or not examples:
        return None
    trained = record.steps / math.ceil(examples / (training.batch_size or examples))
    unfinished = length > trained and rates.max() < training.lr
    return Warmup(length, trained, float(rates.max())) if unfinished else None


def shorter_warmup(record: RunRecord) -> tuple[str, tuple[Proposal, ...]] | None:
    """Return the advice and the proposals for a run that ended before its warm-up, None for other runs."""
    warmup = unfinished_warmup(record)
    if warmup is None:
        return None
    constant = Proposal({"training.schedule": "constant"}, _("the configured learning rate from the first step on"))
    schedule = _shortened(record.spec.training.schedule, warmup.trained)
    if schedule is None:
        return _("Keep the learning rate constant: {fact}.").format(fact=_fact(warmup)), (constant,)
    short = Proposal({"training.schedule": plain(schedule)}, _("a warm-up of a tenth of the training"))
    advice = _("Shorten the warm-up (training.schedule.{name}: {epochs}), or keep the learning rate constant: {fact}.")
    name = SCHEDULES[schedule.name].warmup
    return advice.format(name=name, epochs=number(schedule[name]), fact=_fact(warmup)), (short, constant)


def _shortened(schedule: Component, trained: float) -> Component | None:
    """Return the schedule with a warm-up of a tenth of the training, None if whole epochs are too long for it."""
    row = SCHEDULES[schedule.name]
    is_whole = next(parameter.kind for parameter in row.parameters if parameter.name == row.warmup) == "integer"
    epochs = max(1, round(SHARE * trained)) if is_whole else float(f"{SHARE * trained:.3g}")
    return None if epochs >= trained else Component.of(schedule.name, **dict(schedule.params) | {row.warmup: epochs})


def _fact(warmup: Warmup) -> str:
    text = _("the warm-up is {times} times as long as the training, so that the learning rate only reaches {reached}")
    return text.format(times=number(warmup.times), reached=number(warmup.reached))
