"""Intervals, tests and corrections for multiple testing, computed with SciPy where possible."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np
import scipy  # scipy.special is loaded at its first use
from numpy.typing import ArrayLike, NDArray

from reportgen.analysis.metrics.scales import extent
from reportgen.languages.translate import N_

LEVEL = 0.95
"""Confidence level of every interval."""

ALPHA = 1 - LEVEL

ROUNDING = 1e-12
"""Differences and standard deviations below this share of the compared values are rounding errors."""

LEAST_FOR_QUARTILES = 5
"""Least number of values with quartiles."""

LEAST_FOR_THE_MEAN = 7
"""Least number of values for this test: the mean of five normal values is outside their quartiles in 9% of cases."""

MOST_SEEDS = 1000
"""Larger numbers of seeds are not estimated."""

METHOD = N_("95% Student's t interval over seeds")


def mean_interval(values: ArrayLike, least_error: float = 0.0, level: float = LEVEL) -> tuple[float, float, float]:
    """Return (mean, lo, hi) of finite values by Student's t; NaN bounds for fewer than two values.

    least_error: lower bound for the standard error, such as the binomial error of an accuracy.
    """
    x = np.asarray(values, np.float64)
    if x.size == 0:
        return math.nan, math.nan, math.nan
    mean = float(x.mean())
    if x.size < 2:
        return mean, math.nan, math.nan
    error = max(float(x.std(ddof=1)) / math.sqrt(x.size), least_error)
    half = t_quantile((1 + level) / 2, x.size - 1) * error
    return mean, mean - half, mean + half


def possible(name: str, lo: float, hi: float) -> tuple[float, float]:
    """Clip the interval of a metric's mean to its possible range: 0 to 1 for shares, at least 0 for sizes.

    Clipping does not change the coverage of the interval. NaN bounds remain NaN.
    """
    least, most = extent(name)
    return _clip(lo, least, most), _clip(hi, least, most)


def possible_difference(name: str, lo: float, hi: float) -> tuple[float, float]:
    """Clip the interval of a difference of a metric to its possible range: shares differ by at most 1."""
    most = 1.0 if extent(name) == (0.0, 1.0) else math.inf
    return _clip(lo, -most, most), _clip(hi, -most, most)


def _clip(value: float, least: float, most: float) -> float:
    """Return a number within limits; NaN remains NaN, since it is neither smaller nor larger than a limit."""
    return min(max(value, least), most)


@functools.lru_cache(maxsize=1024)
def t_quantile(probability: float, freedom: int) -> float:
    """Return the quantile of Student's t, cached because reports need the same ones thousands of times."""
    return float(scipy.special.stdtrit(freedom, probability))


def p_value(values: ArrayLike, boundary: float, least_error: float = 0.0) -> float:
    """Return the two-sided p value of a one-sample t test against `boundary`; 0 or 1 without variation."""
    x = np.asarray(values, np.float64)
    if x.size < 2:
        return math.nan
    away = float(x.mean()) - boundary
    error = max(float(x.std(ddof=1)) / math.sqrt(x.size), least_error)
    if error == 0:
        return 1.0 if away == 0 else 0.0
    return float(2 * scipy.special.stdtr(x.size - 1, -abs(away) / error))


def holm(p_values: Sequence[float], family: int = 0) -> list[float]:
    """Return the p values with Holm's correction (Holm 1979); NaN remains NaN and is not counted.

    family: total number of tests, if the data selected these p values among more.
    """
    adjusted, largest = [math.nan] * len(p_values), 0.0
    for index, factor in holm_factors(p_values, family).items():
        largest = max(largest, min(1.0, factor * p_values[index]))
        adjusted[index] = largest
    return adjusted


def holm_factors(p_values: Sequence[float], family: int = 0) -> dict[int, int]:
    """Return Holm's factor of each p value by index, in ascending order of p; none for NaN."""
    known = sorted((p, i) for i, p in enumerate(p_values) if not math.isnan(p))
    count = max(len(known), family)
    return {index: count - rank for rank, (_, index) in enumerate(known)}


def effect_size(differences: ArrayLike, scale: float = 0.0) -> float:
    """Return the mean paired difference in standard deviations, with Hedges's correction.

    NaN if the differences vary only by rounding errors. scale: largest magnitude of the subtracted values.
    """
    d = np.asarray(differences, np.float64)
    spread = float(d.std(ddof=1)) if d.size > 1 else 0.0
    if not spread > ROUNDING * max(scale, float(np.abs(d).max(initial=0.0))):
        return math.nan
    return float(d.mean() / spread * (1 - 3 / (4 * (d.size - 1) - 1)))


