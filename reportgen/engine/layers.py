"""The layers: forward and backward, one layer at a time, in place on flat buffers. Z = A W + b, (rows, width)."""

from __future__ import annotations

import numpy as np

from reportgen.engine.activations import MAXOUT, PRELU, activate, differentiate
from reportgen.engine.blas import gemm_nn, gemm_nt, gemm_tn
from reportgen.engine.compile import inner, kernel
from reportgen.engine.network import (
    ACTIVATION,
    ACTS,
    BETA,
    BIAS,
    DROPOUT,
    DROPPED,
    FAN_IN,
    GAMMA,
    NO_STEP,
    NORM_EPSILON,
    NORM_MOMENTUM,
    NORM_TEST_BATCH,
    NORM_UPDATE,
    PHI_0,
    PIECES,
    PRE,
    PROBE,
    RATE,
    RUNNING,
    SLOPE,
    TEST,
    TRAIN,
    UNITS,
    WEIGHTS,
    WIDTH,
    XHAT,
)
from reportgen.engine.norm import normalize_backward, normalize_batch, normalize_running
from reportgen.engine.random import dropout_mask, subkey
from reportgen.engine.units import activate_maxout, activate_prelu, differentiate_maxout, differentiate_prelu

_ZERO, _ONE = np.float32(0), np.float32(1)
_INVERTED, _SCALE_AT_TEST = 1, 2


@inner
def copy(source, target):
    """Set target to source, both flat. A slice assignment would do, but takes seconds to compile."""
    for k in range(source.size):
        target[k] = source[k]


@inner
def block(buffer, offset, width, rows):
    """Return a layer's (rows, width) part of a buffer, flat."""
    return buffer[offset * rows : (offset + width) * rows]


@inner
def layer_input(net, work, layer, rows):
    """Return what comes into a layer, flat (rows, fan_in): the batch, or the layer below after dropout."""
    if layer == 0:
        return work.x[: rows * net.codes[0, FAN_IN]]
    below = net.codes[layer - 1]
    if below[DROPPED] >= 0:
        return block(work.dropped, below[DROPPED], below[UNITS], rows)
    return block(work.acts, below[ACTS], below[UNITS], rows)


@inner
def pre_activation(net, work, layer, rows):
    """Return where a layer's linear map is written, flat (rows, width)."""
    code = net.codes[layer]
    if code[PIECES] > 1:
        return block(work.pre, code[PRE], code[WIDTH], rows)
    return block(work.acts, code[ACTS], code[UNITS], rows)


@inner
def forward_linear(net, state, work, layer, rows, mode):
    """Write Z = A W + b, normalized where the layer has batch-norm, to the layer's pre-activation block."""
    code = net.codes[layer]
    fan_in, width = code[FAN_IN], code[WIDTH]
    z = pre_activation(net, work, layer, rows)
    weights = state.params[code[WEIGHTS] : code[WEIGHTS] + fan_in * width]
    one = net.constants.dtype.type(1)
    beta = net.constants.dtype.type(0)
    if code[BIAS] >= 0:
        bias = state.params[code[BIAS] : code[BIAS] + width]
        for i in range(rows):
            copy(bias, z[i * width : (i + 1) * width])
        beta = one
    gemm_nn(net.blas, rows, width, fan_in, one, layer_input(net, work, layer, rows), weights, beta, z)
    if code[GAMMA] >= 0:
        _forward_norm(net, state, work, layer, rows, mode, z)


@inner
def _forward_norm(net, state, work, layer, rows, mode, z):
    code, constant = net.codes[layer], net.constants[layer]
    width = code[WIDTH]
    gamma = state.params[code[GAMMA] : code[GAMMA] + width]
    beta = state.params[code[BETA] : code[BETA] + width]
    running = state.running[code[RUNNING] : code[RUNNING] + 2 * width]
    epsilon = constant[NORM_EPSILON]
    if mode == TEST and code[NORM_TEST_BATCH] == 0:
        normalize_running(running, epsilon, gamma, beta, z)
        return
    keep = constant[NORM_MOMENTUM] if mode == TRAIN and code[NORM_UPDATE] == 1 else _ONE
    xhat = block(work.xhat, code[XHAT], width, rows)
    moments = work.moments[3 * code[XHAT] : 3 * (code[XHAT] + width)]
    normalize_batch(running, keep, epsilon, gamma, beta, z, xhat, moments)


@inner
def forward_activation(net, state, work, layer, rows, mode, step):
    """Turn a layer's pre-activations into activations, and drop units."""
    code = net.codes[layer]
    acts = block(work.acts, code[ACTS], code[UNITS], rows)
    if code[PIECES] > 1:
        activate_maxout(code[PIECES], block(work.pre, code[PRE], code[WIDTH], rows), acts)
    else:
        if code[PRE] >= 0:
            copy(acts, block(work.pre, code[PRE], code[WIDTH], rows))
        if code[ACTIVATION] == PRELU:
            activate_prelu(state.params[code[SLOPE] : code[SLOPE] + code[UNITS]], acts)
        else:
            activate(code[ACTIVATION], net.constants[layer, PHI_0:], acts)
    if code[DROPPED] >= 0:
        _drop(net, state, work, layer, rows, mode, step, acts)


