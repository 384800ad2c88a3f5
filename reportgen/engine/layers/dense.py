"""Kernels of a dense layer, forward and backward, in place on flat buffers: Z = A W + b, shape (rows, width)."""

from __future__ import annotations

import numpy as np

from reportgen.engine.jit.calls import call
from reportgen.engine.jit.compile import force_inline, inline_ir, internal, kernel
from reportgen.engine.math.microkernel import ADD, WRITE
from reportgen.engine.math.random import dropout_mask, subkey
from reportgen.engine.network import (
    ACTIVATE,
    ACTS,
    BIAS,
    DENORMALIZE,
    DIFFERENTIATE,
    DROP,
    DROPOUT,
    DROPPED,
    END,
    FAN_IN,
    GAMMA,
    LEARNED,
    MASK,
    NO_STEP,
    NORMALIZE,
    PHI,
    PIECES,
    PRE,
    PROBE,
    RATE,
    TEST,
    UNITS,
    WEIGHTS,
    WIDTH,
)

INVERTED, SCALE_AT_TEST, UNSCALED = 1, 2, 3

_ZERO = np.float32(0)


@internal
def copy(source, target):
    """Copy source to target, both flat; a slice assignment would take seconds to compile."""
    for k in range(source.size):
        target[k] = source[k]


@internal
def fill(target, value):
    """Fill target, flat, with a value of its type."""
    for k in range(target.size):
        target[k] = value


@inline_ir
def block(work, offset, width, rows):
    """Return a layer's (rows, width) block, flat."""
    return work.blocks[offset * rows : (offset + width) * rows]


@inline_ir
def layer_input(net, work, layer, rows):
    """Return the inputs of a layer, flat (rows, fan_in): the batch, or the outputs of the layer below after dropout."""
    if layer == 0:
        return work.x[: rows * net.codes[0, FAN_IN]]
    below = net.codes[layer - 1]
    place = below[DROPPED] if below[DROPPED] >= 0 else below[ACTS]
    return block(work, place, below[UNITS], rows)


@inline_ir
def pre_activation(net, work, layer, rows):
    """Return a layer's pre-activations, flat (rows, width).

    They share the block of the activations if the derivative of the activation does not need them.
    """
    code = net.codes[layer]
    return block(work, code[PRE] if code[PRE] >= 0 else code[ACTS], code[WIDTH], rows)


@force_inline
def forward_linear(net, state, work, layer, rows, mode):
    """Compute a layer's pre-activations Z = A W + b, with batch normalization if it has one."""
    code = net.codes[layer]
    fan_in, width = code[FAN_IN], code[WIDTH]
    z = pre_activation(net, work, layer, rows)
    weights = state.params[code[WEIGHTS] : code[WEIGHTS] + fan_in * width]
    zero = net.constants.dtype.type(0)
    kind = ADD if code[BIAS] >= 0 else WRITE
    bias = state.params[code[BIAS] : code[BIAS] + width] if code[BIAS] >= 0 else weights
    inputs, shape = layer_input(net, work, layer, rows), (rows, width, fan_in)
    finish = (kind, zero, zero, zero)
    call(net.product, shape, inputs, (fan_in, 1), weights, False, z, bias, finish, work.panels)
    if code[GAMMA] >= 0:
        call(code[NORMALIZE], net, state, work, layer, rows, mode, z)


@force_inline
def forward_activation(net, state, work, layer, rows, mode, step):
    """Compute a layer's activations from its pre-activations, and apply dropout."""
    code = net.codes[layer]
    acts = block(work, code[ACTS], code[UNITS], rows)
    constants = net.constants[layer, PHI:]
    if code[PIECES] > 1:
        call(code[ACTIVATE], constants, code[PIECES], pre_activation(net, work, layer, rows), acts)
    else:
        if code[PRE] >= 0:
            copy(pre_activation(net, work, layer, rows), acts)
        if code[LEARNED] >= 0:
            call(code[ACTIVATE], constants, state.params[code[LEARNED] : code[END]], acts)
        elif code[ACTIVATE] != 0:
            call(code[ACTIVATE], constants, acts)
    if code[DROPPED] >= 0:
        call(code[DROP], net, state, work, layer, rows, mode, step, acts)


