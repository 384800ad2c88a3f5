"""The change of a network's signal from layer to layer, and the part of it due to chance.

In a ReLU network with He initialization, the logarithm of the signal's root mean square has mean -S / 4 and standard
deviation 0.5 sqrt(S), where S is the sum of 5 / n over layers of n units (Hanin and Rolnick 2018); other activations
vary less. In a convolution, a unit's weights meet a different patch at each position, which averages out much of the
chance: S is multiplied by 0.4 for windows of several positions (by 0.25 to 0.37 in simulations of 8 to 16 filters of
3 x 3 and 5 x 5). In a residual branch, half of the signal passes by, which multiplies S by 0.5. The signal of each
layer is tested against this distribution. The false discovery rate over the layers of a
network is controlled by the procedure of Benjamini and Hochberg (1995). A finding also requires more than half of the
seeds, so false findings over all variants of a study are very unlikely.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import scipy  # scipy.special is loaded at its first use
from numpy.typing import NDArray

from reportgen.analysis.diagnosis.evidence.memoize import memoize
from reportgen.analysis.diagnosis.evidence.outcome import CLOSE_FIT, FITS, learned_task, stuck
from reportgen.analysis.diagnosis.evidence.plateau import long_plateau
from reportgen.analysis.diagnosis.evidence.symptoms import initial
from reportgen.analysis.diagnosis.layers import ends_of_branches, in_branches, is_convolutional, positions, survival
from reportgen.analysis.finding import Severity
from reportgen.runs.record import RunRecord

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

LEAST = 10.0
"""Smallest reported change over all layers."""

LARGE = 100.0
"""A change that slows training: one layer's steps are a hundredth of another's."""

HUGE = 1e4
"""A change that prevents training."""

SHARED, BESIDE = 0.4, 0.5
"""Factors of S for windows of several positions and for residual branches."""

RATE = 1e-3
"""False discovery rate among the reported layers."""


def input_size(record: RunRecord) -> float:
    """Return the root mean square of the input, NaN if unknown."""
    return math.sqrt(float(record.facts.get("input_second_moment", math.nan)))


def forward(record: RunRecord) -> Array:
    """Return the standard deviation of each hidden layer's activations before training, shape (layers - 1,)."""
    return initial(record, "activation_std")


def backward(record: RunRecord, probe: int = 0) -> Array:
    """Return the root mean square of each hidden layer's deltas at a probe, shape (layers - 1,).

    Deltas inside of a branch are those of a step that keeps it: probes multiply them by its survival probability.

    In a network with convolutions, the squares of a channel are summed over its positions instead of averaged, since
    pooling divides the same gradient among more positions.
    """
    layers, kept = record.spec.network.layers[:-1], _survival_inside(record)
    if is_convolutional(record) and "probe_gradient_norm" in record.arrays:
        norms = np.asarray(record.statistic("gradient_norm")[probe][:-1], np.float64)
        return norms / kept / np.sqrt([layer.units * max(int(record.facts.get("probe_n", 1)), 1) for layer in layers])
    mean, std = (np.asarray(record.statistic(f"gradient_{name}")[probe][:-1], np.float64) for name in ("mean", "std"))
    return np.asarray(np.hypot(mean, std) / kept)


def _survival_inside(record: RunRecord) -> Array:
    """Return the survival probability for hidden layers inside of branches, 1 for others and for the ends of branches.

    The delta of the end is also that of the shortcut.
    """
    return np.where(ends_of_branches(record), 1.0, survival(record))[:-1]


@memoize
def chance_by_layer(record: RunRecord) -> Array:
    """Return the contribution of each hidden layer to S, shape (layers - 1,)."""
    layers = record.spec.network.layers[:-1]
    shared = [SHARED if layer.window and math.prod(layer.window.size) > 1 else 1.0 for layer in layers]
    beside = np.where(in_branches(record)[:-1], BESIDE, 1.0)
    return np.asarray(5 / np.array([layer.units for layer in layers], np.float64) * shared * beside)


@memoize
def chance_variance(record: RunRecord) -> Array:
    """Return S between the first hidden layer and each hidden layer, shape (layers - 1,)."""
    each = chance_by_layer(record)
    return np.asarray(np.cumsum(each) - each[0] if each.size else each)


def expected_deltas(record: RunRecord, predicted: Mapping[str, Sequence[float]] | None) -> Array:
    """Return the predicted sizes of the hidden layers' deltas, as `backward` measures them; empty if unknown."""
    deltas = np.asarray((predicted or {}).get("gradient_std", ())[:-1], np.float64)
    deltas = deltas / _survival_inside(record) if deltas.size else deltas
    if not deltas.size or not is_convolutional(record):
        return deltas
    return np.asarray(deltas * np.sqrt(positions(record)[:-1]))


def beyond_chance(change: Array, variance: Array) -> Flags:
    """Return the layers whose change exceeds chance.

    change: logarithm of the relative size, negative for a decrease; variance: S over the layers in between.
    """
    spread = np.sqrt(np.maximum(variance, 1e-12)) / 2
    z = (np.abs(change + variance / 4)) / spread
    return discoveries(np.where(np.isnan(z), 1.0, 2 * scipy.special.ndtr(-z)))


def discoveries(p_values: Array) -> Flags:
    """Return the discoveries among several tests at the false discovery rate RATE (Benjamini and Hochberg 1995)."""
    order = np.argsort(p_values)
    below = np.flatnonzero(p_values[order] <= RATE * np.arange(1, p_values.size + 1) / max(p_values.size, 1))
    found = np.zeros(p_values.size, np.bool_)
    found[order[: below[-1] + 1 if below.size else 0]] = True
    return found


def has_zero_weights(record: RunRecord) -> bool:
    """Return whether all weights of a layer are zero, by a fault (symmetric_init) or as the end of a branch (Fixup)."""
    return bool((initial(record, "weight_norm") == 0).any())


def severity_of_change(records: Sequence[RunRecord], factor: float, costs: float = LARGE) -> Severity:
    """Return the severity of a change by a factor, from the outcome of the runs that show it.

    costs: the factor from which on a network that does not fit is assumed to be limited by the change. From LARGE on,
    a close fit is required.
    """
    if all(record.steps == 0 for record in records):
        return "error" if factor > HUGE else "warning" if factor > LARGE else "info"
    if 2 * sum(stuck(record) for record in records) > len(records):
        return "error"
    if 2 * sum(long_plateau(record) for record in records) > len(records):
        return "warning"
    needed = CLOSE_FIT if factor > LARGE else FITS
    return "info" if factor <= costs or all(learned_task(record, needed) for record in records) else "warning"
