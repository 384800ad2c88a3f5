"""The table of figures. It imports no drawing code, so that a study can be validated without loading matplotlib."""

from __future__ import annotations

from reportgen.figures.drawing.figure import FigureKind, Slide, drawn_in
from reportgen.figures.layer_statistics import LAYER_STATISTICS
from reportgen.figures.pictures.table import PICTURES
from reportgen.figures.score_curves import SCORE_CURVES
from reportgen.languages.translate import N_
from reportgen.registry import Table
from reportgen.study.metrics.metric import ROUNDS
from reportgen.study.metrics.table import METRICS


def _row(
    id_: str,
    title: str,
    order: int,
    shows: tuple[str, ...] = (),
    slide: Slide = "variants",
    *,
    opens: bool = False,
    folder: str = "",
) -> FigureKind:
    """Return the row of a figure with a module of its own, whose docstring is the documentation."""
    return FigureKind(id_, title, drawn_in(f"{folder}{id_}"), order, shows, slide=slide, opens=opens)


def _sweep(id_: str, title: str, order: int, shows: tuple[str, ...]) -> FigureKind:
    """Return the row of a figure over a quantity, which opens the reports of such studies."""
    return _row(id_, title, order, shows, "study", opens=True, folder="sweeps.")


ENSEMBLE_METRICS = tuple(row.name for row in METRICS.values() if row.combine is not None)
SEARCH_METRICS = tuple(row.name for row in METRICS.values() if row.best_of or row.from_trial is not None)
ROUND_METRICS = tuple(row.name for row in METRICS.values() if row.place is ROUNDS)
SANITY_METRICS = ("gradient_error", "train_loss", "train_cost")
FINAL_SCORES = ("train_accuracy", "val_accuracy", "test_accuracy", "test_loss", "diverged")
RANGE_SCORES = ("lr", "train_loss", "val_loss", "diverged")
SWEEP_SCORES = ("train_accuracy", "val_accuracy", "test_accuracy", "train_loss", "val_loss", "diverged")

SWEEPS = "sweeps."
"""Folder of the figures over a quantity."""

FIGURES = Table(
    FigureKind,
    sorted(
        (
            _row("answer_values", N_("The values behind the answer"), 4, slide=None, folder="claims."),
            _row("claims_overview", N_("The claims at a glance"), 5, slide=None, folder="claims."),
            _row("sanity_checks", N_("The sanity checks"), 7, SANITY_METRICS, "study"),
            _row("search_scatter", N_("The trials of the search"), 8, SEARCH_METRICS, "study", opens=True),
            _row("architecture", N_("The network"), 9),
            _row("activation_histograms", N_("Activations by layer, as histograms"), 20),
            _row("gradient_histograms", N_("Sizes of the gradients by layer"), 40),
            _row("filters", N_("Filters of the first layer"), 70),
            _row("feature_maps", N_("Feature maps of one example"), 72),
            _sweep("loss_by_rate", N_("Loss against the learning rate of a range test"), 80, RANGE_SCORES),
            _sweep("ensemble_size", N_("Accuracy against the number of networks"), 81, ENSEMBLE_METRICS),
            _row("sparsity_accuracy", N_("Accuracy against sparsity"), 82, ROUND_METRICS, opens=True),
            _sweep("scores_by_scale", N_("Scores against the scale of the initial weights"), 84, SWEEP_SCORES),
            _row(
                "scores_by_setting", N_("Scores against the setting that varies"), 85, SWEEP_SCORES, "study", opens=True
            ),
            _row("final_scores", N_("Scores of the finished runs"), 90, FINAL_SCORES),
            *LAYER_STATISTICS,
            *SCORE_CURVES,
            *PICTURES,
        ),
        key=lambda kind: kind.order,
    ),
)
