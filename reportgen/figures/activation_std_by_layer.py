"""Standard deviation of the activations by hidden layer, at initialization and after training.

A network that keeps its signal shows a level line. A line that falls towards zero is a signal that dies out on its way,
one that climbs is a signal that explodes. Hollow circles are the numbers that a lecture prints, where the study states
them as claims; the thin dashed line is what mean-field theory expects.
"""

from __future__ import annotations

from reportgen.analysis.results import Analysis
from reportgen.figures.drawing.figure import Drawing, FigureKind
from reportgen.figures.views.by_layer import draw as draw_view
from reportgen.figures.views.layer_cells import View

VIEW = View(
    "activation_std_by_layer",
    "Standard deviation of the activations by layer",
    "activation_std",
    "Standard deviation of the activations",
    "std of activations",
)


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None where the layers were not looked at."""
    return draw_view(analysis, VIEW)


FIGURE = FigureKind(VIEW.id, VIEW.title, draw, order=10, shows=("activation_std",))
