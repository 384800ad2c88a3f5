"""Kernels of a convolution, called by address: z[i, j] = b + sum of the window at (i, j) times W."""

from __future__ import annotations

import numpy as np

from reportgen.engine.jit.compile import inline_ir, internal
from reportgen.engine.layers.blocks import layer_input
from reportgen.engine.math.convolution_layout import ONE, Geometry
from reportgen.engine.math.convolve import columns_size, convolve, convolve_back, convolve_gradient
from reportgen.engine.math.microkernel import ADD, WRITE
from reportgen.engine.network import BIAS, FAN_IN, GEOMETRY, POSITIONS, SOURCE, WEIGHTS, WIDTH
from reportgen.engine.probes.agreement import count_agreement

AGREEMENT_EXAMPLES = 16
"""Number of examples of a probe whose weight gradients are computed one by one for their sign agreement."""


def buffer_size(geometry: Geometry, units: int) -> int:
    """Return the size of Work.columns that the kernels need."""
    return int(columns_size(geometry, units))  # the constants of kernels are numbers of NumPy


@inline_ir
def geometry_of(code):
    """Return the Geometry of an operation as a tuple."""
    g = GEOMETRY
    return (
        code[g],
        code[g + 1],
        code[g + 2],
        code[g + 3],
        code[g + 4],
        code[g + 5],
        code[g + 6],
        code[g + 7],
        code[g + 8],
        code[g + 9],
        code[g + 10],
    )


@internal
def forward(net, state, work, layer, rows, z):
    """Compute the pre-activations of all positions, z flat (rows, positions, width)."""
    code = net.codes[layer]
    width = code[WIDTH]
    weights = state.params[code[WEIGHTS] : code[WEIGHTS] + code[FAN_IN] * width]
    bias = state.params[code[BIAS] : code[BIAS] + width] if code[BIAS] >= 0 else weights
    zero = net.constants.dtype.type(0)
    finish = (ADD if code[BIAS] >= 0 else WRITE, zero, zero, zero)
    inputs = layer_input(net, work, layer, rows)
    convolve(geometry_of(code), rows, inputs, weights, width, z, bias, finish, work.columns)


@internal
def backward(net, state, work, layer, rows, delta, other):
    """Write the derivative of the loss by the inputs to `other`, unless the inputs are the batch."""
    code = net.codes[layer]
    if code[SOURCE] < 0:
        return
    weights = state.params[code[WEIGHTS] : code[WEIGHTS] + code[FAN_IN] * code[WIDTH]]
    convolve_back(geometry_of(code), rows, delta, weights, code[WIDTH], other, work.columns)


@internal
def gradient(net, work, layer, rows, delta, target, below, finish):
    """Compute the gradient of the weights, flat (fan_in, width); `finish` as in `weight_gradient`."""
    code = net.codes[layer]
    inputs = layer_input(net, work, layer, rows)
    convolve_gradient(geometry_of(code), rows, inputs, delta, code[WIDTH], target, below, finish, work.columns)


@internal
def agreement(net, state, work, layer, rows, delta):
    """Return the sign agreement over pairs of example and filter, of the first AGREEMENT_EXAMPLES examples.

    delta is flat (rows, positions, width). The gradient of the weights in state.grads is overwritten.
    """
    code = net.codes[layer]
    width, zero = code[WIDTH], net.constants.dtype.type(0)
    gradient = state.grads[code[WEIGHTS] : code[WEIGHTS] + code[FAN_IN] * width]
    inputs, finish = layer_input(net, work, layer, rows), (WRITE, zero, zero, zero)
    features, outputs = inputs.size // rows, code[POSITIONS] * width
    counted, agreeing = 0, 0
    for i in range(min(rows, AGREEMENT_EXAMPLES)):
        x, d = inputs[i * features : (i + 1) * features], delta[i * outputs : (i + 1) * outputs]
        convolve_gradient(geometry_of(code), ONE, x, d, width, gradient, gradient, finish, work.columns)
        both = count_agreement(gradient, width)
        counted, agreeing = counted + both[0], agreeing + both[1]
    return agreeing / counted if counted > 0 else np.nan
