"""The width of the page on which a figure is drawn: that of a printed page, or that of a phone.

A figure is drawn for a printed page, and again for a phone if it can stack its panels. Both have the same font sizes in
points. On a screen that is 350 pixels wide, the smallest text of the narrow figure is 11 pixels high.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

WIDTH, PHONE = 6.5, 2.6
"""Inches: the text width of a page, and the width of a figure for a phone."""

_width: ContextVar[float] = ContextVar("width", default=WIDTH)


def width() -> float:
    """Return the width of the page in inches."""
    return _width.get()


def is_narrow() -> bool:
    """Return whether the figure is drawn for a phone."""
    return _width.get() == PHONE


def columns(wanted: int) -> int:
    """Return the number of panels side by side: a phone has one."""
    return 1 if is_narrow() else wanted


def title_width(columns: int, gap: float) -> float:
    """Return the width of a panel's title in inches.

    gap: the difference to the share of the panel in a printed page. On a phone, the labels of the axis are left of the
    title, since there is no other panel.
    """
    return width() - 0.95 if is_narrow() else width() / columns - gap


@contextmanager
def narrow() -> Iterator[None]:
    """Draw figures for a phone."""
    token = _width.set(PHONE)
    try:
        yield
    finally:
        _width.reset(token)
