"""Reader of the user's CSV files with one example per line: features as numbers, and a class."""

from __future__ import annotations

import csv
import difflib
import functools
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from reportgen.data.dataset import FloatArray, IntArray
from reportgen.data.readers.files import Stamp, existing_file, read_hashed, sha256, stamp
from reportgen.data.source import Request, Source
from reportgen.errors import StudyError
from reportgen.registry import Parameter

PARAMETERS = (
    Parameter("path", "path", None, "path of the .csv file, relative to the study", required=True),
    Parameter("target", "column", None, "column of the class, by name or by number from 0; not set: the last column"),
    Parameter(
        "header", "choice", "auto", "whether the first line contains column names", choices=("auto", "yes", "no")
    ),
    Parameter("separator", "choice", "comma", "separator between cells", choices=("comma", "semicolon", "tab")),
    Parameter(
        "decimal",
        "choice",
        "point",
        "decimal sign; with `comma`, a separator that is not set is a semicolon if the first line has one",
        choices=("point", "comma"),
        added=True,
    ),
)
"""Parameters of the data set `csv`."""

_SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t"}
_FLOAT32_MAX = float(np.finfo(np.float32).max)
_MANY_CLASSES = 20  # with more, and more than one class per two lines, the column is considered a measurement

MISSING = ("", "?", "NAN", "NA", "N/A", "#N/A", "<NA>", "NULL", "NONE", "NIL", "MISSING")
"""Cells that usually mean a missing value, in capitals."""

_FILL = "correct the cell or remove the line"

_LONGEST = 40  # characters of a cell that a message quotes

Line = tuple[int, list[str]]


@dataclass(frozen=True)
class _Format:
    """Format settings of a CSV file; name is the path as written in the study."""

    name: str
    target: str | int | None
    header: str
    separator: str
    decimal: str = "point"


def identity(request: Request) -> str:
    """Return the SHA-256 of the file."""
    return sha256(existing_file(request.params["path"], request.folder))


def read(request: Request) -> Source:
    """Return the examples in the order of the file; classes are sorted, numerically if all of them are numbers.

    A StudyError contains the file, line and column of the error.
    """
    params = request.params
    path = existing_file(params["path"], request.folder)
    form = _Format(
        params["path"], _name_or_number(params["target"]), params["header"], params["separator"], params["decimal"]
    )
    return _read(path, stamp(path), form)


def _name_or_number(target: str | int | None) -> str | int | None:
    """Return an integer for a whole number, even as text, since it is the position of a column and not its name."""
    return int(target) if isinstance(target, str) and target.removeprefix("-").isdecimal() else target


@functools.lru_cache(maxsize=1)
def _read(path: Path, _: Stamp, form: _Format) -> Source:
    file = read_hashed(path)
    form = replace(form, separator=_separator(file.content, form))
    lines = _lines(file.content, form)
    number, first = next(lines, (0, []))
    if not first:
        raise StudyError("empty-data", "the file is empty", form.name, "one example per line")
    if len(first) < 2:
        raise _one_column(form, first[0])
    names = first if _is_header(first, form) else None
    target = _target(form, names, len(first))
    rows = _Rows(form, len(first), target, names)
    if names is None:
        rows.add(number, first)
    for number, cells in lines:
        rows.add(number, cells)
    return replace(rows.source(), identity=file.sha256)


def _separator(content: bytes, form: _Format) -> str:
    """Return the separator; with decimal commas, a semicolon in the first line takes the place of the comma."""
    if (form.decimal, form.separator) != ("comma", "comma"):
        return form.separator
    return "semicolon" if b";" in content.partition(b"\n")[0] else form.separator


def _one_column(form: _Format, line: str) -> StudyError:
    """Return the error for a file of one column, with the separator that would give more."""
    other = next((name for name, sign in _SEPARATORS.items() if sign in line), None)
    message = "the file has only one column"
    if other is None:
        return StudyError("missing-column", message, form.name, "a class and at least one feature; see separator")
    return StudyError("missing-column", message, form.name, f"set separator: {other}", "separator")