def magnitude(*values: ArrayLike) -> float:
    """Return the largest absolute value of all finite values, 0 if there are none."""
    sizes = [np.abs(np.asarray(array, np.float64)) for array in values]
    return max((float(array[np.isfinite(array)].max(initial=0.0)) for array in sizes), default=0.0)


def quartiles(values: ArrayLike) -> tuple[float, float, float]:
    """Return the lower quartile, the median and the upper quartile."""
    low, median, high = np.quantile(np.asarray(values, np.float64), (0.25, 0.5, 0.75))
    return float(low), float(median), float(high)


def is_skewed(values: ArrayLike) -> bool:
    """Return whether values should be summarized by median and quartiles instead of their mean.

    They should if none is negative but the 95% interval of their mean includes negative values, or if the mean of at
    least seven values is outside the quartiles. Fewer than five values, or infinite ones, are never skewed.
    """
    x = np.asarray(values, np.float64)
    if x.size < LEAST_FOR_QUARTILES or not np.isfinite(x).all():
        return False
    if x.min() >= 0 and x.max() > 0 and mean_interval(x)[1] < 0:
        return True
    return x.size >= LEAST_FOR_THE_MEAN and _is_mean_outside_quartiles(x)


def _is_mean_outside_quartiles(x: NDArray[np.float64]) -> bool:
    low, _, high = quartiles(x)
    slack = ROUNDING * magnitude(x)
    return not low - slack <= float(x.mean()) <= high + slack


def seeds_needed(values: ArrayLike, boundary: float, least_error: float = 0.0) -> int | None:
    """Return the approximate number of seeds that distinguishes the mean from `boundary`, None if too large.

    The standard deviation is assumed to stay the same.
    """
    x = np.asarray(values, np.float64)
    if x.size < 2:
        return None
    spread = max(float(x.std(ddof=1)), least_error * math.sqrt(x.size))
    away = abs(float(x.mean()) - boundary)
    return _enough(away, spread, ALPHA) if away > 0 and math.isfinite(spread) else None


def seeds_for(p: float, n: int, alpha: float) -> int | None:
    """Return the approximate number of seeds that lowers a p value over n seeds below `alpha`, None if too large.

    Mean and standard deviation are assumed to stay the same.
    """
    if n < 2 or not 0 < p < 1:
        return None
    t = -float(scipy.special.stdtrit(n - 1, p / 2))
    return _enough(t, math.sqrt(n), alpha)


def _enough(away: float, spread: float, alpha: float) -> int | None:
    """Return the least number of values with this standard deviation whose mean differs significantly by `away`."""
    sizes = np.arange(3, MOST_SEEDS + 1)
    enough = _quantiles(alpha) * spread / np.sqrt(sizes) < away
    return int(sizes[enough][0]) if enough.any() else None


@functools.lru_cache(maxsize=64)
def _quantiles(alpha: float) -> NDArray[np.float64]:
    """Return Student's t for 3 to MOST_SEEDS values, cached because every test of a report needs the same ones."""
    return np.asarray(scipy.special.stdtrit(np.arange(2, MOST_SEEDS), 1 - alpha / 2))


def sign_p_value(met: int, n: int) -> float:
    """Return the one-sided p value of a sign test in which `met` of n seeds agree with a claim."""
    return float(scipy.special.bdtrc(max(met, n - met) - 1, n, 0.5))


def sign_seeds_for(alpha: float) -> int:
    """Return the number of unanimous seeds with a one-sided p value below `alpha`."""
    return math.floor(-math.log2(alpha)) + 1


def binomial_error(shares: NDArray[np.float64], examples: int) -> float:
    """Return the least standard error of an average share over `examples` examples per seed, 0 without examples."""
    trials = examples * shares.size
    return share_error(float(shares.mean()), trials) if trials else 0.0


def share_error(share: float, trials: int) -> float:
    """Return the standard error of a share of `trials` examples, above 0 even for a share of 1.

    One success and one failure are added.
    """
    p = (min(max(share, 0.0), 1.0) * trials + 1) / (trials + 2)
    return math.sqrt(p * (1 - p) / max(trials, 1))


