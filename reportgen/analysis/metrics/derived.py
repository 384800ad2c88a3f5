"""Metrics computed from what a record keeps: of its layers' statistics and histograms, and of its facts."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import special

from reportgen.runs.record import RunRecord

Values = NDArray[np.float64]


def normality_gap(record: RunRecord, look: int) -> Values:
    """Return, by layer, the largest distance of the activations' distribution function from a normal one.

    The normal has their mean and standard deviation (Kolmogorov's distance, taken at the edges of the bins). NaN for
    a constant layer.
    """
    counts = record.arrays["probe_activation_histogram"][look].astype(np.float64)
    edges = record.arrays["activation_edges"]
    means, stds = record.statistic("activation_mean")[look], record.statistic("activation_std")[look]
    total = float(record.facts["probe_n"])
    gaps = [
        _gap(counts[k], edges[k] if edges.ndim == 2 else edges, means[k], stds[k], total * layer.units)
        for k, layer in enumerate(record.spec.network.layers)
    ]
    return np.array(gaps, np.float64)


def _gap(counts: Values, edges: Values, mean: float, std: float, total: float) -> float:
    """Return one layer's distance; what lies outside the edges is shared out by the normal's own tails."""
    if not std > 0:
        return math.nan
    normal = special.ndtr((edges.astype(np.float64) - mean) / std)
    outside = max(0.0, 1 - counts.sum() / total)
    tails = normal[0] + 1 - normal[-1]
    below = outside * (normal[0] / tails if tails > 0 else 0.5)
    measured = below + np.concatenate([[0.0], np.cumsum(counts)]) / total
    return float(np.abs(measured - normal).max())


def weight_max(record: RunRecord, look: int) -> Values:
    """Return the largest absolute weight of each layer."""
    return _kept(record, "weight_max", look)


def weight_evenness(record: RunRecord, look: int) -> Values:
    """Return, by layer, the squared mean of absolute weights over their mean square; 1 where all are of one size."""
    return _kept(record, "weight_evenness", look)


def _kept(record: RunRecord, name: str, look: int) -> Values:
    values = record.arrays.get(f"probe_{name}")
    return np.full(record.layers, np.nan) if values is None else np.asarray(values[look], np.float64)


DERIVED: Mapping[str, Callable[[RunRecord, int], Values]] = {
    "normality_gap": normality_gap,
    "weight_max": weight_max,
    "weight_evenness": weight_evenness,
}
"""Statistics by layer at a look, (layers,)."""


def fact(record: RunRecord, name: str) -> float:
    """Return what a run notes of its data or its answers, NaN where it does not.

    input_energy is the mean squared length of an example: the sum over features of their mean square.
    """
    if name == "input_energy":
        return fact(record, "features") * fact(record, "input_second_moment")
    return float(record.facts.get(name, math.nan))
