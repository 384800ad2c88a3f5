"""Validation scores along training: the best stretch against the end, on all seeds together.

The best epoch of a noisy curve looks better than it is. So the best stretch of a seed is the one in which the other
seeds are best, where there are others. And a stretch is as long as a fifth of the time before it, since most happens
early: from some epoch on to 1.2 times that; at the end it is the last tenth of all epochs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.runs.record import RunRecord

Array = NDArray[np.float64]

LEAST_EPOCHS = 3
LONGER = 1.2
LAST = 10
COLUMNS = ("val_loss", "val_accuracy", "train_loss", "train_accuracy")


@dataclass(frozen=True)
class Turn:
    """One seed's scores in its best stretch of epochs and in the last one, by column; best: the stretch's epoch.

    wander: the standard error that the last stretch's mean has by what scores do from epoch to epoch.
    """

    best: int
    before: dict[str, float]
    after: dict[str, float]
    wander: dict[str, float]

    def change(self, column: str) -> float:
        """Return the last stretch's score less the best one's."""
        return self.after[column] - self.before[column]


def turns(records: Sequence[RunRecord], by: str, sign: float) -> list[Turn]:
    """Return each record's turn; best is where `sign` times the column `by` is least. Empty where epochs are few."""
    length = min((len(r.arrays.get(f"epoch_{by}", ())) for r in records), default=0) - 1
    if length < LEAST_EPOCHS:
        return []
    starts = np.arange(1, length + 1)
    ends = np.minimum(np.maximum(starts + 1, np.floor(starts * LONGER)), length + 1).astype(np.int64)
    curves = [{c: np.asarray(r.epochs(c)[: length + 1], np.float64) for c in COLUMNS} for r in records]
    table = sign * np.array([_means(curve[by], starts, ends) for curve in curves])
    found = []
    for index, curve in enumerate(curves):
        others = np.delete(table, index, axis=0) if len(records) > 1 else table
        best = int(np.argmin(others.mean(axis=0)))
        before = {c: float(values[starts[best] : ends[best]].mean()) for c, values in curve.items()}
        after = {c: float(values[-max(1, length // LAST) :].mean()) for c, values in curve.items()}
        wander = {c: _wander(values, max(1, length // LAST)) for c, values in curve.items()}
        found.append(Turn((int(starts[best]) + int(ends[best])) // 2, before, after, wander))
    return found


def _wander(values: Array, size: int) -> float:
    """Return the standard error of the mean of the last values, by the differences of neighbours in the last third."""
    late = values[-max(3, values.size // 3) :]
    return float(np.sqrt(np.mean(np.diff(late) ** 2) / 2 / size))


def _means(values: Array, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> Array:
    """Return the means of values over stretches [start, end)."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray((sums[ends] - sums[starts]) / (ends - starts))


def still_falling(record: RunRecord, share: float, errors: float = 0.0) -> bool:
    """Return whether the last quarter's training loss lies below the third quarter's by more than a share of itself.

    The last quarter's own second half has to lie below its first by half of that share: a loss that came to rest when
    its rate decayed no longer falls. errors: how many standard errors of minibatches the fall has to be at least.
    """
    losses = np.asarray(record.arrays.get("step_loss", ()), np.float64)
    if losses.size < 8:
        return False
    *third, first, second = (float(part.mean()) for part in np.array_split(losses, 8)[4:])
    last, fell = (first + second) / 2, float(np.mean(third)) - (first + second) / 2
    noise = float(np.sqrt(np.mean(np.diff(losses[losses.size // 2 :]) ** 2) / 2 / (losses.size / 8)))
    return fell > max(share * last, errors * noise) and first - second > share / 2 * second
