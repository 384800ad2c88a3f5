"""What simple models reach: against scikit-learn's, and where it is known what can be reached."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from reportgen.data.baselines import NEIGHBOURS, SCORED, baselines
from reportgen.data.dataset import Dataset
from tests.data.specs import made


def test_rings_are_for_neighbours_and_not_for_a_linear_model() -> None:
    found = baselines(made("circles"))
    assert found["baseline_neighbours"] > 0.95
    assert found["baseline_linear"] < 0.65


def test_clouds_are_for_both() -> None:
    found = baselines(made("blobs"))
    assert min(found["baseline_linear"], found["baseline_neighbours"]) > 0.9


def test_random_labels_are_for_none() -> None:
    found = baselines(made("gaussian", samples=1000, features=20, classes=4))
    assert max(found["baseline_linear"], found["baseline_neighbours"]) < 0.25 + 4 * (0.25 * 0.75 / 200) ** 0.5


def test_shuffled_labels_cannot_be_told_from_inputs_that_are_left_out() -> None:
    found = baselines(made("moons", samples=1000, shuffle_labels=True))
    assert abs(found["baseline_linear_left_out"] - 0.5) < 4 * (0.25 / 266) ** 0.5
    assert abs(found["baseline_neighbours_left_out"] - 0.5) < 4 * (0.25 / 266) ** 0.5


def test_neighbours_are_as_good_as_those_of_another_library() -> None:
    dataset = made("digits")
    scaler = StandardScaler().fit(dataset.x_train[:600])
    shares = [
        KNeighborsClassifier(k)
        .fit(scaler.transform(dataset.x_train[:600]), dataset.y_train[:600])
        .score(scaler.transform(dataset.x_val[:SCORED]), dataset.y_val[:SCORED])
        for k in NEIGHBOURS
    ]
    assert min(abs(baselines(dataset)["baseline_neighbours"] - share) for share in shares) < 0.01


def test_the_majority_is_that_of_the_training_split() -> None:
    none = np.zeros((0, 2), np.float32)
    x = np.arange(12, dtype=np.float32).reshape(6, 2)
    y = np.array([0, 0, 1, 1, 1, 2])
    dataset = Dataset(x, y, x[:4], np.array([1, 0, 2, 2]), none, y[:0], 3)
    found = baselines(dataset)
    assert (found["baseline_majority"], found["baseline_train_n"], found["baseline_val_n"]) == (0.25, 4, 4)


@pytest.mark.parametrize("rows", [2, 3, 4])
def test_few_examples_constant_features_and_many_features_are_no_accident(rows: int) -> None:
    x = np.ones((rows, 9), np.float32)
    y = np.arange(rows) % 2
    found = baselines(Dataset(x, y, x, y, x[:0], y[:0], 2))
    assert all(0 <= found[name] <= 1 for name in ("baseline_majority", "baseline_linear", "baseline_neighbours"))


def test_nothing_is_held_against_nothing() -> None:
    dataset = made("moons")
    assert baselines(replace(dataset, x_val=dataset.x_val[:0], y_val=dataset.y_val[:0])) == {}


def test_they_are_fitted_once() -> None:
    dataset = made("moons")
    assert dataset.baselines is dataset.baselines