@inner
def _drop(net, state, work, layer, rows, mode, step, acts):
    code = net.codes[layer]
    rate = net.constants[layer, RATE]
    one = net.constants.dtype.type(1)
    mask = block(work.masks, code[DROPPED], code[UNITS], rows)
    out = block(work.dropped, code[DROPPED], code[UNITS], rows)
    if mode == TRAIN:
        kept = one / (one - rate) if code[DROPOUT] == _INVERTED else one
        dropout_mask(subkey(state.keys, layer, step), np.float64(rate), kept, mask)
    else:
        mask[:] = one - rate if mode == TEST and code[DROPOUT] == _SCALE_AT_TEST else one
    for k in range(out.size):
        out[k] = acts[k] * mask[k]


@inner
def forward(net, state, work, rows, mode, step):
    """Pass the batch in work.x through all layers; the logits end in the last layer's block of work.acts."""
    for layer in range(net.codes.shape[0]):
        forward_linear(net, state, work, layer, rows, mode)
        forward_activation(net, state, work, layer, rows, mode, step)


@inner
def output(net, work, rows):
    """Return the logits of the last forward pass, flat (rows, classes)."""
    code = net.codes[net.codes.shape[0] - 1]
    return block(work.acts, code[ACTS], code[UNITS], rows)


@inner
def backward_activation(net, state, work, layer, rows, delta, other):
    """Turn the loss's derivative by a layer's outputs, in `delta`, into that by its pre-activations.

    Returns the buffer that holds it and the one that is free.
    """
    code = net.codes[layer]
    size = rows * code[UNITS]
    if code[DROPPED] >= 0:
        mask = block(work.masks, code[DROPPED], code[UNITS], rows)
        for k in range(size):
            delta[k] *= mask[k]
    if code[ACTIVATION] == MAXOUT:
        z = block(work.pre, code[PRE], code[WIDTH], rows)
        differentiate_maxout(code[PIECES], z, delta[:size], other[: rows * code[WIDTH]])
        return other, delta
    acts = block(work.acts, code[ACTS], code[UNITS], rows)
    z = block(work.pre, code[PRE], code[WIDTH], rows) if code[PRE] >= 0 else acts
    if code[ACTIVATION] == PRELU:
        at = slice(code[SLOPE], code[SLOPE] + code[UNITS])
        differentiate_prelu(state.params[at], z, delta[:size], state.grads[at])
    else:
        differentiate(code[ACTIVATION], net.constants[layer, PHI_0:], acts, z, delta[:size])
    return delta, other


@inner
def backward_vectors(net, state, work, layer, rows, delta):
    """Set the gradients of a layer's bias, or of gamma and beta, and take `delta` back through batch-norm."""
    code = net.codes[layer]
    width = code[WIDTH]
    if code[GAMMA] >= 0:
        xhat = block(work.xhat, code[XHAT], width, rows)
        scale = work.moments[3 * code[XHAT] : 3 * code[XHAT] + width]
        gamma = state.params[code[GAMMA] : code[GAMMA] + width]
        gamma_gradient = state.grads[code[GAMMA] : code[GAMMA] + width]
        beta_gradient = state.grads[code[BETA] : code[BETA] + width]
        normalize_backward(gamma, xhat, scale, delta[: rows * width], gamma_gradient, beta_gradient)
        return
    gradient = state.grads[code[BIAS] : code[BIAS] + width]
    gradient[:] = _ZERO
    for i in range(rows):
        row = delta[i * width : (i + 1) * width]
        for j in range(width):
            gradient[j] += row[j]


@inner
def backward_input(net, state, layer, rows, delta, other):
    """Write the loss's derivative by a layer's inputs, (rows, fan_in), to `other`."""
    code = net.codes[layer]
    fan_in, width = code[FAN_IN], code[WIDTH]
    weights = state.params[code[WEIGHTS] : code[WEIGHTS] + fan_in * width]
    one, zero = net.constants.dtype.type(1), net.constants.dtype.type(0)
    gemm_nt(net.blas, rows, fan_in, width, one, delta[: rows * width], weights, zero, other[: rows * fan_in])


@inner
def weight_gradient(net, work, layer, rows, delta, alpha, beta, target):
    """Set target = alpha A' delta + beta target, (fan_in, width) flat, for the layer's inputs A."""
    code = net.codes[layer]
    fan_in, width = code[FAN_IN], code[WIDTH]
    inputs = layer_input(net, work, layer, rows)
    gemm_tn(net.blas, fan_in, width, rows, alpha, inputs, delta[: rows * width], beta, target)


@kernel
def pass_linear(net, state, work, layer, rows):
    """Write a layer's pre-activations, as `forward_linear` does inside kernels, in mode PROBE."""
    forward_linear(net, state, work, layer, rows, PROBE)


@kernel
def pass_activation(net, state, work, layer, rows):
    """Write a layer's activations, as `forward_activation` does inside kernels, in mode PROBE."""
    forward_activation(net, state, work, layer, rows, PROBE, NO_STEP)
