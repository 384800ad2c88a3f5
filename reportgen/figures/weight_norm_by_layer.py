"""Euclidean norm of each layer's weights, at initialization and after training.

Weight decay and the choice of initialization show here; a norm that grew by much during training points to a learning
rate at the edge of what the network bears.
"""

from __future__ import annotations

from reportgen.analysis.results import Analysis
from reportgen.figures.drawing.figure import Drawing, FigureKind
from reportgen.figures.views.by_layer import draw as draw_view
from reportgen.figures.views.layer_cells import View

VIEW = View(
    "weight_norm_by_layer",
    "Norm of the weights by layer",
    "weight_norm",
    "Euclidean norm of the weights",
    "norm of weights",
    output=True,
)


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None where the layers were not looked at."""
    return draw_view(analysis, VIEW)


FIGURE = FigureKind(VIEW.id, VIEW.title, draw, order=60, shows=("weight_norm",))
