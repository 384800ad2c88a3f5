"""How evenly a layer uses its weights: the largest of them, and how close all are to one size."""

from __future__ import annotations

import numpy as np

from reportgen.engine.jit.compile import internal

WEIGHT_SHAPES = ("weight_max", "weight_evenness")
"""What `weight_shape` finds, by name."""


@internal
def weight_shape(w, found):
    """Set found (2,) to the largest absolute weight, and evenness; weights that are not finite leave it as it was.

    Evenness is the squared mean of absolute weights over their mean square: 1 where all are of one size, 2/pi for a
    normal distribution, 1/n where one of n weights is not zero. NaN for weights that are all zero.
    """
    largest, total, squares = w.dtype.type(0), 0.0, 0.0
    for k in range(w.size):
        size = abs(w[k])
        largest = max(largest, size)
        total += np.float64(size)
        squares += np.float64(size) ** 2
    if total < np.inf:  # neither infinity nor NaN
        found[0] = largest
        found[1] = total**2 / (squares * w.size) if squares > 0.0 else np.nan