def _lines(content: bytes, form: _Format) -> Iterator[Line]:
    """Yield line number and cells of every nonblank line; raises StudyError if the content is not a CSV table."""
    text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")
    reader = csv.reader(text, delimiter=_SEPARATORS[form.separator], skipinitialspace=True, strict=True)
    try:
        for cells in reader:
            if cells:
                yield reader.line_num, cells
    except UnicodeDecodeError as error:
        message = f"the file is not UTF-8 text: invalid byte at position {error.start}"
        raise StudyError("not-text", message, form.name, "save it as UTF-8") from error
    except csv.Error as error:
        hint = "shorten the cell, or close the quote"
        raise StudyError("invalid-file", "invalid CSV", f"{form.name}:{reader.line_num}", hint) from error


def _is_header(first: list[str], form: _Format) -> bool:
    """Return whether the first line contains column names: no cell except the target's is a number."""
    if form.header != "auto":
        return form.header == "yes"
    if isinstance(form.target, str) and form.target in [cell.strip() for cell in first]:
        return True
    target = form.target if isinstance(form.target, int) else len(first) - 1
    features = (cell for column, cell in enumerate(first) if column != target % len(first))
    return not any(_is_number(_with_point(cell, form)) for cell in features)


def _with_point(cell: str, form: _Format) -> str:
    """Return a cell with a decimal point; with decimal commas, a point is no part of a number."""
    return cell.replace(".", "_").replace(",", ".") if form.decimal == "comma" else cell


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _is_usable(cell: str) -> bool:
    return "_" not in cell and _is_number(cell) and abs(float(cell)) <= _FLOAT32_MAX


def _target(form: _Format, names: list[str] | None, width: int) -> int:
    """Return the number of the target column, from 0; raises StudyError if there is no such column."""
    target = width - 1 if form.target is None else form.target
    if isinstance(target, str):
        known = [name.strip() for name in names or []]
        if known.count(target) > 1:
            message = f"{known.count(target)} columns are named '{target}'"
            raise StudyError("ambiguous-column", message, form.name, "give the column's number, from 0", "target")
        if target in known:
            return known.index(target)
        raise _unknown_column(form, known, target)
    if not -width <= target < width:
        raise StudyError("missing-column", f"no column {target}", form.name, f"columns are 0 to {width - 1}", "target")
    return target % width


def _unknown_column(form: _Format, known: list[str], target: str) -> StudyError:
    """Return the error for a target that is not among the known names."""
    message, other = f"no column '{target}'", _other_separator(known, target, form)
    if other:
        return StudyError("wrong-separator", message, form.name, f"set separator: {other}", "separator")
    close = difflib.get_close_matches(target, known, 1)
    columns = f"the columns are {', '.join(known[:20])}" if known else "the file has no line of column names"
    hint = f"did you mean '{close[0]}'?" if close else columns
    return StudyError("missing-column", message, form.name, hint, "target")


def _other_separator(names: list[str], target: str, form: _Format) -> str | None:
    """Return the separator with which a column would have this name, or None."""
    line = _SEPARATORS[form.separator].join(names)
    split = {name: [cell.strip() for cell in line.split(sign)] for name, sign in _SEPARATORS.items()}
    return next((name for name, cells in split.items() if target in cells), None)


def _shown(cell: str) -> str:
    """Return a cell in quotes, shortened, with control characters escaped."""
    return repr(cell if len(cell) <= _LONGEST else f"{cell[:_LONGEST]}...")


