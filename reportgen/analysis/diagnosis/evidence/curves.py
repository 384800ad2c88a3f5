"""Validation scores along training: the best stretch against the end, on all seeds together.

The best epoch of a noisy curve looks better than it is. So the best stretch of a seed is the one in which the other
seeds are best, where there are others. And a stretch is as long as a fifth of the time before it, since most happens
early: from some epoch on to 1.2 times that; at the end it is the last tenth of all epochs.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.diagnosis.evidence.means import mean, noise
from reportgen.analysis.diagnosis.evidence.memoize import memoize
from reportgen.runs.record import RunRecord

Array = NDArray[np.float64]
Epochs = NDArray[np.int64]

LEAST_EPOCHS = 3
LONGER = 1.2
LAST = 10


@dataclass(frozen=True)
class Turn:
    """One seed's scores, by column, in its best stretch of epochs, [start, end), and in the last of `length` epochs."""

    record: RunRecord
    start: int
    end: int
    length: int

    @property
    def best(self) -> int:
        """The best stretch's epoch."""
        return (self.start + self.end) // 2

    def before(self, column: str) -> float:
        """Return the mean score of the best stretch."""
        return mean(_scores(self.record, column, self.end)[self.start :])

    def after(self, column: str) -> float:
        """Return the mean score of the last stretch."""
        return mean(_scores(self.record, column, self.length + 1)[-self._last :])

    def change(self, column: str) -> float:
        """Return the last stretch's score less the best one's."""
        return self.after(column) - self.before(column)

    def epoch_error(self, column: str) -> float:
        """Return the standard error that the last stretch's mean has by what scores do in the last third of epochs."""
        scores = _scores(self.record, column, self.length + 1)
        return math.sqrt(noise(scores[-max(3, scores.size // 3) :]) / self._last)

    @property
    def _last(self) -> int:
        return max(1, self.length // LAST)


def turns(records: Sequence[RunRecord], by: str, sign: float) -> list[Turn]:
    """Return each record's turn; best is where `sign` times the column `by` is least. Empty where epochs are few."""
    length = min((len(r.arrays.get(f"epoch_{by}", ())) for r in records), default=0) - 1
    if length < LEAST_EPOCHS:
        return []
    starts, ends = _stretches(length)
    table = sign * np.array([_sums(_scores(r, by, length + 1), starts, ends) for r in records]) / (ends - starts)
    found = []
    for index, record in enumerate(records):
        others = np.concatenate((table[:index], table[index + 1 :])) if len(records) > 1 else table
        best = int((np.add.reduce(others) / len(others)).argmin())
        found.append(Turn(record, int(starts[best]), int(ends[best]), length))
    return found


def _scores(record: RunRecord, column: str, count: int) -> Array:
    """Return the first `count` scores of a column."""
    return np.asarray(record.epochs(column)[:count], np.float64)


@functools.lru_cache(maxsize=16)
def _stretches(length: int) -> tuple[Epochs, Epochs]:
    """Return the starts and the ends of all stretches [start, end) of so many epochs."""
    starts = np.arange(1, length + 1)
    return starts, np.minimum(np.maximum(starts + 1, np.floor(starts * LONGER)), length + 1).astype(np.int64)


def _sums(values: Array, starts: Epochs, ends: Epochs) -> Array:
    """Return the sums of values over stretches."""
    sums = np.concatenate(([0.0], np.cumsum(values)))
    return np.asarray(sums[ends] - sums[starts])


@dataclass(frozen=True)
class _LateLosses:
    """Mean losses late in training: of the third quarter, and of the two halves of the last; error: of a mean."""

    third: float
    first: float
    second: float
    error: float


@memoize
def _late_losses(record: RunRecord) -> _LateLosses | None:
    """Return the mean losses late in training, with their standard error by minibatches; None for a few steps."""
    losses = np.asarray(record.arrays.get("step_loss", ()), np.float64)
    if losses.size < 8:
        return None
    *third, first, second = (mean(part) for part in np.array_split(losses, 8)[4:])
    return _LateLosses(mean(third), first, second, math.sqrt(noise(losses[losses.size // 2 :]) / (losses.size / 8)))


def still_falling(record: RunRecord, share: float, errors: float = 0.0) -> bool:
    """Return whether the last quarter's training loss lies below the third quarter's by more than a share of itself.

    The last quarter's own second half has to lie below its first by half of that share: a loss that came to rest when
    its rate decayed no longer falls. errors: how many standard errors of minibatches the fall has to be at least.
    """
    late = _late_losses(record)
    if late is None:
        return False
    last = (late.first + late.second) / 2
    fell = late.third - last > max(share * last, errors * late.error)
    return fell and late.first - late.second > share / 2 * late.second
