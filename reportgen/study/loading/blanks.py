"""Blanks of an assignment: values that a student has to fill in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from reportgen.errors import StudyError
from reportgen.study.syntax.yaml12 import Path

BLANK = "FILL-IN"
"""The text in the place of a value that is still to be filled in."""


def refuse_blanks(tree: Any, where: Callable[[Path], str]) -> None:
    """Raise StudyError ("not-filled-in") for the first blank of a study."""
    blanks = list(_blanks(tree, ()))
    if not blanks:
        return
    others = len(blanks) - 1
    more = f"; {others} more {'blanks follow' if others > 1 else 'blank follows'}" if others else ""
    raise StudyError("not-filled-in", "the blank is not filled in", where(blanks[0]), f"replace {BLANK}{more}")


def _blanks(value: Any, path: Path) -> Iterator[Path]:
    if value == BLANK:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _blanks(item, (*path, key))
