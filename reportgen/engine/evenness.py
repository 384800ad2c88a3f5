"""How evenly a layer uses its weights: the largest of them, and how close all are to one size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reportgen.engine.compile import kernel
from reportgen.engine.network import FAN_IN, WEIGHTS, WIDTH
from reportgen.engine.setup import Setup

WEIGHT_SHAPES = ("weight_max", "weight_evenness")
"""The columns of `weight_shapes`."""


def weight_shapes(setup: Setup) -> NDArray[np.float64]:
    """Return, for each layer, its largest absolute weight, and evenness (layers, 2).

    Evenness is the squared mean of absolute weights over their mean square: 1 where all are of one size, 2/pi for a
    normal distribution, 1/n where one of n weights is not zero. NaN for weights that are all zero or not finite.
    """
    shapes = np.full((len(setup.net.codes), len(WEIGHT_SHAPES)), np.nan)
    fill_shapes(setup.net.codes, setup.state.params, shapes)
    return shapes


@kernel
def fill_shapes(codes, params, shapes):
    """Fill the rows of `weight_shapes`, but for layers whose weights are not finite."""
    for layer in range(codes.shape[0]):
        code = codes[layer]
        w = params[code[WEIGHTS] : code[WEIGHTS] + code[FAN_IN] * code[WIDTH]]
        largest, total, squares = w.dtype.type(0), 0.0, 0.0
        for k in range(w.size):
            size = abs(w[k])
            largest = max(largest, size)
            total += np.float64(size)
            squares += np.float64(size) ** 2
        if total < np.inf:  # neither infinity nor NaN
            shapes[layer, 0] = largest
            shapes[layer, 1] = total**2 / (squares * w.size) if squares > 0.0 else np.nan
