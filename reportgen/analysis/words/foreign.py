"""Text from files of other programs, such as names of runs and columns, made safe to print and to write into tables."""

from __future__ import annotations

import re
import unicodedata

from reportgen.errors import UsageError

LONGEST = 160
"""Largest number of characters of a name."""

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""First characters with which spreadsheet programs take a cell for a formula."""

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
"""A number as text, such as the label of a class, which is no formula."""

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_REMOVED = ("Cc", "Cf", "Co", "Cn")


def printable(text: str, longest: int | None = LONGEST) -> str:
    """Return text on one line without control characters, cut in the middle if it is long; never empty.

    Surrogates, as in file names that are not valid UTF-8, and characters that change the direction of writing become
    replacement characters.
    """
    line = "".join(_shown(letter) for letter in " ".join(text.split()))
    if longest is not None and len(line) > longest:
        line = f"{line[: longest // 2]}…{line[-(longest - longest // 2 - 1) :]}"
    return line or "unnamed"


def _shown(letter: str) -> str:
    kind = unicodedata.category(letter)
    return "\ufffd" if kind == "Cs" or (kind in _REMOVED and letter != "\u200d") else letter


def without_controls(text: str) -> str:
    """Return text, with its lines and tabs, without characters that would control a terminal."""
    return _CONTROLS.sub("\ufffd", text)


def refuse_undecodable(*texts: str) -> None:
    """Raise UsageError if a text is not valid Unicode, such as a file name that is not UTF-8; no report can name it."""
    for text in texts:
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            message = f"{printable(text)!r} is not valid UTF-8"
            raise UsageError("undecodable-text", message, hint="rename the file or folder, or correct the option")


def table_text(text: str) -> str:
    """Return text for a cell of a CSV file that no spreadsheet program takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) and not NUMBER.fullmatch(text) else text


def text_of_cell(cell: str) -> str:
    """Return the text for which `table_text` returned a cell."""
    return cell[1:] if cell.startswith("'") and table_text(cell[1:]) == cell else cell
