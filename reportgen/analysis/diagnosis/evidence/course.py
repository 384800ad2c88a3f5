"""How training went, on scales without a usual rate: what a step does, what all of them could do, what came of it.

**What one step does.** The bound |u| sqrt(tr F) / L on how far a step u moves the examples' losses (root mean square),
as a share of the loss L. tr F is the mean squared gradient of a single example, from the looks: a layer's share is
E|a|^2 E|delta|^2 for its inputs a and its deltas. No curvature of the softmax loss exceeds tr F at initialization
(Martens 2020, section 5). A share far below 1 is a small step, one above 1 is larger than the loss is linear for,
whatever the optimizer, the data or the width. A loss beyond reason, ten times guessing, is counted as that.

**What all steps could do.** The sum of |u| |g| / L over all steps: how far, in powers of e, the loss would fall if
each step did what its gradient g promises. The gradient is that of all training examples, free of the luck of those
that were looked at, so that what it promises does not depend on their number. For small steps of gradient descent it is
the sum of lr |g|^2 / L, and the fall comes true. A sum far beyond the fall says that steps undo one another.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.memoize import memoize
from reportgen.analysis.diagnosis.evidence.outcome import guess_loss, stuck
from reportgen.engine.tables.schedules import phases
from reportgen.runs.record import RunRecord

Array = NDArray[np.float64]

FIRST, LAST = 50, 8
"""A run begins with a 50th of its steps, and ends with an 8th: what comes before and after is compared over those."""

PLAUSIBLE = 10.0
"""A loss beyond so many times guessing is beyond reason."""

"""Schedules that raise the rate on purpose, until training breaks."""

_NEEDED = (
    "update_ratio",
    "weight_norm",
    "weight_gradient_norm",
    "gradient_norm",
    "activation_mean",
    "activation_std",
)


@dataclass(frozen=True)
class Course:
    """A run's training; K looks after step 0, S steps, losses in train mode.

    effects (K,): what one step does at each look; rates (K,): what it could do, in powers of e; ratios (K, L): update
    over weight by layer, 0 where unknown; looks (K,): their steps.
    losses (S,): of each minibatch; first, last: their means at both ends. guess: the loss of the best constant answer.
    kept: the squared gradient at the last look as a share of its largest; in a run that learns next to nothing, of its
    largest since the loss was no more above guessing: to lose a bad start is not yet to learn. carried: the share of
    weights, not biases, in the squared gradient at the first look.
    """

    step_effects: Array
    predicted_decreases: Array
    update_ratios: Array
    probe_steps: Array
    losses: Array
    first: float
    last: float
    guess_loss: float
    gradient_left: float
    weight_share: float

    @functools.cached_property
    def predicted_decrease(self) -> float:
        """What all steps could do, in powers of e."""
        return self._total(self.predicted_decreases)

    @functools.cached_property
    def late_predicted_decrease(self) -> float:
        """What the second half of all steps could do, in powers of e."""
        half = self._steps[self.losses.size // 2 :]
        return float(np.add.reduce(np.interp(half, self.probe_steps, self.predicted_decreases)))

    @functools.cached_property
    def typical_step_effect(self) -> float:
        """What a step does on the average over all."""
        return self._total(self.step_effects) / self.losses.size

    @functools.cached_property
    def paths(self) -> Array:
        """The sum of all steps' update over weight, (L,)."""
        return np.array([self._total(layer) for layer in self.update_ratios.T])

    @property
    def largest_step_effect(self) -> float:
        """What the strongest step does that was looked at."""
        return float(self.step_effects.max())

    @property
    def path(self) -> float:
        """How far the layer's weights went that moved most, in their own size."""
        return float(self.paths.max())

    @property
    def log_decrease(self) -> float:
        """How far the loss fell, in powers of e."""
        return math.log(max(self.first, 1e-30) / max(self.last, 1e-30))

    def _total(self, values: Array) -> float:
        """Return the sum over all steps of what is known at looks, on straight lines between these."""
        return float(np.add.reduce(np.interp(self._steps, self.probe_steps, values)))

    @functools.cached_property
    def _steps(self) -> Array:
        return np.arange(1.0, self.losses.size + 1)


def plausible_loss(record: RunRecord) -> float:
    """Return the loss above which none can be taken for that of a network with outputs of a common size."""
    return PLAUSIBLE * max(guess_loss(record), 1.0)


def rises(record: RunRecord) -> bool:
    """Return whether the schedule raises the rate on purpose until training breaks."""
    return any(row.rises for row in phases(record.spec.training.schedule))


def restarts(record: RunRecord) -> bool:
    """Return whether the schedule raises the rate anew, cycle by cycle."""
    return any(row.restarts for row in phases(record.spec.training.schedule))


def finite(values: Any) -> Array:
    """Return the values that are finite, in float64."""
    found = np.asarray(values, np.float64)
    return found[np.isfinite(found)]


