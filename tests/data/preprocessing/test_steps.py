from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from reportgen.data.preprocessing.steps import STEPS, prepare, width_after
from reportgen.data.streams import stream
from reportgen.errors import StudyError
from reportgen.registry import Component

Floats = NDArray[np.float32]


def examples(n: int = 60, d: int = 6, seed: int = 0) -> Floats:
    """Return correlated features with different means and standard deviations."""
    draw = stream(seed, "examples")
    mixed = draw.standard_normal((n, d)) @ draw.standard_normal((d, d))
    return (mixed * np.linspace(0.1, 5, d) + np.linspace(-3, 8, d)).astype(np.float32)


def step(name: str, x: Floats, *others: Floats, image: Any = None, **params: Any) -> list[Floats]:
    return prepare([x, *others], image, [Component.of(name, **params)])[0]


def test_center_agrees_with_scikit_learn() -> None:
    x, other = examples(), examples(seed=1)
    train, val = step("center", x, other)
    scaler = StandardScaler(with_std=False).fit(x.astype(np.float64))
    assert np.allclose(train, scaler.transform(x), atol=1e-6)
    assert np.allclose(val, scaler.transform(other), atol=1e-6)


def test_centering_all_features_together_subtracts_one_number() -> None:
    x = examples()
    (train,) = step("center", x, per="all")
    assert np.allclose(train, x - x.mean(dtype=np.float64), atol=1e-6)


def test_centering_channels_subtracts_each_channels_mean() -> None:
    x = examples(20, 12)
    prepared, image, _ = prepare([x], (3, 2, 2), [Component.of("center", per="channel")])
    expected = x.reshape(20, 3, 4) - x.reshape(20, 3, 4).mean(axis=(0, 2), keepdims=True, dtype=np.float64)
    assert np.allclose(prepared[0], expected.reshape(20, 12), atol=1e-6)
    assert image == (3, 2, 2)


def test_standardize_agrees_with_scikit_learn_also_for_constant_features() -> None:
    x, other = examples(), examples(seed=1)
    x[:, 2], other[:, 2] = 0.1, 7.1
    train, val = step("standardize", x, other)
    scaler = StandardScaler().fit(x.astype(np.float64))
    assert np.allclose(train, scaler.transform(x), atol=1e-5)
    assert np.allclose(val, scaler.transform(other), atol=1e-5)
    assert np.all(train[:, 2] == 0)


@pytest.mark.parametrize(("per", "axes"), [("channel", (0, 2)), ("all", (0, 1, 2))])
def test_standardizing_groups_gives_each_unit_variance(per: str, axes: tuple[int, ...]) -> None:
    (train,) = step("standardize", examples(50, 12), image=(3, 2, 2), per=per)
    grouped = train.reshape(50, 3, 4).astype(np.float64)
    assert np.allclose(grouped.mean(axis=axes), 0, atol=1e-6)
    assert np.allclose(grouped.std(axis=axes), 1, atol=1e-6)


@pytest.mark.parametrize("value", [0.1, 1 / 3, -7e20, 1e-30])
@pytest.mark.parametrize("per", ["feature", "channel", "all"])
def test_standardize_maps_any_constant_to_zero(value: float, per: str) -> None:
    x = np.full((9001, 6), value, np.float32)
    assert np.all(step("standardize", x, image=(2, 1, 3), per=per)[0] == 0)


def test_standardize_is_accurate_far_from_zero() -> None:
    x = (examples(5000, 3) + np.float32(30_000)).astype(np.float32)
    (train,) = step("standardize", x)
    assert np.allclose(train.mean(axis=0, dtype=np.float64), 0, atol=1e-6)
    assert np.allclose(train.std(axis=0, dtype=np.float64), 1, atol=1e-6)


def test_minmax_agrees_with_scikit_learn_and_does_not_clip() -> None:
    x, other = examples(), examples(seed=1)
    train, val = step("minmax", x, other, low=-2.0, high=3.0)
    scaler = MinMaxScaler((-2, 3)).fit(x.astype(np.float64))
    assert np.allclose(train, scaler.transform(x), atol=1e-5)
    assert np.allclose(val, scaler.transform(other), atol=1e-4)
    assert val.max() > 3


def test_minmax_maps_a_constant_to_the_middle() -> None:
    x = examples()
    x[:, 0] = 4
    assert np.all(step("minmax", x)[0][:, 0] == 0)
    assert np.all(step("minmax", x, low=0.0, high=1.0)[0][:, 0] == 0.5)


