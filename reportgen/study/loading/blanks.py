"""Blanks of an assignment: values that a student has to fill in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from reportgen.errors import StudyError
from reportgen.study.syntax.yaml12 import Path

BLANK = "FILL-IN"
"""The text in the place of a value that is still to be filled in."""


def blank_places(tree: Any) -> list[Path]:
    """Return the paths of all blanks of a study."""
    return list(_blanks(tree, ()))


def blank_error(places: Sequence[Path], where: Callable[[Path], str]) -> StudyError:
    """Return the error ("not-filled-in") at the first blank, which counts the others."""
    others = len(places) - 1
    more = f"; {others} more {'blanks follow' if others > 1 else 'blank follows'}" if others else ""
    return StudyError("not-filled-in", "the blank is not filled in", where(places[0]), f"replace {BLANK}{more}")


def _blanks(value: Any, path: Path) -> Iterator[Path]:
    if value == BLANK:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _blanks(item, (*path, key))
