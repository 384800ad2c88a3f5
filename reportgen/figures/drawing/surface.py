"""The surface for which figures are drawn: a printed page, a phone, or a slide.

A figure is drawn for a printed page, and again for a phone if it can stack its panels, and for a slide with larger text
and fewer lines. Page and phone have the same font sizes in points. On a screen that is 350 pixels wide, the smallest
text of a figure for a phone is 11 pixels high.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

Number = TypeVar("Number", int, float)

LEAST_PANEL = 0.5
"""Least height in inches of a panel; a figure that needs more than the height of its surface gets taller."""

TICKS = 0.95
"""Inches: the difference between the width of a phone and of the title of a panel."""


@dataclass(frozen=True)
class Surface:
    """The size of figures, and how much they show.

    Attributes
    ----------
    width : inches.
    height : inches of the whole figure, which has one row of panels if possible; None if it is as tall as its panels.
    is_narrow : whether panels are below each other.
    lines : largest number of highlighted lines in a panel.
    others : whether the other lines are drawn too, in grey.
    layers : largest number of layers with a panel of their own in a row.
    label : largest length in inches of the label of a class.
    tiny : font size in points of numbers in small panels, the smallest text of a figure.
    styles : the `SeriesStyle` of variants by id; those of others are chosen within each figure.
    """

    width: float
    height: float | None = None
    is_narrow: bool = False
    lines: int = 5
    others: bool = True
    layers: int = 10
    label: float = 0.8
    tiny: float = 6.0
    styles: Mapping[str, Any] = field(default_factory=dict)

    @property
    def flat(self) -> bool:
        """Whether figures have a fixed height."""
        return self.height is not None

    def either(self, on_page: Number, on_phone: Number) -> Number:
        """Return a number of things side by side or a length; on_page: also for a slide."""
        return on_phone if self.is_narrow else on_page

    def columns(self, wanted: int) -> int:
        """Return the number of panels side by side; wanted: the number on a page."""
        return self.either(wanted, 1)

    def title_width(self, columns: int, gap: float) -> float:
        """Return the width of a panel's title in inches.

        gap: the difference to the share of the panel in the width. On a phone, the labels of the axis are left of the
        title, since there is no other panel.
        """
        return self.width - TICKS if self.is_narrow else self.width / columns - gap

    def panel_height(self, wanted: float, rows: int, used: float) -> float:
        """Return the height of each row of panels in inches.

        Parameters
        ----------
        wanted : the height on a page.
        rows : the number of rows of panels.
        used : the height of everything else in the figure.
        """
        return wanted if self.height is None else max(LEAST_PANEL, (self.height - used) / rows)


PAGE = Surface(6.5)
"""The text width of a page."""

PHONE = Surface(2.6, is_narrow=True, layers=4)
"""The width of a phone."""

SLIDE = Surface(4.8, 1.85, lines=4, others=False, layers=5, label=0.3, tiny=7.0)
"""The part of a slide below its title: magnified to a page of 13.33 inches, its smallest text has 18 points."""

_current: ContextVar[Surface] = ContextVar("surface", default=PAGE)


def surface() -> Surface:
    """Return the surface for which figures are drawn now."""
    return _current.get()


@contextmanager
def drawing_on(chosen: Surface) -> Iterator[None]:
    """Draw the figures of this context for another surface than a page."""
    token = _current.set(chosen)
    try:
        yield
    finally:
        _current.reset(token)
