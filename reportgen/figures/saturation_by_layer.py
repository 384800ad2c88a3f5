"""Fraction of saturated activations by hidden layer, at initialization and after training.

An activation is saturated where it is so close to the end of its range (tanh: -1 or 1, sigmoid: 0 or 1) that its local
gradient is almost zero.
"""

from __future__ import annotations

from reportgen.analysis.results import Analysis
from reportgen.figures.drawing.figure import Drawing, FigureKind
from reportgen.figures.views.by_layer import draw as draw_view
from reportgen.figures.views.layer_cells import View

VIEW = View(
    "saturation_by_layer",
    "Saturated activations by layer",
    "saturated_fraction",
    "Fraction of activations that are saturated",
    "fraction saturated",
    log=False,
    fraction=True,
)


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None where no activation has a range to saturate in."""
    return draw_view(analysis, VIEW)


FIGURE = FigureKind(VIEW.id, VIEW.title, draw, order=52, shows=("saturated_fraction",))