@internal
def drop(net, state, work, layer, rows, mode, step, acts):
    """Compute a layer's dropout mask, and its activations times the mask (Srivastava et al. 2014)."""
    code = net.codes[layer]
    rate = net.constants[layer, RATE]
    one = net.constants.dtype.type(1)
    mask = block(work, code[MASK], code[UNITS], rows)
    out = block(work, code[DROPPED], code[UNITS], rows)
    if mode in (PROBE, TEST):
        fill(mask, one - rate if mode == TEST and code[DROPOUT] == SCALE_AT_TEST else one)
    else:
        kept = one / (one - rate) if code[DROPOUT] == INVERTED else one
        dropout_mask(subkey(state.keys, layer, step), np.float64(rate), kept, mask)
    for k in range(out.size):
        out[k] = acts[k] * mask[k]


@internal
def forward(net, state, work, rows, mode, step):
    """Pass the batch in work.x through all layers; `output` returns the logits."""
    for layer in range(net.codes.shape[0]):
        forward_linear(net, state, work, layer, rows, mode)
        forward_activation(net, state, work, layer, rows, mode, step)


@inline_ir
def output(net, work, rows):
    """Return the logits of the last forward pass, flat (rows, classes)."""
    code = net.codes[net.codes.shape[0] - 1]
    return block(work, code[ACTS], code[UNITS], rows)


@force_inline
def backward_activation(net, state, work, layer, rows, delta, other):
    """Backpropagate the derivative of the loss by a layer's outputs, in `delta`, to its pre-activations.

    The result is in `delta`, or in `other` if the units have several pieces.
    """
    code = net.codes[layer]
    size = rows * code[UNITS]
    if code[DROPPED] >= 0:
        mask = block(work, code[MASK], code[UNITS], rows)
        for k in range(size):
            delta[k] *= mask[k]
    z = pre_activation(net, work, layer, rows)
    acts = block(work, code[ACTS], code[UNITS], rows)
    constants = net.constants[layer, PHI:]
    if code[PIECES] > 1:
        call(code[DIFFERENTIATE], constants, code[PIECES], z, delta[:size], other[: rows * code[WIDTH]])
    elif code[LEARNED] >= 0:
        begin, end = code[LEARNED], code[END]
        call(code[DIFFERENTIATE], constants, state.params[begin:end], z, delta[:size], state.grads[begin:end])
    elif code[DIFFERENTIATE] != 0:
        call(code[DIFFERENTIATE], constants, acts, z, delta[:size])


@force_inline
def backward_linear(net, state, work, layer, rows, delta, other):
    """Set the gradients of a layer's bias, or of gamma and beta, and backpropagate `delta` to the layer's inputs.

    `delta` is backpropagated through batch normalization in place. The derivative by the inputs, flat (rows, fan_in),
    is written to `other`, except for the first layer.
    """
    code = net.codes[layer]
    fan_in, width = code[FAN_IN], code[WIDTH]
    if code[GAMMA] >= 0:
        call(code[DENORMALIZE], net, state, work, layer, rows, delta)
    else:
        gradient = state.grads[code[BIAS] : code[BIAS] + width]
        for j in range(width):
            gradient[j] = _ZERO
        for i in range(rows):
            for j in range(width):
                gradient[j] += delta[i * width + j]
    if layer > 0:
        weights = state.params[code[WEIGHTS] : code[WEIGHTS] + fan_in * width]
        zero = net.constants.dtype.type(0)
        shape, finish = (rows, fan_in, width), (WRITE, zero, zero, zero)
        call(net.product, shape, delta, (width, 1), weights, True, other, other, finish, work.panels)


@force_inline
def weight_gradient(net, state, work, layer, rows, delta, target, below, finish):
    """Compute the gradient of a layer's weights, A' delta for inputs A, flat (fan_in, width).

    `finish` is the operation on the sums, with target as its c and below as its d; see `product`.
    """
    code = net.codes[layer]
    fan_in, width = code[FAN_IN], code[WIDTH]
    inputs = layer_input(net, work, layer, rows)
    shape = (fan_in, width, rows)
    call(net.product, shape, inputs, (1, fan_in), delta, False, target, below, finish, work.panels)


@kernel
def pass_linear(net, state, work, layer, rows):
    """Call `forward_linear` in mode PROBE from Python."""
    forward_linear(net, state, work, layer, rows, PROBE)


@kernel
def pass_activation(net, state, work, layer, rows):
    """Call `forward_activation` in mode PROBE from Python."""
    forward_activation(net, state, work, layer, rows, PROBE, NO_STEP)
