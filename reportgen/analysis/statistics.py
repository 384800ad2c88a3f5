"""Intervals, tests and corrections; everything a verdict rests on, computed by SciPy where SciPy has it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

LEVEL = 0.95
"""Of every interval."""

ALPHA = 1 - LEVEL
METHOD = "Student's t interval over seeds, 95%"


def mean_interval(values: ArrayLike, least_error: float = 0.0, level: float = LEVEL) -> tuple[float, float, float]:
    """Return (mean, lo, hi) of finite values: Student's t over seeds; NaN bounds below two values.

    least_error: a floor for the standard error, such as the binomial one of an accuracy.
    """
    x = np.asarray(values, np.float64)
    if x.size == 0:
        return math.nan, math.nan, math.nan
    mean = float(x.mean())
    if x.size < 2:
        return mean, math.nan, math.nan
    error = max(float(x.std(ddof=1)) / math.sqrt(x.size), least_error)
    half = float(stats.t.ppf((1 + level) / 2, x.size - 1)) * error
    return mean, mean - half, mean + half


def p_value(values: ArrayLike, boundary: float, least_error: float = 0.0) -> float:
    """Return the two-sided p of the mean being `boundary`, by the same t; 0 or 1 where there is no spread."""
    x = np.asarray(values, np.float64)
    if x.size < 2:
        return math.nan
    away = float(x.mean()) - boundary
    error = max(float(x.std(ddof=1)) / math.sqrt(x.size), least_error)
    if error == 0:
        return 1.0 if away == 0 else 0.0
    return float(2 * stats.t.sf(abs(away) / error, x.size - 1))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p values corrected for their number (Holm 1979); NaN stays NaN and counts for nothing."""
    known = sorted((p, i) for i, p in enumerate(p_values) if not math.isnan(p))
    adjusted = [math.nan] * len(p_values)
    largest = 0.0
    for rank, (p, index) in enumerate(known):
        largest = max(largest, min(1.0, (len(known) - rank) * p))
        adjusted[index] = largest
    return adjusted


def effect_size(differences: ArrayLike) -> float:
    """Return the mean paired difference in standard deviations, with Hedges's correction; NaN without spread."""
    d = np.asarray(differences, np.float64)
    if d.size < 2 or d.std(ddof=1) == 0:
        return math.nan
    return float(d.mean() / d.std(ddof=1) * (1 - 3 / (4 * (d.size - 1) - 1)))


def seeds_needed(values: ArrayLike, boundary: float, least_error: float = 0.0, most: int = 1000) -> int | None:
    """Return about how many seeds would tell the mean from `boundary`, its spread staying; None if too many."""
    x = np.asarray(values, np.float64)
    if x.size < 2:
        return None
    spread = max(float(x.std(ddof=1)), least_error * math.sqrt(x.size))
    away = abs(float(x.mean()) - boundary)
    if away == 0 or not math.isfinite(spread):
        return None
    sizes = np.arange(3, most + 1)
    enough = stats.t.ppf((1 + LEVEL) / 2, sizes - 1) * spread / np.sqrt(sizes) < away
    return int(sizes[enough][0]) if enough.any() else None


def binomial_error(accuracies: NDArray[np.float64], examples: int) -> float:
    """Return the standard error that an average accuracy has at least: each seed is scored on `examples` examples."""
    if accuracies.size == 0 or examples == 0:
        return 0.0
    p = min(max(float(accuracies.mean()), 0.0), 1.0)
    return math.sqrt(p * (1 - p) / (examples * accuracies.size))


def share_interval(successes: int, trials: int) -> tuple[float, float]:
    """Return the exact 95% interval of a share (Clopper and Pearson 1934)."""
    interval = stats.binomtest(successes, trials).proportion_ci(LEVEL, method="exact")
    return float(interval.low), float(interval.high)
