"""The course of training: the effect of a step, the decrease that gradients predict, and the outcome.

**Effect of a step.** The bound |u| sqrt(tr F) / L on the change of the examples' losses (root mean square) due to a
step u, relative to the loss L. tr F is the mean squared gradient of a single example, computed from the probes: the
contribution of a layer is E|a|^2 E|delta|^2 for its inputs a and its deltas. In a convolution, the gradients of an
example add up over positions: to the sum of these terms if they are independent, to at most as many times more as there
are positions if they are equal, and never to more than the mean gradient of n examples allows, n |g|^2. The geometric
mean of these limits is used. At initialization, no curvature of the softmax loss exceeds tr F (Martens 2020, section
5). An effect far below 1 is a small step. A step with an effect above
1 exceeds the range in which the loss is linear, whatever the optimizer, the data or the width. Losses above the
plausible loss (ten times the loss of guessing) are set to it.

**Predicted decrease.** The sum of |u| |g| / L over all steps: the decrease of the loss, in powers of e, if each step
achieved the decrease that its gradient g predicts. The gradient is corrected for the number of probe examples, so the
sum does not depend on it. For small steps of gradient descent, it is the sum of lr |g|^2 / L and equals the actual
decrease. A sum far above the actual decrease means that steps undo one another.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.diagnosis.evidence.means import mean, medians
from reportgen.analysis.diagnosis.evidence.memoize import memoize
from reportgen.analysis.diagnosis.evidence.outcome import guess_loss, stuck
from reportgen.analysis.diagnosis.layers import fan_ins, input_moments, positions, skip_probability
from reportgen.engine.tables.schedules import phases
from reportgen.runs.record import RunRecord

Array = NDArray[np.float64]

FIRST, LAST = 50, 8
"""The initial loss is the mean over the first 50th of all steps, the final loss over the last 8th."""

PLAUSIBLE = 10.0
"""Losses above this multiple of the loss of guessing are implausible."""

KEPT = 0.1
"""Least share of a squared gradient that the correction for the number of probe examples leaves."""

SEVERAL = 3
"""Number of probes after step 0 from which on they are compared with one another only."""

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
    """The course of a run with K probes after step 0, S steps and L layers. Losses are in train mode.

    step_effects: effect of the step before each probe, shape (K,).
    predicted_decreases: predicted decrease of that step, in powers of e, shape (K,).
    update_ratios: update ratio of each layer, shape (K, L); 0 if it is unknown, or if the weights start at zero and any
        step is large compared with them.
    taken: whether the step reached each layer, shape (K, L); it does not if stochastic depth dropped the branch.
    probe_steps: step of each probe, shape (K,).
    losses: loss of each minibatch, shape (S,).
    first, last: mean loss of the first and of the last steps.
    guess_loss: loss of the best constant prediction.
    gradient_left: squared gradient at the last probe, relative to its maximum; that of step 0 counts if only one or two
        probes follow.
    weight_share: share of weights, not biases, in the squared gradient at the first probe.
    """

    step_effects: Array
    predicted_decreases: Array
    update_ratios: Array
    taken: NDArray[np.bool_]
    probe_steps: Array
    losses: Array
    first: float
    last: float
    guess_loss: float
    gradient_left: float
    weight_share: float

    @functools.cached_property
    def predicted_decrease(self) -> float:
        """Predicted decrease of all steps, in powers of e."""
        return self._total(self.predicted_decreases)

    @functools.cached_property
    def late_predicted_decrease(self) -> float:
        """Predicted decrease of the second half of all steps, in powers of e."""
        half = self._steps[self.losses.size // 2 :]
        return float(np.add.reduce(np.interp(half, self.probe_steps, self.predicted_decreases)))

    @functools.cached_property
    def typical_step_effect(self) -> float:
        """Mean effect of a step."""
        return self._total(self.step_effects) / self.losses.size

    @functools.cached_property
    def typical_ratios(self) -> Array:
        """Median update ratio of the steps that reached a layer, shape (L,); NaN for a layer that none reached."""
        if self.taken.all():
            return medians(self.update_ratios)
        columns = zip(self.update_ratios.T, self.taken.T, strict=True)
        return np.array([float(np.median(values[taken])) if taken.any() else math.nan for values, taken in columns])

    @functools.cached_property
    def paths(self) -> Array:
        """Sum of the update ratios of all steps, shape (L,)."""
        return np.array([self._total(layer) for layer in self.update_ratios.T])

    @property
    def largest_step_effect(self) -> float:
        """Largest effect of a probed step."""
        return float(self.step_effects.max())

    @property
    def path(self) -> float:
        """Largest path length over layers, in units of the weights' norm."""
        return float(self.paths.max())

    @property
    def log_decrease(self) -> float:
        """Decrease of the loss, in powers of e."""
        return math.log(max(self.first, 1e-30) / max(self.last, 1e-30))

    def _total(self, values: Array) -> float:
        """Return the sum over all steps, by linear interpolation between probes."""
        return float(np.add.reduce(np.interp(self._steps, self.probe_steps, values)))

    @functools.cached_property
    def _steps(self) -> Array:
        return np.arange(1.0, self.losses.size + 1)


def plausible_loss(record: RunRecord) -> float:
    """Return the largest plausible loss of a network with outputs of common size."""
    return PLAUSIBLE * max(guess_loss(record), 1.0)


def rises(record: RunRecord) -> bool:
    """Return whether the schedule raises the learning rate until training diverges (a range test)."""
    return any(row.rises for row in phases(record.spec.training.schedule))


def restarts(record: RunRecord) -> bool:
    """Return whether the schedule restarts with a high learning rate in cycles."""
    return any(row.restarts for row in phases(record.spec.training.schedule))


