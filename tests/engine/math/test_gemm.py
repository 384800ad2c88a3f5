"""Products from register tiles meet NumPy's, in every form and at every edge of a tile."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numba import njit

from reportgen.engine.math import gemm as products
from reportgen.engine.math.gemm import DEPTH, panel_size, product
from reportgen.engine.math.microkernel import ACCUMULATE, ADD, MOMENTUM_STEP, WRITE

FACTORS = 0.9, -0.1, 0.01


@njit
def multiply(shape, a, a_steps, b, transposed, c, d, finish, panels):  # type: ignore[no-untyped-def]
    product(shape, a, a_steps, b, transposed, c, d, finish, panels)


def expected(kind: int, sums: np.ndarray, c: np.ndarray, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    f0, f1, f2 = FACTORS
    if kind == WRITE:
        return sums, d
    if kind == ADD:
        return sums + d[: sums.shape[1]], d
    mixed = f0 * c.reshape(sums.shape) + f1 * sums
    if kind == ACCUMULATE:
        return mixed, d
    mixed += f2 * d.reshape(sums.shape)
    return mixed, d + mixed.ravel()


def check(m: int, n: int, k: int, kind: int, a_turned: bool, b_turned: bool, dtype: type) -> None:
    rng = np.random.default_rng([m, n, k])
    a, b, c, d = (rng.standard_normal(size).astype(dtype) for size in (m * k, k * n, m * n, m * n))
    left = a.reshape(k, m).T if a_turned else a.reshape(m, k)
    right = b.reshape(n, k).T if b_turned else b.reshape(k, n)
    want_c, want_d = expected(kind, left.astype(np.float64) @ right, c.astype(np.float64), d.astype(np.float64))
    finish = (kind, *(dtype(factor) for factor in FACTORS))
    panels = np.full(panel_size(max(k, n, m)), np.nan, dtype)
    multiply((m, n, k), a, (1, m) if a_turned else (k, 1), b, b_turned, c, d, finish, panels)
    tolerance = 1e-12 if dtype is np.float64 else 2e-5 * max(1, k / 30)
    np.testing.assert_allclose(c.reshape(m, n), want_c, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(d, want_d, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", [WRITE, ADD, ACCUMULATE, MOMENTUM_STEP])
def test_every_operation_agrees_with_numpy_at_every_edge_of_a_tile(kind: int, dtype: type) -> None:
    sizes = (
        (1, 1, 1),
        (2, 7, 3),
        (3, 8, 8),
        (5, 9, 17),
        (6, 16, 9),
        (9, 17, 16),
        (13, 24, 31),
        (16, 33, 7),
        (29, 36, 5),
    )
    for (m, n, k), a_turned, b_turned in itertools.product(sizes, (False, True), (False, True)):
        check(m, n, k, kind, a_turned, b_turned, dtype)


@pytest.mark.parametrize("kind", [WRITE, ADD, ACCUMULATE, MOMENTUM_STEP])
def test_large_factors_are_multiplied_in_blocks(kind: int) -> None:
    for a_turned, b_turned in itertools.product((False, True), (False, True)):
        check(7, 150, DEPTH + 13, kind, a_turned, b_turned, np.float32)
        check(7, 20, 2 * DEPTH + 1, kind, a_turned, b_turned, np.float32)


@pytest.mark.parametrize("kind", [WRITE, ADD, ACCUMULATE, MOMENTUM_STEP])
def test_large_results_are_computed_with_their_next_rows_in_the_cache(kind: int) -> None:
    for a_turned, b_turned in itertools.product((False, True), (False, True)):
        check(47, 709, 20, kind, a_turned, b_turned, np.float32)
        check(101, 339, 100, kind, a_turned, b_turned, np.float32)


def test_a_row_does_not_depend_on_its_neighbours() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal(12 * 20).astype(np.float32), rng.standard_normal(20 * 18).astype(np.float32)
    finish = (WRITE, *(np.float32(0) for _ in range(3)))
    panels = np.zeros(panel_size(20), np.float32)
    found = []
    for rows in (12, 5):
        c = np.zeros(rows * 18, np.float32)
        multiply((rows, 18, 20), a, (20, 1), b, False, c, c, finish, panels)
        found.append(c.reshape(rows, 18))
    np.testing.assert_array_equal(found[0][:5], found[1])


def test_nan_affects_only_its_row_and_column() -> None:
    a, b, c = np.ones(6 * 4, np.float32), np.ones(4 * 10, np.float32), np.zeros(60, np.float32)
    a[4 * 2] = np.nan
    finish = (WRITE, *(np.float32(0) for _ in range(3)))
    multiply((6, 10, 4), a, (4, 1), b, False, c, c, finish, np.full(products.panel_size(10), np.nan, np.float32))
    assert np.isnan(c.reshape(6, 10)[2]).all()
    assert np.isfinite(np.delete(c.reshape(6, 10), 2, axis=0)).all()
