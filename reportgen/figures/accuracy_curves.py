"""Accuracy by epoch on training and validation examples.

Up to five seeds, thin lines are single seeds and the thick line is their mean. From six seeds on, the line is their
median and the band runs from the 10% to the 90% quantile. At most five variants of a panel are in colour: the baseline
and those that the claims compare or name. The others are in grey.

Both are evaluated in test mode at the end of each epoch, on equally many examples. A big gap between them is
overfitting; none at all leaves room for a larger network.
"""

from __future__ import annotations

from reportgen.analysis.results import Analysis
from reportgen.figures.drawing.figure import Drawing, FigureKind
from reportgen.figures.views.by_epoch import draw as draw_view
from reportgen.figures.views.epoch_lines import View

VIEW = View(
    "accuracy_curves",
    "Accuracy by epoch",
    {"train_accuracy": "training accuracy", "val_accuracy": "validation accuracy"},
    evaluated=("train_accuracy", "val_accuracy"),
    headline=("val_accuracy", "train_accuracy"),
    better="higher",
    unit="accuracy",
)


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None where nothing was trained."""
    return draw_view(analysis, VIEW)


FIGURE = FigureKind(VIEW.id, VIEW.title, draw, order=80, shows=("train_accuracy", "val_accuracy"))
