"""Variants against one another as a report shows them: every pair of a few, or of many the best against its rivals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.analysis.results import Comparison, Estimate
from reportgen.study.metrics.table import metric_of

MOST_SHOWN = 20
"""So many rivals of the best are listed: the nearest, as one may be taken in its place. comparisons.csv has all."""


@dataclass(frozen=True)
class Pair:
    """A difference between two variants; against the best it is by how much `a` is worse."""

    a: str
    b: str
    difference: Estimate
    p: float
    effect_size: float


@dataclass(frozen=True)
class Comparisons:
    """Comparisons on one score, and how many pairs their p values are corrected for.

    best: the id of the variant that all others stand against, None where every pair is compared. shown: of these the
    nearest first; rest: those further behind.
    """

    score: str
    pairs: int
    best: str | None
    shown: tuple[Pair, ...]
    rest: tuple[Pair, ...]

    @property
    def behind(self) -> tuple[float, float]:
        """The least and the largest difference among the rest."""
        gaps = [pair.difference.value for pair in self.rest]
        return min(gaps), max(gaps)

    @property
    def largest_p(self) -> float:
        """The largest corrected p value among the rest."""
        return max(pair.p for pair in self.rest)


def comparisons_of(comparisons: Sequence[Comparison]) -> Comparisons | None:
    """Return what a report shows of a study's comparisons, None where there are none."""
    if not comparisons:
        return None
    score, pairs, best = comparisons[0].score, comparisons[0].pairs, comparisons[0].b
    if pairs == len(comparisons):
        return Comparisons(score, pairs, None, tuple(_pair(one, 1) for one in comparisons), ())
    sign = -1 if metric_of(score).higher_is_better is False else 1
    ranked = sorted((_pair(one, sign) for one in comparisons), key=lambda pair: pair.difference.value)
    return Comparisons(score, pairs, best, tuple(ranked[:MOST_SHOWN]), tuple(ranked[MOST_SHOWN:]))


def _pair(one: Comparison, sign: int) -> Pair:
    found = one.difference
    lo, hi = (found.lo, found.hi) if sign > 0 else (-found.hi, -found.lo)
    return Pair(one.a, one.b, Estimate(sign * found.value, lo, hi, found.n), one.p_adjusted, sign * one.effect_size)
