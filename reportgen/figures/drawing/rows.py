"""Labels of rows, such as the variants of a dot plot: left of the panels, on a phone above each row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes

from reportgen.analysis.words.numerals import exponents
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.text import SMALL, clip_all, text_width

ABOVE = 0.13
"""Height in inches of a label above its row."""

EDGE = 0.12
"""Space in inches beside the panels of a phone."""


def label_width(labels: Sequence[str], most: float) -> float:
    """Return the space in inches left of the panels; most: the largest one on a printed page."""
    return EDGE if surface().is_narrow else min(most, 0.2 + max(map(text_width, labels)))


def row_height(wanted: float) -> float:
    """Return the height of a row in inches; wanted: its height on a printed page."""
    return wanted + ABOVE if surface().is_narrow else wanted


def most_inches(left: float) -> float:
    """Return the largest width of a label in inches; left: the space left of the panels."""
    return surface().width - 2 * EDGE if surface().is_narrow else left - 0.15


def write_labels(ax: Axes, labels: Sequence[str], left: float, first: bool = True) -> None:
    """Write a label at each of the rows 0, 1, ..., at the left of the first panel or above each row of every panel.

    labels: shortened to the given space; left: the space left of the panels in inches.
    """
    shown = clip_all([exponents(label) for label in labels], most_inches(left))
    if surface().is_narrow:
        place: dict[str, Any] = {"transform": ax.get_yaxis_transform(), "ha": "left", "va": "bottom"}
        for at, label in enumerate(shown):
            ax.text(0, at - 0.35, label, fontsize=SMALL, **place)
    elif first:
        ax.set_yticks(range(len(shown)), shown)
