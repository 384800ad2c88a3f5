"""Largest weight and evenness of the weights of a layer."""

from __future__ import annotations

import numpy as np

from reportgen.engine.jit.compile import internal

WEIGHT_SHAPES = ("weight_max", "weight_evenness")
"""Names of the results of `weight_shape`."""


@internal
def weight_shape(w, found):
    """Set found, (2,), to the largest absolute weight and the evenness; unchanged if weights are not finite.

    Evenness is the squared mean of the absolute weights divided by their mean square: 1 if all have the same absolute
    value, 2/pi for a normal distribution, 1/n if one of n weights is not zero, NaN if all are zero.
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
