"""The beginning of a table: encoding, separator, decimal mark and names of columns, found in its first lines."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reportgen import disk
from reportgen.errors import StudyError

HEAD_BYTES = 2**16
MOST_COLUMNS = 5000
SAMPLE_ROWS = 50
SEPARATORS = (",", "\t", ";", "|")
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
COMMENT = "#"
DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+(?:[eE][-+]?\d+)?")
DECIMAL_POINT = re.compile(r"[-+]?\d*\.\d+(?:[eE][-+]?\d+)?")
LINE_END = re.compile(r"\r\n|\r|\n")
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Head:
    """The form of a table.

    names : names of the columns, without spaces around them. line : number of the header line, from 1.
    sample : the first rows after it.
    """

    encoding: str
    separator: str
    decimal_comma: bool
    names: tuple[str, ...]
    line: int
    sample: tuple[tuple[str, ...], ...]

    def has(self, *names: str) -> bool:
        """Return whether there are columns of all these names."""
        return set(names) <= set(self.names)


def find_head(path: Path) -> Head | None:
    """Return the form of a table, None if the file is not one."""
    try:
        return read_head(path)
    except StudyError:
        return None


def read_head(path: Path) -> Head:
    """Return the form of a table.

    Raises
    ------
    StudyError : the file cannot be read, is empty, is not text, or does not begin with names of columns.
    """
    content = _beginning(path)
    if not content.strip():
        raise StudyError("empty-file", "the file is empty", str(path), "a log with a header and rows")
    encoding = next((name for mark, name in BYTE_ORDER_MARKS.items() if content.startswith(mark)), "utf-8")
    lines = list(_lines(path, content, encoding))
    number = next((index for index, line in enumerate(lines) if _is_row(line)), None)
    if number is None:
        raise StudyError("empty-file", "the file has no rows", str(path), "a log with a header and rows")
    rows = lines[number : number + SAMPLE_ROWS]
    separator = _separator(rows)
    parsed = _parsed(path, rows, separator, number + 1)
    names = tuple(name.strip() for name in parsed[0])
    _check_names(path, names, number + 1)
    sample = tuple(tuple(row) for row in parsed[1:] if row)
    return Head(encoding, separator, _has_decimal_comma(sample, separator), names, number + 1, sample)


def _beginning(path: Path) -> bytes:
    try:
        with disk.open_regular(path) as file:
            return file.read(HEAD_BYTES)
    except OSError as error:
        raise StudyError("unreadable-file", f"the file cannot be read: {error.strerror}", str(path)) from None


def _is_row(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith(COMMENT)


def _lines(path: Path, content: bytes, encoding: str) -> Iterator[str]:
    """Yield the first lines; a line cut by the end of the beginning is left out, unless it is the first one."""
    cut = len(content) == HEAD_BYTES
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        text = decoder.decode(content, final=not cut)
    except UnicodeDecodeError as error:
        raise not_text(path, content[: error.start].count(b"\n") + 1, error) from None
    lines = LINE_END.split(text)
    for number, line in enumerate(lines[:-1] if cut and len(lines) > 1 else lines, 1):
        check_characters(path, number, line)
        yield line


def check_characters(path: Path, number: int, line: str) -> None:
    """Raise StudyError for a line with control characters, which text does not have."""
    found = CONTROL.search(line)
    if found is not None:
        message = f"control character {ord(found[0]):#04x} in a line of text"
        hint = "the file is damaged, or is not text in UTF-8"
        raise StudyError("invalid-file", message, f"{path}:{number}:{found.start() + 1}", hint)


def not_text(path: Path, line: int, error: UnicodeDecodeError) -> StudyError:
    """Return the error for a file in another encoding."""
    byte = error.object[error.start]
    hint = "save the file as UTF-8; it may be in Latin-1 or Windows-1252"
    return StudyError("not-text", f"the file is not UTF-8 text: byte {byte:#04x}", f"{path}:{line}", hint)


def _separator(lines: Sequence[str]) -> str:
    """Return the separator that divides the first lines into most and equally many cells."""

    def regularity(separator: str) -> tuple[float, int]:
        counts = [line.count(separator) for line in lines]
        equal = sum(count == counts[0] for count in counts) / len(counts) if counts[0] else 0.0
        return equal, counts[0]

    return max(SEPARATORS, key=regularity)


def _parsed(path: Path, lines: Sequence[str], separator: str, first: int) -> list[list[str]]:
    reader = csv.reader(lines, delimiter=separator, strict=True)
    rows: list[list[str]] = []
    try:
        rows.extend(reader)
    except csv.Error:
        if not rows:  # later rows are checked when they are read
            message = "a quote in the header is not closed"
            raise StudyError(
                "invalid-file", message, f"{path}:{first}", "a name or a quoted name in each cell"
            ) from None
    return rows


def _check_names(path: Path, names: Sequence[str], line: int) -> None:
    where = f"{path}:{line}"
    if len(names) > MOST_COLUMNS:
        raise StudyError("too-many", f"{len(names)} columns", where, f"at most {MOST_COLUMNS}")
    if names and all(_is_number(name) for name in names):
        raise StudyError("invalid-file", "the first row has numbers instead of names of columns", where, "a header")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _has_decimal_comma(rows: Sequence[Sequence[str]], separator: str) -> bool:
    cells = [cell.strip() for row in rows for cell in row]
    commas = any(DECIMAL_COMMA.fullmatch(cell) for cell in cells)
    return separator != "," and commas and not any(DECIMAL_POINT.fullmatch(cell) for cell in cells)