def ends(losses: Array) -> tuple[float, float]:
    """Return the mean loss of the first and of the last steps."""
    size = losses.size
    return mean(losses[: max(1, size // FIRST)]), mean(losses[-max(1, size // LAST) :])


@memoize
def training_course(record: RunRecord) -> Course | None:
    """Return how training went, None for a run without training or without a look after its first step."""
    losses = finite(record.arrays.get("step_loss", ()))
    looks = np.asarray(record.arrays.get("probe_step", ()), np.float64)
    if losses.size == 0 or not (looks > 0).any() or any(f"probe_{name}" not in record.arrays for name in _NEEDED):
        return None
    first, last = ends(losses)
    with np.errstate(all="ignore"):
        weights, biases = _squared_gradients(record)
        length, one = _step_lengths(record), _squared_example(record)
        gradient = _of_all(record, weights + biases, one)
        level = np.minimum(np.interp(looks, *_levels(record, losses.size, first, last)), plausible_loss(record))
        effects = length * np.sqrt(one) / level
        rates = length * np.sqrt(gradient) / level
    known = np.isfinite(effects) & np.isfinite(rates) & (looks > 0)
    if not known.any():
        return None
    return Course(
        step_effects=effects[known],
        predicted_decreases=rates[known],
        update_ratios=np.nan_to_num(np.asarray(record.statistic("update_ratio"), np.float64)[known]),
        probe_steps=looks[known],
        losses=losses,
        first=first,
        last=last,
        guess_loss=guess_loss(record),
        gradient_left=float(gradient[known][-1] / max(_largest(record, gradient[known], level[known]), 1e-300)),
        weight_share=float(weights[0] / max(gradient[0], 1e-300)),
    )


def _largest(record: RunRecord, gradient: Array, level: Array) -> float:
    """Return the largest of the looks' squared gradients, without those of a bad start where no more was learned."""
    below = np.flatnonzero(level <= guess_loss(record)) if stuck(record) else np.zeros(0, int)
    return float(gradient[int(below[0]) if below.size else 0 :].max())


def _levels(record: RunRecord, count: int, first: float, last: float) -> tuple[Array, Array]:
    """Return steps, and the loss in train mode at them: by epoch, and `first` at the first of `count` steps."""
    steps = np.asarray(record.arrays.get("epoch_step", ()), np.float64)
    means = np.asarray(record.arrays.get("epoch_batch_loss", ()), np.float64)
    known = np.isfinite(means) if means.size == steps.size else np.zeros(0, bool)
    if not known.any():
        return np.array([0.0, count]), np.array([first, last])
    return np.concatenate(([0.0], steps[known])), np.concatenate(([first], means[known]))


def _squared_gradients(record: RunRecord) -> tuple[Array, Array]:
    """Return, by look, the squared norm of the mean gradient: of weights, and of biases."""
    weights = np.asarray(record.statistic("weight_gradient_norm"), np.float64)
    biases = np.asarray(record.arrays.get("probe_bias_gradient_norm", np.zeros_like(weights)), np.float64)
    return np.asarray((weights**2).sum(axis=1)), _known_sums(biases**2)


def _of_all(record: RunRecord, squared: Array, one: Array) -> Array:
    """Return the squared gradient of all training examples from that of the probe examples, without their luck.

    A mean over n of N examples has a square that is larger by (1/n - 1/N) times the variance of one example's gradient.
    """
    probed = max(int(record.facts.get("probe_n", 1)), 1)
    luck = max(1 / probed - 1 / max(int(record.facts.get("train_n", probed)), probed), 0.0)
    return np.asarray(np.maximum(squared - luck * one, 0.0) / (1 - luck) if luck < 1 else squared)


def _squared_example(record: RunRecord) -> Array:
    """Return, by look, the mean squared norm of one example's gradient, inputs and deltas taken as independent."""
    deltas = np.asarray(record.statistic("gradient_norm"), np.float64)
    centre, std = (np.asarray(record.statistic(f"activation_{name}"), np.float64) for name in ("mean", "std"))
    units = np.array([layer.units for layer in record.spec.network.layers[:-1]], np.float64)
    first = float(record.facts.get("features", 1)) * float(record.facts.get("input_second_moment", 1.0))
    inputs = np.full_like(centre, first)
    inputs[:, 1:] = (centre**2 + std**2)[:, :-1] * units
    examples = max(int(record.facts.get("probe_n", 1)), 1)
    return np.asarray(((inputs + 1) * examples * deltas**2).sum(axis=1))


def _step_lengths(record: RunRecord) -> Array:
    """Return the length of the step before each look, over all weights; NaN where none was measured."""
    ratios = np.asarray(record.statistic("update_ratio"), np.float64)
    norms = np.asarray(record.statistic("weight_norm"), np.float64)
    squares = (ratios * norms) ** 2
    unknown = np.isnan(squares).all(axis=1)
    return np.asarray(np.where(unknown, np.nan, np.sqrt(_known_sums(squares))))


def _known_sums(values: Array) -> Array:
    """Return the sum of each row's values, without those that are not known."""
    return np.asarray(np.where(np.isnan(values), 0.0, values).sum(axis=1))
