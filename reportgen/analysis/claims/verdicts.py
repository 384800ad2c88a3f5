"""From values by seed to a verdict: supported, contradicted or inconclusive.

A value is supported where its 95% interval lies wholly on the claimed side, contradicted where it lies wholly on the
other. A claim on several layers is supported where every layer is (which needs no correction), and contradicted where
one is, at a level corrected for the number of layers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

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

Word = Literal["supported", "contradicted", "inconclusive"]
Values = NDArray[np.float64]

METHOD_OF_SHARES = "exact interval of a share of seeds (Clopper and Pearson), 95%"
LEAST_SEEDS = 3
LEAST_SEEDS_FOR_SIGNS = 5  # 2^-5 is the first below 5%


@dataclass(frozen=True)
class Test:
    """What a test found; boundary is the side of the region that is nearest."""

    verdict: Word
    measured: float
    interval: tuple[float, float]
    n: int
    reason: str
    method: str = METHOD
    p: float | None = None
    effect: float | None = None
    seeds_needed: int | None = None


def in_region(values: Values, low: float, high: float, least_error: float = 0.0, compared: float | None = None) -> Test:
    """Return whether the mean lies in [low, high], either of which may be infinite.

    compared: of paired differences, the largest magnitude of what was subtracted; None for values that are no
    differences, which have no effect size.
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
    """Return the same of values of which some are known only up to bounds.

    Each side of the region is held against the bound that makes it hardest: a claim is supported where it is with
    every unknown value at its worst, and contradicted where it is with every one at its best.
    """
    least, most = (in_region(x, low, high, least_error, compared) for x in (values.lo, values.hi))
    if not values.censored:
        return least
    if math.isinf(low) or math.isinf(high):
        worst, best = (most, least) if math.isinf(low) else (least, most)
        found = worst if worst.verdict == "supported" else best if best.verdict == "contradicted" else None
    else:
        found = _within_both(least, most, low, high)
    count = values.censored
    known = f"{count} of {least.n} seeds {'is' if count == 1 else 'are'} known only up to a bound, taken at its worst"
    if found is not None:
        return replace(found, reason=f"{found.reason}; {known}")
    reason = f"the seeds do not settle it; {known}"
    return replace(least, verdict="inconclusive", reason=reason, seeds_needed=None)


def _within_both(least: Test, most: Test, low: float, high: float) -> Test | None:
    """Return the bound that decides on a region with two ends, None where neither does."""
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
        return "inconclusive", f"{n} of the {LEAST_SEEDS} seeds that a verdict needs at least"
    if lo >= low and hi <= high:
        return "supported", "the whole interval meets the claim"
    if hi < low or lo > high:
        return "contradicted", "the whole interval fails the claim"
    return "inconclusive", "the interval reaches to both sides of what is claimed"


def share_in_region(values: Values, low: float, high: float) -> Test:
    """Return whether a share of runs lies in [low, high]; each value says whether a seed's run is one of them.

    Student's t has no spread to go by where all seeds agree: hence the exact interval. Where a value is the share
    among several runs of one seed, the seed still counts once.
    """
    known = values[np.isfinite(values)]
    n, count = int(known.size), float(known.sum())
    share = count / n if n else math.nan
    lo, hi = share_interval(count, n) if n else (math.nan, math.nan)
    boundary = _nearest_end(share, low, high)
    verdict, reason = _judge(n, lo, hi, low, high)
    reason = f"{count:g} of {n} seeds; {reason}" if n >= LEAST_SEEDS else reason
    needed = share_seeds_needed(share, boundary) if n and verdict == "inconclusive" else None
    p = share_p_value(count, n, boundary) if n else None
    return Test(verdict, share, (lo, hi), n, reason, METHOD_OF_SHARES, p, seeds_needed=needed)


def _by_signs(values: Values, low: float, high: float) -> Test:
    """Judge by how many seeds meet the claim, where some values are infinite and a mean has no meaning."""
    n, met = int(values.size), int(((values >= low) & (values <= high)).sum())
    measured = float(np.median(values)) if n else math.nan
    reason = f"{met} of {n} seeds meet the claim; {int(np.isinf(values).sum())} have no finite value"
    verdict: Word = "inconclusive"
    if n >= LEAST_SEEDS_FOR_SIGNS and met in (0, n):
        verdict = "supported" if met else "contradicted"
    share = share_interval(met, n) if n else (math.nan, math.nan)
    method = f"sign test over seeds; share that meets the claim {share[0]:.2f} to {share[1]:.2f}, exact 95%"
    return Test(verdict, measured, (math.nan, math.nan), n, reason, method, sign_p_value(met, n) if n else None)


def all_in_regions(columns: Values, lows: Sequence[float], highs: Sequence[float], names: Sequence[str]) -> Test:
    """Return whether every column's mean lies in its region; columns (seeds, regions); measured is the worst column's.

    The worst column is the one that goes furthest to, or beyond, a side of its region, in widths of the region.
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
            f"outside in {listed(failing)}"
            if failing
            else f"not settled in {listed(undecided)}"
            if undecided
            else "every interval meets the claim"
        )
    needed = [test.seeds_needed for test in tests if test.verdict == "inconclusive"]
    wanted = None if verdict != "inconclusive" or None in needed else max((k for k in needed if k), default=None)
    method = f"{METHOD}, one for each of {len(tests)}; a contradiction at a level corrected for their number"
    return Test(verdict, tests[worst].measured, tests[worst].interval, n, reason, method, None, None, wanted)


def _fails_surely(column: Values, low: float, high: float, tests: int) -> bool:
    known = column[np.isfinite(column)]
    if known.size < LEAST_SEEDS:
        return False
    _, lo, hi = mean_interval(known, level=1 - ALPHA / tests)
    return hi < low or lo > high


def _excess(value: float, low: float, high: float) -> float:
    """Return how far a value is beyond the nearer side, in half widths; not a number counts as furthest."""
    if not math.isfinite(value):
        return math.inf
    width = (high - low) / 2 if math.isfinite(high - low) and high > low else 1.0
    return max((low - value) / width, (value - high) / width)


def listed(names: Sequence[str]) -> str:
    """Return names as a list of at most six, the rest as a number."""
    return ", ".join(names) if len(names) <= 6 else f"{', '.join(names[:5])} and {len(names) - 5} more"
