from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.datasets import make_circles, make_moons

from reportgen.data.datasets import DATASETS
from reportgen.data.readers.generated import class_counts, class_means, largest_remainder, teacher_labels
from reportgen.data.source import Request, Source, settings
from reportgen.errors import StudyError
from reportgen.registry import Component
from tests.data.specs import made


def make(name: str, samples: int, features: int = 2, classes: int = 2, seed: int = 0, **params: object) -> Source:
    row, filled = settings(DATASETS, Component.of(name, **params), "data set")
    return row.make(Request(filled, samples, features, classes, seed))


def test_gaussian_inputs_are_standard_normal_with_balanced_independent_labels() -> None:
    source = make("gaussian", 4000, 20, 4)
    assert stats.kstest(source.x.ravel(), "norm").pvalue > 1e-4
    assert np.bincount(source.y).tolist() == [1000] * 4
    by_class = np.stack([source.x[source.y == k].mean(axis=0) for k in range(4)])
    assert np.abs(by_class).max() < 5 / math.sqrt(1000)
    assert len(np.unique(source.y[:50])) == 4


@pytest.mark.parametrize(("classes", "features"), [(2, 1), (2, 5), (3, 2), (6, 5), (4, 50)])
def test_few_class_means_have_exactly_the_distance(classes: int, features: int) -> None:
    means = class_means(classes, features, 3.0, seed=1)
    pairs = [np.linalg.norm(means[i] - means[j]) for i in range(classes) for j in range(i)]
    assert np.allclose(pairs, 3.0, rtol=1e-12)
    assert np.allclose(means.mean(axis=0), 0, atol=1e-12)


def test_many_class_means_have_the_distance_on_average() -> None:
    means = class_means(200, 5, 3.0, seed=1)
    squares = [np.sum((means[i] - means[j]) ** 2) for i in range(200) for j in range(i)]
    assert math.sqrt(np.mean(squares)) == pytest.approx(3.0, rel=0.02)


def test_the_error_of_the_best_classifier_of_two_classes_has_its_closed_form() -> None:
    """The error of the best classifier, the nearest mean, is Phi(-distance / 2)."""
    source = make("gaussian", 20_000, 3, 2, distance=2.0)
    means = class_means(2, 3, 2.0, seed=0)
    nearest = np.argmin(((source.x[:, None] - means) ** 2).sum(axis=2), axis=1)
    assert np.mean(nearest != source.y) == pytest.approx(stats.norm.cdf(-1.0), abs=4 * math.sqrt(0.16 * 0.84 / 2e4))


def test_distance_and_prior_do_not_change_the_noise() -> None:
    plain, moved = make("gaussian", 60, 4, 3), make("gaussian", 60, 4, 3, distance=2.0)
    assert np.array_equal(plain.y, moved.y)
    assert np.allclose(moved.x - class_means(3, 4, 2.0, 0)[moved.y], plain.x, atol=1e-12)
    assert np.array_equal(make("gaussian", 60, 4, 3, prior=(1, 1, 8)).x, plain.x)


def test_a_tail_gives_class_k_a_share_proportional_to_a_power_of_k() -> None:
    request = Request(settings(DATASETS, Component.of("gaussian", tail=1.0), "data set")[1], 1100, 4, 4, 0)
    source = make("gaussian", 1100, 4, 4, tail=1.0, distance=2.0)
    counts = np.bincount(source.y).tolist()
    assert counts == [528, 264, 176, 132]  # 12 : 6 : 4 : 3 of 25
    assert DATASETS["gaussian"].counts(request).tolist() == counts
    assert np.bincount(make("gaussian", 100, 4, 4, tail=0.0).y).tolist() == [25] * 4


def test_a_prior_gives_each_class_its_share() -> None:
    assert np.bincount(make("gaussian", 200, 4, 3, prior=(0.9, 0.05, 0.05)).y).tolist() == [180, 10, 10]


