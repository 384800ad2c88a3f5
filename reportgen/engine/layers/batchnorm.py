"""Batch normalization (Ioffe and Szegedy 2015, algorithm 1).

Blocks are flat (rows, width), where the positions of an image count as rows; vectors are (width,). Running values are
[mean | variance], flat (2, width).
"""

from __future__ import annotations

import numpy as np

from reportgen.engine.jit.compile import internal
from reportgen.engine.layers.blocks import add, fill
from reportgen.engine.network import (
    BETA,
    GAMMA,
    MOMENTS,
    NORM_EPSILON,
    NORM_MOMENTUM,
    NORM_TEST_BATCH,
    NORM_UPDATE,
    POSITIONS,
    PROBE,
    RUNNING,
    TRAIN,
    WIDTH,
    XHAT,
)

_ZERO, _ONE = np.float32(0), np.float32(1)

_ROWS_AT_A_TIME = 256
"""Rows whose sums are added to those of all rows; one sum over all positions of a batch would lose two digits."""


@internal
def normalize_running(running, epsilon, gamma, beta, z):
    """Normalize z in place with the running mean and variance."""
    width = gamma.size
    for i in range(z.size // width):
        row = z[i * width : (i + 1) * width]
        for j in range(width):
            row[j] = gamma[j] * (row[j] - running[j]) / np.sqrt(running[width + j] + epsilon) + beta[j]


@internal
def normalize_batch(running, keep, epsilon, gamma, beta, z, xhat, moments):
    """Normalize z in place with the moments of the batch.

    Sets xhat to the normalized values and moments to [1 / sqrt(variance + epsilon) | mean | variance]. Updates
    running = keep running + (1 - keep) batch, with the unbiased variance if the batch has more than one row; keep = 1
    leaves the running values unchanged.
    """
    width = gamma.size
    rows = z.size // width
    count = z.dtype.type(rows)
    scale, mean, variance = moments[:width], moments[width : 2 * width], moments[2 * width : 3 * width]
    part = scale
    fill(moments, _ZERO)
    for begin in range(0, rows, _ROWS_AT_A_TIME):
        fill(part, _ZERO)
        for i in range(begin, min(begin + _ROWS_AT_A_TIME, rows)):
            row = z[i * width : (i + 1) * width]
            for j in range(width):
                part[j] += row[j]
        add(part, mean)
    for j in range(width):
        mean[j] /= count
    for begin in range(0, rows, _ROWS_AT_A_TIME):
        fill(part, _ZERO)
        for i in range(begin, min(begin + _ROWS_AT_A_TIME, rows)):
            row, hat = z[i * width : (i + 1) * width], xhat[i * width : (i + 1) * width]
            for j in range(width):
                hat[j] = row[j] - mean[j]
                part[j] += hat[j] * hat[j]
        add(part, variance)
    for j in range(width):
        variance[j] /= count
        scale[j] = _ONE / np.sqrt(variance[j] + epsilon)
    for i in range(rows):
        row, hat = z[i * width : (i + 1) * width], xhat[i * width : (i + 1) * width]
        for j in range(width):
            hat[j] *= scale[j]
            row[j] = gamma[j] * hat[j] + beta[j]
    if keep != _ONE:
        unbiased = count / (count - _ONE) if rows > 1 else _ONE
        for j in range(width):
            running[j] = keep * running[j] + (_ONE - keep) * mean[j]
            running[width + j] = keep * running[width + j] + (_ONE - keep) * variance[j] * unbiased


@internal
def normalize_backward(gamma, xhat, moments, delta, gamma_gradient, beta_gradient):
    """Backpropagate `delta` through the normalization in place, and set the gradients of gamma and beta.

    On entry, delta is the derivative of the loss by the outputs; on return, by the inputs (Ioffe and Szegedy 2015,
    section 3). The mean and the variance in `moments` are overwritten.
    """
    width = gamma.size
    scale, parts = moments[:width], moments[width : 3 * width]
    gamma_part, beta_part = parts[:width], parts[width:]
    rows = delta.size // width
    count = delta.dtype.type(rows)
    fill(gamma_gradient, _ZERO)
    fill(beta_gradient, _ZERO)
    for begin in range(0, rows, _ROWS_AT_A_TIME):
        fill(parts, _ZERO)
        for i in range(begin, min(begin + _ROWS_AT_A_TIME, rows)):
            row, hat = delta[i * width : (i + 1) * width], xhat[i * width : (i + 1) * width]
            for j in range(width):
                gamma_part[j] += row[j] * hat[j]
                beta_part[j] += row[j]
        add(gamma_part, gamma_gradient)
        add(beta_part, beta_gradient)
    for i in range(rows):
        row, hat = delta[i * width : (i + 1) * width], xhat[i * width : (i + 1) * width]
        for j in range(width):
            centred = row[j] - (beta_gradient[j] + hat[j] * gamma_gradient[j]) / count
            row[j] = gamma[j] * scale[j] * centred


@internal
def forward_norm(net, state, work, layer, rows, mode, z):
    """Normalize a layer's pre-activations z in place, with batch or running values depending on the mode."""
    code, constant = net.codes[layer], net.constants[layer]
    width = code[WIDTH]
    gamma = state.params[code[GAMMA] : code[GAMMA] + width]
    beta = state.params[code[BETA] : code[BETA] + width]
    running = state.running[code[RUNNING] : code[RUNNING] + 2 * width]
    epsilon = constant[NORM_EPSILON]
    if mode != TRAIN and mode != PROBE and code[NORM_TEST_BATCH] == 0:
        normalize_running(running, epsilon, gamma, beta, z)
        return
    keep = constant[NORM_MOMENTUM] if mode == TRAIN and code[NORM_UPDATE] == 1 else _ONE
    xhat = work.blocks[code[XHAT] * rows : (code[XHAT] + code[POSITIONS] * width) * rows]
    moments = work.moments[code[MOMENTS] : code[MOMENTS] + 3 * width]
    normalize_batch(running, keep, epsilon, gamma, beta, z, xhat, moments)


@internal
def backward_norm(net, state, work, layer, rows, delta):
    """Backpropagate `delta` through a layer's normalization in place; set the gradients of gamma and beta."""
    code = net.codes[layer]
    width = code[WIDTH]
    xhat = work.blocks[code[XHAT] * rows : (code[XHAT] + code[POSITIONS] * width) * rows]
    moments = work.moments[code[MOMENTS] : code[MOMENTS] + 3 * width]
    gamma = state.params[code[GAMMA] : code[GAMMA] + width]
    gamma_gradient = state.grads[code[GAMMA] : code[GAMMA] + width]
    beta_gradient = state.grads[code[BETA] : code[BETA] + width]
    normalize_backward(gamma, xhat, moments, delta[: rows * code[POSITIONS] * width], gamma_gradient, beta_gradient)
