"""Sanity checks of records: each passes on a healthy record and fails on its fault."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen.analysis import sanity
from reportgen.engine.tables.losses import LOSSES
from reportgen.errors import StudyError
from reportgen.registry import Component
from reportgen.runs.record import RunRecord
from tests.analysis.studies import plan_of, record


def made(folder: Path, loss: str = "softmax_cross_entropy", **values: Any) -> RunRecord:
    """Return a record of the small study with another loss function."""
    run = plan_of(folder).runs[0]
    training = dataclasses.replace(run.spec.training, loss=Component(loss))
    run = dataclasses.replace(run, spec=dataclasses.replace(run.spec, training=training))
    found = record(run, **values)
    return dataclasses.replace(found, facts={**found.facts, "class_counts": [90, 30, 20, 10], "train_n": 20})


@pytest.mark.parametrize(("loss", "chance"), [("softmax_cross_entropy", math.log(4)), ("mse", 0.25), ("hinge", 3.0)])
def test_the_initial_loss_is_compared_with_outputs_of_zero(tmp_path: Path, loss: str, chance: float) -> None:
    from tests import naive

    zero, _ = naive.loss_and_delta(loss, np.zeros((6, 4)), np.array([0, 1, 2, 3, 3, 3]))
    assert sanity.chance_loss(made(tmp_path, loss).spec) == pytest.approx(zero)
    for factor, passed in ((1.1, True), (0.9, True), (1.5, False), (0.5, False)):
        result = sanity.initial_loss("v", [made(tmp_path, loss, train_loss=factor * chance)])
        assert (result.expected, result.passed) == (pytest.approx(chance), passed)


def test_the_note_names_the_entropy_of_the_prior(tmp_path: Path) -> None:
    from scipy import stats

    expected = float(stats.entropy([90, 30, 20, 10]))
    assert LOSSES["softmax_cross_entropy"].guess([90, 30, 20, 10, 0]) == pytest.approx(expected)
    assert f"{expected:.4g}" in sanity.initial_loss("v", [made(tmp_path)]).note


def test_a_single_class_has_a_loss_of_zero() -> None:
    assert LOSSES["softmax_cross_entropy"].chance(1) == 0
    assert LOSSES["softmax_cross_entropy"].guess([7]) == 0


def test_a_penalty_must_raise_the_loss(tmp_path: Path) -> None:
    raised = sanity.regularized_loss("v", made(tmp_path, train_loss=2.0, penalty=0.5))
    assert (raised.measured, raised.expected, raised.passed) == (2.5, 2.0, True)
    assert sanity.regularized_loss("v", made(tmp_path, train_loss=2.0, penalty=0.0)).passed is False
    assert sanity.regularized_loss("v", None).note == "not measured"


@pytest.mark.parametrize(
    ("loss", "accuracy", "passed"),
    [(0.001, 1.0, True), (0.001, 0.95, False), (0.5, 1.0, False), (math.nan, 0.0, False)],
)
def test_a_subset_is_learned_if_loss_and_errors_vanish(
    tmp_path: Path, loss: float, accuracy: float, passed: bool
) -> None:
    result = sanity.overfit_subset("v", made(tmp_path, train_loss=loss, train_accuracy=accuracy))
    assert result.passed is passed
    assert result.values["accuracy"] == accuracy


def test_gradients_are_checked_by_layer_with_a_larger_limit_for_kinks(tmp_path: Path) -> None:
    errors = {(1, "weights"): 1e-9, (1, "bias"): 5e-5, (2, "weights"): 1e-8}
    checks = [{"layer": la, "parameter": p, "checked": 5, "relative_error": e} for (la, p), e in errors.items()]
    spec = made(tmp_path).spec
    smooth = sanity.gradient_check("v", spec, checks)
    assert [(s.subject, s.measured, s.passed) for s in smooth] == [("layer 1", 5e-5, False), ("layer 2", 1e-8, True)]
    assert smooth[0].note.endswith("in bias")
    kinked = sanity.gradient_check("v", made(tmp_path, "hinge").spec, checks)
    assert all(s.passed for s in kinked)
    assert sanity.gradient_check("v", spec, None)[0].passed is None


def test_costs_are_relative_to_relu_and_to_the_matrix_product() -> None:
    costs = [
        {"name": "relu", "forward": 0.5, "backward": 0.25, "product": 10.0},
        {"name": "tanh", "forward": 1.0, "backward": 0.5, "product": 10.0},
        {"name": "maxout", "forward": 4.0, "backward": 2.0, "product": 10.0},
    ]
    relu, tanh, maxout = sanity.activation_costs(costs)
    assert relu.values["forward_over_relu"] == relu.values["backward_over_relu"] == 1
    assert (tanh.measured, tanh.values["forward_over_relu"], tanh.values["over_product"]) == (1.5, 2, 0.05)
    assert maxout.values["over_product"] == 0.1  # each unit has two linear pieces, so the products are twice as large
    assert [sanity.cost_metrics(cost)["activation_over_product"] for cost in costs] == pytest.approx([0.025, 0.05, 0.1])


@pytest.mark.parametrize(("text", "code"), [("[overfit]", "unknown-name"), ("yes", "wrong-type")])
def test_an_unknown_check_is_an_error_with_its_position(tmp_path: Path, text: str, code: str) -> None:
    with pytest.raises(StudyError) as caught:
        plan_of(tmp_path, f"sanity: {text}")
    assert caught.value.code == code
    assert "small.yaml:" in str(caught.value.where)
