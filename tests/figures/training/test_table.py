"""The figures of training with usual and extreme curves."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from reportgen.analysis.training_groups import TrainingGroup
from reportgen.figures.drawing.export import csv_text, svg_text
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.training import overview
from reportgen.figures.training.table import TRAINING_FIGURES
from reportgen.runs.training_log import TrainingLog
from tests.training_examples import curve, diverged, finding, group, log, steps_log

HOSTILE = "<script>alert(1)</script> $x_1$ \\alpha & \x00 ünïcödé"


def one(values: list[float], role: str = "train_loss") -> TrainingGroup:
    return group(runs=[log(curves=(curve(role, values),))], findings=[finding("overfitting", step=1)])


EDGES: Mapping[str, Callable[[], TrainingGroup]] = {
    "a log by epoch": group,
    "a log by step that diverges": diverged,
    "several runs": lambda: group(runs=[log(seed=seed) for seed in range(7)]),
    "one value": lambda: one([1.0]),
    "constant": lambda: one([1.0] * 5),
    "negative": lambda: one([-1e6, -2e6, -3e6]),
    "not finite from the start": lambda: one([np.nan, 1.0, 2.0]),
    "huge": lambda: one([1.0, 1e30, 1e300]),
    "zeros": lambda: one([1.0, 1e-8, 0.0]),
    "special characters": lambda: group(HOSTILE, [finding("overfitting", step=2)], [steps_log(HOSTILE)], id="x"),
    "runs with different units": lambda: group(runs=[log(), steps_log()]),
    "forty layers": lambda: group(runs=[with_layers(40)]),
}


def with_layers(count: int) -> TrainingLog:
    curves = {f"layer{k}": {"std": curve("other", [1.0 + k, 2.0])} for k in range(count)}
    return log(layers=curves)


def drawings(made: TrainingGroup) -> list[Drawing]:
    return [drawing for row in TRAINING_FIGURES if (drawing := row.draw(made)) is not None]


@pytest.mark.parametrize("make", EDGES.values(), ids=EDGES.keys())
def test_figures_are_drawn_with_words_and_numbers(make: Callable[[], TrainingGroup]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = drawings(make())
        assert drawn
        for drawing in drawn:
            assert drawing.caption.endswith(".")
            assert drawing.alt.endswith(".")
            assert "nan" not in (drawing.caption + drawing.alt).lower().split()
            text = svg_text(drawing)
            assert "<script>" not in text
            rows = list(csv.reader(io.StringIO(csv_text(drawing))))
            assert {len(row) for row in rows} == {len(drawing.columns)}
            assert len(rows) > 1


def test_findings_are_marked_in_the_figure_its_words_and_its_numbers() -> None:
    scores = drawings(diverged())[0]
    texts = [text.get_text() for text in scores.figure.axes[0].texts]
    assert texts == ["Learning rate too high", "Divergence", "The loss does not settle"]
    for words in (scores.caption, scores.alt):
        assert "“Divergence” (error, step 1800)" in words
    marked = [row for row in scores.rows if row[1] == "finding"]
    assert [(row[2], row[4]) for row in marked] == [
        ("lr_too_high", 1400.0),
        ("loss_oscillation", 1420.0),
        ("nan_divergence", 1800.0),
    ]


def test_a_constant_learning_rate_has_no_panel() -> None:
    made = group(runs=[log(curves=(curve("train_loss", [3, 2, 1]), curve("lr", [0.1] * 3)))])
    assert [drawing.id for drawing in drawings(made)] == ["scores-run"]


def test_a_group_without_curves_has_no_figure() -> None:
    assert drawings(group(runs=[log(curves=())])) == []


def test_the_overview_shows_the_worst_groups_first() -> None:
    groups = [group("fine"), diverged("bad"), *(group(f"v{k}") for k in range(20))]
    drawing = overview.draw(groups)
    assert drawing is not None
    assert len(drawing.figure.axes) == overview.MOST
    assert drawing.rows[0][0] == "bad"
    assert "12 worst of 22 runs" in drawing.caption
    assert "bad: Learning rate too high" in drawing.alt


@pytest.mark.parametrize("count", [2, 3])
def test_titles_of_the_overview_stay_in_the_figure(count: int) -> None:
    names = [f"overfit{k}/lightning_logs/version_0 with {'W' * 40}" for k in range(count)]
    drawing = overview.draw([group(name) for name in names])
    assert drawing is not None
    figure = drawing.figure
    assert figure.axes[0].get_ylabel() == "loss"
    FigureCanvasAgg(figure)
    titles = [text for ax in figure.axes for text in ax.texts]
    for text in titles:
        assert text.get_window_extent().x1 <= figure.bbox.x1, text.get_text()


def test_there_is_no_overview_of_a_single_group() -> None:
    assert overview.draw([diverged()]) is None
