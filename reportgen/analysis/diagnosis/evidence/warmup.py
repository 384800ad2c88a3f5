"""A warm-up that lasts longer than the training, so that the learning rate never reaches its configured value."""

from __future__ import annotations

import math
from dataclasses import dataclass

from reportgen.analysis.diagnosis.evidence.course import finite
from reportgen.analysis.diagnosis.evidence.symptoms import number
from reportgen.analysis.finding import Proposal
from reportgen.engine.tables.schedules import SCHEDULES, warmup_epochs
from reportgen.languages.translate import _
from reportgen.registry import Component
from reportgen.runs.record import RunRecord
from reportgen.study.model.components import plain

SHARE = 0.1
"""The share of training that a proposed warm-up takes."""


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
