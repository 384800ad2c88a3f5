"""The forward and the backward pass through operations, in place on flat buffers.

Kernels of layers other than dense ones are called by address, see `reportgen.engine.layers.table`.
"""

from __future__ import annotations

import numpy as np

from reportgen.engine.jit.calls import call, call_number
from reportgen.engine.jit.compile import force_inline, internal, kernel
from reportgen.engine.layers.blocks import add, block, copy, fill, output, outputs_of, pre_activation, sum_rows
from reportgen.engine.layers.dense import backward_dense, dense_gradient, forward_dense
from reportgen.engine.layers.stochastic_depth import scale_rows
from reportgen.engine.math.random import dropout_mask, subkey
from reportgen.engine.network import (
    ACTIVATE,
    ACTS,
    ADDS,
    BACKWARD,
    BIAS,
    BRANCH,
    DENORMALIZE,
    DERIVATIVE,
    DIFFERENTIATE,
    DROP,
    DROP_BRANCH,
    DROPOUT,
    DROPPED,
    END,
    FAN_IN,
    FORWARD,
    GAMMA,
    GRADIENT,
    INPUTS,
    LEARNED,
    MASK,
    NO_STEP,
    NORMALIZE,
    NOTHING,
    PHI,
    PIECES,
    POSITIONS,
    PRE,
    PROBE,
    RATE,
    SOURCE,
    TEST,
    UNITS,
    WEIGHTS_OF,
    WIDTH,
)
from reportgen.engine.tables.losses import smooth_labels

INVERTED, SCALE_AT_TEST, UNSCALED = 1, 2, 3

_ZERO = np.float32(0)


@force_inline
def forward_linear(net, state, work, layer, rows, mode, step):
    """Compute the pre-activations Z = A W + b of an operation, with batch normalization and addition of a shortcut."""
    code = net.codes[layer]
    z = pre_activation(net, work, layer, rows)
    if code[FORWARD] != 0:
        call(code[FORWARD], net, state, work, layer, rows, z)
    else:
        forward_dense(net, state, work, layer, rows, z)
    if code[GAMMA] >= 0:
        call(code[NORMALIZE], net, state, work, layer, rows, mode, z)
    if code[DROP_BRANCH] != 0:
        call(code[DROP_BRANCH], net, state, work, layer, rows, mode, step, z)
    if code[ADDS] != NOTHING:
        add(outputs_of(net, work, code[ADDS], rows), z)


@force_inline
def forward_activation(net, state, work, layer, rows, mode, step):
    """Compute a layer's activations from its pre-activations, and apply dropout."""
    code = net.codes[layer]
    acts = block(work, code[ACTS], code[POSITIONS] * code[UNITS], rows)
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
    mask = block(work, code[MASK], code[POSITIONS] * code[UNITS], rows)
    out = block(work, code[DROPPED], code[POSITIONS] * code[UNITS], rows)
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
        forward_linear(net, state, work, layer, rows, mode, step)
        forward_activation(net, state, work, layer, rows, mode, step)


@force_inline
def backward_activation(net, state, work, layer, rows, delta, other):
    """Backpropagate the derivative of the loss by a layer's outputs, in `delta`, to its pre-activations.

    The result is in `delta`, or in `other` if the units have several pieces.
    """
    code = net.codes[layer]
    size = rows * code[POSITIONS] * code[UNITS]
    if code[DROPPED] >= 0:
        mask = block(work, code[MASK], code[POSITIONS] * code[UNITS], rows)
        for k in range(size):
            delta[k] *= mask[k]
    z = pre_activation(net, work, layer, rows)
    acts = block(work, code[ACTS], code[POSITIONS] * code[UNITS], rows)
    constants = net.constants[layer, PHI:]
    if code[PIECES] > 1:
        call(
            code[DIFFERENTIATE], constants, code[PIECES], z, delta[:size], other[: rows * code[POSITIONS] * code[WIDTH]]
        )
    elif code[LEARNED] >= 0:
        begin, end = code[LEARNED], code[END]
        call(code[DIFFERENTIATE], constants, state.params[begin:end], z, delta[:size], state.grads[begin:end])
    elif code[DIFFERENTIATE] != 0:
        call(code[DIFFERENTIATE], constants, acts, z, delta[:size])


@force_inline
def backward_linear(net, state, work, layer, rows, delta, other):
    """Set the gradients of an operation's bias, or of gamma and beta, and backpropagate `delta` to the inputs.

    `delta` is backpropagated through batch normalization in place. The derivative by the inputs, flat (rows, inputs),
    is written to `other`, unless the inputs are the batch. It is added to the block DERIVATIVE of the source, if that
    has one; so is `delta` to that of a shortcut, before stochastic depth scales it.
    """
    code = net.codes[layer]
    width, source = code[WIDTH], code[SOURCE]
    if code[ADDS] >= 0:
        shortcut = net.codes[code[ADDS]]
        size = shortcut[POSITIONS] * shortcut[UNITS]
        add(delta[: rows * size], block(work, shortcut[DERIVATIVE], size, rows))
    if code[BRANCH] >= 0:
        scale_rows(block(work, code[BRANCH], 1, rows), delta[: rows * code[POSITIONS] * width])
    if code[GAMMA] >= 0:
        call(code[DENORMALIZE], net, state, work, layer, rows, delta)
    elif code[BIAS] >= 0 and code[WEIGHTS_OF] >= 0:
        sum_rows(delta[: rows * code[POSITIONS] * width], state.grads[code[BIAS] : code[BIAS] + width])
    if code[BACKWARD] != 0:
        call(code[BACKWARD], net, state, work, layer, rows, delta, other)
    elif source >= 0:
        backward_dense(net, state, work, layer, rows, delta, other)
    if source >= 0 and net.codes[source, DERIVATIVE] >= 0:
        size = code[INPUTS]
        add(other[: rows * size], block(work, net.codes[source, DERIVATIVE], size, rows))


@force_inline
def weight_gradient(net, work, layer, rows, delta, target, below, finish):
    """Compute the gradient of a layer's weights, A' delta for inputs A, flat (fan_in, width).

    `finish` is the operation on the sums, with target as its c and below as its d; see `product`.
    """
    code = net.codes[layer]
    if code[FAN_IN] == 0:
        return
    if code[GRADIENT] != 0:
        call(code[GRADIENT], net, work, layer, rows, delta, target, below, finish)
    else:
        dense_gradient(net, work, layer, rows, delta, target, below, finish)


@internal
def loss_of(net, work, rows):
    """Return the sum of the losses of the last forward pass, and set work.delta to the derivative of their mean."""
    logits, y = output(net, work, rows), work.y[:rows]
    total = call_number(net.loss, logits, y, net.classes, work.delta)
    if net.smoothing > 0:
        total += smooth_labels(logits, y, net.classes, work.delta, net.smoothing)
    return total


@kernel
def pass_linear(net, state, work, layer, rows):
    """Call `forward_linear` in mode PROBE from Python."""
    forward_linear(net, state, work, layer, rows, PROBE, NO_STEP)


@kernel
def pass_activation(net, state, work, layer, rows):
    """Call `forward_activation` in mode PROBE from Python."""
    forward_activation(net, state, work, layer, rows, PROBE, NO_STEP)
