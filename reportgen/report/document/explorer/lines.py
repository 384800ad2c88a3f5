"""The lines of the explorer: the colours of the page's figures, and which lines are shown at first."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.analysis.results import Analysis
from reportgen.figures.drawing.palette import BY_LIGHT, COLOURS
from reportgen.figures.drawing.style import DASHES
from reportgen.figures.views.series import Layout, Panel, layout

PATTERNS = ("", "7 2.5", "5 2 1.5 2", "2.5 2")
"""The dash patterns of SVG that correspond to those of figures."""

GREY_PATTERN = "1 3"
"""The dash pattern of lines that figures draw in grey; here each of them has a colour."""


@dataclass(frozen=True)
class Line:
    """How the explorer draws a variant.

    Attributes
    ----------
    colour : the name of a colour of the figures.
    pattern : the dash pattern, empty for a solid line.
    is_shown : whether the line is shown before the reader chooses.
    """

    colour: str
    pattern: str
    is_shown: bool


def explorer_lines(analysis: Analysis) -> dict[str, Line]:
    """Return the lines by the variants' ids.

    Variants in different panels of a figure have the same styles; here their dash patterns differ, if colours alone
    distinguish the lines of a panel. The highlighted lines of the panel that claims are most about are shown at first.
    """
    whole = layout(analysis)
    first = max(range(len(whole.panels)), key=lambda at: (_claimed(analysis, whole, at), -at), default=0)
    by_panel = len(whole.panels) > 1 and all(map(_are_told_by_colour, whole.panels))
    lines, greys = {}, 0
    for at, panel in enumerate(whole.panels):
        for series in panel.series:
            if series.grey:
                lines[series.id] = Line(BY_LIGHT[COLOURS[greys % len(COLOURS)]].name, GREY_PATTERN, False)
                greys += 1
            else:
                pattern = PATTERNS[(at if by_panel else DASHES.index(series.style.dash)) % len(PATTERNS)]
                lines[series.id] = Line(BY_LIGHT[series.style.colour].name, pattern, at == first)
    return lines


def _claimed(analysis: Analysis, whole: Layout, at: int) -> int:
    """Return how many variants of claims a panel highlights, each as often as claims name it."""
    ids = {series.id for series in whole.panels[at].series if not series.grey}
    return sum(len(ids & set(claim.variants)) for claim in analysis.claims)


def _are_told_by_colour(panel: Panel) -> bool:
    colours = {series.label: series.style.colour for series in panel.series if not series.grey}
    return len(set(colours.values())) == len(colours)
