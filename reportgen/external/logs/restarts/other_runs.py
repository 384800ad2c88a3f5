"""Runs that follow each other in one log: the positions and the loss both begin again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from reportgen.external.logs.assignment import Assigned, assign_roles
from reportgen.external.logs.options import LogOptions
from reportgen.external.logs.raw import Array, RawColumn, RawLog
from reportgen.languages.translate import N_
from reportgen.runs.training_log import LogNote

Rows = NDArray[np.intp]

LEAST = 3
"""Values of a loss in each run, and at most so many whose mean is the loss of its beginning or end."""
MOST_RUNS = 20


def divided(raw: RawLog, options: LogOptions) -> list[RawLog]:
    """Return the runs of a log, each from scratch: one for each time that positions and loss return to their beginning.

    A run that goes back but continues its loss was resumed, and stays one run.

    Raises
    ------
    StudyError : a column that the user named does not exist or cannot have its role.
    """
    loss = next((one for one in _losses(raw, options) if _begins_again(one.column).size), None)
    if loss is None:
        return [raw]
    again = _begins_again(loss.column)
    chosen = _from_scratch(loss.column.values, again)
    columns = [*raw.columns, *(column for _, _, column in raw.layers)]
    cuts = [_cuts(column, again.size, chosen) for column in columns]
    if not chosen or any(cut is None for cut in cuts):
        return [raw]
    return [_run(raw, [cut for cut in cuts if cut is not None], number) for number in range(len(chosen) + 1)]


def _losses(raw: RawLog, options: LogOptions) -> list[Assigned]:
    return [one for one in assign_roles(raw, options).columns if one.role == "train_loss"]


def _counts(column: RawColumn) -> Array:
    counts = column.steps if column.steps is not None else column.epochs
    return counts if counts is not None else np.arange(float(column.values.size))


def _begins_again(column: RawColumn) -> Rows:
    """Return the indices of the values at which the positions go back to the first one or before it."""
    counts = _counts(column)
    return np.flatnonzero((counts[1:] < counts[:-1]) & (counts[1:] <= counts[0])) + 1


def _from_scratch(losses: Array, again: Rows) -> list[int]:
    """Return which of the new beginnings, by number, are runs whose loss is nearer to the first loss than to the last.

    Runs of too few values are none, and a log that begins again very often is in another order.
    """
    if again.size > MOST_RUNS:
        return []
    chosen, start = [], 0
    for number, index in enumerate(again):
        end = again[number + 1] if number + 1 < again.size else losses.size
        if min(index - start, end - index) < LEAST:
            continue
        size = min(LEAST, int(index - start) // 2)
        first, last, new = (
            float(np.mean(part)) for part in (losses[start:][:size], losses[:index][-size:], losses[index:][:size])
        )
        if abs(new - first) < abs(new - last) or not np.isfinite(last):
            chosen.append(number)
            start = int(index)
    return chosen


def _cuts(column: RawColumn, count: int, chosen: Sequence[int]) -> list[int] | None:
    """Return where a column is divided; None if it does not begin again as often as the loss."""
    again = _begins_again(column)
    if again.size != count:
        return None
    return [0, *(int(again[number]) for number in chosen), column.values.size]


def _run(raw: RawLog, cuts: Sequence[Sequence[int]], number: int) -> RawLog:
    """Return one of the runs, from 0."""
    total = len(cuts[0]) - 1
    parts = [slice(cut[number], cut[number + 1]) for cut in cuts]
    text = N_("positions and loss begin again, so the log holds {total} runs, of which this is run {number}")
    layers = zip(raw.layers, parts[len(raw.columns) :], strict=True)
    return replace(
        raw,
        name=f"{raw.name} run {number + 1}",
        columns=tuple(map(_part, raw.columns, parts)),
        layers=tuple((layer, statistic, _part(column, part)) for (layer, statistic, column), part in layers),
        notes=(*raw.notes, LogNote("several-runs", text.format(total=total, number=number + 1))),
    )


def _part(column: RawColumn, part: slice) -> RawColumn:
    return replace(
        column,
        values=column.values[part],
        steps=None if column.steps is None else column.steps[part],
        epochs=None if column.epochs is None else column.epochs[part],
    )
