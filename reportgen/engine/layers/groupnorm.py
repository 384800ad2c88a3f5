"""Normalization of each example by groups of channels (Wu and He 2018); layer normalization has one group.

Blocks are flat (rows, positions, width). The mean and the variance are taken over the positions and the channels of a
group, so they do not depend on the other examples, and training and test mode are equal.
"""

from __future__ import annotations

import numpy as np

from reportgen.engine.jit.compile import internal
from reportgen.engine.layers.blocks import block, fill
from reportgen.engine.network import BETA, GAMMA, GROUPS, NORM_EPSILON, POSITIONS, SCALES, WIDTH, XHAT

_ZERO, _ONE = np.float32(0), np.float32(1)


@internal
def _normalize_group(z, at, shape, epsilon, hat):
    """Set hat to the normalized values of a group that starts at `at`; return 1 / sqrt(variance + epsilon).

    shape: (positions, channels of the group, channels of a position).
    """
    positions, size, width = shape
    count = z.dtype.type(positions * size)
    mean, variance = _ZERO * count, _ZERO * count
    for p in range(positions):
        for j in range(at + p * width, at + p * width + size):
            mean += z[j]
    mean /= count
    for p in range(positions):
        for j in range(at + p * width, at + p * width + size):
            hat[j] = z[j] - mean
            variance += hat[j] * hat[j]
    scale = _ONE / np.sqrt(variance / count + epsilon)
    for p in range(positions):
        for j in range(at + p * width, at + p * width + size):
            hat[j] *= scale
    return scale


@internal
def forward_group_norm(net, state, work, layer, rows, mode, z):
    """Normalize a layer's pre-activations z in place, in all modes alike."""
    code, epsilon = net.codes[layer], net.constants[layer, NORM_EPSILON]
    positions, width, groups = code[POSITIONS], code[WIDTH], code[GROUPS]
    gamma = state.params[code[GAMMA] : code[GAMMA] + width]
    beta = state.params[code[BETA] : code[BETA] + width]
    hat, scales = block(work, code[XHAT], positions * width, rows), block(work, code[SCALES], groups, rows)
    shape = (positions, width // groups, width)
    for i in range(rows):
        for g in range(groups):
            at = i * positions * width + g * shape[1]
            scales[i * groups + g] = _normalize_group(z, at, shape, epsilon, hat)
    for i in range(rows * positions):
        for j in range(width):
            z[i * width + j] = gamma[j] * hat[i * width + j] + beta[j]


@internal
def _backward_group(delta, hat, at, shape, scale, gamma, channel):
    """Backpropagate `delta` through the normalization of a group in place; `channel` is its first one."""
    positions, size, width = shape
    count = delta.dtype.type(positions * size)
    mean, product = _ZERO * count, _ZERO * count
    for p in range(positions):
        for j in range(size):
            k = at + p * width + j
            delta[k] *= gamma[channel + j]
            mean += delta[k]
            product += delta[k] * hat[k]
    mean, product = mean / count, product / count
    for p in range(positions):
        for j in range(size):
            k = at + p * width + j
            delta[k] = scale * (delta[k] - mean - hat[k] * product)


@internal
def backward_group_norm(net, state, work, layer, rows, delta):
    """Backpropagate `delta` through a layer's normalization in place; set the gradients of gamma and beta."""
    code = net.codes[layer]
    positions, width, groups = code[POSITIONS], code[WIDTH], code[GROUPS]
    gamma = state.params[code[GAMMA] : code[GAMMA] + width]
    gamma_gradient = state.grads[code[GAMMA] : code[GAMMA] + width]
    beta_gradient = state.grads[code[BETA] : code[BETA] + width]
    hat, scales = block(work, code[XHAT], positions * width, rows), block(work, code[SCALES], groups, rows)
    fill(gamma_gradient, _ZERO)
    fill(beta_gradient, _ZERO)
    for i in range(rows * positions):
        for j in range(width):
            gamma_gradient[j] += delta[i * width + j] * hat[i * width + j]
            beta_gradient[j] += delta[i * width + j]
    shape = (positions, width // groups, width)
    for i in range(rows):
        for g in range(groups):
            at = i * positions * width + g * shape[1]
            _backward_group(delta, hat, at, shape, scales[i * groups + g], gamma, g * shape[1])
