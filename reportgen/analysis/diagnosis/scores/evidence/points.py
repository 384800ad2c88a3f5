"""The curves of a log as points: finite values with their positions, their noise and their levels.

**Noise.** A score is a smooth course plus noise. The variance of the noise is estimated from second differences, whose
mean square is six times the variance if the course is straight over three values. In contrast to first differences
(von Neumann 1941), a steady decrease does not count as noise.

**Sampling noise.** The loss of a minibatch varies with its examples, the mean over an epoch and a validation score
hardly do. Points of minibatches are therefore averaged over blocks before they are compared.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.runs.training_log import Curve, Resolution, TrainingLog

Array = NDArray[np.float64]

BLOCKS = 8
"""Number of blocks that minibatch losses are averaged over."""

LEAST_OF_BLOCK = 4
"""Least number of minibatches in a block."""


@dataclass(frozen=True, eq=False)
class Points:
    """Finite values of a curve at their positions, (n,) each. resolution: what one value is."""

    positions: Array
    values: Array
    resolution: Resolution = "epoch"

    @property
    def size(self) -> int:
        """Number of points."""
        return int(self.values.size)

    def between(self, first: float, last: float) -> Points:
        """Return the points at positions from `first` (exclusive) to `last` (inclusive)."""
        inside = (self.positions > first) & (self.positions <= last)
        return Points(self.positions[inside], self.values[inside], self.resolution)

    def late(self, share: float) -> Points:
        """Return the last points, a share of all of them, at least one."""
        return self.last(max(1, math.ceil(share * self.size)))

    def early(self, share: float) -> Points:
        """Return the first points, a share of all of them, at least one."""
        return self.first(max(1, math.ceil(share * self.size)))

    def first(self, count: int) -> Points:
        """Return at most this number of points from the start."""
        return Points(self.positions[:count], self.values[:count], self.resolution)

    def last(self, count: int) -> Points:
        """Return at most this number of points from the end."""
        return Points(self.positions[-count:], self.values[-count:], self.resolution)

    @property
    def mean(self) -> float:
        """Mean value, NaN without points."""
        return mean(self.values) if self.size else math.nan

    @property
    def noise(self) -> float:
        """Standard deviation of the values around a smooth course, NaN for fewer than four points."""
        if self.size < 4:
            return math.nan
        seconds = self.values[2:] - 2 * self.values[1:-1] + self.values[:-2]
        return math.sqrt(mean(seconds * seconds) / 6)

    @property
    def error(self) -> float:
        """Standard error of the mean due to noise, NaN for fewer than four points."""
        return self.noise / math.sqrt(self.size) if self.size else math.nan


def points(curve: Curve | None) -> Points:
    """Return the finite points of a curve; no points without a curve."""
    if curve is None:
        return Points(np.empty(0), np.empty(0))
    values = np.asarray(curve.values, np.float64)
    positions = np.asarray(curve.positions, np.float64)
    finite = np.isfinite(values) & np.isfinite(positions)
    return Points(positions[finite], values[finite], curve.resolution)


def scores(log: TrainingLog, role: str) -> Points:
    """Return the points in a role: the curve with the least sampling noise that has most of the course."""
    found = [points(curve) for curve in log.curves if curve.role == role]
    order = {"epoch": 0, "window": 1, "step": 2}
    usable = [p for p in found if p.size >= LEAST_OF_BLOCK] or [p for p in found if p.size]
    return min(usable, key=lambda p: order[p.resolution], default=points(None))


def running(found: Points) -> Points:
    """Return points without most of their sampling noise: running means over a block of minibatches.

    Neighbouring means share minibatches, so they have no noise to speak of; they are levels to compare others with.
    """
    if found.resolution != "step" or found.size < LEAST_OF_BLOCK:
        return found
    values, positions = (
        np.convolve(array, np.full(LEAST_OF_BLOCK, 1 / LEAST_OF_BLOCK), "valid")
        for array in (found.values, found.positions)
    )
    return Points(positions, values, "window")


def smoothed(found: Points) -> Points:
    """Return points without most of their sampling noise: minibatches are averaged over up to eight equal blocks.

    Fewer than two blocks of minibatches are returned as they are, since one average has no course.
    """
    if found.resolution != "step":
        return found
    count = min(BLOCKS, found.size // LEAST_OF_BLOCK)
    if count < 2:
        return found
    parts = np.array_split(np.arange(found.size), count)
    ends = np.array([found.positions[part[-1]] for part in parts])
    return Points(ends, np.array([mean(found.values[part]) for part in parts]), "window")
