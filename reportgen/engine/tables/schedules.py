"""The table of learning-rate schedules.

To add a schedule, write a row at the end. Its `factor` returns the factor of the learning rate at each step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from reportgen.registry import Component, Parameter, Row, Table

Times = NDArray[np.float64]


@dataclass(frozen=True)
class Clock:
    """The times of steps.

    Attributes
    ----------
    epochs : time at each step in epochs, with fractions.
    total : length of training in epochs.
    lr : base learning rate.
    step : length of a step in epochs.
    """

    epochs: Times
    total: float
    lr: float
    step: float


@dataclass(frozen=True, kw_only=True)
class Schedule(Row):
    """A row of the schedules.

    Attributes
    ----------
    factor : returns the factor of the base learning rate at each step, from clock and parameters.
    cycle_ends : returns the end of each complete cycle in epochs, from parameters and the epochs of training.
    restarts : the learning rate rises again after each cycle.
    rises : the learning rate rises until training diverges.
    stretches : the learning rate decays over the whole of training, so that the last steps are small.
    warmup : name of the parameter with the epochs of a warm-up at the start, "" without.
    """

    kind: ClassVar[str] = "schedule"
    factor: Callable[[Clock, dict[str, Any]], Times]
    cycle_ends: Callable[[dict[str, Any], float], list[float]] = lambda parameters, epochs: []
    restarts: bool = False
    rises: bool = False
    stretches: bool = False
    warmup: str = ""


def rates(schedule: Component, lr: float, steps: NDArray[np.int64], steps_per_epoch: int, epochs: int) -> Times:
    """Return the learning rate at each of the steps, which count from 0, float64."""
    return lr * _factor(schedule, Clock(np.asarray(steps) / steps_per_epoch, float(epochs), lr, 1 / steps_per_epoch))


def cycle_ends(schedule: Component, epochs: float) -> list[float]:
    """Return the end of each complete cycle in epochs; empty for schedules without cycles."""
    return SCHEDULES[schedule.name].cycle_ends(dict(schedule.params), epochs)


def phases(schedule: Component) -> list[Schedule]:
    """Return the row of a schedule, and the rows of the schedules among its parameters."""
    inner = [value for _, value in schedule.params if isinstance(value, Component)]
    return [SCHEDULES[schedule.name], *(row for part in inner for row in phases(part))]


def warmup_epochs(schedule: Component) -> float:
    """Return the length of the warm-up at the start in epochs, 0 without."""
    name = SCHEDULES[schedule.name].warmup
    return float(schedule[name]) if name else 0.0


def _factor(schedule: Component, clock: Clock) -> Times:
    return SCHEDULES[schedule.name].factor(clock, dict(schedule.params))


def _cosine(clock: Clock, p: dict[str, Any]) -> Times:
    return 0.5 * (1 + np.cos(np.pi * np.minimum(clock.epochs / clock.total, 1.0)))


def _warm_restarts(clock: Clock, p: dict[str, Any]) -> Times:
    length, factor = float(p["cycle"]), float(p["factor"])
    if factor == 1.0:
        phase = (clock.epochs / length) % 1.0
    else:
        # Cycle i starts at length (factor^i - 1) / (factor - 1); 1e-12 makes up for rounding at its start.
        index = np.floor(np.log(clock.epochs / length * (factor - 1) + 1) / np.log(factor) + 1e-12)
        start = length * (factor**index - 1) / (factor - 1)
        phase = np.clip((clock.epochs - start) / (length * factor**index), 0.0, 1.0)
    return 0.5 * (1 + np.cos(np.pi * phase))


def _restart_ends(p: dict[str, Any], epochs: float) -> list[float]:
    ends, length = [float(p["cycle"])], float(p["cycle"])
    while ends[-1] <= epochs:
        length *= float(p["factor"])
        ends.append(ends[-1] + length)
    return [end for end in ends if end <= epochs + 1e-9]


def _ends_after_warmup(p: dict[str, Any], epochs: float) -> list[float]:
    rising = float(p["epochs"])
    return [rising + end for end in cycle_ends(p["then"], epochs - rising)]


def _warmup(clock: Clock, p: dict[str, Any]) -> Times:
    length = float(p["epochs"])
    later = Clock(np.maximum(clock.epochs - length, 0.0), max(clock.total - length, 1e-12), clock.lr, clock.step)
    rising = np.minimum((clock.epochs + clock.step) / length, 1.0)  # above 0 at the first step
    return np.where(clock.epochs < length, rising, _factor(p["then"], later))


def _warmup_cosine(clock: Clock, p: dict[str, Any]) -> Times:
    length, floor = float(p["epochs"]), float(p["floor"])
    rising = np.minimum((clock.epochs + clock.step) / length, 1.0)  # above 0 at the first step
    phase = np.clip((clock.epochs - length) / max(clock.total - length, 1e-12), 0.0, 1.0)
    falling = floor + (1 - floor) * 0.5 * (1 + np.cos(np.pi * phase))
    return np.where(clock.epochs < length, rising, falling)


def _range_test(clock: Clock, p: dict[str, Any]) -> Times:
    low, high = float(p["low"]), float(p["high"])
    return low * (high / low) ** np.minimum(clock.epochs / clock.total, 1.0) / clock.lr


SCHEDULES = Table(
    Schedule,
    [
        Schedule(
            name="constant",
            summary="A constant learning rate.",
            formula=r"\eta_t = \eta",
            source="Robbins and Monro 1951 (as the fixed-rate special case)",
            factor=lambda clock, p: np.ones_like(clock.epochs),
        ),
        Schedule(
            name="step",
            aliases=(
                "step_lr",
                "step_decay",
            ),
            summary="Multiplies the learning rate by a factor at a fixed interval of epochs.",
            formula=r"\eta_t = \eta\, f^{\lfloor t / k \rfloor}",
            source="He et al. 2016, section 3.4",
            parameters=(
                Parameter("every", "integer", 10, "epochs between steps", 1, 1_000_000),
                Parameter("factor", "number", 0.1, "factor of the learning rate", 0.0, 1.0, exclusive=("minimum",)),
            ),
            factor=lambda clock, p: float(p["factor"]) ** np.floor(clock.epochs / p["every"] + 1e-12),
        ),
        Schedule(
            name="exponential",
            aliases=(
                "exponential_lr",
                "exponential_decay",
            ),
            summary="Multiplies the learning rate by a factor after each epoch.",
            formula=r"\eta_t = \eta\, f^{\lfloor t \rfloor}",
            source="Goodfellow, Bengio and Courville 2016, section 8.3.1",
            parameters=(
                Parameter(
                    "factor", "number", 0.95, "factor of the learning rate per epoch", 0.0, 1.0, exclusive=("minimum",)
                ),
            ),
            factor=lambda clock, p: float(p["factor"]) ** np.floor(clock.epochs + 1e-12),
        ),
        Schedule(
            name="inverse_time",
            aliases=("inverse_time_decay",),
            summary="Decays in inverse proportion to time.",
            formula=r"\eta_t = \frac{\eta}{1 + k t}",
            source="Robbins and Monro 1951",
            parameters=(Parameter("decay", "number", 1.0, "k, for t in epochs", 0.0, 1e6),),
            factor=lambda clock, p: 1 / (1 + float(p["decay"]) * clock.epochs),
        ),
        Schedule(
            name="cosine",
            aliases=(
                "cosine_annealing_lr",
                "cosine_annealing",
                "cosine_decay",
            ),
            summary="Decays to zero at the end of training along half a period of a cosine.",
            formula=r"\eta_t = \frac{\eta}{2}\left(1 + \cos\frac{\pi t}{T}\right)",
            source="Loshchilov and Hutter 2017, eq. 5 with one cycle",
            factor=_cosine,
            stretches=True,
        ),
        Schedule(
            name="warm_restarts",
            aliases=(
                "cosine_annealing_warm_restarts",
                "cosine_decay_restarts",
            ),
            summary="Cosine cycles that restart at the full rate, each `factor` times longer than the previous one.",
            formula=r"\eta_t = \frac{\eta}{2}\left(1 + \cos\frac{\pi T_{cur}}{T_i}\right),\ T_{i+1} = f\, T_i",
            source="Loshchilov and Hutter 2017, eq. 5",
            parameters=(
                Parameter("cycle", "integer", 10, "epochs of the first cycle", 1, 1_000_000),
                Parameter("factor", "number", 1.0, "growth of a cycle", 1.0, 100.0),
            ),
            factor=_warm_restarts,
            cycle_ends=_restart_ends,
            restarts=True,
        ),
        Schedule(
            name="warmup",
            summary="Increases linearly for some epochs, then follows another schedule.",
            formula=r"\eta_t = \eta\, \frac{t}{k} \text{ for } t < k",
            source="Goyal et al. 2017, section 2.2",
            parameters=(
                Parameter("epochs", "integer", 1, "epochs of the increase", 1, 1_000_000),
                Parameter("then", "component", Component("constant"), "schedule after the warmup"),
            ),
            factor=_warmup,
            cycle_ends=_ends_after_warmup,
            warmup="epochs",
        ),
        Schedule(
            name="warmup_cosine",
            aliases=("cosine_with_warmup", "linear_warmup_cosine_annealing_lr"),
            summary="Increases linearly for some epochs or a part of one, then decays along half a period of a cosine.",
            formula=r"\eta_t = \eta\, \frac{t}{k} \text{ for } t < k,\quad \eta \left(f + \frac{1 - f}{2} "
            r"\left(1 + \cos\frac{\pi (t - k)}{T - k}\right)\right) \text{ for } t \ge k",
            source="Goyal et al. 2017, section 2.2; Loshchilov and Hutter 2017, eq. 5 with one cycle",
            parameters=(
                Parameter(
                    "epochs",
                    "number",
                    1.0,
                    "epochs of the increase; with `batch_size: full`, an epoch is a step",
                    0.0,
                    1e6,
                    exclusive=("minimum",),
                ),
                Parameter("floor", "number", 0.0, "factor of the learning rate at the end", 0.0, 1.0),
            ),
            factor=_warmup_cosine,
            stretches=True,
            warmup="epochs",
        ),
        Schedule(
            name="range_test",
            summary="Increases geometrically from a low to a high learning rate; the base learning rate has no effect.",
            formula=r"\eta_t = \eta_{lo} \left(\frac{\eta_{hi}}{\eta_{lo}}\right)^{t/T}",
            source="Smith 2017, section 3.3",
            parameters=(
                Parameter("low", "number", 1e-6, "learning rate at the first step", 0.0, 1e9, exclusive=("minimum",)),
                Parameter("high", "number", 10.0, "learning rate at the end", 0.0, 1e9, exclusive=("minimum",)),
            ),
            factor=_range_test,
            rises=True,
        ),
    ],
)