class _Rows:
    """Examples read so far; cells are checked while they are read, so that errors have a line number."""

    def __init__(self, form: _Format, width: int, target: int, names: list[str] | None) -> None:
        self._form, self._file, self._width, self._target, self._names = form, form.name, width, target, names
        self._examples: list[FloatArray] = []
        self._labels: list[str] = []

    def add(self, line: int, cells: list[str]) -> None:
        """Add one line; raises StudyError with the file, line and column of an invalid cell."""
        if len(cells) != self._width:
            message = f"expected {self._width} cells, found {len(cells)}"
            raise StudyError("wrong-length", message, f"{self._file}:{line}", "as many as in the first line")
        label = cells[self._target].strip()
        if not label:
            where = f"{self._file}:{line}: {self._column(self._target)}"
            raise StudyError("missing-value", "the class is missing", where, _FILL)
        features = [_with_point(cell, self._form) for cell in (*cells[: self._target], *cells[self._target + 1 :])]
        try:
            values = np.array([float(cell) for cell in features])
        except ValueError:
            raise self._bad_cell(line, cells) from None
        if not np.abs(values).max() <= _FLOAT32_MAX or "_" in "".join(features):
            raise self._bad_cell(line, cells)
        self._examples.append(values.astype(np.float32))
        self._labels.append(label)

    def _column(self, column: int) -> str:
        return f"column '{self._names[column].strip()}'" if self._names else f"column {column}"

    def _bad_cell(self, line: int, cells: list[str]) -> StudyError:
        """Return the error for the first cell that is not a finite float32 number; Python's 1_000 is not allowed."""
        features = ((column, cell) for column, cell in enumerate(cells) if column != self._target)
        column, cell = next((n, cell) for n, cell in features if not _is_usable(_with_point(cell, self._form)))
        where = f"{self._file}:{line}: {self._column(column)}"
        if not cell.strip():
            return StudyError("missing-value", "the number is missing", where, _FILL)
        point = _with_point(cell, self._form)
        code = "not-finite" if _is_number(point) and "_" not in point else "invalid-data"
        return StudyError(code, f"{_shown(cell)} is not a finite number", where, self._hint(column, cell))

    def _hint(self, column: int, cell: str) -> str:
        point = cell.strip().replace(",", ".")
        if self._form.decimal == "point" and "," in cell and _is_number(point):
            return f"did you mean {point}? For decimal commas set decimal: comma"
        if not self._examples and cell.strip().upper() not in MISSING:  # the first line: not a slip
            name = self._names[column].strip() if self._names else column
            return f"if this is the column of the class, set target: {name}"
        return _FILL

    def source(self) -> Source:
        """Return all examples; raises StudyError if there are none or if all are equal."""
        if not self._examples:
            raise StudyError("empty-data", "the file has no data lines", self._file, "one example per line")
        x = np.stack(self._examples)
        if len(x) > 1 and (x == x[0]).all():
            raise StudyError("constant-data", "all lines have equal features", self._file)
        names, y = self._classes()
        columns = self._names or [f"column {number}" for number in range(self._width)]
        features = [name.strip() for number, name in enumerate(columns) if number != self._target]
        return Source(x, y, len(names), names, feature_names=tuple(features), target_name=columns[self._target].strip())

    def _classes(self) -> tuple[tuple[str, ...], IntArray]:
        """Return the sorted class names and the class of each example, (n,); raises StudyError for unusable classes."""
        values = set(self._labels)
        where = f"{self._file}: {self._column(self._target)}"
        if len(values) == 1:
            raise StudyError(
                "single-class", f"only one class, {_shown(self._labels[0])}", where, "at least two classes"
            )
        if len(values) > max(_MANY_CLASSES, len(self._labels) / 2):
            many = f"{len(values)} different values in {len(self._labels)} lines"
            raise StudyError("too-many-classes", many, where, "name the class column with target", "target")
        numbers = all(_is_number(label) for label in values)
        if numbers and any(float(label) % 1 for label in values):
            hint = "name the class column with target"
            raise StudyError("invalid-labels", "the classes are not whole numbers", where, hint, "target")
        names = tuple(sorted(values, key=lambda label: (float(label), label)) if numbers else sorted(values))
        number_of = {name: number for number, name in enumerate(names)}
        return names, np.array([number_of[label] for label in self._labels], np.int64)
