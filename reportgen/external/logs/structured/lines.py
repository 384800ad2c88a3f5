"""Lines of a text file, one at a time and of bounded length."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reportgen import disk
from reportgen.errors import StudyError

MAX_LINE_BYTES = 2**20
HEAD_BYTES = 2**16


def read_lines(path: Path) -> Iterator[tuple[int, bytes, bool]]:
    """Yield the number of each line that is not blank, its bytes, and whether it ends with a line break.

    The rest of a line that is too long is skipped.

    Raises
    ------
    StudyError
        If the file cannot be read.
    """
    number = 0
    try:
        with disk.open_regular(path) as file:
            while line := file.readline(MAX_LINE_BYTES):
                number += 1
                complete = line.endswith(b"\n")
                if len(line) == MAX_LINE_BYTES and not complete:
                    while (rest := file.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
                        pass
                    complete = True
                if line.strip():
                    yield number, line, complete
    except OSError as error:
        raise StudyError("unreadable-file", f"the file cannot be read: {error.strerror}", str(path)) from error


def head_lines(path: Path) -> list[bytes]:
    """Return the complete lines near the beginning of a file; none if it cannot be read or is not text."""
    try:
        if not path.is_file():
            return []
        with disk.open_regular(path) as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return []
    if b"\x00" in head:
        return []
    lines = head.split(b"\n")
    if len(head) == HEAD_BYTES and len(lines) > 1:
        lines = lines[:-1]
    return [line for line in lines if line.strip()]
