"""The table of figures of training: what is drawn of each group of runs, in the order of the report."""

from __future__ import annotations

from functools import partial

from reportgen.figures.training import layers, stacked
from reportgen.figures.training.view import PanelView, TrainingFigure, TrainingView
from reportgen.languages.translate import N_


def _row(id_: str, title: str, *panels: PanelView) -> TrainingFigure:
    view = TrainingView(id_, title, panels)
    return TrainingFigure(id_, title, partial(stacked.draw, view=view))


TRAINING_FIGURES = (
    _row(
        "scores",
        N_("Losses and scores"),
        PanelView(("train_loss", "val_loss"), N_("loss")),
        PanelView(("train_accuracy", "val_accuracy"), N_("accuracy"), share=True),
        PanelView(("train_score", "val_score"), N_("other scores")),
    ),
    _row(
        "rates",
        N_("Learning rate and gradient norm"),
        PanelView(("lr",), N_("learning rate"), varies=True),
        PanelView(("gradient_norm",), N_("gradient norm")),
    ),
    TrainingFigure("layers", N_("Statistics of the layers"), layers.draw),
)
