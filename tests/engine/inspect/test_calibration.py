"""Expected calibration error and temperature scaling, and their twins in PyTorch."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from reportgen.data.streams import stream
from reportgen.engine.inspect.calibration import (
    BINS,
    CALIBRATION_SCORES,
    HIGHEST,
    LOWEST,
    calibration_error,
    calibration_scores,
    fit_temperature,
)
from reportgen.engine.spec import EvaluationSpec
from reportgen.engine.train import train
from tests.engine.networks import data, spec


def examples(n: int, temperature: float, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and labels drawn from the softmax of the logits divided by a temperature."""
    rng = np.random.default_rng(0)
    logits = 3 * rng.standard_normal((n, classes))
    p = np.exp(logits / temperature)
    p /= p.sum(axis=1, keepdims=True)
    return logits, (rng.random((n, 1)) > p.cumsum(axis=1)).sum(axis=1)


def test_the_error_of_two_bins_is_their_weighted_distance() -> None:
    """Four examples at 0.9, three of them right; two at 0.6, none of them right."""
    p = np.array([[0.9, 0.1]] * 4 + [[0.6, 0.4]] * 2)
    y = np.array([0, 0, 0, 1, 1, 1])
    assert calibration_error(p, y) == pytest.approx((4 * 0.15 + 2 * 0.6) / 6)


def test_bins_are_closed_above_and_fifteen() -> None:
    """The bin from 8/15 to 9/15 has one example at its upper end, which is right, and one inside, which is wrong."""
    together, apart = (np.array([[0.6, 0.4], [p, 1 - p]]) for p in (0.54, 0.61))
    y = np.array([0, 1])
    assert calibration_error(together, y) == pytest.approx((0.54 - 0.4) / 2)
    assert calibration_error(apart, y) == pytest.approx((0.61 + 0.4) / 2)
    assert calibration_error(np.eye(2), np.array([0, 0])) == 0.5


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_of_the_labels_is_found(temperature: float) -> None:
    logits, y = examples(20_000, temperature)
    assert fit_temperature(logits, y) == pytest.approx(temperature, rel=0.05)


def test_the_temperature_minimizes_the_cross_entropy() -> None:
    logits, y = examples(300, 2.0)
    best = fit_temperature(logits, y)

    def loss(temperature: float) -> float:
        z = logits / temperature
        return float((np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y]).mean())

    assert loss(best) < min(loss(best * 1.01), loss(best / 1.01))


def test_temperatures_stay_in_their_range() -> None:
    logits = np.array([[5.0, 0.0], [0.0, 5.0]])
    assert fit_temperature(logits, np.array([0, 1])) == pytest.approx(LOWEST)
    assert fit_temperature(logits, np.array([1, 0])) == pytest.approx(HIGHEST)


def test_scaling_calibrates_too_confident_predictions() -> None:
    logits, y = examples(40_000, 3.0)
    found = calibration_scores(logits, y, np.random.default_rng(1).permutation(40_000))
    assert tuple(found) == CALIBRATION_SCORES
    assert found["temperature"] == pytest.approx(3.0, rel=0.05)
    assert found["val_calibration_error"] > 0.15
    assert found["val_calibration_error_scaled"] < 0.03


def test_no_example_is_scored_with_the_temperature_of_its_own_label() -> None:
    """One half is right and the other wrong, so each takes the extreme that fits the other half."""
    logits, y = np.array([[1.0, 0.0]] * 4), np.array([0, 0, 1, 1])
    found = calibration_scores(logits, y, np.arange(4))
    right, wrong = np.log1p(np.exp(-1 / HIGHEST)), np.log1p(np.exp(1 / LOWEST))
    assert found["val_loss_scaled"] == pytest.approx((right + wrong) / 2)
    assert found["temperature"] == pytest.approx(1.0)


