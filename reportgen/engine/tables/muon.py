"""The step of Muon for a matrix of weights: momentum, made nearly orthogonal (Jordan et al. 2024).

The Newton-Schulz iteration X <- a X + b (X X') X + c (X X')^2 X moves all singular values of X towards 1. It needs
matrix products alone. Its coefficients are steep at 0 and let singular values end between about 0.7 and 1.2.
"""

from __future__ import annotations

import numpy as np

from reportgen.engine.jit.calls import call
from reportgen.engine.jit.compile import internal
from reportgen.engine.math.microkernel import WRITE

ITERATIONS = 5
SCRATCH = 4
"""Size of the work buffer, as a multiple of the size of the matrix."""

_LINEAR, _CUBIC, _QUINTIC = np.float32(3.4445), np.float32(-4.7750), np.float32(2.0315)
_SMALLEST_NORM = 1e-7
_ONE = np.float32(1)

MOMENTUM, NESTEROV = 4, 5
"""Places in `hyper`, after the constants of the kernel for the other parameters."""


def operations(fan_in: int, width: int) -> float:
    """Return the floating-point operations of the matrix products of a step."""
    short, size = min(fan_in, width), fan_in * width
    return ITERATIONS * (4.0 * size * short + 2.0 * short**3)


@internal
def _iterate(product, shape, x, scratch, panels):
    """Replace x, flat (rows, columns), by a step of the Newton-Schulz iteration; the squares have the shorter side."""
    rows, columns = shape
    short, size = min(rows, columns), rows * columns
    zero = x.dtype.type(0)
    finish = (WRITE, zero, zero, zero)
    square, factor = scratch[size : size + short * short], scratch[2 * size : 2 * size + short * short]
    moved = scratch[3 * size : 4 * size]
    if rows <= columns:
        call(product, (rows, rows, columns), x, (columns, 1), x, True, square, square, finish, panels)
    else:
        call(product, (columns, columns, rows), x, (1, columns), x, False, square, square, finish, panels)
    call(product, (short, short, short), square, (short, 1), square, False, factor, factor, finish, panels)
    for k in range(square.size):
        factor[k] = _CUBIC * square[k] + _QUINTIC * factor[k]
    if rows <= columns:
        call(product, (rows, columns, rows), factor, (rows, 1), x, False, moved, moved, finish, panels)
    else:
        call(product, (rows, columns, columns), x, (columns, 1), factor, False, moved, moved, finish, panels)
    for k in range(size):
        x[k] = _LINEAR * x[k] + moved[k]


@internal
def orthogonalize(product, shape, x, scratch, panels):
    """Replace x, flat (rows, columns), by a matrix with the same singular vectors and singular values near 1.

    product: address of the matrix product. A matrix of zeros stays one.
    """
    squares = 0.0
    for k in range(x.size):
        squares += np.float64(x[k]) ** 2
    scale = x.dtype.type(1.0 / (np.sqrt(squares) + _SMALLEST_NORM))
    for k in range(x.size):
        x[k] *= scale
    for _ in range(ITERATIONS):
        _iterate(product, shape, x, scratch, panels)


@internal
def step_of_matrix(hyper, lr, t, shape, w, g, state, decay, product, scratch, panels):
    """Make a step for weights w, flat (fan_in, width); the first array of the state is the momentum."""
    fan_in, width = shape
    x, momentum = scratch[: w.size], hyper[MOMENTUM]
    for k in range(w.size):
        state[k] = momentum * state[k] + (_ONE - momentum) * g[k]
        x[k] = momentum * state[k] + (_ONE - momentum) * g[k] if hyper[NESTEROV] > 0 else state[k]
    orthogonalize(product, shape, x, scratch, panels)
    scale = w.dtype.type(np.sqrt(max(1.0, width / fan_in)))
    for k in range(w.size):
        w[k] -= lr * decay * w[k] + lr * scale * x[k]
