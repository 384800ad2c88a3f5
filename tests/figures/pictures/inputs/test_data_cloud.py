"""The panels of the data cloud have the moments that their steps promise."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.data import load
from reportgen.figures.pictures.inputs.data_cloud import clouds_of, two_features
from tests.figures.pictures.trained import DIGITS, LAYERS, MOONS, PATH, by_default, drawn, rows_of, trained


@pytest.fixture(scope="module")
def x() -> np.ndarray:
    rng = np.random.default_rng(3)
    return (rng.standard_normal((400, 2)) @ [[2.0, 1.5], [0.0, 0.7]] + [5, -2]).astype(np.float32)


def test_each_step_changes_the_moments(x: np.ndarray) -> None:
    raw, centred, scaled, decorrelated, whitened = clouds_of(x)
    np.testing.assert_array_equal(raw.x, x)
    for cloud in (centred, scaled, decorrelated, whitened):
        np.testing.assert_allclose(cloud.mean, 0, atol=1e-5)
    np.testing.assert_allclose(centred.covariance, raw.covariance, rtol=1e-4)
    np.testing.assert_allclose(np.diag(scaled.covariance), 1, rtol=1e-4)
    assert scaled.correlation == pytest.approx(raw.correlation, abs=1e-4)
    assert decorrelated.correlation == pytest.approx(0, abs=1e-4)
    np.testing.assert_allclose(np.trace(decorrelated.covariance), np.trace(raw.covariance), rtol=1e-4)
    np.testing.assert_allclose(whitened.covariance, np.eye(2), atol=1e-4)


def test_the_two_features_are_those_with_the_largest_correlation(x: np.ndarray) -> None:
    noise = np.random.default_rng(4).standard_normal((400, 3)).astype(np.float32)
    mixed = np.column_stack([noise[:, :1], x[:, 0], np.full(400, 7, np.float32), noise[:, 1:], x[:, 1]])
    assert two_features(mixed) == [1, 5]
    assert two_features(x) == [0, 1]
    assert two_features(np.ones((9, 2), np.float32)) == [0, 1]


def test_the_numbers_are_the_training_examples_before_preprocessing() -> None:
    rows = [row for row in rows_of(drawn("data_cloud", MOONS)) if row["step"] == "raw"]
    record = trained(MOONS).outcomes[0].records[0]
    data = load(record.spec.data, (), record.spec.seed)
    np.testing.assert_allclose([[row["x"], row["y"]] for row in rows], data.x_train[: len(rows)])
    assert [row["class"] for row in rows] == data.y_train[: len(rows)].tolist()


def test_preprocessing_that_differs_is_drawn_by_default() -> None:
    assert by_default("data_cloud", PATH)
    assert not by_default("data_cloud", MOONS + LAYERS)
    assert not by_default("data_cloud", DIGITS)
