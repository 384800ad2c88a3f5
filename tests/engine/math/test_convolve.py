"""Convolutions agree with slow NumPy twins for every geometry, and write nothing beyond their results."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from numba import njit

from reportgen.engine.math.convolution_layout import sums_patches
from reportgen.engine.math.convolve import columns_size, convolve, convolve_back, convolve_gradient
from reportgen.engine.math.microkernel import ACCUMULATE, ADD, MOMENTUM_STEP, WRITE
from tests.engine.math.images import (
    Geometry,
    convolved,
    convolved_back,
    filter_gradient,
    geometry,
    random_geometry,
)

GUARD = 40
"""Elements behind each result and work buffer, which must stay as they are."""


@njit
def forward(shape, rows, x, w, filters, z, bias, finish, columns):  # type: ignore[no-untyped-def]
    convolve(shape, rows, x, w, filters, z, bias, finish, columns)


@njit
def backward(shape, rows, delta, w, filters, dx, columns):  # type: ignore[no-untyped-def]
    convolve_back(shape, rows, delta, w, filters, dx, columns)


@njit
def gradient(shape, rows, x, delta, filters, target, below, finish, columns):  # type: ignore[no-untyped-def]
    convolve_gradient(shape, rows, x, delta, filters, target, below, finish, columns)


class Problem:
    """Random arrays of a convolution, and results of its kernels."""

    def __init__(self, shape: Geometry, rows: int, filters: int, dtype: type, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.shape, self.rows, self.filters, self.dtype = shape, rows, filters, dtype
        height, width, channels, kernel_height, kernel_width = shape[:5]
        self.image, self.kernel = (rows, height, width, channels), (kernel_height, kernel_width, channels, filters)
        self.out = rows, *shape[-2:], filters
        self.x, self.w, self.delta, self.bias, self.velocity = (
            rng.standard_normal(size).astype(dtype)
            for size in (self.image, self.kernel, self.out, filters, self.kernel)
        )
        self.inner = kernel_height * kernel_width * channels

    def _finish(self, kind: int, *factors: float) -> tuple[object, ...]:
        return (kind, *(self.dtype(factor) for factor in factors or (0, 0, 0)))

    def _guarded(self, size: int) -> np.ndarray:
        return np.full(size + GUARD, np.nan, self.dtype)

    def _call(self, kernel: object, *arguments: object) -> None:
        columns = self._guarded(columns_size(self.shape, self.filters))
        kernel(self.shape, self.rows, *arguments, columns)  # type: ignore[operator]
        assert np.isnan(columns[-GUARD:]).all()

    def _result(self, found: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        assert np.isnan(found[-GUARD:]).all()
        return found[:-GUARD].reshape(shape)

    def forward(self, kind: int) -> np.ndarray:
        z = self._guarded(int(np.prod(self.out)))
        arguments = (self.x.ravel(), self.w.ravel(), self.filters, z, self.bias, self._finish(kind))
        self._call(forward, *arguments)
        return self._result(z, self.out)

    def backward(self) -> np.ndarray:
        dx = self._guarded(self.x.size)
        self._call(backward, self.delta.ravel(), self.w.ravel(), self.filters, dx)
        return self._result(dx, self.image)

    def gradient(self, kind: int, *factors: float) -> tuple[np.ndarray, np.ndarray]:
        target, below = self._guarded(self.w.size), self._guarded(self.w.size)
        target[:-GUARD], below[:-GUARD] = self.velocity.ravel(), self.w.ravel()
        finish = self._finish(kind, *factors)
        self._call(gradient, self.x.ravel(), self.delta.ravel(), self.filters, target, below, finish)
        return self._result(target, self.kernel), self._result(below, self.kernel)

    def assert_close(self, found: np.ndarray, expected: np.ndarray, terms: int) -> None:
        tolerance = (1e-13 if self.dtype is np.float64 else 1e-5) * max(10.0, terms**0.5)
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)

    def check(self) -> None:
        x, w, delta = (array.astype(np.float64) for array in (self.x, self.w, self.delta))
        z = convolved(self.shape, x, w)
        self.assert_close(self.forward(WRITE), z, self.inner)
        self.assert_close(self.forward(ADD), z + self.bias, self.inner)
        self.assert_close(self.backward(), convolved_back(self.shape, delta, w), self.inner)
        expected = filter_gradient(self.shape, x, delta)
        terms = self.rows * self.out[1] * self.out[2]
        self.assert_close(self.gradient(WRITE)[0], expected, terms)
        self.assert_close(self.gradient(ACCUMULATE, 0.9, -0.1, 0)[0], 0.9 * self.velocity - 0.1 * expected, terms)
        velocity, weights = self.gradient(MOMENTUM_STEP, 0.9, -0.1, 0.01)
        expected = 0.9 * self.velocity - 0.1 * expected + 0.01 * self.w
        self.assert_close(velocity, expected, terms)
        self.assert_close(weights, self.w + expected, terms)


def random_problem(seed: int, dtype: type) -> Problem:
    rng = np.random.default_rng([14, seed])
    shape = random_geometry(rng)
    return Problem(shape, int(rng.integers(1, 10)), int(rng.integers(1, 71)), dtype, seed)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_random_geometries_agree_with_numpy(dtype: type) -> None:
    for seed in range(25):
        random_problem(seed, dtype).check()


@pytest.mark.parametrize("filters", [1, 2, 3, 6, 7, 8, 9, 12, 16, 17, 24, 31, 32, 33, 64])
def test_every_number_of_filters_agrees_with_numpy(filters: int) -> None:
    Problem(geometry((7, 6, 3), (3, 3), (1, 1), (1, 1, 1, 1)), 3, filters, np.float32, filters).check()


@pytest.mark.parametrize("channels", [1, 2, 3, 6, 7, 8, 9, 12, 16, 17, 24, 33])
def test_every_number_of_channels_agrees_with_numpy(channels: int) -> None:
    Problem(geometry((6, 7, channels), (3, 2), (1, 1), (1, 1, 0, 1)), 3, 6, np.float32, channels).check()


@pytest.mark.parametrize(
    ("shape", "rows"),
    [
        (geometry((8, 8, 1), (3, 3), (1, 1), (1, 1, 1, 1)), 64),
        (geometry((28, 28, 1), (5, 5), (1, 1), (2, 2, 2, 2)), 9),
        (geometry((32, 32, 3), (3, 3), (1, 1), (1, 1, 1, 1)), 9),
        (geometry((32, 32, 16), (3, 3), (1, 1), (1, 1, 1, 1)), 5),
        (geometry((9, 9, 8), (1, 1), (2, 2)), 40),
        (geometry((4, 3, 2), (6, 7), (1, 1), (1, 1, 2, 2)), 50),
    ],
)
def test_many_examples_agree_with_numpy(shape: Geometry, rows: int) -> None:
    Problem(shape, rows, 6, np.float32, 0).check()
    Problem(shape, rows, 16, np.float64, 0).check()


def test_derivatives_of_few_channels_without_padding_are_summed_over_patches() -> None:
    for shape in (
        geometry((14, 14, 6), (5, 5)),
        geometry((9, 8, 2), (4, 3), (2, 1)),
        geometry((13, 12, 19), (4, 5), (3, 2), (0, 1, 1, 0)),
    ):
        assert sums_patches(shape, 16)
        Problem(shape, 3, 16, np.float32, 0).check()
    assert not sums_patches(geometry((8, 8, 16), (3, 3), (1, 1), (1, 1, 1, 1)), 32)


def test_padding_larger_than_the_kernel_gives_zeros_around_the_result() -> None:
    Problem(geometry((3, 4, 2), (2, 1), (1, 1), (4, 5, 3, 3)), 3, 5, np.float64, 0).check()


def test_back_is_the_adjoint_of_the_convolution() -> None:
    for seed in range(20):
        problem = random_problem(seed, np.float64)
        left, right = np.vdot(problem.forward(WRITE), problem.delta), np.vdot(problem.x, problem.backward())
        np.testing.assert_allclose(left, right, rtol=1e-10, atol=1e-9)


def test_results_are_the_same_to_the_last_bit() -> None:
    problem = random_problem(3, np.float32)
    for result in (lambda: problem.forward(ADD), problem.backward, lambda: problem.gradient(WRITE)[0]):
        np.testing.assert_array_equal(result(), result())


def test_nan_in_an_image_stays_in_its_patches() -> None:
    problem = Problem(geometry((8, 8, 2), (3, 3), (1, 1), (1, 1, 1, 1)), 3, 6, np.float32, 0)
    problem.x[1, 2, 3, 0] = np.nan
    found = np.isnan(problem.forward(WRITE))
    assert found[1, 1:4, 2:5].all()
    assert found.sum() == 9 * 6


RUN = """
import numpy as np
from tests.engine.math.test_convolve import random_problem
for seed in range(6):
    random_problem(seed, np.float32).check()
    random_problem(seed, np.float64).check()
"""


def test_the_kernels_run_as_plain_python() -> None:
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    made = subprocess.run(
        [sys.executable, "-c", RUN], env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert made.returncode == 0, made.stderr
