"""Whether the weight gradients of a unit have one sign: then its weights can only rise or fall together.

With inputs of one sign that holds for every single example, and descent zigzags towards a minimum that needs some
weights larger and others smaller (LeCun, Bottou, Orr and Müller 1998, section 4.3). Zeros agree with either sign;
units without any gradient are not counted.
"""

from __future__ import annotations

import numpy as np

from reportgen.engine.jit.compile import internal
from reportgen.engine.probes.moments import count_nonzero

_NONE = np.int32(0)
_ONE_BY_ONE, _AT_A_TIME = 8, 64


@internal
def agreement_by_example(inputs, delta, fan_in, width):
    """Return the share, over examples and units with a gradient, whose weight gradients have one sign; NaN for none.

    inputs flat (rows, fan_in), delta flat (rows, width). One example's gradient is the outer product of the two, so
    the signs of its inputs decide for all units at once.
    """
    counted, agreeing = count_nonzero(delta), 0
    for i in range(delta.size // width):
        positive, negative = _signs(inputs[i * fan_in : (i + 1) * fan_in])
        if not (positive and negative):
            moved = count_nonzero(delta[i * width : (i + 1) * width])
            if positive or negative:
                agreeing += moved
            else:
                counted -= moved
    return agreeing / counted if counted > 0 else np.nan


@internal
def _signs(values):
    """Return whether there are positive and whether there are negative values; it looks until both are seen.

    One by one at first, since most often both are among the first few; then by vector instructions.
    """
    positive, negative = _NONE, _NONE
    first = min(values.size, _ONE_BY_ONE)
    for k in range(first):
        positive += np.int32(values[k] > 0)
        negative += np.int32(values[k] < 0)
        if positive > 0 and negative > 0:
            return True, True
    for begin in range(first, values.size, _AT_A_TIME):
        part = values[begin : begin + _AT_A_TIME]
        for k in range(part.size):
            positive += np.int32(part[k] > 0)
            negative += np.int32(part[k] < 0)
        if positive > 0 and negative > 0:
            break
    return positive > 0, negative > 0


@internal
def agreement_of_batch(gradient, width):
    """Return the share of units with a gradient whose gradients, flat (fan_in, width), have one sign; NaN for none."""
    counted, agreeing = 0, 0
    for j in range(width):
        positive, negative = False, False
        for k in range(j, gradient.size, width):
            positive, negative = positive or gradient[k] > 0, negative or gradient[k] < 0
            if positive and negative:
                break
        counted += positive or negative
        agreeing += positive != negative
    return agreeing / counted if counted > 0 else np.nan
