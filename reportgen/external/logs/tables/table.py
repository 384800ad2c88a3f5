"""Reader of tables in parts: millions of rows become one array for each column of numbers."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reportgen.errors import StudyError
from reportgen.external.logs.raw import Array
from reportgen.external.logs.tables.blocks import read_blocks
from reportgen.external.logs.tables.head import Head, read_head
from reportgen.languages.translate import N_
from reportgen.runs.training_log import LogNote

Mask = NDArray[np.bool_]
Labels = NDArray[np.int32]

MOST_TEXTS = 1000
"""Different texts of a column up to which they are kept, as they may name runs."""

MISSING = frozenset(("", "na", "n/a", "#n/a", "null", "none", "-", "--", "\u2013", "\u2014", "<na>", "nil"))
"""Cells without a value, in lower case; NaN is a value."""


@dataclass(eq=False)
class Column:
    """The numbers of a column.

    values : of the rows that have one. present : which rows have one, (rows,), None if all do.
    text : a cell that is not a number, if the column holds text; it has no values then.
    labels : the text of each row as an index of `names`, (rows,), if the column holds few different texts.
    """

    values: Array
    present: Mask | None
    text: str | None = None
    names: tuple[str, ...] = ()
    labels: Labels | None = None


@dataclass(eq=False)
class Table:
    """A table that was read completely.

    headers : numbers of the rows before which the header is repeated.
    """

    path: Path
    head: Head
    rows: int
    columns: dict[str, Column]
    headers: list[int] = field(default_factory=list)
    notes: list[LogNote] = field(default_factory=list)


def read_table(path: Path) -> Table:
    """Return a table.

    Raises
    ------
    StudyError : the file is no table, has no rows, or a row that is not of the header's form.
    """
    head = read_head(path)
    rows = _expected_rows(path, head)
    builders = [_Builder(name, rows) for name in head.names]
    table = Table(path, head, 0, {})
    for block in read_blocks(path, head):
        table.headers += [table.rows + row for row in block.headers]
        for builder, cells in zip(builders, zip(*block.rows, strict=True), strict=False):  # no cells without rows
            builder.add(path, cells, block.lines, head.decimal_comma)
        table.rows += len(block.rows)
        if block.cut is not None:
            text = N_("line {row}, the last one, is cut and was left out").format(row=block.cut)
            table.notes.append(LogNote("cut-row", text))
    if not table.rows:
        raise StudyError("empty-data", "the file has a header and no rows", str(path), "at least one row of numbers")
    if head.encoding == "utf-16":
        table.notes.append(LogNote("encoding", N_("the file is in UTF-16")))
    if head.decimal_comma:
        table.notes.append(LogNote("decimal-comma", N_("numbers are written with a decimal comma")))
    for name, builder in zip(_unique(head.names, table.notes), builders, strict=True):
        table.columns[name] = builder.column()
    return table


def _expected_rows(path: Path, head: Head) -> int:
    """Return about how many rows a file has, by the length of its first rows."""
    lengths = [sum(len(cell) + 1 for cell in row) for row in head.sample]
    shortest = min(lengths, default=1)
    return int(1.1 * path.stat().st_size / max(shortest, 2 * len(head.names))) + len(head.sample)


def _unique(names: Sequence[str], notes: list[LogNote]) -> Iterator[str]:
    """Yield the names of columns, numbered where a name occurs again."""
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        if seen[name] == 2:
            text = N_("{column}: several columns have this name, and the others are numbered")
            notes.append(LogNote("duplicate-column", text.format(column=repr(name))))
        yield name if seen[name] == 1 else f"{name}.{seen[name] - 1}"


class _Builder:
    """The numbers of a column while the table is read; memory that is not filled is not used."""

    def __init__(self, name: str, rows: int) -> None:
        self._name = name
        self._values = np.empty(rows)
        self._size = 0
        self._present: list[tuple[int, Mask | None]] = []
        self._text: str | None = None
        self._labels = array("i")
        self._names: dict[str, int] = {}

    def add(self, path: Path, cells: Sequence[str], lines: Sequence[int], decimal_comma: bool) -> None:
        """Append the numbers of some rows; raises StudyError for text after numbers."""
        if self._text is not None:
            self._label(cells)
            return
        present = None
        try:
            values = np.fromiter(map(float, cells), np.float64, len(cells))
        except ValueError:
            found = [_number(cell, decimal_comma) for cell in cells]
            wrong = next((index for index, value in enumerate(found) if value is False), None)
            if wrong is not None:
                self._refuse(path, cells[wrong], lines[wrong], any(value is not None for value in found[:wrong]))
                self._label([""] * sum(rows for rows, _ in self._present))
                self._label(cells)
                return
            present = np.fromiter((value is not None for value in found), np.bool_, len(found))
            values = np.array([value for value in found if value is not None], np.float64)
        self._append(values)
        self._present.append((len(cells), present))

    def _append(self, values: Array) -> None:
        end = self._size + values.size
        if end > self._values.size:
            larger = np.empty(2 * end)
            larger[: self._size] = self._values[: self._size]
            self._values = larger
        self._values[self._size : end] = values
        self._size = end

    def _refuse(self, path: Path, cell: str, line: int, after_numbers: bool) -> None:
        """Take the column for text; raises StudyError if it had numbers before."""
        if after_numbers or self._size:
            shown = cell.strip()[:40]
            message = f"column {self._name!r}: {shown!r} is not a number"
            raise StudyError("invalid-data", message, f"{path}:{line}", "a number, or an empty cell")
        self._text = cell.strip()[:40]

    def _label(self, cells: Sequence[str]) -> None:
        """Keep the texts of some rows, unless there are too many different ones."""
        if len(self._names) <= MOST_TEXTS:
            self._labels.extend(self._names.setdefault(cell.strip(), len(self._names)) for cell in cells)

    def column(self) -> Column:
        if self._text is not None:
            few = len(self._names) <= MOST_TEXTS
            labels = np.frombuffer(self._labels, np.int32) if few else None
            return Column(np.zeros(0), None, self._text, tuple(self._names) if few else (), labels)
        values = self._values[: self._size]
        if all(present is None or present.all() for _, present in self._present):
            return Column(values, None)
        parts = [np.ones(rows, np.bool_) if present is None else present for rows, present in self._present]
        return Column(values, np.concatenate(parts))


def _number(cell: str, decimal_comma: bool) -> float | bool | None:
    """Return the number in a cell, None for a missing value, False for text."""
    text = cell.strip()
    if text.lower() in MISSING:
        return None
    if decimal_comma:
        text = text.replace(",", ".")
    try:
        return float(text.removesuffix("%"))
    except ValueError:
        return False
