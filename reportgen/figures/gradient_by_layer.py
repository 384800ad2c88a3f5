"""Standard deviation of the gradients by layer, on a logarithmic axis, at initialization and after training.

The gradients are those of the mean loss by each layer's pre-activations (the deltas of backpropagation), over the probe
examples and the units of the layer. They travel from the output layer, at the right, to the first: a line that sinks
towards the left is a vanishing gradient, one that rises towards the left an exploding one.
"""

from __future__ import annotations

from reportgen.analysis.results import Analysis
from reportgen.figures.drawing.figure import Drawing, FigureKind
from reportgen.figures.views.by_layer import draw as draw_view
from reportgen.figures.views.layer_cells import View

VIEW = View(
    "gradient_by_layer",
    "Standard deviation of the gradients by layer",
    "gradient_std",
    "Standard deviation of the loss gradients by the pre-activations",
    "std of gradients",
    output=True,
    log=True,
)


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None where the layers were not looked at."""
    return draw_view(analysis, VIEW)


FIGURE = FigureKind(VIEW.id, VIEW.title, draw, order=30, shows=("gradient_mean", "gradient_std", "gradient_norm"))
