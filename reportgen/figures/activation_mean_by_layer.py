"""Mean of the activations by hidden layer, at initialization and after training.

Activations around zero keep the inputs of the next layer centred; sigmoid and ReLU cannot give that, and their means
show by how much. Hollow circles are the numbers that a lecture prints; a thin dashed line is theory.
"""

from __future__ import annotations

from reportgen.analysis.results import Analysis
from reportgen.figures.drawing.figure import Drawing, FigureKind
from reportgen.figures.views.by_layer import draw as draw_view
from reportgen.figures.views.layer_cells import View

VIEW = View(
    "activation_mean_by_layer",
    "Mean of the activations by layer",
    "activation_mean",
    "Mean of the activations",
    "mean of activations",
)


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None where the layers were not looked at."""
    return draw_view(analysis, VIEW)


FIGURE = FigureKind(VIEW.id, VIEW.title, draw, order=15, shows=("activation_mean",))
