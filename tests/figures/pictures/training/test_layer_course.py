"""A statistic of layers over the steps: values of each layer, and the angle of weight decay in equilibrium."""

from __future__ import annotations

import math

import numpy as np
import pytest

from reportgen.figures import FIGURES
from tests.figures.examples import analysis, claim, record, result, summary
from tests.figures.pictures.trained import ROTATED, by_default, drawn, rows_of, trained

ID = "update_angle_over_steps"


def test_angles_are_means_over_the_runs_of_each_hidden_layer() -> None:
    rows = rows_of(drawn(ID, ROTATED))
    assert {row["layer"] for row in rows} == {1, 2}
    for outcome in trained(ROTATED).outcomes:
        own = [row["angle"] for row in rows if row["label"] == outcome.variant.label and row["layer"] == 2]
        expected = np.mean([one.statistic("update_angle")[1:, 1] for one in outcome.records], axis=0)
        np.testing.assert_allclose(np.array(own, float), expected)


def test_the_angle_in_equilibrium_is_that_of_the_optimizer_and_unknown_without_a_formula() -> None:
    drawing = drawn(ID, ROTATED)
    theory = {row["label"]: float(str(row["theory"])) for row in rows_of(drawing)}
    assert theory["decay"] == pytest.approx(math.sqrt(2 * 0.01 * 1 * 0.1 / 1.9))
    assert math.isnan(theory["penalty"])
    assert "random walk" in drawing.caption
    assert "nan" not in drawing.caption


def test_without_normalization_no_angle_is_predicted() -> None:
    drawing = drawn(ID, ROTATED.replace(", batchnorm: true", ""))
    assert all(math.isnan(float(str(row["theory"]))) for row in rows_of(drawing))
    assert "random walk" not in drawing.caption


def test_claims_on_the_angle_choose_the_figure() -> None:
    one = claim(measure={"metric": "update_angle", "layer": 1, "step": "last"})
    made = [record(seed, 4, 3) for seed in range(2)]
    for run in made:
        run.arrays["probe_update_angle"] = np.full((3, 2), 0.1)
    rows = [summary("a", made)]
    assert FIGURES[ID].draw(analysis(rows, [one], [result(one, metric="update_angle")])) is not None
    assert not by_default(ID, ROTATED)
