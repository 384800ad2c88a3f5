"""Initializations agree with the facts of their rows: moments, shape, shared random numbers, calibration."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from reportgen.engine.network import PROBE
from reportgen.engine.setup import set_up
from reportgen.engine.tables.init import Place, draw_weights
from reportgen.engine.tables.inits import INITS, weight_variance
from reportgen.engine.train import train
from reportgen.registry import Component
from tests.engine.networks import activation, data, init, spec


def drawn(
    name: str, fan_in: int = 400, fan_out: int = 300, act: str = "tanh", seed: int = 0, **given: float
) -> np.ndarray:
    parameters = {parameter.name: parameter.default for parameter in INITS[name].parameters} | given
    return draw_weights(INITS[name], parameters, Place(fan_in, fan_out, activation=act), seed, 0)


@pytest.mark.parametrize("name", [name for name, row in INITS.items() if row.variance is not None])
@pytest.mark.parametrize("shape", [(400, 300), (30, 700), (9, 400)], ids=str)
@pytest.mark.parametrize("act", ["relu", "tanh"])
def test_the_variance_is_the_row_s(name: str, shape: tuple[int, int], act: str) -> None:
    parameters = {parameter.name: parameter.default for parameter in INITS[name].parameters} | {"gain": 2.0}
    variance = weight_variance(Component.of(name, **parameters), Place(*shape, activation=act))
    assert variance is not None
    expected = variance**0.5
    w = drawn(name, *shape, act=act, gain=2.0)
    assert w.shape == shape
    assert w.std() == pytest.approx(expected, rel=0.03)
    assert abs(w.mean()) <= 5 * expected / w.size**0.5


@pytest.mark.parametrize(
    ("name", "variance"),
    [
        ("xavier", 1 / 400),
        ("lecun_normal", 1 / 400),
        ("glorot_normal", 2 / 700),
        ("glorot_uniform", 2 / 700),
        ("he_normal", 2 / 400),
        ("he_uniform", 2 / 400),
        ("gaussian", 1e-4),
        ("uniform", 1e-4 / 3),
    ],
)
def test_the_paper_s_variance(name: str, variance: float) -> None:
    assert drawn(name).var() == pytest.approx(variance, rel=0.02)


@pytest.mark.parametrize("name", ["gaussian", "xavier", "glorot_normal", "he_normal", "lecun_normal"])
def test_normal_rows_are_normal(name: str) -> None:
    w = drawn(name).ravel()
    assert stats.kstest(w / w.std(), "norm").pvalue > 1e-3


@pytest.mark.parametrize("name", ["uniform", "glorot_uniform", "he_uniform"])
def test_uniform_rows_are_uniform(name: str) -> None:
    w = drawn(name).ravel()
    bound = 3**0.5 * w.std()
    assert stats.kstest((w + bound) / (2 * bound), "uniform").pvalue > 1e-3


@pytest.mark.parametrize("name", INITS)
def test_gain_multiplies_the_weights(name: str) -> None:
    np.testing.assert_allclose(drawn(name, gain=3.0), 3 * drawn(name), rtol=1e-12)


@pytest.mark.parametrize("name", [name for name in INITS if name not in ("zero", "constant")])
def test_the_seed_decides_and_rows_share_their_noise(name: str) -> None:
    np.testing.assert_array_equal(drawn(name), drawn(name))
    assert not np.allclose(drawn(name), drawn(name, seed=1))
    if name in ("xavier", "he_uniform"):
        assert np.corrcoef(drawn(name).ravel(), drawn("gaussian").ravel())[0, 1] > 0.97


def test_sparse_units_have_their_number_of_connections() -> None:
    w = drawn("sparse", 50, 40, connections=7)
    assert ((w != 0).sum(axis=0) == 7).all()
    assert ((drawn("sparse", 3, 40, connections=7) != 0).sum(axis=0) == 3).all()


@pytest.mark.parametrize("shape", [(60, 40), (40, 60), (50, 50), (1, 5)], ids=str)
def test_orthogonal_columns_or_rows_are_orthonormal(shape: tuple[int, int]) -> None:
    w = drawn("orthogonal", *shape)
    gram = w.T @ w if shape[0] >= shape[1] else w @ w.T
    np.testing.assert_allclose(gram, np.eye(min(shape)), atol=1e-6)


def test_random_walk_s_gains_are_the_paper_s() -> None:
    relu, tanh = drawn("random_walk", act="relu"), drawn("random_walk")
    assert relu.std() * 20 == pytest.approx(2**0.5 * np.exp(1.2 / (400 - 2.4)), rel=0.01)
    assert tanh.std() * 20 == pytest.approx(np.exp(1 / 800), rel=0.01)


@pytest.mark.parametrize("name", ["lsuv", "data_dependent"])
@pytest.mark.parametrize("act", ["relu", "tanh", "maxout"])
def test_calibrated_layers_have_unit_variance_on_the_data(name: str, act: str) -> None:
    run = spec(widths=(20, 30, 10), weights=init(name), act=activation(act), bias=0.0, epochs=0)
    outcome = train(run, data(n=200))
    np.testing.assert_allclose(outcome.arrays["probe_preactivation_std"][0], 1.0, rtol=0.01)


def test_data_dependent_centres_every_unit() -> None:
    run = spec(widths=(20,), weights=init("data_dependent"), epochs=0)
    outcome = train(run, data(n=200))
    np.testing.assert_allclose(outcome.arrays["probe_preactivation_mean"][0], 0.0, atol=1e-5)


def test_calibration_survives_dead_units_and_zero_data() -> None:
    still = data(n=20)
    still.x_train[:] = 0
    setup = set_up(spec(weights=init("lsuv"), bias=0.0), still)
    assert np.isfinite(setup.state.params).all()
    assert PROBE == 1
