"""Fraction of dead units by hidden layer, at initialization and after training.

A unit is dead where its activation is zero for every probe example: no gradient reaches its weights, so it stays dead
until its inputs change.
"""

from __future__ import annotations

from reportgen.analysis.results import Analysis
from reportgen.figures.drawing.figure import Drawing, FigureKind
from reportgen.figures.views.by_layer import draw as draw_view
from reportgen.figures.views.layer_cells import View

VIEW = View(
    "dead_units_by_layer",
    "Dead units by layer",
    "dead_fraction",
    "Fraction of units that are silent on every probe example",
    "fraction of dead units",
    log=False,
    fraction=True,
)


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None where no unit of any hidden layer can be silent."""
    return draw_view(analysis, VIEW)


FIGURE = FigureKind(VIEW.id, VIEW.title, draw, order=50, shows=("dead_fraction", "zero_fraction"))
