"""Values by seed that may be known only up to bounds, as the time to a level is for a run that never came there."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Bounds:
    """The least and the largest value of each seed; equal where the value is known."""

    lo: Values
    hi: Values

    @classmethod
    def known(cls, values: Values) -> Bounds:
        """Return values that are known exactly."""
        return cls(values, values)

    @property
    def censored(self) -> int:
        """How many seeds have a value that is known only up to bounds."""
        return int((~np.isnan(self.lo) & (self.lo != self.hi)).sum())

    @property
    def positive(self) -> bool:
        """Whether all that is known is above zero, and finite but for a bound that is open."""
        low, high = self.lo[~np.isnan(self.lo)], self.hi[~np.isnan(self.lo)]
        finite = np.isfinite(low) & (np.isfinite(high) | (low != high))
        return bool((finite & (low > 0)).all())

    def minus(self, other: Bounds) -> Bounds:
        """Return the difference; two values that are both infinite have none."""
        with np.errstate(invalid="ignore"):
            return self._with(other, np.subtract)

    def over(self, other: Bounds) -> Bounds:
        """Return the ratio of values above zero."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return self._with(other, np.divide)

    def _with(self, other: Bounds, falling: Callable[[Values, Values], Values]) -> Bounds:
        """Return a function of both that falls in the other; equal bounds of both stay equal."""
        if not self.censored and not other.censored:
            return Bounds.known(falling(self.lo, other.lo))
        return Bounds(falling(self.lo, other.hi), falling(self.hi, other.lo))

    def times(self, factor: float) -> Bounds:
        """Return so many times the values."""
        lo, hi = factor * self.lo, factor * self.hi
        return Bounds(lo, hi) if factor >= 0 else Bounds(hi, lo)

    def log(self) -> Bounds:
        """Return the natural logarithms."""
        with np.errstate(divide="ignore"):
            return Bounds(np.log(self.lo), np.log(self.hi))

    @property
    def shown(self) -> Values:
        """One value a seed: the known one, else the bound that is finite."""
        return np.where(np.isfinite(self.lo) | ~np.isfinite(self.hi), self.lo, self.hi)


def mean_of(columns: list[Bounds], planned: NDArray[np.bool_]) -> Bounds:
    """Return the mean over several variants, seed by seed, of those planned for it; NaN where one is missing.

    planned: (variants, seeds).
    """
    if not columns:
        return Bounds.known(np.full(0, math.nan))
    lo, hi = (np.where(planned, [getattr(c, end) for c in columns], 0.0).sum(axis=0) for end in ("lo", "hi"))
    with np.errstate(invalid="ignore"):
        return Bounds(lo / planned.sum(axis=0), hi / planned.sum(axis=0))
