"""Comparisons of variants in a report: every pair of a few variants, or the best of many with the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.analysis.results import Comparison, Estimate
from reportgen.study.metrics.table import metric_of

MOST_SHOWN = 20
"""Largest number of variants that are compared with the best in a report; comparisons.csv contains all."""


@dataclass(frozen=True)
class Pair:
    """The difference between two variants; if `b` is the best, a positive difference means that `a` is worse."""

    a: str
    b: str
    difference: Estimate
    p: float
    effect_size: float


@dataclass(frozen=True)
class Comparisons:
    """Comparisons of variants by one score.

    Attributes
    ----------
    score : the metric
    pairs : the number of pairs that the p values are corrected for
    best : the id of the best variant, or None if every pair is compared
    shown : the comparisons that a report shows, the nearest to the best first
    rest : the other comparisons
    """

    score: str
    pairs: int
    best: str | None
    shown: tuple[Pair, ...]
    rest: tuple[Pair, ...]

    @property
    def behind(self) -> tuple[float, float]:
        """The smallest and the largest difference in the rest."""
        gaps = [pair.difference.value for pair in self.rest]
        return min(gaps), max(gaps)

    @property
    def largest_p(self) -> float:
        """The largest corrected p value in the rest."""
        return max(pair.p for pair in self.rest)


def comparisons_of(comparisons: Sequence[Comparison]) -> Comparisons | None:
    """Return the comparisons of a report, None if the study has none."""
    if not comparisons:
        return None
    score, pairs, best = comparisons[0].score, comparisons[0].pairs, comparisons[0].b
    if pairs == len(comparisons):
        return Comparisons(score, pairs, None, tuple(_pair(comparison, 1) for comparison in comparisons), ())
    sign = -1 if metric_of(score).higher_is_better is False else 1
    ranked = sorted((_pair(comparison, sign) for comparison in comparisons), key=lambda pair: pair.difference.value)
    return Comparisons(score, pairs, best, tuple(ranked[:MOST_SHOWN]), tuple(ranked[MOST_SHOWN:]))


def _pair(comparison: Comparison, sign: int) -> Pair:
    difference = comparison.difference
    lo, hi = (difference.lo, difference.hi) if sign > 0 else (-difference.hi, -difference.lo)
    return Pair(
        comparison.a,
        comparison.b,
        Estimate(sign * difference.value, lo, hi, difference.n),
        comparison.p_adjusted,
        sign * comparison.effect_size,
    )
