"""Tests of values by seed, with the verdict supported, contradicted or inconclusive.

A claim is supported if the whole 95% interval is inside the expected region, and contradicted if the whole interval is
outside. A claim about several layers is supported if it is supported in every layer, which needs no correction. It is
contradicted if it is contradicted in one layer, at a level corrected for the number of layers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.claims.bounds import Bounds
from reportgen.analysis.statistics import (
    ALPHA,
    METHOD,
    effect_size,
    mean_interval,
    p_value,
    seeds_needed,
    share_interval,
    share_p_value,
    share_seeds_needed,
    sign_p_value,
)
from reportgen.languages.translate import N_
from reportgen.study.model.claims import Verdict

Word = Verdict
Values = NDArray[np.float64]

METHOD_OF_SHARES = N_("exact 95% interval of a share of seeds (Clopper and Pearson)")
LEAST_SEEDS = 3
_DEPENDS = N_("the verdict depends on the unknown values")
_SEEDS, _MEET = N_("{count} of {total} seeds"), N_("{count} of {total} seeds meet the claim")
_SIGN_TEST = N_(
    "The sign test counts the seeds that meet the claim, because some values are infinite and have no mean. "
    "The exact 95% interval of the share of seeds that meet the claim is {interval}."
)
_SIGNS_OF_DIFFERENCE = N_("Each seed has one value, the difference of the two sides. {method}")
_SIGNS_OF_RATIO = N_("Each seed has one value, the ratio of the two sides. {method}")
PAIRED = {
    "difference": (N_("{method} for the difference, paired by seed"), _SIGNS_OF_DIFFERENCE),
    "equivalence": (N_("equivalence test with a {method} for the difference, paired by seed"), _SIGNS_OF_DIFFERENCE),
    "ratio": (N_("{method} for the logarithm of the ratio, paired by seed"), _SIGNS_OF_RATIO),
}
"""Methods of tests of two sides: a phrase, and sentences for a test by signs."""
_CORRECTED = N_("contradictions are corrected for the number of tests")
_MORE = N_("{places} and {count} more")
_FEW = (
    N_("a verdict needs at least {least} seeds, but only {count} has a value"),
    N_("a verdict needs at least {least} seeds, but only {count} have a value"),
)
LEAST_SEEDS_FOR_SIGNS = 5  # the largest power of 1/2 below 5% is 2^-5


@dataclass(frozen=True)
class Test:
    """The result of a test; the p value, effect size and seeds needed refer to the nearest end of the region.

    method: a phrase, or sentences for a test by signs.
    """

    verdict: Word
    measured: float
    interval: tuple[float, float]
    n: int
    reason: str
    method: str = METHOD
    p: float | None = None
    effect: float | None = None
    seeds_needed: int | None = None
    by_signs: bool = False

    def method_of(self, sides: str) -> str:
        """Return the method of a test of two sides; sides: a key of `PAIRED`."""
        return PAIRED[sides][self.by_signs].format(method=self.method)


def in_region(values: Values, low: float, high: float, least_error: float = 0.0, compared: float | None = None) -> Test:
    """Test whether the mean is in [low, high]; either end may be infinite.

    Parameters
    ----------
    least_error : lower bound of the standard error.
    compared : for paired differences, the largest magnitude of the subtracted values; None for other values, which
        have no effect size.
    """
    known = values[~np.isnan(values)]
    if not np.isfinite(known).all():
        return _by_signs(known, low, high)
    mean, lo, hi = mean_interval(known, least_error)
    boundary = _nearest_end(mean, low, high)
    p = p_value(known, boundary, least_error) if known.size > 1 else None
    effect = None if compared is None else effect_size(known - boundary, compared)
    verdict, reason = _judge(known.size, lo, hi, low, high)
    needed = seeds_needed(known, boundary, least_error) if verdict == "inconclusive" else None
    return Test(verdict, mean, (lo, hi), int(known.size), reason, METHOD, p, effect, needed)


def in_bounds(values: Bounds, low: float, high: float, least_error: float = 0.0, compared: float | None = None) -> Test:
    """Test whether the mean is in [low, high], for values of which some are known only up to bounds.

    A claim is supported if it is supported with every unknown value at its least favorable bound, and contradicted if
    it is contradicted with every unknown value at its most favorable bound.
    """
    least, most = (in_region(x, low, high, least_error, compared) for x in (values.lo, values.hi))
    if not values.censored:
        return least
    if math.isinf(low) or math.isinf(high):
        worst, best = (most, least) if math.isinf(low) else (least, most)
        decisive = worst if worst.verdict == "supported" else best if best.verdict == "contradicted" else None
    else:
        decisive = _within_both(least, most, low, high)
    count = values.censored
    known = N_("only a bound is known for the value of {count} of {total} seeds").format(count=count, total=least.n)
    if decisive is not None:
        return replace(decisive, reason=f"{decisive.reason}; {known}")
    reason = f"{_DEPENDS}; {known}"
    return replace(least, verdict="inconclusive", reason=reason, seeds_needed=None)


def _within_both(least: Test, most: Test, low: float, high: float) -> Test | None:
    """Return the decisive test for a region with two finite ends, or None."""
    if least.verdict == most.verdict == "supported":
        return least
    if least.verdict == "contradicted" and least.interval[0] > high:
        return least
    return most if most.verdict == "contradicted" and most.interval[1] < low else None


def _nearest_end(value: float, low: float, high: float) -> float:
    """Return the finite end of a region that is nearest to a value."""
    return low if math.isinf(high) or (math.isfinite(low) and abs(value - low) < abs(value - high)) else high


def _judge(n: int, lo: float, hi: float, low: float, high: float) -> tuple[Word, str]:
    if n < LEAST_SEEDS:
        return (
            "inconclusive",
            (_FEW[0] if n == 1 else _FEW[1]).format(least=LEAST_SEEDS, count=n),
        )
    if lo >= low and hi <= high:
        return "supported", N_("the whole interval is inside the expected region")
    if hi < low or lo > high:
        return "contradicted", N_("the whole interval is outside the expected region")
    return "inconclusive", N_("the interval is partly inside and partly outside the expected region")


def share_in_region(values: Values, low: float, high: float) -> Test:
    """Test whether a share of runs is in [low, high].

    Uses the exact interval, because Student's t interval has no width if all seeds agree.

    Parameters
    ----------
    values : 1 or 0 for each seed, or the share among several runs of a seed, which still counts as one seed.
    """
    known = values[np.isfinite(values)]
    n, count = int(known.size), float(known.sum())
    share = count / n if n else math.nan
    lo, hi = share_interval(count, n) if n else (math.nan, math.nan)
    boundary = _nearest_end(share, low, high)
    verdict, reason = _judge(n, lo, hi, low, high)
    reason = f"{_SEEDS.format(count=f'{count:g}', total=n)}; {reason}" if n >= LEAST_SEEDS else reason
    needed = share_seeds_needed(share, boundary) if n and verdict == "inconclusive" else None
    p = share_p_value(count, n, boundary) if n else None
    return Test(verdict, share, (lo, hi), n, reason, METHOD_OF_SHARES, p, seeds_needed=needed)


def _by_signs(values: Values, low: float, high: float) -> Test:
    """Test by the number of seeds that meet the claim, for values without a finite mean."""
    n, met = int(values.size), int(((values >= low) & (values <= high)).sum())
    measured = float(np.median(values)) if n else math.nan
    reason = f"{_MEET.format(count=met, total=n)}; "
    reason += N_("{count} have no finite value").format(count=int(np.isinf(values).sum()))
    verdict: Word = "inconclusive"
    if n >= LEAST_SEEDS_FOR_SIGNS and met in (0, n):
        verdict = "supported" if met else "contradicted"
    share = share_interval(met, n) if n else (math.nan, math.nan)
    method = _SIGN_TEST.format(interval=f"{share[0]:.2f} to {share[1]:.2f}")
    p = sign_p_value(met, n) if n else None
    return Test(verdict, measured, (math.nan, math.nan), n, reason, method, p, by_signs=True)


def all_in_regions(columns: Values, lows: Sequence[float], highs: Sequence[float], names: Sequence[str]) -> Test:
    """Test whether the mean of every column is in its region; the measured value is of the worst column.

    The worst column has the mean that is furthest beyond, or closest to, an end of its region, in widths of the region.

    Parameters
    ----------
    columns : shape (seeds, regions).
    """
    regions = list(zip(columns.T, lows, highs, strict=True))
    tests = [in_region(*region) for region in regions]
    strict = [_fails_surely(*region, len(tests)) for region in regions]
    worst = max(range(len(tests)), key=lambda i: _excess(tests[i].measured, lows[i], highs[i]))
    failing = [name for name, fails in zip(names, strict, strict=True) if fails]
    undecided = [name for name, test in zip(names, tests, strict=True) if test.verdict != "supported"]
    n = min(test.n for test in tests)
    verdict: Word = "contradicted" if failing else "inconclusive" if undecided else "supported"
    reason = tests[worst].reason
    if n >= LEAST_SEEDS:
        reason = (
            N_("outside the expected region in {places}").format(places=listed(failing))
            if failing
            else N_("inconclusive in {places}").format(places=listed(undecided))
            if undecided
            else N_("every interval is inside its expected region")
        )
    needed = [test.seeds_needed for test in tests if test.verdict == "inconclusive"]
    most_needed = None if verdict != "inconclusive" or None in needed else max((k for k in needed if k), default=None)
    method = N_("{method}, in {count} tests").format(method=METHOD, count=len(tests))
    method = f"{method}; {_CORRECTED}"
    return Test(verdict, tests[worst].measured, tests[worst].interval, n, reason, method, None, None, most_needed)


def _fails_surely(column: Values, low: float, high: float, tests: int) -> bool:
    known = column[np.isfinite(column)]
    if known.size < LEAST_SEEDS:
        return False
    _, lo, hi = mean_interval(known, level=1 - ALPHA / tests)
    return hi < low or lo > high


def _excess(value: float, low: float, high: float) -> float:
    """Return the distance of a value beyond the nearer end of a region, in half widths; infinite for NaN."""
    if not math.isfinite(value):
        return math.inf
    width = (high - low) / 2 if math.isfinite(high - low) and high > low else 1.0
    return max((low - value) / width, (value - high) / width)


def listed(names: Sequence[str]) -> str:
    """Return names as a list with commas; of more than six names, the first five and the number of the others."""
    return ", ".join(names) if len(names) <= 6 else _MORE.format(places=", ".join(names[:5]), count=len(names) - 5)
