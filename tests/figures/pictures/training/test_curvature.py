"""Curvature over the steps: runs, limits, and the optimizers that have none."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.analysis.words.names import words
from reportgen.figures import FIGURES
from reportgen.figures.pictures.training.curvature import METRICS
from reportgen.shipped import shipped_studies
from reportgen.study.loading.loader import load_study
from tests.figures.examples import analysis, claim, record, result, summary
from tests.figures.pictures.trained import MOONS, by_default, drawn, rows_of, trained

CURVED = MOONS.replace("loss_line: true", "curvature: true")
ADAM = MOONS.replace("loss_line: true", "preconditioned_curvature: true").replace(
    "training: {lr: 0.3", "training: {optimizer: adam, lr: 0.01"
)
UNLIMITED = CURVED.replace("training: {lr: 0.3", "training: {optimizer: adam, lr: 0.01")
ID = "curvature_over_steps"


def test_the_curvature_is_that_of_each_run_with_the_limit_of_gradient_descent() -> None:
    drawing = drawn(ID, CURVED)
    (outcome,) = trained(CURVED).outcomes
    for one in outcome.records:
        own = [row for row in rows_of(drawing) if row["seed"] == one.spec.seed]
        np.testing.assert_allclose([row["curvature"] for row in own], one.arrays["probe_curvature"])
        np.testing.assert_allclose([row["limit"] for row in own], 2 / 0.3)
        assert [row["step"] for row in own] == one.probe_steps.tolist()
    assert " times the largest sharpness with stable steps" in drawing.caption


def test_an_adaptive_optimizer_has_its_preconditioned_curvature_after_the_first_step() -> None:
    drawing = drawn(ID, ADAM)
    rows = rows_of(drawing)
    assert min(int(str(row["step"])) for row in rows) > 0
    np.testing.assert_allclose([row["limit"] for row in rows], 38 / 0.01)
    assert "preconditioned sharpness" in drawing.caption
    assert drawing.figure.axes[0].get_ylim()[1] > 38 / 0.01


def test_a_curvature_far_below_the_limit_does_not_compress_the_axis() -> None:
    made = record(0, 4, 3)
    made.arrays["epoch_lr"][:], limit = 0.1, 2 / 0.1
    made.arrays["probe_curvature"] = np.array([1e-9, limit / 2, limit])
    drawing = FIGURES[ID].draw(analysis([summary("a", [made])], figures=(ID,)))
    assert drawing is not None
    assert drawing.figure.axes[0].get_yscale() == "linear"


def test_the_plain_curvature_of_an_adaptive_optimizer_has_no_limit() -> None:
    drawing = drawn(ID, UNLIMITED)
    assert all(np.isnan(float(str(row["limit"]))) for row in rows_of(drawing))
    assert "times the largest sharpness" not in drawing.caption
    assert "nan" not in drawing.caption


@pytest.mark.parametrize("metric", ["curvature", "preconditioned_curvature", "curvature_over_limit"])
def test_claims_on_the_curvature_choose_the_figure(metric: str) -> None:
    one = claim(measure={"metric": metric, "step": "last"})
    made = [record(seed, 4, 3) for seed in range(2)]
    for run in made:
        run.arrays["probe_curvature"] = np.array([1.0, 2.0, 3.0])
    assert FIGURES[ID].draw(analysis([summary("a", made)], [one], [result(one, metric=metric)])) is not None


def test_other_studies_do_not_get_the_figure() -> None:
    assert not by_default(ID, CURVED)
    one = claim(measure={"metric": "curvature", "step": "last"})
    rows = [summary("a", [record(seed, 4, 3) for seed in range(2)])]
    assert FIGURES[ID].draw(analysis(rows, [one], [result(one, metric="curvature")])) is None


@pytest.mark.parametrize("study", ["edge_of_stability", "adam_edge_of_stability"])
def test_claims_figures_and_metrics_have_one_word_for_the_sharpness(study: str) -> None:
    drawing = drawn(ID, CURVED)
    texts = [drawing.title, drawing.caption, drawing.alt, drawing.short]
    claims = load_study(shipped_studies()[study]).study.claims
    measured = [one for one in claims if one.measure.metric in METRICS]
    assert measured
    texts += [text for one in measured for text in (one.says, words(one.measure.metric))]
    assert [text for text in texts if "sharpness" not in text.lower()] == []
    assert not any("curvature" in text for text in texts)
