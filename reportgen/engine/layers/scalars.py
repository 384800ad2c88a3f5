"""Kernels of operations without weights, called by address: z = m x + b with scalars m and b, or z = x without them.

Scalar biases and multipliers replace batch normalization in Fixup (Zhang, Dauphin and Ma 2019, section 3).
"""

from __future__ import annotations

from reportgen.engine.jit.compile import internal
from reportgen.engine.layers.blocks import layer_input
from reportgen.engine.network import BIAS, MULTIPLIER, SOURCE


@internal
def forward(net, state, work, layer, rows, z):
    """Write m x + b to z, flat."""
    code, one, zero = net.codes[layer], net.constants.dtype.type(1), net.constants.dtype.type(0)
    factor = state.params[code[MULTIPLIER]] if code[MULTIPLIER] >= 0 else one
    shift = state.params[code[BIAS]] if code[BIAS] >= 0 else zero
    inputs = layer_input(net, work, layer, rows)
    for k in range(inputs.size):
        z[k] = factor * inputs[k] + shift


@internal
def backward(net, state, work, layer, rows, delta, other):
    """Set the gradients of m and b, and write the derivative by the inputs, m delta, to `other`."""
    code, one, zero = net.codes[layer], net.constants.dtype.type(1), net.constants.dtype.type(0)
    inputs = layer_input(net, work, layer, rows)
    if code[BIAS] >= 0:
        total = zero
        for k in range(inputs.size):
            total += delta[k]
        state.grads[code[BIAS]] = total
    if code[MULTIPLIER] >= 0:
        total = zero
        for k in range(inputs.size):
            total += delta[k] * inputs[k]
        state.grads[code[MULTIPLIER]] = total
    if code[SOURCE] >= 0:
        factor = state.params[code[MULTIPLIER]] if code[MULTIPLIER] >= 0 else one
        for k in range(inputs.size):
            other[k] = factor * delta[k]
