"""Optional, more expensive probes: singular values of every layer, and the curvature of the loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.data.streams import stream
from reportgen.engine.network import (
    ACTS,
    END,
    FAN_IN,
    NO_STEP,
    POSITIONS,
    PROBE,
    UNITS,
    UNITS_OF,
    WEIGHTS,
    WEIGHTS_OF,
    WIDTH,
)
from reportgen.engine.setup import Setup
from reportgen.engine.spec import SPECTRAL, STATISTICS, RunSpec
from reportgen.engine.step import gradient
from reportgen.engine.tables.optimizers import OPTIMIZERS

_FIRST = STATISTICS.index(SPECTRAL[0])

STEP = 1e-2
"""Step of the central differences, for which both their error and the rounding of float32 are small."""

TOLERANCE, MOST_PRODUCTS = 1e-4, 100
"""Relative change of the eigenvalue at which power iteration ends, and its largest number of products."""

_FEWEST_PRODUCTS = 5  # the first estimates from a random vector may change little before they converge


def effective_rank(singular: NDArray[np.float64]) -> float:
    """Return the effective rank, exp of the entropy of the normalized singular values; NaN for a zero matrix.

    See Roy and Vetterli 2007.
    """
    total = float(singular.sum())
    if not total > 0 or not np.isfinite(total):
        return float("nan")
    p = singular[singular > 0] / total
    return float(np.exp(-(p * np.log(p)).sum()))


def probe_singular_values(setup: Setup, rows: int, statistics: NDArray[np.float64]) -> None:
    """Set the columns SPECTRAL of statistics, shape (layers, columns), from the weights and the last activations.

    Activations are (rows, units), not centred, where the positions of an image count as rows. The values stay NaN for a
    matrix with entries that are not finite.
    """
    params, acts = setup.state.params, setup.work.blocks
    for code in setup.net.codes:
        if code[WEIGHTS_OF] >= 0:
            shape = code[FAN_IN], code[WIDTH]
            weights = params[code[WEIGHTS] : code[WEIGHTS] + shape[0] * shape[1]].reshape(shape)
            _set_spectrum(statistics[code[WEIGHTS_OF]], _FIRST, weights)
        if code[UNITS_OF] >= 0:
            size = code[POSITIONS] * code[UNITS]
            outputs = acts[code[ACTS] * rows : (code[ACTS] + size) * rows].reshape(-1, code[UNITS])
            _set_spectrum(statistics[code[UNITS_OF]], _FIRST + 2, outputs)


def _set_spectrum(row: NDArray[np.float64], place: int, matrix: NDArray[Any]) -> None:
    """Set the effective rank and the largest singular value of a matrix in two columns of the row."""
    if np.isfinite(matrix).all():
        singular = singular_values(matrix.astype(np.float64))
        row[place], row[place + 1] = effective_rank(singular), singular.max(initial=0.0)


def singular_values(matrix: NDArray[np.float64]) -> NDArray[Any]:
    """Return the singular values of a matrix.

    A very tall matrix, such as the activations of a convolution at all positions, is first reduced to a triangular
    one with the same singular values.
    """
    is_tall = matrix.shape[0] > 16 * matrix.shape[1]
    return np.linalg.svd(np.linalg.qr(matrix, mode="r") if is_tall else matrix, compute_uv=False)


def curvature(setup: Setup, rows: int, seed: int, check_cancelled: Callable[[], None] = lambda: None) -> float:
    """Return the largest eigenvalue of the Hessian of the mean data loss on the `rows` examples in the work buffers.

    Power iteration with Hessian-vector products from central differences of the gradient (Pearlmutter 1994, section
    2). If the eigenvalue of largest absolute value is negative, a second iteration with a shifted Hessian finds the
    largest eigenvalue. Batch normalization uses the statistics of the examples, and no units are dropped.
    `check_cancelled` is called before each product and may raise an exception.
    """
    return _largest_eigenvalue(setup, rows, seed, None, check_cancelled)


def preconditioned_curvature(
    setup: Setup, rows: int, spec: RunSpec, step: int, check_cancelled: Callable[[], None] = lambda: None
) -> float:
    """Return the largest eigenvalue of P^-1 H, with the Hessian H of `curvature` and the optimizer's preconditioner P.

    P is diagonal; the step of the optimizer is lr P^-1 times a mean of gradients (Cohen et al. 2022, section 2). NaN
    before the first step, and for optimizers without a preconditioner.
    """
    component = spec.training.optimizer
    row = OPTIMIZERS[component.name]
    if row.preconditioner is None or step == 0:
        return float("nan")
    scale = row.preconditioner(dict(component.params), optimizer_states(setup, row.states), step)
    if not (np.isfinite(scale).all() and (scale > 0).all()):
        return float("nan")
    return _largest_eigenvalue(setup, rows, spec.seed, np.sqrt(scale), check_cancelled)


def optimizer_states(setup: Setup, count: int) -> NDArray[np.float64]:
    """Return the state arrays of the optimizer in the order of the parameters, shape (count, parameters)."""
    state = setup.state
    found = np.zeros((count, state.params.size))
    for code in setup.net.codes:
        begin, middle, end = code[WEIGHTS], code[WEIGHTS] + code[FAN_IN] * code[WIDTH], code[END]
        for a, b in ((begin, middle), (middle, end)):
            found[:, a:b] = state.optimizer_state[count * a : count * b].reshape(count, b - a)
    return found


def _largest_eigenvalue(
    setup: Setup, rows: int, seed: int, root: NDArray[np.float64] | None, check_cancelled: Callable[[], None]
) -> float:
    """Return the largest eigenvalue of R^-1 H R^-1; the positive `root` is the diagonal of R, None for R = 1."""
    state = setup.state
    start = stream(seed, "curvature").standard_normal(state.params.size)
    start = start if root is None else root * start
    start = start * state.masks if state.masks.size else start
    original = state.params.copy()

    def product(v: NDArray[np.float64]) -> NDArray[np.float64]:
        check_cancelled()
        if root is None:
            return _hessian_times(setup, rows, original, v)
        direction = v / root
        size = float(np.linalg.norm(direction))
        return _hessian_times(setup, rows, original, direction / size) * size / root

    try:
        largest = _power_iteration(product, start)
        if largest < 0:
            shift = largest
            largest = shift + _power_iteration(lambda v: product(v) - shift * v, start)
    finally:
        state.params[:] = original
    return largest


def _power_iteration(product: Callable[[NDArray[np.float64]], NDArray[np.float64]], start: NDArray[Any]) -> float:
    """Return the eigenvalue of largest absolute value of a symmetric operator; NaN if products are not finite."""
    v, estimate = start / np.linalg.norm(start), np.nan
    for count in range(1, MOST_PRODUCTS + 1):
        image = product(v)
        before, estimate = estimate, float(v @ image)
        size = float(np.linalg.norm(image))
        if not np.isfinite(size):
            return float("nan")
        if size == 0 or (count > _FEWEST_PRODUCTS and abs(estimate - before) <= TOLERANCE * abs(estimate)):
            return estimate
        v = image / size
    return estimate


def _hessian_times(setup: Setup, rows: int, params: NDArray[Any], v: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the product of the Hessian at `params` and a vector of norm 1, float64."""
    recipe = setup.recipe._replace(coefficients=np.zeros_like(setup.recipe.coefficients))
    state, sides = setup.state, []
    for step in (STEP, -STEP):
        state.params[:] = params + step * v
        gradient(setup.net, state, setup.work, recipe, rows, PROBE, NO_STEP)
        sides.append(state.grads.astype(np.float64))
    difference: NDArray[np.float64] = (sides[0] - sides[1]) / (2 * STEP)
    return difference
