"""Pooling agrees with slow NumPy twins, and treats ties and NaN as PyTorch does."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from numba import njit

from reportgen.engine.math.pooling import pool_average, pool_average_back, pool_max, pool_max_back
from tests.engine.math.images import Geometry, geometry, patches


@njit
def maximum(shape, rows, x, out):  # type: ignore[no-untyped-def]
    pool_max(shape, rows, x, out)


@njit
def maximum_back(shape, rows, x, out, delta, dx):  # type: ignore[no-untyped-def]
    pool_max_back(shape, rows, x, out, delta, dx)


@njit
def average(shape, rows, x, out):  # type: ignore[no-untyped-def]
    pool_average(shape, rows, x, out)


@njit
def average_back(shape, rows, delta, dx):  # type: ignore[no-untyped-def]
    pool_average_back(shape, rows, delta, dx)


def scattered(shape: Geometry, x: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """The sum over windows of what each gives its inputs; shares has the shape of the patches."""
    dx = np.zeros_like(x)
    _, _, _, tall, wide, down, across, _, _, out_height, out_width = shape
    for oy in range(out_height):
        for ox in range(out_width):
            dx[:, oy * down : oy * down + tall, ox * across : ox * across + wide] += shares[:, oy, ox]
    return dx


def winners(windows: np.ndarray) -> np.ndarray:
    """1 at the first maximum, or the first NaN, of each window and channel, else 0."""
    flat = windows.reshape(*windows.shape[:3], -1, windows.shape[-1])
    first = np.where(np.isnan(flat), np.inf, flat).argmax(3)
    chosen: np.ndarray = first[:, :, :, None] == np.arange(flat.shape[3])[:, None]
    return chosen.reshape(windows.shape).astype(windows.dtype)


def check(shape: Geometry, rows: int, dtype: type, x: np.ndarray | None = None) -> None:
    rng = np.random.default_rng(shape)
    if x is None:
        x = rng.integers(-2, 3, (rows, *shape[:3])).astype(dtype)  # few values give many ties
    windows = patches(shape, x)
    delta = rng.standard_normal((rows, *shape[-2:], shape[2])).astype(dtype)
    out, dx = np.full(delta.size + 9, 7, dtype), np.full(x.size + 9, 7, dtype)
    maximum(shape, rows, x.ravel(), out)
    np.testing.assert_array_equal(out[:-9].reshape(delta.shape), windows.max((3, 4)))
    maximum_back(shape, rows, x.ravel(), out, delta.ravel(), dx)
    expected = scattered(shape, x, winners(windows) * delta[:, :, :, None, None])
    np.testing.assert_allclose(dx[:-9].reshape(x.shape), expected, rtol=1e-5, atol=1e-6)
    assert (out[-9:] == 7).all()
    assert (dx[-9:] == 7).all()
    average(shape, rows, x.ravel(), out)
    np.testing.assert_allclose(out[:-9].reshape(delta.shape), windows.mean((3, 4)), rtol=1e-5, atol=1e-6)
    average_back(shape, rows, delta.ravel(), dx)
    shares = np.ones_like(windows) / (shape[3] * shape[4]) * delta[:, :, :, None, None]
    np.testing.assert_allclose(dx[:-9].reshape(x.shape), scattered(shape, x, shares), rtol=1e-5, atol=1e-6)
    assert (out[-9:] == 7).all()
    assert (dx[-9:] == 7).all()


SHAPES = [
    geometry((8, 8, 16), (2, 2), (2, 2)),
    geometry((9, 7, 6), (2, 2), (2, 2)),
    geometry((5, 6, 3), (3, 2), (2, 1)),
    geometry((7, 7, 1), (3, 3), (3, 3)),
    geometry((4, 5, 9), (4, 5), (4, 5)),
    geometry((6, 6, 10), (2, 2), (1, 1)),
    geometry((7, 5, 17), (2, 2), (3, 2)),
    geometry((3, 3, 4), (1, 1), (1, 1)),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES)
def test_pooling_agrees_with_numpy(shape: Geometry, dtype: type) -> None:
    for rows in (1, 3):
        check(shape, rows, dtype)


@pytest.mark.parametrize("shape", SHAPES)
def test_nan_and_infinity_propagate(shape: Geometry) -> None:
    rng = np.random.default_rng(0)
    x = rng.choice(np.float32([0, 1, -np.inf, np.nan]), (2, *shape[:3]))
    windows = patches(shape, x)
    out, dx = np.zeros(windows[:, :, :, 0, 0].size, np.float32), np.zeros(x.size, np.float32)
    maximum(shape, 2, x.ravel(), out)
    np.testing.assert_array_equal(out.reshape(windows.shape[:3] + windows.shape[-1:]), windows.max((3, 4)))
    maximum_back(shape, 2, x.ravel(), out, np.ones_like(out), dx)
    np.testing.assert_array_equal(dx.reshape(x.shape), scattered(shape, np.zeros_like(x), winners(windows)))
    average(shape, 2, x.ravel(), out)
    assert np.isnan(out.reshape(windows.shape[:3] + windows.shape[-1:])[np.isnan(windows).any((3, 4))]).all()


RUN = """
import numpy as np
from tests.engine.math.test_pooling import SHAPES, check
for shape in SHAPES:
    check(shape, 2, np.float32)
"""


def test_the_kernels_run_as_plain_python() -> None:
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    made = subprocess.run(
        [sys.executable, "-c", RUN], env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert made.returncode == 0, made.stderr
