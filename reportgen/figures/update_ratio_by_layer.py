"""Ratio of the weight update to the weight, by layer, as norms, at the end of training.

About 1e-3 is the lectures' rule of thumb; the shaded band is a factor of about three to either side. Far below it a
layer hardly learns, far above it each step overwrites what was learned.
"""

from __future__ import annotations

from reportgen.analysis.results import Analysis
from reportgen.figures.drawing.figure import Drawing, FigureKind
from reportgen.figures.views.by_layer import draw as draw_view
from reportgen.figures.views.layer_cells import View

VIEW = View(
    "update_ratio_by_layer",
    "Ratio of weight update to weight by layer",
    "update_ratio",
    "Norm of the last weight update over the norm of the weights",
    "update / weight",
    output=True,
    log=True,
    looks=("last",),
    band=(3e-4, 3e-3, "about 0.001"),
)


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None where nothing was trained."""
    return draw_view(analysis, VIEW)


FIGURE = FigureKind(VIEW.id, VIEW.title, draw, order=62, shows=("update_ratio",))
