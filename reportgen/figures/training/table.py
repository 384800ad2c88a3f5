"""The table of figures of training: what is drawn of each group of runs, in the order of the report."""

from __future__ import annotations

from functools import partial

from reportgen.figures.training import layers, stacked
from reportgen.figures.training.view import PanelView, TrainingFigure, TrainingView


def _row(id_: str, title: str, *panels: PanelView) -> TrainingFigure:
    view = TrainingView(id_, title, panels)
    return TrainingFigure(id_, title, partial(stacked.draw, view=view))


TRAINING_FIGURES = (
    _row(
        "scores",
        "Losses and scores",
        PanelView(("train_loss", "val_loss"), "loss"),
        PanelView(("train_accuracy", "val_accuracy"), "accuracy", share=True),
        PanelView(("train_score", "val_score"), "other scores"),
    ),
    _row(
        "rates",
        "Learning rate and gradient norm",
        PanelView(("lr",), "learning rate", varies=True),
        PanelView(("gradient_norm",), "gradient norm"),
    ),
    TrainingFigure("layers", "Statistics of the layers", layers.draw),
)
