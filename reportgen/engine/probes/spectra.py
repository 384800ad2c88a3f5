"""Looks that cost more and are made on request: singular values of every layer, and the curvature of the loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.data.streams import stream
from reportgen.engine.network import ACTS, FAN_IN, NO_STEP, PROBE, UNITS, WEIGHTS, WIDTH
from reportgen.engine.setup import Setup
from reportgen.engine.spec import SPECTRAL, STATISTICS
from reportgen.engine.step import gradient

_FIRST = STATISTICS.index(SPECTRAL[0])

STEP = 1e-2
"""Length of the step of a central difference, params which its error and the rounding of float32 are both small."""

TOLERANCE, MOST_PRODUCTS = 1e-4, 100
"""Power iteration ends when the eigenvalue moves by less than this share of itself, or after so many products."""

_FEWEST_PRODUCTS = 5  # products before the first look params convergence: a random start may pause on a plateau


def effective_rank(singular: NDArray[np.float64]) -> float:
    """Return exp of the entropy of the normalized singular values (Roy and Vetterli 2007); NaN for a zero matrix."""
    total = float(singular.sum())
    if not total > 0 or not np.isfinite(total):
        return float("nan")
    p = singular[singular > 0] / total
    return float(np.exp(-(p * np.log(p)).sum()))


def probe_singular_values(setup: Setup, rows: int, statistics: NDArray[np.float64]) -> None:
    """Set the columns SPECTRAL of statistics (layers, columns) from the weights and the last pass's activations.

    A matrix with entries that are not finite has NaN. Activations are (examples, units), not centred.
    """
    params, acts = setup.state.params, setup.work.blocks
    for code, row in zip(setup.net.codes, statistics, strict=True):
        weights = params[code[WEIGHTS] : code[WEIGHTS] + code[FAN_IN] * code[WIDTH]].reshape(code[FAN_IN], code[WIDTH])
        outputs = acts[code[ACTS] * rows : (code[ACTS] + code[UNITS]) * rows].reshape(rows, code[UNITS])
        for place, matrix in ((_FIRST, weights), (_FIRST + 2, outputs)):
            if np.isfinite(matrix).all():
                singular = np.linalg.svd(matrix.astype(np.float64), compute_uv=False)
                row[place], row[place + 1] = effective_rank(singular), singular.max(initial=0.0)


def curvature(setup: Setup, rows: int, seed: int, check_cancelled: Callable[[], None] = lambda: None) -> float:
    """Return the largest eigenvalue of the Hessian of the mean data loss on the `rows` examples in the work buffers.

    Power iteration with Hessian-vector products from central differences of the gradient (Pearlmutter 1994, section
    2). Where the eigenvalue of largest size is negative, a second iteration finds the largest one. Batch-norm takes
    the examples' own statistics and no unit is dropped. `check_cancelled` is called before each product, and may raise.
    """
    start = stream(seed, "curvature").standard_normal(setup.state.params.size)
    original = setup.state.params.copy()

    def product(v: NDArray[np.float64]) -> NDArray[np.float64]:
        check_cancelled()
        return _hessian_times(setup, rows, original, v)

    try:
        largest = _power_iteration(product, start)
        if largest < 0:
            shift = largest
            largest = shift + _power_iteration(lambda v: product(v) - shift * v, start)
    finally:
        setup.state.params[:] = original
    return largest


def _power_iteration(product: Callable[[NDArray[np.float64]], NDArray[np.float64]], start: NDArray[Any]) -> float:
    """Return a symmetric operator's eigenvalue of largest size, by its Rayleigh quotient; NaN where it blows up."""
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
    """Return H v for |v| = 1, float64; `params` are the parameters."""
    recipe = setup.recipe._replace(coefficients=np.zeros_like(setup.recipe.coefficients))
    state, sides = setup.state, []
    for step in (STEP, -STEP):
        state.params[:] = params + step * v
        gradient(setup.net, state, setup.work, recipe, rows, PROBE, NO_STEP)
        sides.append(state.grads.astype(np.float64))
    difference: NDArray[np.float64] = (sides[0] - sides[1]) / (2 * STEP)
    return difference
