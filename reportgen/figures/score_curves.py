"""The figures of scores by epoch; they differ in the score alone and share the layout `views.by_epoch`."""

from __future__ import annotations

from reportgen.figures.drawing.figure import FigureKind, drawn_in
from reportgen.figures.views.view import CurveView
from reportgen.languages.translate import N_

LINES = """\
Up to five seeds, thin lines are single seeds and the thick line is their mean. From six seeds on, the line is the
median over the seeds, and the band extends from the 10% to the 90% quantile. A panel shows at most five variants in
colour: the baseline and the variants that the claims compare or name. The others are grey."""


def _row(view: CurveView, order: int, description: str) -> FigureKind:
    return FigureKind(view.id, view.title, drawn_in("views.by_epoch", view), order, view.evaluated, description)


SCORE_CURVES = (
    _row(
        CurveView(
            "loss_curves",
            N_("Loss by epoch"),
            {
                "train_loss": N_("training loss"),
                "val_loss": N_("validation loss"),
                "batch_loss": N_("minibatch loss (training mode)"),
            },
            evaluated=("train_loss", "val_loss"),
            headline=("val_loss", "train_loss"),
            better="lower",
            label=N_("loss"),
        ),
        order=70,
        description=f"""Loss by epoch on training and validation examples.

{LINES}

Training and validation loss are both evaluated in test mode (running averages, no dropout) and without penalties, so
the gap between them is due to overfitting. The minibatch loss, shown for up to three variants, is the loss that the
optimizer minimizes: the mean over the minibatches of the epoch, in training mode, while the weights change. A loss that
stays flat before it falls suggests a bad initialization. A cross marks the epoch at which a run diverged.""",
    ),
    _row(
        CurveView(
            "accuracy_curves",
            N_("Accuracy by epoch"),
            {"train_accuracy": N_("training accuracy"), "val_accuracy": N_("validation accuracy")},
            evaluated=("train_accuracy", "val_accuracy"),
            headline=("val_accuracy", "train_accuracy"),
            better="higher",
            label=N_("accuracy"),
        ),
        order=80,
        description=f"""Accuracy by epoch on training and validation examples.

{LINES}

Both accuracies are evaluated in test mode at the end of each epoch, on the same number of examples. A large gap between
them is overfitting. Without a gap, a larger network may score higher.""",
    ),
)
