"""The user's own table: one example a line, numbers and a class."""

from __future__ import annotations

import csv
import difflib
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reportgen.data.dataset import FloatArray, IntArray
from reportgen.data.readers.files import Stamp, existing_file, sha256, stamp
from reportgen.data.source import Request, Source
from reportgen.errors import StudyError

_SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t"}
_FLOAT32_MAX = float(np.finfo(np.float32).max)
_MANY_CLASSES = 20  # from here on, a class for every second line is taken for a measurement

_FILL = "every cell needs a value: mend it, or leave the line out"

_LONGEST = 40  # letters of a cell that a message shows

Line = tuple[int, list[str]]


@dataclass(frozen=True)
class _Format:
    """How the file is to be read; name is the path as the study has it."""

    name: str
    target: str | int | None
    header: str
    separator: str


def identity(request: Request) -> str:
    """Return the SHA-256 of the file."""
    return sha256(existing_file(request.params["path"], request.folder))


def read(request: Request) -> Source:
    """Return the examples of the file in its order; classes are sorted, as numbers where they all are numbers."""
    params = request.params
    path = existing_file(params["path"], request.folder)
    form = _Format(params["path"], _name_or_number(params["target"]), params["header"], params["separator"])
    return _read(path, stamp(path), form)


def _name_or_number(target: str | int | None) -> str | int | None:
    """Return a whole number as such, even one that came as text; a column named by a number is given by its place."""
    return int(target) if isinstance(target, str) and target.removeprefix("-").isdecimal() else target


@functools.lru_cache(maxsize=1)
def _read(path: Path, _: Stamp, form: _Format) -> Source:
    lines = _lines(path, form)
    number, first = next(lines, (0, []))
    if not first:
        raise StudyError("?", "is empty", form.name, "one example a line is needed")
    if len(first) < 2:
        raise StudyError("?", "has one column only", form.name, "a class and a feature are needed; see separator")
    names = first if _is_header(first, form) else None
    target = _target(form, names, len(first))
    rows = _Rows(form.name, len(first), target, names)
    if names is None:
        rows.add(number, first)
    for number, cells in lines:
        rows.add(number, cells)
    return rows.source()


def _lines(path: Path, form: _Format) -> Iterator[Line]:
    """Yield line number and cells of every line that is not blank."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=_SEPARATORS[form.separator], skipinitialspace=True, strict=True)
            for cells in reader:
                if cells:
                    yield reader.line_num, cells
    except UnicodeDecodeError as error:
        raise StudyError(
            "?", f"is not UTF-8 text: {error.reason} at byte {error.start}", form.name, "save it as UTF-8"
        ) from error
    except csv.Error as error:
        raise StudyError("?", f"is not a table: {error}", f"{form.name}:{reader.line_num}") from error
    except OSError as error:
        raise StudyError("?", f"cannot be read: {error.strerror or error}", form.name) from error


def _is_header(first: list[str], form: _Format) -> bool:
    """Return whether the first line names the columns: none of its cells, but perhaps the target's, is a number."""
    if form.header != "auto":
        return form.header == "yes"
    if isinstance(form.target, str) and form.target in [cell.strip() for cell in first]:
        return True
    target = form.target if isinstance(form.target, int) else len(first) - 1
    return not any(_is_number(cell) for column, cell in enumerate(first) if column != target % len(first))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _target(form: _Format, names: list[str] | None, width: int) -> int:
    """Return the number of the target column, from 0."""
    target = width - 1 if form.target is None else form.target
    if isinstance(target, str):
        known = [name.strip() for name in names or []]
        if known.count(target) > 1:
            found = f"{known.count(target)} columns are named '{target}'"
            raise StudyError("?", found, form.name, "give the number of one, from 0", "target")
        if target in known:
            return known.index(target)
        raise _unknown_column(form, known, target)
    if not -width <= target < width:
        raise StudyError("?", f"no column {target}", form.name, f"columns are 0 to {width - 1}", setting="target")
    return target % width


