"""Rows of a table in blocks, so that neither the file nor its text is in memory at once."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reportgen import disk
from reportgen.errors import StudyError
from reportgen.external.logs.tables.head import COMMENT, CONTROL, Head, check_characters, not_text

BLOCK = 2**20
MOST_LINE = 2**20
"""Characters of a line; a longer line is not a row of a log."""
MOST_QUOTED = 2**23
"""Characters in which a quote must be closed."""


@dataclass(eq=False)
class Block:
    """Rows of the right length, with the numbers of their lines.

    headers : numbers of the rows in the block before which the header is repeated. cut : number of the last line of the
    file if it is cut, and so not among the rows.
    """

    rows: list[list[str]]
    lines: Sequence[int]
    headers: Sequence[int] = ()
    cut: int | None = None


def read_blocks(path: Path, head: Head) -> Iterator[Block]:
    """Yield the rows after the header.

    Raises
    ------
    StudyError : the file cannot be read, is not text, or has a row that is not of the header's form.
    """
    for first, text, is_last in _texts(path, head):
        found = CONTROL.search(text)
        if found is not None:
            before = text[: found.start()]
            number = first + before.count("\n")
            check_characters(path, number, text[before.rfind("\n") + 1 :].partition("\n")[0])
        yield _block(path, head, first, text, is_last)


def _texts(path: Path, head: Head) -> Iterator[tuple[int, str, bool]]:
    """Yield lines after the header as texts, each with the number of its first line and whether it is the last."""
    try:
        with io.TextIOWrapper(disk.open_regular(path), head.encoding) as file:
            for _ in range(head.line):
                file.readline(MOST_LINE)
            first, rest = head.line + 1, ""
            while part := file.read(BLOCK):
                text, rest = _at_line_end(rest + part)
                if text:
                    yield first, text, False
                    first += text.count("\n")
                _check_length(path, first, rest)
            yield first, rest, True
    except UnicodeDecodeError as error:
        raise not_text(path, _line_of_error(path), error) from None
    except OSError as error:
        raise StudyError("unreadable-file", f"the file cannot be read: {error.strerror}", str(path)) from None


def _at_line_end(text: str) -> tuple[str, str]:
    """Divide a text after its last line; an open quote continues in the rest."""
    end = text.rfind("\n") + 1
    while text.count('"', 0, end) % 2 and end:
        end = text.rfind("\n", 0, text.rfind('"', 0, end)) + 1
    return text[:end], text[end:]


def _check_length(path: Path, line: int, rest: str) -> None:
    if len(rest) > MOST_QUOTED or (len(rest) > MOST_LINE and "\n" not in rest):
        quoted = '"' in rest
        message = "a quote is not closed" if quoted else f"the line is longer than {MOST_LINE} characters"
        raise StudyError("invalid-file" if quoted else "too-long", message, f"{path}:{line}", "a row of a log")


def _line_of_error(path: Path) -> int:
    """Return the number of the first line that is not UTF-8, 1 for a file in another encoding."""
    with disk.open_regular(path) as file:
        for number in itertools.count(1):
            line = file.readline(MOST_LINE)
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
            if not line:
                return 1
    return 1


def _block(path: Path, head: Head, first: int, text: str, is_last: bool) -> Block:
    reader = csv.reader(text.splitlines(keepends=True) if '"' in text else text.split("\n"),
                        delimiter=head.separator, strict=True)  # fmt: skip
    try:
        rows = list(reader)
    except csv.Error:
        where = f"{path}:{first + _lines_before_error(head, text)}"
        message = "a quote is not closed, or a cell is longer than 131072 characters"
        raise StudyError("invalid-file", message, where, "a number in each cell") from None
    if rows and not rows[-1]:
        rows.pop()
    width, name = len(head.names), head.names[0]
    regular = all(len(row) == width for row in rows) and not any(row[0].strip() == name for row in rows)
    if regular and COMMENT not in text:
        return Block(rows, range(first, first + len(rows)))
    return _irregular(path, head, _numbered(head, first, text), is_last)


def _lines_before_error(head: Head, text: str) -> int:
    """Return the number of lines of the rows before the first invalid one."""
    reader = csv.reader(text.splitlines(keepends=True), delimiter=head.separator, strict=True)
    lines = 0
    with contextlib.suppress(csv.Error):
        for _ in reader:
            lines = reader.line_num
    return lines


def _numbered(head: Head, first: int, text: str) -> list[tuple[int, list[str]]]:
    """Return the rows with the numbers of their lines, without blank lines and comments."""
    reader = csv.reader(text.split("\n"), delimiter=head.separator)
    numbered = [(first + reader.line_num - 1, row) for row in reader]
    return [
        (line, row)
        for line, row in numbered
        if row and (len(row) > 1 or row[0].strip()) and not row[0].startswith(COMMENT)
    ]


def _irregular(path: Path, head: Head, numbered: list[tuple[int, list[str]]], is_last: bool) -> Block:
    """Return the rows of a block with repeated headers, a cut last row or empty cells after the last column."""
    block, lines, headers = Block([], []), [], []
    width, names = len(head.names), list(head.names)
    for index, (line, row) in enumerate(numbered):
        if len(row) < width and is_last and index == len(numbered) - 1:
            block.cut = line
        elif len(row) < width or any(cell.strip() for cell in row[width:]):
            message = f"the row has {len(row)} cells, but the header has {width}"
            raise StudyError("wrong-length", message, f"{path}:{line}", "a cell for each column")
        elif [cell.strip() for cell in row[:width]] == names:
            headers.append(len(block.rows))
        else:
            block.rows.append(row[:width])
            lines.append(line)
    block.lines, block.headers = lines, headers
    return block