def test_a_linear_teacher_is_learned_by_a_linear_model() -> None:
    from sklearn.linear_model import LogisticRegression

    source = make("gaussian", 2000, 5, 3, teacher=0)
    assert LogisticRegression(C=1e4, max_iter=1000).fit(source.x, source.y).score(source.x, source.y) > 0.98


def test_a_teacher_with_hidden_units_gives_classes_of_similar_sizes() -> None:
    x = make("gaussian", 3000, 20, 4).x
    labels = teacher_labels(x, 4, 30, seed=0)
    assert np.bincount(labels, minlength=4).min() > 300
    assert not np.array_equal(labels, teacher_labels(x, 4, 30, seed=1))


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"teacher": 3, "distance": 1.0}, "conflicting-settings"),
        ({"teacher": 3, "prior": (1, 1)}, "conflicting-settings"),
        ({"teacher": 3, "tail": 1.0}, "conflicting-settings"),
        ({"prior": (1, 1), "tail": 1.0}, "conflicting-settings"),
        ({"prior": (1, 1, 1)}, "wrong-length"),
        ({"prior": (0, 0)}, "out-of-range"),
    ],
)
def test_contradictory_parameters_are_rejected(params: dict[str, object], code: str) -> None:
    with pytest.raises(StudyError) as caught:
        make("gaussian", 10, **params)
    assert caught.value.code == code


def test_moons_agree_with_scikit_learn() -> None:
    x, y = make_moons(100, shuffle=False, noise=None)
    source = make("moons", 100, noise=0.0)
    assert np.allclose(source.x, x)
    assert np.array_equal(source.y, y)


def test_circles_agree_with_scikit_learn() -> None:
    x, y = make_circles(100, shuffle=False, noise=None, factor=0.3)
    source = make("circles", 100, noise=0.0, factor=0.3)
    assert np.allclose(source.x, x, atol=1e-12)
    assert np.array_equal(source.y, y)


def test_many_circles_have_evenly_spaced_radii() -> None:
    source = make("circles", 40, classes=4, noise=0.0, factor=0.4)
    radii = np.linalg.norm(source.x, axis=1)
    assert np.allclose(radii, np.linspace(1, 0.4, 4)[source.y])


def test_the_arms_of_a_spiral_are_rotated_copies() -> None:
    source = make("spiral", 60, classes=3, noise=0.0, turns=0.5)
    points = source.x @ np.array([1, 1j])
    first, second = points[source.y == 0], points[source.y == 1]
    assert np.allclose(second, first * np.exp(2j * np.pi / 3))
    assert np.abs(points).max() == pytest.approx(1.0)


def test_blobs_spread_around_centres_inside_the_box() -> None:
    source = make("blobs", 3000, 3, 3, std=0.5, box=4.0)
    for k in range(3):
        cloud = source.x[source.y == k]
        assert np.abs(cloud.mean(axis=0)).max() < 4.1
        assert cloud.std(axis=0) == pytest.approx(np.full(3, 0.5), rel=0.1)


@pytest.mark.parametrize("name", ["gaussian", "blobs", "circles", "spiral"])
def test_one_class_sample_and_feature_are_allowed(name: str) -> None:
    features = {"features": 1} if name in ("gaussian", "blobs") else {}
    dataset = made(name, samples=1, classes=1, validation=0.0, **features)
    assert dataset.x_train.shape == (1, features.get("features", 2))
    assert dataset.y_train.tolist() == [0]
    assert dataset.x_val.shape == (0, features.get("features", 2))


@given(st.integers(1, 400), st.lists(st.floats(0, 1), min_size=1, max_size=12).filter(lambda w: sum(w) > 1e-3))
def test_class_counts_are_rounded_shares_that_sum_to_the_samples(samples: int, prior: list[float]) -> None:
    counts = class_counts(samples, len(prior), prior)
    exact = samples * np.array(prior) / sum(prior)
    assert counts.sum() == samples
    assert np.all(np.abs(counts - exact) < 1 + 1e-6)


def test_largest_remainder_rounds_up_the_largest_fractions() -> None:
    assert largest_remainder(np.array([1.2, 1.5, 1.3]), 4).tolist() == [1, 2, 1]
