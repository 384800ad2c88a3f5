"""Kernels of a dense layer, Z = A W + b, shape (rows, width), in place on flat buffers."""

from __future__ import annotations

from reportgen.engine.jit.calls import call
from reportgen.engine.jit.compile import force_inline
from reportgen.engine.layers.blocks import layer_input
from reportgen.engine.math.microkernel import ADD, WRITE
from reportgen.engine.network import BIAS, FAN_IN, WEIGHTS, WIDTH


@force_inline
def forward_dense(net, state, work, layer, rows, z):
    """Compute z = A W + b of a dense layer."""
    code = net.codes[layer]
    fan_in, width = code[FAN_IN], code[WIDTH]
    weights = state.params[code[WEIGHTS] : code[WEIGHTS] + fan_in * width]
    zero = net.constants.dtype.type(0)
    kind = ADD if code[BIAS] >= 0 else WRITE
    bias = state.params[code[BIAS] : code[BIAS] + width] if code[BIAS] >= 0 else weights
    inputs, shape = layer_input(net, work, layer, rows), (rows, width, fan_in)
    finish = (kind, zero, zero, zero)
    call(net.product, shape, inputs, (fan_in, 1), weights, False, z, bias, finish, work.panels)


@force_inline
def backward_dense(net, state, work, layer, rows, delta, other):
    """Write the derivative by the inputs of a dense layer, delta W', to `other`."""
    code = net.codes[layer]
    fan_in, width = code[FAN_IN], code[WIDTH]
    weights = state.params[code[WEIGHTS] : code[WEIGHTS] + fan_in * width]
    zero = net.constants.dtype.type(0)
    shape, finish = (rows, fan_in, width), (WRITE, zero, zero, zero)
    call(net.product, shape, delta, (width, 1), weights, True, other, other, finish, work.panels)


@force_inline
def dense_gradient(net, work, layer, rows, delta, target, below, finish):
    """Compute the gradient A' delta of a dense layer's weights; see `weight_gradient` for `finish`."""
    code = net.codes[layer]
    fan_in, width = code[FAN_IN], code[WIDTH]
    inputs = layer_input(net, work, layer, rows)
    shape = (fan_in, width, rows)
    call(net.product, shape, inputs, (1, fan_in), delta, False, target, below, finish, work.panels)
