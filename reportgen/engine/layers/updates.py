"""Kernels that compute the gradients of a layer's weights and update the layer, and the recipe that they follow."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reportgen.engine.jit.calls import call
from reportgen.engine.jit.compile import internal
from reportgen.engine.layers.blocks import prune
from reportgen.engine.layers.passes import weight_gradient
from reportgen.engine.math.microkernel import MOMENTUM_STEP, WRITE
from reportgen.engine.network import END, FAN_IN, OTHERS_LR, WEIGHTS, WEIGHTS_LR, WIDTH

# Indices into Recipe.coefficients.
L2, L1 = 0, 1  # factors of the penalties (l2 / 2) |W|^2 and l1 |W|_1
CLIP_NORM = 2  # largest norm of the gradient, 0 without clipping
DECAY = 3  # weight decay of the optimizer
NOISE = 4  # standard deviation of the noise that augments batches

_ZERO, _ONE = np.float32(0), np.float32(1)


class Recipe(NamedTuple):
    """How to train a network.

    Attributes
    ----------
    backward, optimizer, score : addresses of kernels.
    matrix_optimizer : address of the kernel that updates weights of layers other than the output layer, 0 if that is
        the kernel `optimizer` as well.
    fused_sgd : the product that computes the gradient of the weights also updates them; for SGD with velocity,
        without clipping and L1 penalty.
    augment : address of the kernel that augments batches, 0 for none.
    hyper : constants of the optimizer.
    coefficients : L2, L1, CLIP_NORM, DECAY and NOISE, shape (5,), in the precision of the network.
    penalties : L2 and L1 in float64, for the penalty that is reported.
    batch_size, evaluation_rows : examples of a minibatch, and of a batch in evaluations.
    shuffles : whether each epoch has a new order of examples.
    image : how to move images, shape (9,), see `reportgen.engine.augment`; all 0 to leave inputs unchanged.
    scratch : work buffer of the matrix optimizer, empty without it.
    """

    backward: int
    optimizer: int
    matrix_optimizer: int
    fused_sgd: bool
    augment: int
    score: int
    hyper: NDArray[Any]
    coefficients: NDArray[Any]
    penalties: NDArray[np.float64]
    batch_size: int
    evaluation_rows: int
    shuffles: bool
    image: NDArray[np.int64]
    scratch: NDArray[Any]


@internal
def add_penalty(w, g, l2, l1):
    """Add the gradient of (l2 / 2) |w|^2 + l1 |w|_1 to g."""
    for k in range(w.size):
        g[k] += l2 * w[k] + l1 * (_ONE if w[k] > _ZERO else (-_ONE if w[k] < _ZERO else _ZERO))


@internal
def layer_gradient(net, state, work, recipe, layer, rows, delta):
    """Set the gradient of a layer's weights, including penalties; it is 0 for pruned weights."""
    code = net.codes[layer]
    zero = net.constants.dtype.type(0)
    begin, end = code[WEIGHTS], code[WEIGHTS] + code[FAN_IN] * code[WIDTH]
    g, finish = state.grads[begin:end], (WRITE, zero, zero, zero)
    weight_gradient(net, work, layer, rows, delta, g, g, finish)
    if recipe.coefficients[L2] > _ZERO or recipe.coefficients[L1] > _ZERO:
        add_penalty(state.params[begin:end], g, recipe.coefficients[L2], recipe.coefficients[L1])
    prune(state.masks, begin, g)


@internal
def fused_sgd(net, state, work, recipe, layer, rows, delta, lr):
    """Update a layer by SGD with velocity; the product that computes the gradient of the weights updates them.

    v = momentum v - lr (g + l2 w), w = w + v. The gradient of the weights is never stored.
    """
    code = net.codes[layer]
    begin, end = code[WEIGHTS], code[WEIGHTS] + code[FAN_IN] * code[WIDTH]
    w, v = state.params[begin:end], state.optimizer_state[begin:end]
    rate, others_rate = lr * net.constants[layer, WEIGHTS_LR], lr * net.constants[layer, OTHERS_LR]
    finish = (MOMENTUM_STEP, recipe.hyper[0], -rate, -rate * recipe.coefficients[L2])
    weight_gradient(net, work, layer, rows, delta, v, w, finish)
    prune(state.masks, begin, v)
    prune(state.masks, begin, w)
    vectors, velocity = state.params[end : code[END]], state.optimizer_state[end : code[END]]
    gradient = state.grads[end : code[END]]
    for k in range(vectors.size):
        velocity[k] = recipe.hyper[0] * velocity[k] - others_rate * gradient[k]
        vectors[k] += velocity[k]


@internal
def update_layer(net, state, work, recipe, layer, lr, t):
    """Update a layer with the optimizer's kernels; weight decay applies to weights only."""
    code = net.codes[layer]
    begin, middle, end = code[WEIGHTS], code[WEIGHTS] + code[FAN_IN] * code[WIDTH], code[END]
    count = state.optimizer_state.size // state.params.size
    decay, none = recipe.coefficients[DECAY], recipe.coefficients.dtype.type(0)
    for part in range(2):
        a, b = (begin, middle) if part == 0 else (middle, end)
        shrinks = decay if part == 0 else none
        rate = lr * net.constants[layer, WEIGHTS_LR if part == 0 else OTHERS_LR]
        w, g, kept = state.params[a:b], state.grads[a:b], state.optimizer_state[count * a : count * b]
        if part == 0 and w.size > 0 and recipe.matrix_optimizer != 0 and layer < net.codes.shape[0] - 1:
            shape = (code[FAN_IN], code[WIDTH])
            others = (net.product, recipe.scratch, work.panels)
            call(recipe.matrix_optimizer, recipe.hyper, rate, t, shape, w, g, kept, shrinks, *others)
            prune(state.masks, begin, w)
        else:
            call(recipe.optimizer, recipe.hyper, rate, t, w, g, kept, shrinks)


@internal
def clip(grads, limit):
    """Scale the whole gradient to norm `limit` if its norm is larger (Pascanu, Mikolov and Bengio 2013)."""
    squares = 0.0
    for k in range(grads.size):
        squares += np.float64(grads[k]) ** 2
    norm = np.sqrt(squares)
    if norm > limit:
        factor = grads.dtype.type(limit / norm)
        for k in range(grads.size):
            grads[k] *= factor
