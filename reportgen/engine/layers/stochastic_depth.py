"""Stochastic depth (Huang et al. 2016): training drops the branches of residual blocks at random.

A branch is multiplied by 1 with its survival probability and by 0 otherwise, once for a minibatch or once for each
example. In probes and in test mode, it is multiplied by the survival probability.
"""

from __future__ import annotations

import numpy as np

from reportgen.engine.jit.compile import internal
from reportgen.engine.layers.blocks import block, fill
from reportgen.engine.math.random import dropout_mask, subkey
from reportgen.engine.network import BRANCH, BY_EXAMPLE, PROBE, SURVIVAL, TEST

_STREAM = np.int64(2_000_003)
"""Added to the index of an operation, so that its random numbers are not those of its dropout."""


@internal
def scale_branch(net, state, work, layer, rows, mode, step, z):
    """Multiply the end of a branch, z flat (rows, values), by the factors of the examples, and keep the factors."""
    code, survival = net.codes[layer], net.constants[layer, SURVIVAL]
    factors, one = block(work, code[BRANCH], 1, rows), net.constants.dtype.type(1)
    if mode in (PROBE, TEST):
        fill(factors, survival)
    else:
        drawn = factors if code[BY_EXAMPLE] == 1 else factors[:1]
        dropout_mask(subkey(state.keys, _STREAM + layer, step), 1.0 - np.float64(survival), one, drawn)
        if code[BY_EXAMPLE] == 0:
            fill(factors, factors[0])
    scale_rows(factors, z)


@internal
def scale_rows(factors, values):
    """Multiply each row of values, flat (rows, size), by its factor; rows with the factor 0 become 0."""
    size, zero = values.size // factors.size, values.dtype.type(0)
    for i in range(factors.size):
        factor = factors[i]
        for k in range(i * size, (i + 1) * size):
            values[k] = values[k] * factor if factor != zero else zero
