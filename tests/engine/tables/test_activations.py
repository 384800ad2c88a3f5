"""Every row of the activations: its kernel is its formula, its derivative is its slope, its gain keeps a scale."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.rectifiers import activate_maxout, activate_prelu, differentiate_maxout

ELEMENTWISE = [name for name, row in ACTIVATIONS.items() if not (row.learned or row.pieces)]
NOTHING = np.zeros(0)


def constants(name: str) -> tuple[dict[str, float], np.ndarray]:
    row = ACTIVATIONS[name]
    parameters = {parameter.name: parameter.default for parameter in row.parameters}
    return parameters, np.array(row.constants(parameters), float)


def activate(name: str, p: np.ndarray, a: np.ndarray) -> None:
    if (kernel := ACTIVATIONS[name].activate) is not None:
        kernel(p, a)


def differentiate(name: str, p: np.ndarray, a: np.ndarray, z: np.ndarray, delta: np.ndarray) -> None:
    if (kernel := ACTIVATIONS[name].differentiate) is not None:
        kernel(p, a, z, delta)


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 2e-6), (np.float64, 1e-12)], ids=["single", "double"])
def test_the_kernel_is_the_formula(name: str, dtype: type, tolerance: float) -> None:
    z = np.concatenate([np.linspace(-12, 12, 4001), [0.0]]).astype(dtype)
    parameters, p = constants(name)
    a = z.copy()
    activate(name, p.astype(dtype), a)
    np.testing.assert_allclose(
        a, ACTIVATIONS[name].function(z.astype(float), **parameters), rtol=tolerance, atol=tolerance
    )
    delta = np.full_like(z, 2.0)
    differentiate(name, p.astype(dtype), a, z, delta)
    slope = ACTIVATIONS[name].derivative(z.astype(float), **parameters)
    away = z != 0
    np.testing.assert_allclose(delta[away], 2 * slope[away], rtol=tolerance, atol=20 * tolerance)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_the_derivative_is_the_slope_of_the_function(name: str) -> None:
    row, (parameters, _) = ACTIVATIONS[name], constants(name)
    z, h = np.linspace(-6, 6, 500), 1e-6
    numeric = (row.function(z + h, **parameters) - row.function(z - h, **parameters)) / (2 * h)
    np.testing.assert_allclose(row.derivative(z, **parameters), numeric, atol=1e-8)
    assert np.abs(numeric).max() <= row.max_slope + 1e-3


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_not_a_number_stays_one(name: str) -> None:
    a = np.array([np.nan, 1.0], np.float32)
    activate(name, constants(name)[1].astype(np.float32), a)
    assert np.isnan(a[0])
    assert np.isfinite(a[1])


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "softplus", "silu", "gelu", "elu", "selu"])
def test_far_out_values_neither_overflow_nor_turn_into_not_a_number(name: str) -> None:
    z = np.array([-1e4, -100, 100, 1e4], np.float32)
    a = z.copy()
    parameters, p = constants(name)
    activate(name, p.astype(np.float32), a)
    np.testing.assert_allclose(a, ACTIVATIONS[name].function(z.astype(float), **parameters), rtol=1e-6, atol=1e-30)


@pytest.mark.parametrize("name", ["relu", "elu", "gelu", "silu", "leaky_relu", "prelu", "selu"])
def test_the_gain_keeps_the_second_moment_of_a_unit_gaussian(name: str) -> None:
    """E[(gain phi(z))^2] = 1 for z ~ N(0, 1), by the trapezoid rule."""
    z = np.linspace(-8, 8, 8001)
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    parameters, _ = constants(name)
    moment = np.trapezoid(ACTIVATIONS[name].function(z, **parameters) ** 2 * density, z)
    assert ACTIVATIONS[name].gain ** 2 * moment == pytest.approx(1, abs=0.01)


def test_tanh_is_a_scaled_sigmoid() -> None:
    z = np.linspace(-5, 5, 101)
    np.testing.assert_allclose(np.tanh(z), 2 * ACTIVATIONS["sigmoid"].function(2 * z) - 1, atol=1e-15)


def test_maxout_takes_the_largest_piece_and_hands_back_to_it_alone() -> None:
    z = np.array([[1.0, 3.0, 2.0, -1.0, -5.0, -1.0]])
    a, spread = np.zeros(2), np.zeros(6)
    activate_maxout(NOTHING, 3, z.ravel(), a)
    np.testing.assert_array_equal(a, [3, -1])
    differentiate_maxout(NOTHING, 3, z.ravel(), np.array([10.0, 20.0]), spread)
    np.testing.assert_array_equal(spread, [0, 10, 0, 20, 0, 0])  # of equal pieces the first


def test_relu_and_leaky_relu_are_special_cases_of_maxout() -> None:
    z = np.linspace(-3, 3, 31)
    for name, slope in (("relu", 0.0), ("leaky_relu", 0.01)):
        a = np.zeros_like(z)
        activate_maxout(NOTHING, 2, np.column_stack([z, slope * z]).ravel(), a)
        np.testing.assert_array_equal(a, ACTIVATIONS[name].function(z, **constants(name)[0]))


def test_prelu_has_a_slope_for_each_unit() -> None:
    a = np.array([[-1.0, -1.0], [2.0, -2.0]]).ravel()
    activate_prelu(NOTHING, np.array([0.5, 0.25]), a)
    np.testing.assert_array_equal(a, [-0.5, -0.25, 2.0, -0.5])
