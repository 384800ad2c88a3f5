"""How far the signal of a network changes from layer to layer, and how far that is the luck of the draw.

In a ReLU network with He weights the logarithm of a signal's root mean square wanders over layers of n units with
standard deviation 0.5 sqrt(S) around -S / 4, where S is the sum of 5 / n (Hanin and Rolnick 2018; other activations
wander less). Each layer is one test of whether its signal lies farther off; over the layers of a network the rate of
false discoveries is held by the procedure of Benjamini and Hochberg (1995). A finding needs more than half of the seeds
besides, so that the chance of a false one over all variants of a study is negligible.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import special

from reportgen.analysis.diagnosis.evidence.memoize import memoize
from reportgen.analysis.diagnosis.evidence.outcome import CLOSE_FIT, FITS, learned_task, stuck
from reportgen.analysis.diagnosis.evidence.plateau import long_plateau
from reportgen.analysis.diagnosis.evidence.symptoms import initial
from reportgen.analysis.finding import Severity
from reportgen.runs.record import RunRecord

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

LEAST = 10.0
"""The factor from which on a change over all layers is worth a word."""

LARGE = 100.0
"""The factor that costs training: one layer's steps are a hundredth of another's."""

HUGE = 1e4
"""The factor that stops training."""

RATE = 1e-3
"""The share of false discoveries among the layers that are named."""


def input_size(record: RunRecord) -> float:
    """Return the root mean square of an input, NaN where it is not known."""
    return math.sqrt(float(record.facts.get("input_second_moment", math.nan)))


def forward(record: RunRecord) -> Array:
    """Return the standard deviation of each hidden layer's activations before training, (layers - 1,)."""
    return initial(record, "activation_std")


def backward(record: RunRecord, look: int = 0) -> Array:
    """Return the root mean square of each hidden layer's deltas at a look, (layers - 1,)."""
    mean, std = (np.asarray(record.statistic(f"gradient_{name}")[look][:-1], np.float64) for name in ("mean", "std"))
    return np.hypot(mean, std)


@memoize
def chance_variance(record: RunRecord) -> Array:
    """Return S between the first hidden layer and each, (layers - 1,): 0 for the first."""
    each = [5 / layer.units for layer in record.spec.network.layers[:-1]]
    return np.cumsum([0.0, *each[1:]]) if each else np.zeros(0)


def beyond_chance(change: Array, variance: Array) -> Flags:
    """Return where a change of size is no luck of the draw; change: logarithms, below 0 for a fall.

    variance: S over the layers that the change spans.
    """
    spread = np.sqrt(np.maximum(variance, 1e-12)) / 2
    z = (np.abs(change + variance / 4)) / spread
    return discoveries(np.where(np.isnan(z), 1.0, 2 * special.ndtr(-z)))


def discoveries(p_values: Array, rate: float = RATE) -> Flags:
    """Return which of several tests are discoveries, at most a share `rate` of them false on average."""
    order = np.argsort(p_values)
    below = np.flatnonzero(p_values[order] <= rate * np.arange(1, p_values.size + 1) / max(p_values.size, 1))
    found = np.zeros(p_values.size, np.bool_)
    found[order[: below[-1] + 1 if below.size else 0]] = True
    return found


def has_zero_weights(record: RunRecord) -> bool:
    """Return whether a layer's weights are all zero, which is symmetric_init's to say."""
    return bool((initial(record, "weight_norm") == 0).any())


def severity_of_change(records: Sequence[RunRecord], factor: float, costs: float = LARGE) -> Severity:
    """Return how grave a change by a factor is, by what became of the runs that show it.

    costs: the factor from which on a network that learned without fitting is held back by it. From LARGE on only a
    network that has mastered its task is not.
    """
    if all(record.steps == 0 for record in records):
        return "error" if factor > HUGE else "warning" if factor > LARGE else "info"
    if 2 * sum(stuck(record) for record in records) > len(records):
        return "error"
    if 2 * sum(long_plateau(record) for record in records) > len(records):
        return "warning"
    needed = CLOSE_FIT if factor > LARGE else FITS
    return "info" if factor <= costs or all(learned_task(record, needed) for record in records) else "warning"
