"""Layer statistics that are computed from the histograms of a record."""

from __future__ import annotations

import math

import numpy as np
import scipy  # scipy.special is loaded at its first use

from reportgen.study.metrics.metric import Record, Values


def normality_gap(record: Record, probe: int) -> Values:
    """Return the largest distance of each layer's distribution of activations from a normal distribution.

    The normal distribution has the mean and standard deviation of the activations. The distance is the Kolmogorov
    distance at the edges of the histogram's bins, NaN for a constant layer and in records without histograms.
    """
    if "probe_activation_histogram" not in record.arrays:
        return np.full(record.layers, np.nan)
    counts = record.arrays["probe_activation_histogram"][probe].astype(np.float64)
    edges = record.arrays["activation_edges"]
    means, stds = record.statistic("activation_mean")[probe], record.statistic("activation_std")[probe]
    total = float(record.facts["probe_n"])
    gaps = [
        _gap(counts[k], edges[k] if edges.ndim == 2 else edges, means[k], stds[k], total * layer.units)
        for k, layer in enumerate(record.spec.network.layers)
    ]
    return np.array(gaps, np.float64)


def _gap(counts: Values, edges: Values, mean: float, std: float, total: float) -> float:
    """Return the distance of one layer; values outside the edges are split in the ratio of the normal tails."""
    if not std > 0:
        return math.nan
    normal = scipy.special.ndtr((edges.astype(np.float64) - mean) / std)
    outside = max(0.0, 1 - counts.sum() / total)
    tails = normal[0] + 1 - normal[-1]
    below = outside * (normal[0] / tails if tails > 0 else 0.5)
    measured = below + np.concatenate([[0.0], np.cumsum(counts)]) / total
    return float(np.abs(measured - normal).max())
