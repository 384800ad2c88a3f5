"""The best window of a validation score compared with its end, paired over runs.

The best value of a noisy curve looks better than it is. Therefore, the best window of a run is the one in which the
other runs are best, if there are others with values at the same positions. A window extends from a value to 1.2 times
its number, and over at least three values if the run stands alone. The end is the last fifth of the values, at least
two.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.scores.evidence.points import Points

LONGER = 1.2
LEAST_END, END = 2, 0.2
ALONE = 3


@dataclass(frozen=True)
class Change:
    """The change from the best window to the end: means, standard error of the difference, and positions.

    apart: whether the end does not overlap the best window.
    """

    before: float
    after: float
    error: float
    best_from: float
    best_to: float
    end_from: float
    apart: bool

    @property
    def errors(self) -> float:
        """The change in standard errors."""
        return (self.after - self.before) / self.error if self.error > 0 else 0.0


def changes(runs: Sequence[Points], sign: float = 1.0) -> list[Change]:
    """Return the change of each run; the best window minimizes `sign` times the mean score."""
    found = []
    for index, own in enumerate(runs):
        others = [r.values for i, r in enumerate(runs) if i != index and r.positions.size == own.positions.size]
        chosen = np.mean(others, axis=0) if others else own.values
        found.append(_change(own, *_best(sign * chosen, 1 if others else ALONE)))
    return found


def _best(values: np.ndarray, least: int) -> tuple[int, int]:
    """Return the window [start, end) with the lowest mean."""
    count = values.size
    sums = np.concatenate(([0.0], np.cumsum(values)))
    starts = np.arange(max(1, count - least + 1))
    ends = np.minimum(np.maximum(np.floor((starts + 1) * LONGER).astype(int), starts + least), count)
    best = int(((sums[ends] - sums[starts]) / np.maximum(ends - starts, 1)).argmin())
    return int(starts[best]), int(ends[best])


def _change(own: Points, start: int, end: int) -> Change:
    last = max(LEAST_END, round(END * own.size))
    noise = own.late(0.5 if own.size >= 8 else 1.0).noise
    return Change(
        before=mean(own.values[start:end]),
        after=mean(own.values[-last:]),
        error=noise * math.sqrt(1 / (end - start) + 1 / last),
        best_from=float(own.positions[start]),
        best_to=float(own.positions[end - 1]),
        end_from=float(own.positions[-last]),
        apart=end <= own.size - last,
    )
