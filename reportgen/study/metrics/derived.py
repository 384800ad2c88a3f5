"""Layer statistics that are computed from the histograms of a record."""

from __future__ import annotations

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
    units = np.array([layer.units for layer in record.spec.network.layers], np.float64)
    return _gaps(counts, edges.astype(np.float64), means, stds, float(record.facts["probe_n"]) * units)


def _gaps(counts: Values, edges: Values, means: Values, stds: Values, totals: Values) -> Values:
    """Return the distance of each layer; values outside the edges are split in the ratio of the normal tails.

    counts : shape (layers, bins). edges : shape (layers, bins + 1), or (bins + 1,) for all layers.
    """
    varies = stds > 0
    stds, totals = np.where(varies, stds, 1.0), totals[:, None]
    with np.errstate(invalid="ignore", over="ignore"):  # the values of a diverged layer, which give NaN
        normal = scipy.special.ndtr((edges - means[:, None]) / stds[:, None])
    first, last = normal[:, :1], normal[:, -1:]
    tails = first + 1 - last
    share = np.divide(first, tails, out=np.full_like(first, 0.5), where=tails > 0)
    below = np.maximum(1 - counts.sum(axis=1, keepdims=True) / totals, 0.0) * share
    measured = below + np.cumsum(np.pad(counts, ((0, 0), (1, 0))), axis=1) / totals
    return np.asarray(np.where(varies, np.abs(measured - normal).max(axis=1), np.nan))