def paired_error(difference: float, examples: int, seeds: int) -> float:
    """Return the least standard error of the average difference of two shares of the same examples.

    Only examples on which the two sides disagree contribute (McNemar 1947). Their share is at least the difference.
    """
    trials = examples * seeds
    if trials == 0:
        return 0.0
    disagree = (min(abs(difference), 1.0) * trials + 1) / (trials + 1)
    return math.sqrt(max(disagree - difference**2, disagree / trials) / trials)


def gain_interval(before: ArrayLike, after: ArrayLike, examples: int) -> tuple[float, float, float]:
    """Return (mean difference, lo, hi) of paired shares of `examples` examples, after minus before.

    The interval is Student's t for the differences of log odds, transformed back to shares at the mean before. It thus
    stays within 0 and 1 and is narrower near these ends. Half an example on each side keeps the odds finite
    (Haldane 1956). It is at least as wide as the normal interval for the standard error `paired_error`, relative to the
    difference, which is known from hundreds of examples.
    """
    was, now = np.asarray(before, np.float64), np.asarray(after, np.float64)
    difference = float((now - was).mean())
    if examples == 0 or was.size < 2:
        return mean_interval(now - was)
    half = 0.5 / (examples + 1)
    odds_was, odds_now = (scipy.special.logit(half + shares * (1 - 2 * half)) for shares in (was, now))
    center, gain = float(scipy.special.logit(half + was.mean() * (1 - 2 * half))), float((odds_now - odds_was).mean())
    near = abs(difference) <= ROUNDING
    slope = 1 / float(was.mean() * (1 - was.mean()) + half) if near else abs(gain / difference)
    _, _, hi = mean_interval(odds_now - odds_was)
    half_width = max(hi - gain, _normal_half(slope * paired_error(difference, examples, was.size)))
    bounds = (gain - half_width, gain + half_width)
    ends = [float(scipy.special.expit(center + bound) - scipy.special.expit(center)) for bound in bounds]
    return difference, min(ends[0], difference), max(ends[1], difference)


def ratio_interval(before: ArrayLike, after: ArrayLike, least: float, least_error: float) -> tuple[float, float, float]:
    """Return (mean difference, lo, hi) of paired sizes compared by their ratio, after minus before.

    The interval is Student's t for the differences of logarithms, transformed back to sizes at the mean before. least:
    added to each size, so that much smaller sizes are equal. least_error: least standard error of the mean logarithm;
    it is estimated from hundreds of examples, so the normal quantile applies to it.
    """
    was, now = np.asarray(before, np.float64), np.asarray(after, np.float64)
    difference = float((now - was).mean())
    center, _, hi = mean_interval(np.log((now + least) / (was + least)))
    half = max(hi - center, _normal_half(least_error))
    level = float(was.mean()) + least
    ends = [level * math.expm1(min(bound, 700.0)) for bound in (center - half, center + half)]
    ends[0] = max(ends[0], -float(was.mean()))  # sizes are not negative
    return difference, min(ends[0], difference), max(ends[1], difference)


def _normal_half(error: float) -> float:
    """Return half the width of the normal interval for a known standard error."""
    return float(scipy.special.ndtri((1 + LEVEL) / 2)) * error


def share_interval(successes: float, trials: int) -> tuple[float, float]:
    """Return the exact 95% interval of a share (Clopper and Pearson 1934); successes may be fractional."""
    tail = (1 - LEVEL) / 2
    low = scipy.special.betaincinv(successes, trials - successes + 1, tail) if successes > 0 else 0.0
    high = scipy.special.betaincinv(successes + 1, trials - successes, 1 - tail) if successes < trials else 1.0
    return float(low), float(high)


def share_p_value(successes: float, trials: int, share: float) -> float:
    """Return the two-sided p value of an exact binomial test: twice the smaller tail."""
    least = scipy.special.betainc(successes, trials - successes + 1, share) if successes > 0 else 1.0
    most = 1 - scipy.special.betainc(successes + 1, trials - successes, share) if successes < trials else 1.0
    return float(min(1.0, 2 * min(least, most)))


def share_seeds_needed(share: float, boundary: float) -> int | None:
    """Return the approximate number of seeds that distinguishes a share from `boundary`, None if too large."""
    if share == boundary:
        return None
    for n in range(3, MOST_SEEDS + 1):
        low, high = share_interval(share * n, n)
        if boundary < low or boundary > high:
            return n
    return None
