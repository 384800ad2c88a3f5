"""The surface for which figures are drawn: a page, or a slide with larger text and fewer lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

LEAST_PANEL = 0.5
"""Least height in inches of a panel; a figure that needs more than the height of its surface gets taller."""


@dataclass(frozen=True)
class Surface:
    """The size of figures, and how much they show.

    Attributes
    ----------
    width : inches.
    height : inches of the whole figure, which has one row of panels if possible; None if it is as tall as its panels.
    lines : largest number of highlighted lines in a panel.
    others : whether the other lines are drawn too, in grey.
    layers : largest number of layers with a panel of their own in a row.
    styles : numbers of the styles of variants by id; others are numbered within each figure.
    tiny : font size in points of numbers in small panels, the smallest text of a figure.
    """

    width: float
    height: float | None = None
    lines: int = 5
    others: bool = True
    layers: int = 10
    tiny: float = 6.0
    styles: Mapping[str, int] = field(default_factory=dict)

    @property
    def flat(self) -> bool:
        """Whether figures have a fixed height."""
        return self.height is not None

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

SLIDE = Surface(4.8, 1.85, lines=4, others=False, layers=5, tiny=7.0)
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