def test_minmax_of_all_features_together_is_one_linear_map() -> None:
    x = examples()
    (train,) = step("minmax", x, per="all")
    assert (train.min(), train.max()) == (-1, 1)
    assert np.allclose(np.corrcoef(train.ravel(), x.ravel())[0, 1], 1)


@pytest.mark.parametrize("n", [60, 5])
def test_pca_agrees_with_scikit_learn_for_many_examples_and_for_many_features(n: int) -> None:
    x, other = examples(n, 12), examples(9, 12, seed=1)
    train, val = step("pca", x, other, components=4)
    reference = PCA(4, svd_solver="full").fit(x.astype(np.float64))
    signs = np.sign(train[0] * reference.transform(x)[0])
    assert np.allclose(train * signs, reference.transform(x), atol=1e-4)
    assert np.allclose(val * signs, reference.transform(other), atol=1e-4)


def test_pca_with_all_axes_decorrelates_and_keeps_the_variance() -> None:
    x = examples(200, 6)
    prepared, _, facts = prepare([x], None, [Component.of("pca")])
    covariance = np.cov(prepared[0].T.astype(np.float64))
    assert np.allclose(covariance - np.diag(np.diag(covariance)), 0, atol=1e-4 * covariance.max())
    assert np.trace(covariance) == pytest.approx(np.trace(np.cov(x.T.astype(np.float64))), rel=1e-6)
    assert facts == {"pca_components": 6.0, "variance_kept": pytest.approx(1.0)}


def test_pca_keeps_the_smallest_number_of_axes_for_the_requested_variance() -> None:
    x = examples(200, 6)
    shares = np.cumsum(PCA().fit(x.astype(np.float64)).explained_variance_ratio_)
    for wanted in (0.3, 0.9, 0.99, 1.0):
        prepared, _, facts = prepare([x], None, [Component.of("pca", variance=wanted)])
        k = prepared[0].shape[1]
        assert facts["variance_kept"] == pytest.approx(shares[k - 1])
        assert shares[k - 1] >= wanted - 1e-9
        assert k == 1 or shares[k - 2] < wanted


def test_whiten_gives_unit_covariance_and_agrees_with_scikit_learn() -> None:
    x = examples(200, 6)
    (train,) = step("whiten", x, epsilon=0.0)
    assert np.allclose(train.T.astype(np.float64) @ train / 200, np.eye(6), atol=1e-4)
    reference = PCA(whiten=True).fit_transform(x.astype(np.float64)) * np.sqrt(200 / 199)
    assert np.allclose(np.abs(train), np.abs(reference), atol=1e-4)


def test_epsilon_of_whiten_shrinks_axes_of_small_variance() -> None:
    x = examples(200, 6)
    variances = np.linalg.eigvalsh(np.cov(x.T.astype(np.float64), bias=True))[::-1]
    (train,) = step("whiten", x, epsilon=0.5)
    assert np.allclose(train.var(axis=0), variances / (variances + 0.5), rtol=1e-3)


def test_whiten_gives_zero_for_axes_without_variance() -> None:
    x = examples(40, 4)
    x = np.column_stack([x, x[:, 0] + x[:, 1], np.full(40, 3)]).astype(np.float32)
    prepared, _, facts = prepare([x], None, [Component.of("whiten", epsilon=0.0)])
    assert facts["whiten_rank"] == 4
    assert np.allclose(prepared[0][:, :4].var(axis=0), 1, atol=1e-3)
    assert np.all(prepared[0][:, 4:] == 0)


def test_scale_and_shift_apply_in_the_order_of_the_study() -> None:
    x = examples()
    first = prepare([x], None, [Component.of("scale", by=2.0), Component.of("shift", by=1.0)])[0][0]
    second = prepare([x], None, [Component.of("shift", by=1.0), Component.of("scale", by=2.0)])[0][0]
    assert np.allclose(first, 2 * x + 1)
    assert np.allclose(second, 2 * (x + 1))


def test_steps_are_fitted_on_the_training_split_unless_fit_is_all() -> None:
    x, val, test = examples(), examples(seed=1) + 5, examples(seed=2) - 9
    train_fit, all_fit = step("center", x, val, test), step("center", x, val, test, fit="all")
    assert np.allclose(train_fit[0].mean(axis=0), 0, atol=1e-5)
    assert np.allclose(np.concatenate(all_fit).mean(axis=0, dtype=np.float64), 0, atol=1e-5)
    assert not np.allclose(all_fit[0].mean(axis=0), 0, atol=0.1)


