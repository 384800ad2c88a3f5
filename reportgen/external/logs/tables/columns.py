"""From a table to the columns of a log: positions, sparse columns, text, and the settings beside the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from reportgen.external.logs.raw import Array, RawColumn, RawLog
from reportgen.external.logs.roles import BATCHES, EPOCHS, STEPS, meaning_of, plain_name
from reportgen.external.logs.tables.table import Column, Table
from reportgen.languages.translate import N_
from reportgen.runs.training_log import LogNote

INDICES = ("", "unnamed_0", "index")
"""Names of columns that count the rows."""


@dataclass(frozen=True)
class Form:
    """What a format knows of its tables beyond the names of the columns.

    meanings : what columns mean whose own name means something else. epoch_per_row : whether rows are epochs if the
    epochs of the file do not count them.
    """

    format: str
    first_epoch: int | None = None
    first_step: int | None = None
    epoch_per_row: bool = False
    meanings: Mapping[str, str] = field(default_factory=dict)


def raw_log(
    table: Table, form: Form, name: str, settings: Mapping[str, Any], notes: tuple[LogNote, ...] = ()
) -> RawLog:
    """Return the columns of a table with their positions."""
    positions = Positions.of(table, form)
    columns, ignored = [], {}
    for column_name, column in table.columns.items():
        if column_name in positions.names:
            continue
        if column.text is not None:
            ignored[column_name] = N_("text, such as {text}").format(text=repr(column.text))
        elif not column.values.size:
            ignored[column_name] = N_("no values")
        else:
            steps, epochs = positions.at(column)
            meaning = form.meanings.get(column_name)
            columns.append(RawColumn(column_name, column.values, steps, epochs, meaning=meaning))
    return RawLog(
        path=table.path,
        format=form.format,
        name=name,
        columns=tuple(columns),
        settings=settings,
        first_epoch=positions.first_epoch,
        first_step=form.first_step,
        ignored=ignored,
        notes=(*table.notes, *positions.notes, *notes),
    )


@dataclass(frozen=True, eq=False)
class Positions:
    """The columns of positions of a table, (rows,) each, and their names."""

    names: tuple[str, ...]
    steps: Array | None
    epochs: Array | None
    first_epoch: int | None
    notes: tuple[LogNote, ...] = ()

    def at(self, column: Column) -> tuple[Array | None, Array | None]:
        """Return steps and epochs of the values of a column."""
        if column.present is None:
            return self.steps, self.epochs
        return (
            None if self.steps is None else self.steps[column.present],
            None if self.epochs is None else self.epochs[column.present],
        )

    @classmethod
    def of(cls, table: Table, form: Form) -> Positions:
        """Return the positions of the rows of a table, counted if it has none."""
        by_plain = {plain_name(name): name for name in reversed(table.columns) if table.columns[name].values.size}
        step = next((by_plain[name] for name in STEPS if name in by_plain), None)
        epoch = next((by_plain[name] for name in EPOCHS if name in by_plain), None)
        if step is None and epoch is not None:
            step = next((by_plain[name] for name in BATCHES if name in by_plain), None)
        names = tuple(name for name in table.columns if name in (step, epoch) or plain_name(name) in INDICES)
        epochs = _whole_column(table, epoch) if epoch else None
        steps = _through_epochs(_whole_column(table, step) if step else None, epochs)
        positions = cls(names, steps, epochs, form.first_epoch)
        if steps is not None or (epochs is not None and not form.epoch_per_row):
            return positions
        if epochs is None and not form.epoch_per_row:
            note = LogNote("rows-counted", N_("the file has no steps or epochs, so each row is taken for a step"))
            return replace(positions, steps=np.arange(1.0, table.rows + 1), notes=(note,))
        return counted(positions, table.rows, _training_loss(table))


def _whole_column(table: Table, name: str) -> Array:
    """Return a column of positions; a missing one is that of the row before."""
    column = table.columns[name]
    if column.present is None:
        return column.values
    last = np.maximum(np.cumsum(column.present) - 1, 0)
    return np.asarray(column.values[last], np.float64)


def _through_epochs(steps: Array | None, epochs: Array | None) -> Array | None:
    """Return steps that count on through the epochs if they begin again in each epoch."""
    if steps is None or epochs is None or steps.size < 2 or np.isnan(steps).any() or np.isnan(epochs).any():
        return steps
    back, rises = np.diff(steps) < 0, np.diff(epochs) > 0
    if not back.any() or not np.array_equal(back, rises):
        return steps
    ends = np.flatnonzero(back)
    per_epoch = float(steps.max()) + (steps.min() == 0)
    done = np.zeros(steps.size)
    done[ends + 1] = per_epoch
    return steps + np.cumsum(done)


def _training_loss(table: Table) -> Array | None:
    """Return the training loss of every row, None if the table does not have it."""
    for name, column in table.columns.items():
        meaning = meaning_of(name)
        if meaning is not None and (meaning.quantity, meaning.split) in (("loss", None), ("loss", "train")):
            return column.values if column.present is None else None
    return None


def counted(positions: Positions, rows: int, losses: Array | None) -> Positions:
    """Return positions by row where the epochs of the file do not count its rows: none, all equal, or begun again.

    If the epochs begin again and the loss goes on from where it was, as after a second call of `fit`, they are counted
    on; otherwise another run follows in the same file, and the positions stay as they are.
    """
    epochs = positions.epochs
    numbers = np.arange(1.0, rows + 1)
    if epochs is None:
        note = LogNote("rows-counted", N_("the file has no steps or epochs, so each row is taken for an epoch"))
        return replace(positions, epochs=numbers, first_epoch=1, notes=(note,))
    if rows > 1 and (epochs == epochs[0]).all():
        text = N_("the epoch is {epoch} in every row, so each row is taken for an epoch")
        note = LogNote("constant-epoch", text.format(epoch=f"{epochs[0]:g}"))
        return replace(positions, epochs=numbers, first_epoch=1, notes=(note,))
    again = np.flatnonzero((np.diff(epochs) < 0) & (epochs[1:] <= epochs[0])) + 1
    goes_on = [int(row) for row in again if losses is not None and _goes_on(losses, int(row))]
    if not goes_on:
        return positions
    shift = np.zeros(rows)
    for row in goes_on:
        shift[row:] += epochs[row - 1] + 1 - epochs[row]
    rows_text = ", ".join(str(row + 1) for row in goes_on[:5])
    text = N_("the epochs begin again in row {rows} while the loss goes on, so they are counted on")
    return replace(positions, epochs=epochs + shift, notes=(LogNote("epochs-joined", text.format(rows=rows_text)),))


def _goes_on(losses: Array, row: int) -> bool:
    """Return whether the loss of a row is nearer to the loss before it than to that of the first row."""
    return bool(abs(losses[row] - losses[row - 1]) < abs(losses[row] - losses[0]))
