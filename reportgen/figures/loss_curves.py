"""Loss by epoch on training and validation examples.

Up to five seeds, thin lines are single seeds and the thick line is their mean. From six seeds on, the line is their
median and the band runs from the 10% to the 90% quantile. At most five variants of a panel are in colour: the baseline
and those that the claims compare or name. The others are in grey.

Training and validation loss are both evaluated in test mode (running averages, no dropout) and without penalties, so
their gap is overfitting and nothing else. The minibatch loss, shown where there is room for it, is what the optimizer
sees: the mean over the epoch's minibatches, in training mode, while the weights change. A loss that stays flat and
then falls points to a bad initialization; a cross marks where a run diverged.
"""

from __future__ import annotations

from reportgen.analysis.results import Analysis
from reportgen.figures.drawing.figure import Drawing, FigureKind
from reportgen.figures.views.by_epoch import draw as draw_view
from reportgen.figures.views.epoch_lines import View

VIEW = View(
    "loss_curves",
    "Loss by epoch",
    {"train_loss": "training loss", "val_loss": "validation loss", "batch_loss": "minibatch loss (training mode)"},
    evaluated=("train_loss", "val_loss"),
    headline=("val_loss", "train_loss"),
    better="lower",
    unit="loss",
)


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None where nothing was trained."""
    return draw_view(analysis, VIEW)


FIGURE = FigureKind(VIEW.id, VIEW.title, draw, order=70, shows=("train_loss", "val_loss"))
