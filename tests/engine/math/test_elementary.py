"""Single-precision tanh and exp have relative errors below 1e-6 and propagate values that are not finite."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.engine.jit.compile import kernel
from reportgen.engine.math import elementary


@kernel
def _tanh(a):  # type: ignore[no-untyped-def]
    for k in range(a.size):
        a[k] = elementary.tanh(a[k])


@kernel
def _exp(a):  # type: ignore[no-untyped-def]
    for k in range(a.size):
        a[k] = elementary.exp(a[k])


def grid(low: float, high: float) -> np.ndarray:
    tiny = np.logspace(-30, 0, 5000)
    return np.concatenate([np.linspace(low, high, 300_001), tiny, -tiny]).astype(np.float32)


@pytest.mark.parametrize(("f", "exact", "low", "high"), [(_tanh, np.tanh, -20, 20), (_exp, np.exp, -87, 88)])
def test_relative_error_is_below_one_in_a_million(f, exact, low, high) -> None:  # type: ignore[no-untyped-def]
    x = grid(low, high)
    x = x[x != 0]
    a = x.copy()
    f(a)
    truth = exact(x.astype(np.float64))
    assert np.max(np.abs(a - truth) / np.abs(truth)) < 1e-6


def test_nan_and_infinity_propagate() -> None:
    a = np.array([np.nan, np.inf, -np.inf, 0.0, 1e30, -1e30], np.float32)
    b = a.copy()
    _tanh(a)
    _exp(b)
    np.testing.assert_array_equal(a, np.array([np.nan, 1, -1, 0, 1, -1], np.float32))
    np.testing.assert_array_equal(b, np.array([np.nan, np.inf, 0, 1, np.inf, 0], np.float32))


def test_double_precision_uses_the_library() -> None:
    a = np.linspace(-30, 30, 1001)
    b = a.copy()
    _tanh(b)
    np.testing.assert_allclose(b, np.tanh(a), rtol=1e-15)