def test_a_run_records_the_scores_on_request() -> None:
    run = spec()
    found = train(replace(run, evaluation=EvaluationSpec(calibration=True)), data()).final
    assert [name in found for name in CALIBRATION_SCORES] == [True] * 4
    assert 0 <= found["val_calibration_error"] <= 1
    assert not set(CALIBRATION_SCORES) & set(train(run, data()).final)
    assert EvaluationSpec(calibration=True).scores == CALIBRATION_SCORES


def test_scores_are_missing_without_two_examples_or_finite_outputs() -> None:
    nothing = calibration_scores(np.zeros((0, 3)), np.zeros(0, np.int64), np.zeros(0, np.int64))
    broken = calibration_scores(np.full((4, 3), np.nan), np.zeros(4, np.int64), np.arange(4))
    assert np.isnan([*nothing.values(), *broken.values()]).all()


def twin_error(logits: Any, y: Any) -> float:
    """The expected calibration error, bin by bin as in the published code of Guo et al. 2017."""
    import torch

    confidence, predicted = logits.softmax(dim=1).max(dim=1)
    edges, error = torch.linspace(0, 1, BINS + 1, dtype=torch.float64), 0.0
    for low, high in pairwise(edges):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            accuracy = (predicted == y)[inside].double().mean()
            error += float(inside.double().mean() * (confidence[inside].mean() - accuracy).abs())
    return error


def twin_temperature(logits: Any, y: Any) -> Any:
    """The temperature with the smallest cross-entropy, by L-BFGS in its logarithm."""
    import torch

    logarithm = torch.zeros((), dtype=torch.float64, requires_grad=True)
    settings = {"tolerance_grad": 1e-13, "tolerance_change": 1e-16, "line_search_fn": "strong_wolfe"}
    optimizer = torch.optim.LBFGS([logarithm], max_iter=200, **settings)

    def loss() -> Any:
        optimizer.zero_grad()
        value = torch.nn.functional.cross_entropy(logits / logarithm.exp(), y)
        value.backward()
        return value

    optimizer.step(loss)
    return logarithm.exp().detach()


def twin_scores(logits: np.ndarray, y: np.ndarray, order: np.ndarray) -> dict[str, float]:
    """The CALIBRATION_SCORES in PyTorch."""
    import torch

    outputs, labels = torch.tensor(logits), torch.tensor(y)
    halves = torch.tensor(order).tensor_split([len(order) // 2])
    first, second = (twin_temperature(outputs[half], labels[half]) for half in halves)
    scaled = outputs.clone()
    scaled[halves[0]] /= second
    scaled[halves[1]] /= first
    loss = torch.nn.functional.cross_entropy(scaled, labels)
    found = twin_error(outputs, labels), (first * second) ** 0.5, twin_error(scaled, labels), loss
    return dict(zip(CALIBRATION_SCORES, map(float, found), strict=True))


@pytest.mark.parametrize(("n", "temperature"), [(301, 2.0), (500, 0.6)])
def test_scores_agree_with_pytorch(n: int, temperature: float) -> None:
    pytest.importorskip("torch")
    logits, y = examples(n, temperature)
    order = np.random.default_rng(1).permutation(n)
    assert calibration_scores(logits, y, order) == pytest.approx(twin_scores(logits, y, order), rel=1e-7)


def test_scores_of_a_run_are_those_of_its_predictions_in_pytorch() -> None:
    """Logarithms of the stored probabilities are the outputs up to a constant for each example."""
    pytest.importorskip("torch")
    run, dataset = spec(), data(val=100)
    found = train(replace(run, evaluation=EvaluationSpec(calibration=True, predictions=True)), dataset)
    order = stream(run.seed, "calibration").permutation(100)
    expected = twin_scores(np.log(found.arrays["val_probabilities"].astype(np.float64)), dataset.y_val, order)
    assert {name: found.final[name] for name in CALIBRATION_SCORES} == pytest.approx(expected, rel=1e-6)
