"""Reader of tables in parts: millions of rows become one array for each column of numbers."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reportgen.errors import StudyError
from reportgen.external.logs.raw import Array
from reportgen.external.logs.tables.head import COMMENT, CONTROL, MOST_LINE, Head, check_characters, not_text, read_head
from reportgen.runs.training_log import LogNote

Mask = NDArray[np.bool_]

ROWS_AT_ONCE = 20_000
MISSING = frozenset(("", "na", "n/a", "#n/a", "null", "none", "-", "--", "<na>", "nil"))
"""Cells without a value, in lower case; NaN is a value."""


@dataclass(eq=False)
class Column:
    """The numbers of a column.

    values : of the rows that have one. present : which rows have one, (rows,), None if all do.
    text : a cell that is not a number, if the column holds text; it has no values then.
    """

    values: Array
    present: Mask | None
    text: str | None = None


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
    builders = [_Builder(name) for name in head.names]
    table = Table(path, head, 0, {})
    for rows, lines in _parts(table):
        for builder, cells in zip(builders, zip(*rows, strict=True), strict=True):
            builder.add(path, cells, lines, head.decimal_comma)
        table.rows += len(rows)
    if not table.rows:
        raise StudyError("empty-data", "the file has a header and no rows", str(path), "at least one row of numbers")
    if head.encoding == "utf-16":
        table.notes.append(LogNote("encoding", "the file is in UTF-16"))
    if head.decimal_comma:
        table.notes.append(LogNote("decimal-comma", "numbers are written with a decimal comma"))
    for name, builder in zip(_unique(head.names, table.notes), builders, strict=True):
        table.columns[name] = builder.column()
    return table


def _unique(names: Sequence[str], notes: list[LogNote]) -> Iterator[str]:
    """Yield the names of columns, numbered where a name occurs again."""
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        if seen[name] == 2:
            notes.append(
                LogNote("duplicate-column", f"{name!r}: several columns have this name; the others are numbered")
            )
        yield name if seen[name] == 1 else f"{name}.{seen[name] - 1}"


def _parts(table: Table) -> Iterator[tuple[list[list[str]], list[int]]]:
    """Yield parts of the table with the line numbers of their rows."""
    rows: list[list[str]] = []
    lines: list[int] = []
    for line, row in _rows(table):
        rows.append(row)
        lines.append(line)
        if len(rows) == ROWS_AT_ONCE:
            yield rows, lines
            rows, lines = [], []
    if rows:
        yield rows, lines


def _rows(table: Table) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of the right length with their line numbers; notes repeated headers and a cut last row."""
    width, names = len(table.head.names), list(table.head.names)
    count = 0
    short: tuple[int, int] | None = None
    for line, row in _parsed(table):
        if short is not None:
            break
        if len(row) != width:
            if len(row) < width:
                short = line, len(row)
                continue
            if any(cell.strip() for cell in row[width:]):
                raise _wrong_length(table, line, len(row))
            del row[width:]
        if row[0].strip() == names[0] and [cell.strip() for cell in row] == names:
            table.headers.append(count)
            continue
        count += 1
        yield line, row
    else:
        if short is not None:
            table.notes.append(LogNote("cut-row", f"line {short[0]}, the last one, is cut and was left out"))
        return
    raise _wrong_length(table, *short)


def _wrong_length(table: Table, line: int, found: int) -> StudyError:
    message = f"the row has {found} cells, but the header has {len(table.head.names)}"
    return StudyError("wrong-length", message, f"{table.path}:{line}", "a cell for each column")


def _parsed(table: Table) -> Iterator[tuple[int, list[str]]]:
    """Yield all rows after the header with their line numbers; blank lines and comments are skipped."""
    path, head = table.path, table.head
    reader = csv.reader(_lines(path, head), delimiter=head.separator, strict=True)
    begin = head.line
    try:
        next(reader)
        for row in reader:
            if row and (len(row) > 1 or row[0].strip()):
                yield begin + reader.line_num - 1, row
    except csv.Error:
        where = f"{path}:{begin + reader.line_num - 1}"
        message = "a quote is not closed, or a cell is longer than 131072 characters"
        raise StudyError("invalid-file", message, where, "a number in each cell") from None


def _lines(path: Path, head: Head) -> Iterator[str]:
    """Yield the lines from the header on, each checked for its length and for control characters."""
    number = 0
    try:
        with path.open(encoding=head.encoding, newline=None) as file:
            for number in itertools.count(1):
                line = file.readline(MOST_LINE + 1)
                if len(line) > MOST_LINE:
                    message = f"the line is longer than {MOST_LINE} characters"
                    raise StudyError("too-long", message, f"{path}:{number}", "a row of a log")
                if not line:
                    return
                if CONTROL.search(line):
                    check_characters(path, number, line)
                if number >= head.line:
                    yield line if not line.startswith(COMMENT) or number == head.line else "\n"
    except UnicodeDecodeError as error:
        raise not_text(path, number, error) from None
    except OSError as error:
        raise StudyError("unreadable-file", f"the file cannot be read: {error.strerror}", str(path)) from None


class _Builder:
    """The numbers of a column while the table is read."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._values: list[Array] = []
        self._present: list[Mask] = []
        self._text: str | None = None
        self._has_numbers = False

    def add(self, path: Path, cells: Sequence[str], lines: Sequence[int], decimal_comma: bool) -> None:
        """Append the numbers of some rows; raises StudyError for text after numbers."""
        if self._text is not None:
            return
        try:
            values = np.fromiter(map(float, cells), np.float64, len(cells))
            present = np.ones(len(cells), np.bool_)
        except ValueError:
            found = [_number(cell, decimal_comma) for cell in cells]
            wrong = next((index for index, value in enumerate(found) if value is False), None)
            if wrong is not None:
                self._refuse(path, cells[wrong], lines[wrong], any(isinstance(value, float) for value in found[:wrong]))
                return
            present = np.fromiter((value is not None for value in found), np.bool_, len(found))
            values = np.array([value for value in found if value is not None], np.float64)
        self._has_numbers |= bool(values.size)
        self._values.append(values)
        self._present.append(present)

    def _refuse(self, path: Path, cell: str, line: int, after_numbers: bool) -> None:
        """Take the column for text; raises StudyError if it had numbers before."""
        if after_numbers or self._has_numbers:
            shown = cell.strip()[:40]
            message = f"column {self._name!r}: {shown!r} is not a number"
            raise StudyError("invalid-data", message, f"{path}:{line}", "a number, or an empty cell")
        self._text = cell.strip()[:40]

    def column(self) -> Column:
        """Return the column; the parts are released."""
        if self._text is not None:
            return Column(np.zeros(0), None, self._text)
        present = np.concatenate(self._present)
        self._present.clear()
        values = np.concatenate(self._values)
        self._values.clear()
        return Column(values, None if present.all() else present)


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
