"""Final scores against the scale of the initial weights, such as with and without batch normalization.

The scale is the measured standard deviation of the first layer's weights before training, so that initializations with
different rules share one axis. Apart from that, the figure is drawn as `scores_by_setting`: each combination of the
other varied settings is a line. It needs three different scales.
"""

from __future__ import annotations

import math

from reportgen.analysis.results import Analysis, VariantSummary
from reportgen.analysis.summary import profile
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.scores_by_setting import drawing, trained
from reportgen.figures.table import FIGURES
from reportgen.figures.views.sweep import LEAST, Quantity
from reportgen.languages.translate import _

FIGURE = FIGURES["scores_by_scale"]

INITIALIZATION = "network.init"


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None if the trained networks differ in fewer than three initial scales."""
    rows = [row for row in trained(analysis) if INITIALIZATION in row.variant.varied]
    if len({scale for row in rows if (scale := initial_scale(row)) is not None}) < LEAST:
        return None
    return drawing(analysis, FIGURE, Quantity(INITIALIZATION, _("std of the initial weights"), initial_scale))


def initial_scale(row: VariantSummary) -> float | None:
    """Return the standard deviation of the first layer's weights before training, None if it was not measured.

    It is the mean over seeds with two digits, so that variants with one initialization have one value.
    """
    found = profile(row.records, "weight_std", "first")
    return None if found is None or not math.isfinite(found.mean[0]) else float(f"{found.mean[0]:.2g}")
