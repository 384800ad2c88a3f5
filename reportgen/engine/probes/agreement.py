"""Sign agreement: the share of units whose weight gradients all have the same sign.

The weights of such a unit can only increase or decrease together. If all inputs have the same sign, this is the case
for every example, and gradient descent zigzags towards a minimum that needs some weights larger and others smaller
(LeCun, Bottou, Orr and Müller 1998, section 4.3). Zeros agree with both signs; units with a zero gradient do not count.
"""

from __future__ import annotations

import numpy as np

from reportgen.engine.jit.compile import internal
from reportgen.engine.probes.moments import count_nonzero

_NONE = np.int32(0)
_ONE_BY_ONE, _AT_A_TIME = 8, 64


@internal
def agreement_by_example(inputs, delta, fan_in, width):
    """Return the sign agreement over pairs of example and unit; NaN if all gradients are zero.

    inputs is flat (rows, fan_in), delta is flat (rows, width). The gradient of an example is the outer product of
    both, so the signs of its inputs decide for all units.
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
    """Return whether there are positive values, and whether there are negative values.

    The first few values are tested one at a time, since they usually contain both; the others with vector instructions.
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
    """Return the sign agreement of the gradient of a batch, flat (fan_in, width); NaN if it is zero."""
    counted, agreeing = count_agreement(gradient, width)
    return agreeing / counted if counted > 0 else np.nan


@internal
def count_agreement(gradient, width):
    """Return the numbers of units with a gradient, flat (fan_in, width), and of those whose gradients share a sign."""
    counted, agreeing = 0, 0
    for j in range(width):
        positive, negative = False, False
        for k in range(j, gradient.size, width):
            positive, negative = positive or gradient[k] > 0, negative or gradient[k] < 0
            if positive and negative:
                break
        counted += positive or negative
        agreeing += positive != negative
    return counted, agreeing
