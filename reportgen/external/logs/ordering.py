"""Values of a column in the order of their positions: resumed runs, duplicates, and files in another order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.external.logs.raw import Array

MOST_RESUMES = 20
MOST_RESUMES_SHARE = 0.02
"""A column that goes back more often than both is not resumed but in another order, such as that of another column."""
LEAST_KEPT = 3
"""A run that begins again is only believed from this many values on; fewer are values in the wrong place."""


@dataclass(frozen=True, eq=False)
class Ordered:
    """Values at increasing positions, with what had to be done.

    resumed_at : positions after which the run was resumed: of the last earlier value that is kept, 0 without one.
    duplicates : number of values replaced at the same position.
    sorted : whether the values were in another order.
    """

    positions: Array
    values: Array
    resumed_at: tuple[float, ...] = ()
    duplicates: int = 0
    dropped: int = 0
    sorted: bool = False


def ordered(positions: Array, values: Array) -> Ordered:
    """Return the values by increasing position.

    At equal positions the last value holds. If the positions go back, as after resuming from a checkpoint, the values
    from there on are overwritten.
    """
    if (positions[1:] > positions[:-1]).all():
        return Ordered(positions, values)
    steps = np.diff(positions)
    back = np.flatnonzero(steps < 0)
    if back.size == steps.size and back.size > 1:
        return _kept(positions[::-1], values[::-1], sorted_=True)
    if back.size > max(MOST_RESUMES, MOST_RESUMES_SHARE * steps.size):
        return _sorted(positions, values)
    kept = _kept(positions, values, back)
    if back.size and kept.values.size < min(LEAST_KEPT, values.size / 2):
        return _sorted(positions, values)
    return kept


def _last_before(positions: Array, index: int) -> float:
    """Return the last earlier position below the one at an index, 0 if there is none."""
    earlier = positions[:index]
    return float(max(earlier[earlier < positions[index]], default=0.0))


def _sorted(positions: Array, values: Array) -> Ordered:
    order = np.argsort(positions, kind="stable")
    return _kept(positions[order], values[order], sorted_=True)


def _kept(positions: Array, values: Array, back: NDArray[np.intp] | None = None, *, sorted_: bool = False) -> Ordered:
    """Return the values that no later value at the same or an earlier position overwrites."""
    later = np.minimum.accumulate(positions[::-1])[::-1]
    keep = np.append(positions[:-1] < later[1:], True)
    again = keep if back is None else np.append(np.diff(positions) == 0, False)
    duplicates = int((~keep).sum()) if back is None else int((again & ~keep).sum())
    resumed = () if back is None else tuple(_last_before(positions, index + 1) for index in back)
    dropped = int((~keep).sum()) - duplicates
    return Ordered(positions[keep], values[keep], resumed, duplicates, dropped, sorted_)
