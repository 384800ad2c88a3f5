"""Expectations over normal numbers, and how often a function is evaluated for them."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.analysis.mean_field import Normal, Signal

VARIANCES = np.array([[1.0, 4.0], [4.0, 0.25]])


def test_expectations_are_those_of_each_position() -> None:
    normal = Normal(np.zeros((2, 2)), VARIANCES)
    np.testing.assert_allclose(normal.expectation(np.square), VARIANCES, rtol=1e-9)
    one = Normal(np.array(0.0), np.array(4.0))
    assert one.expectation(np.tanh) == pytest.approx(0.0, abs=1e-12)
    assert one.expectation(np.square).shape == ()
    np.testing.assert_array_equal(one.expectation(np.square), normal.expectation(np.square)[0, 1])


def test_several_expectations_of_a_signal_evaluate_its_function_once() -> None:
    calls = []

    def relu(z: np.ndarray) -> np.ndarray:
        calls.append(z.shape)
        return np.maximum(z, 0.0)

    signal = Signal(Normal(np.zeros((2, 2)), VARIANCES), relu)
    np.testing.assert_allclose(signal.square, VARIANCES / 2, rtol=1e-6)
    np.testing.assert_allclose(signal.mean, np.sqrt(VARIANCES / (2 * np.pi)), rtol=1e-5)
    np.testing.assert_allclose(signal.expectation(lambda v: v > 0), 0.5, rtol=1e-2)
    assert calls == [(3, 4001)]
