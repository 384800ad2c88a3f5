"""Values by seed of which only bounds may be known, such as the time to a level that a run does not reach."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Bounds:
    """The lowest and the highest possible value for each seed, which are equal if the value is known."""

    lo: Values
    hi: Values

    @classmethod
    def known(cls, values: Values) -> Bounds:
        """Return bounds of values that are known exactly."""
        return cls(values, values)

    @property
    def censored(self) -> int:
        """The number of seeds with different bounds."""
        return int((~np.isnan(self.lo) & (self.lo != self.hi)).sum())

    @property
    def positive(self) -> bool:
        """Whether all lower bounds are positive and finite; an upper bound may be infinite if the value is censored."""
        low, high = self.lo[~np.isnan(self.lo)], self.hi[~np.isnan(self.lo)]
        finite = np.isfinite(low) & (np.isfinite(high) | (low != high))
        return bool((finite & (low > 0)).all())

    def minus(self, other: Bounds) -> Bounds:
        """Return the difference, NaN if both values are infinite."""
        with np.errstate(invalid="ignore"):
            return self._combined(other, np.subtract)

    def over(self, other: Bounds) -> Bounds:
        """Return the ratio; both values must be positive."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return self._combined(other, np.divide)

    def _combined(self, other: Bounds, function: Callable[[Values, Values], Values]) -> Bounds:
        """Return the bounds of a function that increases with the values and decreases with `other`."""
        if not self.censored and not other.censored:
            return Bounds.known(function(self.lo, other.lo))
        return Bounds(function(self.lo, other.hi), function(self.hi, other.lo))

    def times(self, factor: float) -> Bounds:
        """Return the values times a factor."""
        lo, hi = factor * self.lo, factor * self.hi
        return Bounds(lo, hi) if factor >= 0 else Bounds(hi, lo)

    def log(self) -> Bounds:
        """Return the natural logarithms."""
        with np.errstate(divide="ignore"):
            return Bounds(np.log(self.lo), np.log(self.hi))

    @property
    def shown(self) -> Values:
        """One value per seed: the lower bound, or the upper bound if only the upper bound is finite."""
        return np.where(np.isfinite(self.lo) | ~np.isfinite(self.hi), self.lo, self.hi)


def typical(*sides: Bounds) -> tuple[float, ...]:
    """Return a value for each side of a ratio: the geometric mean over seeds if all are positive, else the mean.

    Only seeds with finite values on all sides count; without one, or if only bounds of a value are known, the result is
    empty, since the values of the sides would not have the ratio.
    """
    if any(side.censored for side in sides):
        return ()
    known = np.logical_and.reduce([np.isfinite(side.shown) for side in sides])
    if not known.any():
        return ()
    geometric = all(side.positive for side in sides)
    shown = [side.shown[known] for side in sides]
    return tuple(float(np.exp(np.log(values).mean()) if geometric else values.mean()) for values in shown)


def mean_of(columns: list[Bounds], planned: NDArray[np.bool_]) -> Bounds:
    """Return the mean over variants for each seed, NaN if a planned value is missing.

    planned: whether a variant has a run with a seed, shape (variants, seeds).
    """
    if not columns:
        return Bounds.known(np.full(0, math.nan))
    lo, hi = (np.where(planned, [getattr(c, end) for c in columns], 0.0).sum(axis=0) for end in ("lo", "hi"))
    with np.errstate(invalid="ignore"):
        return Bounds(lo / planned.sum(axis=0), hi / planned.sum(axis=0))
