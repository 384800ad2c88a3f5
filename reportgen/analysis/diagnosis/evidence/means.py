"""Means of a few numbers, bit for bit equal to NumPy's, in a fraction of the time.

Rules take thousands of means of a handful of numbers, for which `numpy.mean` spends most of its time on its options.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = Sequence[float] | NDArray[np.floating]


def mean(values: Numbers) -> float:
    """Return the mean of at least one number."""
    return float(np.add.reduce(values) / len(values))


def spread(values: Numbers) -> float:
    """Return the sample standard deviation of at least two numbers."""
    away = np.asarray(values) - mean(values)
    return math.sqrt(np.add.reduce(away * away) / (away.size - 1))


def medians(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of each column of finite numbers."""
    rows, half = np.sort(values, axis=0), len(values) // 2
    return np.asarray(rows[half] if len(values) % 2 else (rows[half - 1] + rows[half]) / 2)


def noise(values: NDArray[np.floating]) -> float:
    """Return the variance around a drifting mean, by successive differences (von Neumann 1941)."""
    steps = values[1:] - values[:-1]
    return mean(steps * steps) / 2