def _unknown_column(form: _Format, known: list[str], target: str) -> StudyError:
    """Return the error for a target that is none of the known names."""
    found, other = f"no column '{target}'", _other_separator(known, target, form)
    if other:
        return StudyError("?", found, form.name, f"set separator: {other}, which stands in the first line", "separator")
    close = difflib.get_close_matches(target, known, 1)
    columns = f"the columns are {', '.join(known[:20])}" if known else "the file has no line of names"
    return StudyError("?", found, form.name, f"did you mean '{close[0]}'?" if close else columns, "target")


def _other_separator(names: list[str], target: str, form: _Format) -> str | None:
    """Return the separator that would give a column of that name, None where none would."""
    line = _SEPARATORS[form.separator].join(names)
    split = {name: [cell.strip() for cell in line.split(sign)] for name, sign in _SEPARATORS.items()}
    return next((name for name, cells in split.items() if target in cells), None)


def _shown(cell: str) -> str:
    """Return a cell in quotes, not too long, and without letters that would disturb a terminal."""
    return repr(cell if len(cell) <= _LONGEST else f"{cell[:_LONGEST]}...")


class _Rows:
    """The examples read so far; every cell is checked as it comes, so that an error knows its line."""

    def __init__(self, file: str, width: int, target: int, names: list[str] | None) -> None:
        self._file, self._width, self._target, self._names = file, width, target, names
        self._examples: list[FloatArray] = []
        self._labels: list[str] = []

    def add(self, line: int, cells: list[str]) -> None:
        """Take one line; a StudyError names file, line and column of what is wrong with it."""
        if len(cells) != self._width:
            found = f"has {len(cells)} cells where {self._width} are expected"
            raise StudyError("?", found, f"{self._file}:{line}", "as many as the first line has")
        label = cells[self._target].strip()
        if not label:
            raise StudyError("?", "the class is missing", f"{self._file}:{line}: {self._column(self._target)}", _FILL)
        features = cells[: self._target] + cells[self._target + 1 :]
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
        """Return the error for the first cell that is no finite float32 number; Python's 1_000 is none here."""
        for column, cell in enumerate(cells):
            usable = "_" not in cell and _is_number(cell) and abs(float(cell)) <= _FLOAT32_MAX
            if column != self._target and not usable:
                found = f"{_shown(cell)} is not a finite number" if cell.strip() else "the number is missing"
                break
        hint = "decimals follow a point" if _is_number(cell.replace(",", ".")) and "," in cell else _FILL
        return StudyError("?", found, f"{self._file}:{line}: {self._column(column)}", hint)

    def source(self) -> Source:
        """Return all examples; a file that teaches nothing is a StudyError."""
        if not self._examples:
            raise StudyError("?", "has no line of data", self._file, "one example a line is needed")
        x = np.stack(self._examples)
        if len(x) > 1 and (x == x[0]).all():
            raise StudyError("?", "is constant: all lines have the same features", self._file, "examples that differ")
        names, y = self._classes()
        return Source(x, y, len(names), names)

    def _classes(self) -> tuple[tuple[str, ...], IntArray]:
        """Return the names of the classes in order, and each example's class, (n,)."""
        found = set(self._labels)
        where = f"{self._file}: {self._column(self._target)}"
        if len(found) == 1:
            raise StudyError(
                "?", f"holds one class only, {_shown(self._labels[0])}", where, "two are needed to tell apart"
            )
        if len(found) > max(_MANY_CLASSES, len(self._labels) / 2):
            many = f"holds {len(found)} different values in {len(self._labels)} lines"
            raise StudyError("?", many, where, "name the column of the class with target", setting="target")
        numbers = all(_is_number(label) for label in found)
        if numbers and any(float(label) % 1 for label in found):
            raise StudyError(
                "?", "holds numbers that are not whole", where, "a class is needed, not a measurement", "target"
            )
        names = tuple(sorted(found, key=lambda label: (float(label), label)) if numbers else sorted(found))
        number_of = {name: number for number, name in enumerate(names)}
        return names, np.array([number_of[label] for label in self._labels], np.int64)
