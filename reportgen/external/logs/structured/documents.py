"""JSON files of logs, with limits, NaN and infinity; errors state the line and the column."""

from __future__ import annotations

import codecs
import json
from pathlib import Path
from typing import Any

from reportgen import disk
from reportgen.errors import StudyError

MAX_BYTES = 32 * 2**20
"""Objects take several times as much memory as their text."""

MOST_MEMORY = 300 * 2**20
UNCHECKED = 2**20
BRACKET_BYTES, COMMA_BYTES = 200, 60
"""Largest memory of the values of a document, length of a text that is never too large, and the memory of an object or
a list and of a value in it in CPython, without long texts."""

QUICK_BYTES = 4 * 2**20
"""Only the beginning of a larger file is parsed to find out whether it is a log."""

HEAD_BYTES = 2**16
SPACE = b"\xef\xbb\xbf \t\r\n"

MAX_DIGITS = 400
"""A longer whole number is beyond every float."""


def read_bytes(path: Path, limit: int = MAX_BYTES) -> bytes:
    """Return the contents of a file.

    Raises
    ------
    StudyError
        If the file cannot be read or is too large.
    """
    try:
        size = path.stat().st_size
        if size > limit:
            message = f"the file has {size / 2**20:.0f} MB; JSON of at most {limit / 2**20:.0f} MB can be read at once"
            raise StudyError("too-large", message, str(path), "write one JSON object a line")
        return disk.read_regular(path, limit)
    except OSError as error:
        raise StudyError("unreadable-file", f"the file cannot be read: {error.strerror}", str(path)) from error


def parse_json(data: bytes, path: str, line: int | None = None) -> Any:
    """Return the value of a JSON text, whose NaN and Infinity may be bare. line: its number if the text is one line.

    Raises
    ------
    StudyError
        With the line and the column, if the text is not valid JSON, is nested too deeply, or repeats a key; or if its
        values would take too much memory.
    """
    where = path if line is None else f"{path}:{line}"
    _check_memory(data, where)
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        raise StudyError("not-text", f"the text is not UTF-8 (byte {error.start})", where) from error
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        place = f"{path}:{line or error.lineno}:{error.colno}"
        raise StudyError("invalid-json", f"not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}", place) from error
    except _DuplicateKeyError as error:
        raise StudyError("duplicate-key", f"an object has the key {error.key!r} twice", where) from error
    except RecursionError as error:
        raise StudyError("nesting-too-deep", "the JSON text is nested too deeply", where) from error


def _check_memory(data: bytes, where: str) -> None:
    """Raise StudyError for a text with so many values that they would take too much memory."""
    if len(data) <= UNCHECKED:
        return
    brackets, commas = data.count(b"{") + data.count(b"["), data.count(b",")
    if brackets * BRACKET_BYTES + commas * COMMA_BYTES > MOST_MEMORY:
        message = f"the JSON text has about {max(brackets, commas):,} values, which is too many to read at once"
        raise StudyError("too-large", message, where, "write one JSON object a line")


def read_json(path: Path) -> Any:
    """Return the value in a JSON file; raises StudyError like `read_bytes` and `parse_json`."""
    return parse_json(read_bytes(path), str(path))


def quick_json(path: Path) -> Any:
    """Return the value in a JSON file, of a large one a list of its first object; None if there is no valid one."""
    try:
        if not begins_as_json(path):
            return None
        return read_json(path) if path.stat().st_size <= QUICK_BYTES else _first_record(path)
    except (OSError, StudyError):
        return None


def begins_as_json(path: Path) -> bool:
    """Return whether a file begins with the bracket of a JSON object or list."""
    try:
        if not path.is_file():
            return False
        with disk.open_regular(path) as file:
            return file.read(64).lstrip(SPACE)[:1] in (b"{", b"[")
    except OSError:
        return False


def _first_record(path: Path) -> Any:
    """Return a list of the first object of a list of objects, None without one."""
    with disk.open_regular(path) as file:
        text = file.read(HEAD_BYTES).lstrip(SPACE).decode(errors="replace")
    inside = text[1:].lstrip()
    if text[0] != "[" or not inside.startswith("{"):
        return None
    try:
        return [_DECODER.raw_decode(inside)[0]]
    except (json.JSONDecodeError, _DuplicateKeyError, RecursionError):
        return None


def number(value: Any) -> float | None:
    """Return a JSON value as a number, also one that is written as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None
    except OverflowError:
        return float("inf") if isinstance(value, int) and value > 0 else float("-inf")


class _DuplicateKeyError(Exception):
    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(key)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _DuplicateKeyError(next(key for key in keys if keys.count(key) > 1))
    return found


def _whole_number(text: str) -> int | float:
    return int(text) if len(text) <= MAX_DIGITS else float(text)


_DECODER = json.JSONDecoder(object_pairs_hook=_without_duplicates, parse_int=_whole_number)
