"""Validation scores during training: the best window of epochs compared with the end.

The best epoch of a noisy curve looks better than it is. Therefore, the best window of a seed is the one in which the
other seeds are best, if there are others. A window extends from an epoch to 1.2 times that epoch, because most changes
happen early. The last window is the last tenth of all epochs.
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
class ScoreChange:
    """The best window of epochs, [start, end), of one seed, and its last window of `length` epochs in total."""

    record: RunRecord
    start: int
    end: int
    length: int

    @property
    def best(self) -> int:
        """The middle epoch of the best window."""
        return (self.start + self.end) // 2

    def before(self, column: str) -> float:
        """Return the mean score in the best window."""
        return mean(_scores(self.record, column, self.end)[self.start :])

    def after(self, column: str) -> float:
        """Return the mean score in the last window."""
        return mean(_scores(self.record, column, self.length + 1)[-self._last :])

    def change(self, column: str) -> float:
        """Return the score in the last window minus the score in the best window."""
        return self.after(column) - self.before(column)

    def epoch_error(self, column: str) -> float:
        """Return the standard error of the last window's mean due to the variation between late epochs."""
        scores = _scores(self.record, column, self.length + 1)
        return math.sqrt(noise(scores[-max(3, scores.size // 3) :]) / self._last)

    @property
    def _last(self) -> int:
        return max(1, self.length // LAST)


def score_changes(records: Sequence[RunRecord], by: str, sign: float) -> list[ScoreChange]:
    """Return the windows of each record; the best minimizes `sign` times the column `by`. Empty for few epochs."""
    length = min((len(r.arrays.get(f"epoch_{by}", ())) for r in records), default=0) - 1
    if length < LEAST_EPOCHS:
        return []
    starts, ends = _windows(length)
    table = sign * np.array([_sums(_scores(r, by, length + 1), starts, ends) for r in records]) / (ends - starts)
    found = []
    for index, record in enumerate(records):
        others = np.concatenate((table[:index], table[index + 1 :])) if len(records) > 1 else table
        best = int((np.add.reduce(others) / len(others)).argmin())
        found.append(ScoreChange(record, int(starts[best]), int(ends[best]), length))
    return found


def _scores(record: RunRecord, column: str, count: int) -> Array:
    """Return the first `count` scores of a column."""
    return np.asarray(record.epochs(column)[:count], np.float64)


@functools.lru_cache(maxsize=16)
def _windows(length: int) -> tuple[Epochs, Epochs]:
    """Return the starts and ends of all windows [start, end) within `length` epochs."""
    starts = np.arange(1, length + 1)
    return starts, np.minimum(np.maximum(starts + 1, np.floor(starts * LONGER)), length + 1).astype(np.int64)


def _sums(values: Array, starts: Epochs, ends: Epochs) -> Array:
    """Return the sums of values over windows."""
    sums = np.concatenate(([0.0], np.cumsum(values)))
    return np.asarray(sums[ends] - sums[starts])


@dataclass(frozen=True)
class _LateLosses:
    """Mean losses in the third quarter and in both halves of the last quarter, and the standard error of a mean."""

    third: float
    first: float
    second: float
    error: float


@memoize
def _late_losses(record: RunRecord) -> _LateLosses | None:
    """Return the mean losses late in training and their standard error, None for few steps."""
    losses = np.asarray(record.arrays.get("step_loss", ()), np.float64)
    if losses.size < 8:
        return None
    *third, first, second = (mean(part) for part in np.array_split(losses, 8)[4:])
    return _LateLosses(mean(third), first, second, math.sqrt(noise(losses[losses.size // 2 :]) / (losses.size / 8)))


def still_falling(record: RunRecord, share: float, errors: float = 0.0) -> bool:
    """Return whether the training loss decreases by more than a share from the third quarter to the last.

    It must also decrease by half of that share within the last quarter, since a loss may come to rest as the learning
    rate decays. errors: the least decrease in standard errors over minibatches.
    """
    late = _late_losses(record)
    if late is None:
        return False
    last = (late.first + late.second) / 2
    decreased = late.third - last > max(share * last, errors * late.error)
    return decreased and late.first - late.second > share / 2 * late.second