def test_only_pca_and_whiten_remove_the_image_shape() -> None:
    x = examples(30, 12)
    for name, params in (("center", {}), ("minmax", {}), ("scale", {"by": 2.0})):
        assert prepare([x], (3, 2, 2), [Component.of(name, **params)])[1] == (3, 2, 2)
    for name in ("pca", "whiten"):
        assert prepare([x], (3, 2, 2), [Component.of(name)])[1] is None


@pytest.mark.parametrize("name", sorted(STEPS))
@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (2, 1), (7, 3)])
@pytest.mark.parametrize("constant", [False, True])
def test_every_step_gives_finite_float32_in_edge_cases(name: str, shape: tuple[int, int], constant: bool) -> None:
    """One example, one feature, constant features, and empty validation and test splits."""
    x = np.full(shape, 0.1, np.float32) if constant else examples(*shape)
    required = {"scale": {"by": 3.0}, "shift": {"by": 3.0}, "noise": {"std": 1.0}}
    params = required.get(name, {})
    prepared = step(name, x, x[:0], **params)
    assert all(part.dtype == np.float32 and part.flags.c_contiguous for part in prepared)
    assert np.isfinite(prepared[0]).all()
    assert len(prepared[0]) == shape[0]
    assert prepared[1].shape == (0, prepared[0].shape[1])
    if constant and name not in required:
        assert np.allclose(prepared[0], 0, atol=1e-6)


def test_steps_do_not_change_their_input() -> None:
    x = examples()
    before = x.copy()
    prepare([x], None, [Component.of("standardize"), Component.of("scale", by=9.0)])
    assert np.array_equal(x, before)


@given(st.integers(1, 30), st.integers(1, 8), st.integers(0, 3))
def test_standardized_features_have_mean_zero_and_variance_one_or_zero(n: int, d: int, seed: int) -> None:
    (train,) = step("standardize", examples(n, d, seed))
    assert np.abs(train.mean(axis=0, dtype=np.float64)).max() < 1e-5
    variances = train.var(axis=0, dtype=np.float64)
    assert np.all((np.abs(variances - 1) < 1e-4) | (variances == 0))


def test_data_of_several_blocks_are_standardized_as_a_whole() -> None:
    x = examples(10_000, 2)
    (train,) = step("standardize", x)
    assert np.allclose(train, StandardScaler().fit_transform(x.astype(np.float64)), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "params", "code"),
    [
        ("center", {"per": "channel"}, "images-required"),
        ("minmax", {"low": 1.0, "high": 1.0}, "invalid-range"),
        ("pca", {"components": 7}, "out-of-range"),
        ("pca", {"components": 2, "variance": 0.5}, "conflicting-settings"),
        ("scale", {"by": 1e39}, "not-finite"),
        ("scale", {}, "missing-key"),
        ("centre", {}, "unknown-name"),
        ("center", {"axis": 1}, "unknown-key"),
    ],
)
def test_impossible_steps_are_rejected(name: str, params: dict[str, Any], code: str) -> None:
    with pytest.raises(StudyError) as caught:
        step(name, examples(), **params)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("steps", "width"),
    [
        ([Component.of("center")], 6),
        ([Component.of("pca", components=3), Component.of("whiten")], 3),
        ([Component.of("pca")], 6),
        ([Component.of("pca", variance=0.9)], None),
    ],
)
def test_width_after_agrees_with_the_data_or_is_none(steps: list[Component], width: int | None) -> None:
    assert width_after(steps, None, 60, 60, 6) == width
    if width is not None:
        assert prepare([examples()], None, steps)[0][0].shape[1] == width


def test_noise_is_added_to_held_out_examples_or_to_all() -> None:
    x, other = examples(4000), examples(4000, seed=1)
    train, val = step("noise", x, other, std=0.5, to="held_out")
    assert np.array_equal(train, x)
    assert (val - other).std() == pytest.approx(0.5, rel=0.02)
    assert (val - other).mean() == pytest.approx(0.0, abs=0.02)
    noisy = step("noise", x, other, std=0.5, to="all")
    assert (noisy[0] - x).std() == pytest.approx(0.5, rel=0.02)
    assert not np.array_equal(noisy[0] - x, noisy[1] - other)


def test_noise_is_proportional_to_std_and_depends_on_the_seed() -> None:
    x, other = examples(), examples(seed=1)
    draws = [
        prepare([x, np.zeros_like(other)], None, [Component.of("noise", std=std, to="held_out")], seed)[0][1]
        for std, seed in ((1.0, 0), (2.0, 0), (1.0, 1))
    ]
    assert np.allclose(2 * draws[0], draws[1])
    assert not np.allclose(draws[0], draws[2])
