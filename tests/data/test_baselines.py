"""Baselines: compared with scikit-learn's models, and on data with known attainable accuracies."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from sklearn.kernel_ridge import KernelRidge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from reportgen.data.baselines import KERNEL_SCALES, MAX_VALIDATION, NEIGHBOURS, RIDGES, baselines
from reportgen.data.dataset import Dataset
from tests.data.specs import made

MODELS = ("linear", "neighbours", "kernel")


def test_neighbours_separate_circles_and_a_linear_model_does_not() -> None:
    found = baselines(made("circles"))
    assert found["baseline_neighbours"] > 0.95
    assert found["baseline_linear"] < 0.65


def test_only_the_kernel_separates_spheres_in_many_dimensions() -> None:
    x = np.random.default_rng(0).standard_normal((900, 12)).astype(np.float32)
    y = (np.square(x).sum(axis=1) > 11.34).astype(np.int64)
    found = baselines(Dataset(x[:600], y[:600], x[600:], y[600:], x[:0], y[:0], 2))
    assert found["baseline_kernel"] > max(found["baseline_linear"], found["baseline_neighbours"]) + 0.1


def test_all_models_separate_blobs() -> None:
    found = baselines(made("blobs"))
    assert min(found[f"baseline_{name}"] for name in MODELS) > 0.9


def test_no_model_predicts_random_labels() -> None:
    found = baselines(made("gaussian", samples=1000, features=20, classes=4))
    assert max(found[f"baseline_{name}"] for name in MODELS) < 0.25 + 4 * (0.25 * 0.75 / 200) ** 0.5


def test_no_model_predicts_shuffled_labels_of_held_out_examples() -> None:
    found = baselines(made("moons", samples=1000, shuffle_labels=True))
    for name in MODELS:
        assert abs(found[f"baseline_{name}_left_out"] - 0.5) < 4 * (0.25 / 266) ** 0.5


def test_neighbours_are_as_accurate_as_scikit_learns() -> None:
    dataset = made("digits")
    scaler = StandardScaler().fit(dataset.x_train[:600])
    shares = [
        KNeighborsClassifier(k)
        .fit(scaler.transform(dataset.x_train[:600]), dataset.y_train[:600])
        .score(scaler.transform(dataset.x_val[:MAX_VALIDATION]), dataset.y_val[:MAX_VALIDATION])
        for k in NEIGHBOURS
    ]
    assert min(abs(baselines(dataset)["baseline_neighbours"] - share) for share in shares) < 0.01


def test_the_kernel_is_as_accurate_as_scikit_learns() -> None:
    """The accuracy is that of one of scikit-learn's kernels, and close to the best of them."""
    dataset = made("digits")
    scaler = StandardScaler().fit(dataset.x_train[:600])
    x, held = scaler.transform(dataset.x_train[:600]), scaler.transform(dataset.x_val[:MAX_VALIDATION])
    median = np.median(pdist(x, "sqeuclidean"))
    targets = np.eye(10)[dataset.y_train[:600]]
    scores = {}
    for sharpness, ridge in itertools.product(KERNEL_SCALES, RIDGES):
        model = KernelRidge(alpha=ridge, kernel="rbf", gamma=sharpness / median).fit(x, targets - targets.mean(axis=0))
        found = (model.predict(held) + targets.mean(axis=0)).argmax(axis=1)
        scores[sharpness, ridge] = float((found == dataset.y_val[:MAX_VALIDATION]).mean())
    assert min(abs(baselines(dataset)["baseline_kernel"] - score) for score in scores.values()) < 0.005
    assert baselines(dataset)["baseline_kernel"] > max(scores.values()) - 0.02


def test_the_majority_class_is_that_of_the_training_split() -> None:
    none = np.zeros((0, 2), np.float32)
    x = np.arange(12, dtype=np.float32).reshape(6, 2)
    y = np.array([0, 0, 1, 1, 1, 2])
    dataset = Dataset(x, y, x[:4], np.array([1, 0, 2, 2]), none, y[:0], 3)
    found = baselines(dataset)
    assert (found["baseline_majority"], found["baseline_train_n"], found["baseline_val_n"]) == (0.25, 4, 4)


@pytest.mark.parametrize("rows", [2, 3, 4])
def test_few_examples_constant_features_and_many_features_give_valid_accuracies(rows: int) -> None:
    x = np.ones((rows, 9), np.float32)
    y = np.arange(rows) % 2
    found = baselines(Dataset(x, y, x, y, x[:0], y[:0], 2))
    assert all(0 <= found[f"baseline_{name}"] <= 1 for name in ("majority", *MODELS))


def test_there_are_no_baselines_without_validation_examples() -> None:
    dataset = made("moons")
    assert baselines(replace(dataset, x_val=dataset.x_val[:0], y_val=dataset.y_val[:0])) == {}


def test_baselines_are_fitted_once() -> None:
    dataset = made("moons")
    assert dataset.baselines is dataset.baselines
