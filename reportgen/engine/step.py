"""The compiled training loop: minibatch, forward, backward, update, with no allocation and no Python inside."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reportgen.engine.calls import call, call_number
from reportgen.engine.compile import inner, kernel
from reportgen.engine.layers import backward_activation, backward_linear, copy, output, weight_gradient
from reportgen.engine.losses import count_correct
from reportgen.engine.network import END, FAN_IN, NO_STEP, PIECES, TEST, TRAIN, WEIGHTS, WIDTH
from reportgen.engine.tile import DESCEND, WRITE

# Names of Recipe.numbers.
L2, L1, CLIP_NORM, DECAY, NOISE = range(5)

_ZERO, _ONE = np.float32(0), np.float32(1)


class Recipe(NamedTuple):
    """How to train: kernels' addresses, the optimizer's constants, (L2, L1, CLIP_NORM or 0, DECAY, NOISE), batch size.

    rides: the update is that of SGD with velocity, without clipping and L1 penalty. augment: the address of the kernel
    that changes batches, 0 for none; image is (channels, height, width, largest shift, flip 0 or 1), all 0 where the
    data are no images.
    """

    backward: int
    optimizer: int
    rides: bool
    augment: int
    hyper: NDArray[Any]
    numbers: NDArray[Any]
    batch_size: int
    image: NDArray[np.int64]


@kernel
def gather(x, y, features, index, work):
    """Copy the examples named by `index` into the work buffers."""
    for i in range(index.size):
        copy(x[index[i] * features : (index[i] + 1) * features], work.x[i * features : (i + 1) * features])
        work.y[i] = y[index[i]]


@inner
def add_penalty(w, g, l2, l1):
    """Add the gradient of (l2 / 2) |w|^2 + l1 |w|_1 to g."""
    for k in range(w.size):
        g[k] += l2 * w[k] + l1 * (_ONE if w[k] > _ZERO else (-_ONE if w[k] < _ZERO else _ZERO))


@inner
def _layer_gradient(net, state, work, recipe, layer, rows, delta):
    """Set the gradient of a layer's weights, with penalties."""
    code = net.codes[layer]
    zero = net.constants.dtype.type(0)
    begin, end = code[WEIGHTS], code[WEIGHTS] + code[FAN_IN] * code[WIDTH]
    g, finish = state.grads[begin:end], (WRITE, zero, zero, zero)
    weight_gradient(net, state, work, layer, rows, delta, g, g, finish)
    if recipe.numbers[L2] > _ZERO or recipe.numbers[L1] > _ZERO:
        add_penalty(state.params[begin:end], g, recipe.numbers[L2], recipe.numbers[L1])


@inner
def _ride(net, state, work, recipe, layer, rows, delta, lr):
    """Take the step of SGD with velocity as part of the product that computes the weights' gradient."""
    code = net.codes[layer]
    begin, end = code[WEIGHTS], code[WEIGHTS] + code[FAN_IN] * code[WIDTH]
    w, v = state.params[begin:end], state.s1[begin:end]
    finish = (DESCEND, recipe.hyper[0], -lr, -lr * recipe.numbers[L2])
    weight_gradient(net, state, work, layer, rows, delta, v, w, finish)
    vectors, velocity = state.params[end : code[END]], state.s1[end : code[END]]
    gradient = state.grads[end : code[END]]
    for k in range(vectors.size):
        velocity[k] = recipe.hyper[0] * velocity[k] - lr * gradient[k]
        vectors[k] += velocity[k]


@inner
def _update_layer(net, state, recipe, layer, lr, t):
    """Take the optimizer's step on one layer; weight decay acts on weights alone."""
    code = net.codes[layer]
    begin, middle, end = code[WEIGHTS], code[WEIGHTS] + code[FAN_IN] * code[WIDTH], code[END]
    second = state.s2.size > 0
    decay, none = recipe.numbers[DECAY], recipe.numbers.dtype.type(0)
    for part in range(2):
        a, b = (begin, middle) if part == 0 else (middle, end)
        s2 = state.s2[a:b] if second else state.s1[a:b]
        rate = decay if part == 0 else none
        w, g, s1 = state.params[a:b], state.grads[a:b], state.s1[a:b]
        call(recipe.optimizer, recipe.hyper, lr, t, w, g, s1, s2, rate)


