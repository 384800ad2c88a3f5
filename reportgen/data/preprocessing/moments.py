"""Means, variances and bounds of features or groups of them, in float64."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reportgen.errors import StudyError

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]
Values = NDArray[np.float64]

_ROWS_AT_ONCE = 4096  # rows that are converted to float64 at a time, to save memory


def blocks(n: int) -> list[slice]:
    """Return consecutive slices that cover n rows."""
    return [slice(start, start + _ROWS_AT_ONCE) for start in range(0, n, _ROWS_AT_ONCE)]


def groups(d: int, image_shape: tuple[int, int, int] | None, per: str) -> tuple[IntArray, IntArray]:
    """Return the start and the size of each group of features that share a statistic.

    per: "feature", "channel" or "all". Raises StudyError for "channel" if the examples are not images.
    """
    if per == "channel":
        if image_shape is None:
            raise StudyError("images-required", "per: channel requires images", hint="use per: feature or per: all")
        starts = np.arange(image_shape[0]) * (d // image_shape[0])
    else:
        starts = np.arange(d) if per == "feature" else np.zeros(1, np.int64)
    return starts, np.diff(starts, append=d)


def feature_moments(x: FloatArray) -> tuple[Values, Values]:
    """Return mean and population variance of each feature, (d,) each, by the two-pass algorithm."""
    mean = np.zeros(x.shape[1])
    for rows in blocks(len(x)):
        mean += x[rows].sum(axis=0, dtype=np.float64)
    mean /= len(x)
    variance = np.zeros(x.shape[1])
    for rows in blocks(len(x)):
        variance += ((x[rows] - mean) ** 2).sum(axis=0)
    return mean, variance / len(x)


def group_moments(x: FloatArray, starts: IntArray, sizes: IntArray) -> tuple[Values, Values]:
    """Return mean and variance of each group, repeated for its features, (d,) each."""
    mean, variance = feature_moments(x)
    group_mean = np.repeat(np.add.reduceat(mean, starts) / sizes, sizes)
    group_variance = np.add.reduceat(variance + (mean - group_mean) ** 2, starts) / sizes
    return group_mean, np.repeat(group_variance, sizes)


def group_bounds(x: FloatArray, starts: IntArray, sizes: IntArray) -> tuple[Values, Values]:
    """Return minimum and maximum of each group, repeated for its features, (d,) each."""
    low = np.repeat(np.minimum.reduceat(x.min(axis=0), starts), sizes)
    high = np.repeat(np.maximum.reduceat(x.max(axis=0), starts), sizes)
    return low.astype(np.float64), high.astype(np.float64)
