"""Tests of the figure of a search."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from reportgen.analysis.results import Analysis
from reportgen.figures import FIGURES
from reportgen.figures.drawing.export import csv_text, svg_text
from reportgen.figures.drawing.figure import Drawing
from tests.analysis.studies import plan_of
from tests.analysis.test_search import HEAD, LR, Score, analysed, peak, trial_of

FIGURE = FIGURES["search_scatter"]
L2 = "training.l2: {uniform: [0, 1]}"
RISING = peak(0.6)
CHOICES = "network.activation: {choices: [relu, tanh, {name: leaky_relu, slope: 0.2}, elu]}"
NAMES = ", ".join(f"a rather long name of search number {k}: {{}}" for k in range(9))


def made(folder: Path, search: str, score: Score = RISING, status: str = "ok", more: str = "") -> Analysis:
    return analysed(plan_of(folder, f"search: {{{search}}}\n{more}", 3, HEAD), score, lambda _: status)


def drawn(analysis: Analysis) -> Drawing:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawing = FIGURE.draw(analysis)
    assert drawing is not None
    return drawing


EDGES: dict[str, Callable[[Path], Analysis]] = {
    "one setting": lambda folder: made(folder, f"{LR}, samples: 6"),
    "one trial": lambda folder: made(folder, f"{LR}, samples: 1"),
    "two settings in stages": lambda folder: made(folder, f"{LR}, {L2}, samples: 12, stages: 3"),
    "choices": lambda folder: made(folder, f"{LR}, {CHOICES}, samples: 8"),
    "choices alone": lambda folder: made(folder, f"{CHOICES}, method: grid, samples: 4", lambda *_: 0.5),
    "four settings": lambda folder: made(
        folder, f"{LR}, {L2}, {CHOICES}, training.batch_size: {{log_integers: [4, 64]}}, samples: 6"
    ),
    "each seed": lambda folder: made(folder, f"{LR}, {L2}, samples: 5, repeat: true"),
    "all diverged": lambda folder: made(folder, f"{LR}, samples: 4", status="diverged"),
    "nine searches": lambda folder: made(folder, f"{LR}, samples: 3", more=f"variants: {{{NAMES}}}"),
}


@pytest.mark.parametrize("edge", EDGES)
def test_the_drawing_is_inside_the_canvas_and_has_full_sentences(edge: str, tmp_path: Path) -> None:
    analysis = EDGES[edge](tmp_path)
    drawing = drawn(analysis)
    FigureCanvasAgg(drawing.figure)
    inside = drawing.figure.get_tightbbox(drawing.figure.canvas.get_renderer())
    width, height = drawing.figure.get_size_inches()
    assert (width, height < 9) == (6.5, True)
    assert min(inside.x0, inside.y0) > -0.02
    assert inside.x1 < width + 0.02
    assert inside.y1 < height + 0.02
    assert drawing.caption.endswith(".")
    assert drawing.alt.endswith(".")
    assert "nan" not in drawing.caption.lower().split()
    settings = sum(len(one.trial.values) for search in analysis.searches for one in search.trials)
    assert len(drawing.rows) == settings == csv_text(drawing).count("\n") - 1
    assert svg_text(drawing).startswith("<svg")


def test_a_study_without_a_search_has_no_figure(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "vary: {training.lr: [0.1, 0.2]}", 3, HEAD)
    assert FIGURE.draw(analysed(plan, lambda *_: 0.5)) is None


def test_the_caption_names_the_best_trial_and_counts_diverged_ones(tmp_path: Path) -> None:
    analysis = made(tmp_path, f"{LR}, method: grid, samples: 5", peak(0.5))
    assert "The best trial reaches 90.2% with learning rate 0.0100." in drawn(analysis).caption
    lost = made(tmp_path, f"{LR}, samples: 4", status="diverged")
    assert "4 trials had diverged runs" in drawn(lost).caption


def test_a_trial_without_a_finite_score_is_at_the_worst_end(tmp_path: Path) -> None:
    def score(plan: object, run: object) -> float:
        return math.nan if trial_of(plan, run).number == 1 else 0.8  # type: ignore[arg-type]

    drawing = drawn(made(tmp_path, f"{LR}, samples: 4", score, "diverged"))
    axes = drawing.figure.axes[0]
    heights = {round(float(line.get_ydata()[0]), 3) for line in axes.get_lines()}
    assert min(heights) == pytest.approx(axes.get_ylim()[0], abs=0.05)


def test_searched_settings_without_a_panel_are_counted(tmp_path: Path) -> None:
    four = drawn(made(tmp_path, f"{LR}, {L2}, {CHOICES}, training.batch_size: {{log_integers: [4, 64]}}, samples: 6"))
    assert "1 more searched setting" in four.caption
    (tmp_path / "two").mkdir()
    assert "more searched setting" not in drawn(made(tmp_path / "two", f"{LR}, {L2}, samples: 6")).caption


def test_searches_of_one_setting_are_side_by_side_and_the_caption_counts_those_left_out(tmp_path: Path) -> None:
    names = [f"search {number}" for number in range(10)]
    for count, drawn_searches in ((6, 6), (10, 9)):
        more = f"variants: {{{', '.join(f'{name}: {{}}' for name in names[:count])}}}"
        (tmp_path / str(count)).mkdir()
        drawing = drawn(made(tmp_path / str(count), f"{LR}, samples: 3, repeat: true", more=more))
        assert [ax.get_title(loc="left") for ax in drawing.figure.axes] == names[:drawn_searches]
        assert len({round(ax.get_position().x0, 3) for ax in drawing.figure.axes}) == 3
        assert ("1 more search is only in the tables" in drawing.caption) == (count > drawn_searches)
        assert "the best trial of each seed" in drawing.caption


def test_scores_of_diverged_runs_do_not_hide_the_other_ones(tmp_path: Path) -> None:
    analysis = made(tmp_path, f"{LR}, method: grid, samples: 5, metric: train_loss", lambda *_: 0.5)
    (search,) = analysis.searches
    scores = [0.1, 0.2, 0.3, 0.4, 1e40]
    trials = [
        replace(trial, score=replace(trial.score, value=value))
        for trial, value in zip(search.trials, scores, strict=True)
    ]
    drawing = drawn(replace(analysis, searches=(replace(search, trials=tuple(trials)),)))
    low, high = drawing.figure.axes[0].get_ylim()
    places = sorted(
        float(y)
        for line in drawing.figure.axes[0].lines
        if line.get_marker() == "o" and line.get_alpha()
        for y in line.get_ydata()
    )
    assert (places[3] - places[0]) > 0.3 * (high - low)
    assert places[3] < places[4] < high
    assert "far above" in drawing.caption