@inner
def _clip(grads, limit):
    """Scale the whole gradient to norm `limit` where it is longer."""
    squares = 0.0
    for k in range(grads.size):
        squares += np.float64(grads[k]) ** 2
    norm = np.sqrt(squares)
    if norm > limit:
        factor = grads.dtype.type(limit / norm)
        for k in range(grads.size):
            grads[k] *= factor


@inner
def backward(net, state, work, recipe, rows, lr, t):
    """Go back through all layers from the logits' delta in work.delta, and update; t = 0 sets gradients alone.

    A layer is updated as soon as its delta has been passed on, while its weights are still in cache. Clipping needs
    the whole gradient first.
    """
    delta, other = work.delta, work.other
    clips = recipe.numbers[CLIP_NORM] > _ZERO
    rides = t > 0 and recipe.rides
    layers = net.codes.shape[0]
    for down in range(layers):
        layer = layers - 1 - down
        backward_activation(net, state, work, layer, rows, delta, other)
        if net.codes[layer, PIECES] > 1:
            delta, other = other, delta
        backward_linear(net, state, work, layer, rows, delta, other)
        if rides:
            _ride(net, state, work, recipe, layer, rows, delta, lr)
        else:
            _layer_gradient(net, state, work, recipe, layer, rows, delta)
            if t > 0 and not clips:
                _update_layer(net, state, recipe, layer, lr, t)
        delta, other = other, delta
    if t > 0 and clips:
        _clip(state.grads, np.float64(recipe.numbers[CLIP_NORM]))
        for layer in range(layers):
            _update_layer(net, state, recipe, layer, lr, t)


@kernel
def gradient(net, state, work, recipe, rows, mode, step):
    """Set state.grads to the gradient on the batch in the work buffers, penalties included; return the data loss."""
    call(net.forward, net, state, work, rows, mode, step)
    total = call_number(net.loss, output(net, work, rows), work.y[:rows], net.classes, work.delta)
    call(recipe.backward, net, state, work, recipe, rows, recipe.numbers[L2], NO_STEP)
    return total / rows


@kernel
def train_steps(net, state, work, recipe, x, y, order, first, step, rates, losses):
    """Train on rates.size minibatches, from the epoch's batch number `first` on; return how many were done.

    x flat (n, features), order the epoch's example numbers; `step` counts the steps before these. losses gets each
    minibatch's data loss before its update. It ends early at the first loss that is not finite, whose step is counted
    but not taken.
    """
    features, size = net.codes[0, FAN_IN], recipe.batch_size
    for s in range(rates.size):
        begin = (first + s) * size
        index = order[begin : min(begin + size, order.size)]
        rows = index.size
        gather(x, y, features, index, work)
        if recipe.augment != 0:
            call(recipe.augment, recipe.image, recipe.numbers[NOISE], state.keys, step + s, features, rows, work)
        call(net.forward, net, state, work, rows, TRAIN, step + s)
        total = call_number(net.loss, output(net, work, rows), work.y[:rows], net.classes, work.delta)
        losses[s] = total / rows
        if not np.isfinite(losses[s]):
            return s
        call(recipe.backward, net, state, work, recipe, rows, recipe.numbers.dtype.type(rates[s]), step + s + 1)
    return rates.size


@kernel
def evaluate(net, state, work, x, y, index, size):
    """Return (mean data loss, accuracy) in test mode on the examples named by `index`, `size` at a time."""
    features = net.codes[0, FAN_IN]
    total, correct = 0.0, 0
    begin = 0
    while begin < index.size:
        part = index[begin : min(begin + size, index.size)]
        gather(x, y, features, part, work)
        call(net.forward, net, state, work, part.size, TEST, NO_STEP)
        logits = output(net, work, part.size)
        total += call_number(net.loss, logits, work.y[: part.size], net.classes, work.delta)
        correct += count_correct(logits, work.y[: part.size], net.classes)
        begin += size
    return total / index.size, correct / index.size


@kernel
def penalty(net, params, l2, l1):
    """Return (l2 / 2) |W|^2 + l1 |W|_1 over all layers' weights, float64."""
    squares, absolute = 0.0, 0.0
    for layer in range(net.codes.shape[0]):
        code = net.codes[layer]
        w = params[code[WEIGHTS] : code[WEIGHTS] + code[FAN_IN] * code[WIDTH]]
        for k in range(w.size):
            squares += np.float64(w[k]) ** 2
            absolute += np.float64(abs(w[k]))
    return 0.5 * l2 * squares + l1 * absolute