def finite(values: Any) -> Array:
    """Return the finite values as float64."""
    found = np.asarray(values, np.float64)
    return found[np.isfinite(found)]


def ends(losses: Array) -> tuple[float, float]:
    """Return the mean loss of the first steps and of the last steps."""
    size = losses.size
    return mean(losses[: max(1, size // FIRST)]), mean(losses[-max(1, size // LAST) :])


@memoize
def training_course(record: RunRecord) -> Course | None:
    """Return the course of a run, None without training or without a probe after the first step."""
    losses = finite(record.arrays.get("step_loss", ()))
    probes = np.asarray(record.arrays.get("probe_step", ()), np.float64)
    if losses.size == 0 or not (probes > 0).any() or any(f"probe_{name}" not in record.arrays for name in _NEEDED):
        return None
    first, last = ends(losses)
    with np.errstate(all="ignore"):
        weights, biases = _squared_gradients(record)
        length, one = _step_lengths(record), _squared_example(record)
        gradient = _of_all(record, weights + biases, one)
        level = np.minimum(np.interp(probes, *_levels(record, losses.size, first, last)), plausible_loss(record))
        effects = length * np.sqrt(one) / level
        rates = length * np.sqrt(gradient) / level
    known = np.isfinite(effects) & np.isfinite(rates) & (probes > 0)
    if not known.any():
        return None
    compared = known if np.count_nonzero(known) >= SEVERAL else known | (np.isfinite(gradient) & (probes == 0))
    ratios = np.nan_to_num(np.asarray(record.statistic("update_ratio"), np.float64)[known])
    ratios[:, np.asarray(record.statistic("weight_norm"))[0] == 0] = 0.0
    return Course(
        step_effects=effects[known],
        predicted_decreases=rates[known],
        update_ratios=ratios,
        taken=(ratios > 0) | (skip_probability(record) == 0),
        probe_steps=probes[known],
        losses=losses,
        first=first,
        last=last,
        guess_loss=guess_loss(record),
        gradient_left=float(gradient[known][-1] / max(_largest(record, gradient[compared], level[compared]), 1e-300)),
        weight_share=float(weights[0] / max(gradient[0], 1e-300)),
    )


def _largest(record: RunRecord, gradient: Array, level: Array) -> float:
    """Return the largest squared gradient over probes.

    For a run that learned next to nothing, probes before the loss fell to the loss of guessing are excluded.
    """
    below = np.flatnonzero(level <= guess_loss(record)) if stuck(record) else np.zeros(0, int)
    return float(gradient[int(below[0]) if below.size else 0 :].max())


def _levels(record: RunRecord, count: int, first: float, last: float) -> tuple[Array, Array]:
    """Return steps and the loss in train mode at these steps: `first` at step 0, then the mean of each epoch."""
    steps = np.asarray(record.arrays.get("epoch_step", ()), np.float64)
    means = np.asarray(record.arrays.get("epoch_batch_loss", ()), np.float64)
    known = np.isfinite(means) if means.size == steps.size else np.zeros(0, bool)
    if not known.any():
        return np.array([0.0, count]), np.array([first, last])
    return np.concatenate(([0.0], steps[known])), np.concatenate(([first], means[known]))


def _squared_gradients(record: RunRecord) -> tuple[Array, Array]:
    """Return the squared norm of the mean gradient of weights and of biases at each probe."""
    weights = np.asarray(record.statistic("weight_gradient_norm"), np.float64)
    biases = np.asarray(record.arrays.get("probe_bias_gradient_norm", np.zeros_like(weights)), np.float64)
    return np.asarray((weights**2).sum(axis=1)), _known_sums(biases**2)


def _of_all(record: RunRecord, squared: Array, one: Array) -> Array:
    """Return the squared gradient of all training examples, estimated from the probe examples.

    The square of a mean over n of N examples is larger by (1/n - 1/N) times the variance of an example's gradient. At
    least a tenth is kept, because the variance is an estimate.
    """
    probed = max(int(record.facts.get("probe_n", 1)), 1)
    excess = max(1 / probed - 1 / max(int(record.facts.get("train_n", probed)), probed), 0.0)
    return np.asarray(np.maximum(squared - excess * one, KEPT * squared) / (1 - excess) if excess < 1 else squared)


def _squared_example(record: RunRecord) -> Array:
    """Return the mean squared gradient of one example at each probe, assuming independent inputs and deltas."""
    deltas = np.asarray(record.statistic("gradient_norm"), np.float64)
    centre, std = (np.asarray(record.statistic(f"activation_{name}"), np.float64) for name in ("mean", "std"))
    inputs = input_moments(record, centre**2 + std**2) * fan_ins(record)
    examples = max(int(record.facts.get("probe_n", 1)), 1)
    apart = (inputs + 1) * examples * deltas**2
    mean_gradient = np.asarray(record.statistic("weight_gradient_norm"), np.float64)
    most = np.minimum(apart * positions(record), examples * mean_gradient**2)
    together = np.sqrt(apart * np.maximum(apart, most))
    return np.asarray(np.where(positions(record) > 1, together, apart).sum(axis=1))


def _step_lengths(record: RunRecord) -> Array:
    """Return the length of the step before each probe over all weights, NaN if not measured."""
    ratios = np.asarray(record.statistic("update_ratio"), np.float64)
    norms = np.asarray(record.statistic("weight_norm"), np.float64)
    squares = (ratios * norms) ** 2
    unknown = np.isnan(squares).all(axis=1)
    return np.asarray(np.where(unknown, np.nan, np.sqrt(_known_sums(squares))))


def _known_sums(values: Array) -> Array:
    """Return the sum of the known values in each row."""
    return np.asarray(np.where(np.isnan(values), 0.0, values).sum(axis=1))
