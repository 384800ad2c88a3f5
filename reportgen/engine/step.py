"""The compiled training loop: minibatch, forward pass, backward pass and update, without Python or allocations."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reportgen.engine.jit.calls import call
from reportgen.engine.jit.compile import internal, kernel
from reportgen.engine.layers.blocks import clear_derivatives, copy, output, take_derivative
from reportgen.engine.layers.passes import backward_activation, backward_linear, loss_of
from reportgen.engine.layers.updates import CLIP_NORM, L2, NOISE, clip, fused_sgd, layer_gradient, update_layer
from reportgen.engine.math.random import shuffle, subkey
from reportgen.engine.network import FAN_IN, NO_STEP, PIECES, TEST, TRAIN, WEIGHTS, WIDTH
from reportgen.engine.tables.losses import count_correct

SCORE_COLUMNS = ("penalty", "train_loss", "train_accuracy", "val_loss", "val_accuracy")

_ORDER_STREAM = np.int64(1_000_003)  # larger than the index of any layer

_ZERO = np.float32(0)


class Examples(NamedTuple):
    """The training and the validation split, inputs flat; epochs are scored on the first `scored` training examples."""

    x: NDArray[np.float32]
    y: NDArray[np.int64]
    x_val: NDArray[np.float32]
    y_val: NDArray[np.int64]
    scored: int


@kernel
def gather(x, y, features, index, work):
    """Copy the examples with these indices into the work buffers."""
    for i in range(index.size):
        row, target = x[index[i] * features : (index[i] + 1) * features], work.x[i * features : (i + 1) * features]
        for k in range(features):  # rows are too short for a call of the library
            target[k] = row[k]
        work.y[i] = y[index[i]]


@internal
def backward(net, state, work, recipe, rows, lr, t):
    """Backpropagate the derivative by the logits, in work.delta, through all layers, and update the parameters.

    t is the number of the step, counted from 1; with t = 0 only the gradients are set. A layer is updated right after
    the derivative by its inputs is computed, while its weights are in cache; with clipping, all layers are updated at
    the end, since clipping needs the whole gradient.
    """
    delta, other = work.delta, work.other
    clips = recipe.coefficients[CLIP_NORM] > _ZERO
    fuses = t > 0 and recipe.fused_sgd
    layers = net.codes.shape[0]
    clear_derivatives(net, work, rows)
    for down in range(layers):
        layer = layers - 1 - down
        take_derivative(net, work, layer, rows, delta)
        backward_activation(net, state, work, layer, rows, delta, other)
        if net.codes[layer, PIECES] > 1:
            delta, other = other, delta
        backward_linear(net, state, work, layer, rows, delta, other)
        if fuses:
            fused_sgd(net, state, work, recipe, layer, rows, delta, lr)
        else:
            layer_gradient(net, state, work, recipe, layer, rows, delta)
            if t > 0 and not clips:
                update_layer(net, state, work, recipe, layer, lr, t)
        delta, other = other, delta
    if t > 0 and clips:
        clip(state.grads, np.float64(recipe.coefficients[CLIP_NORM]))
        for layer in range(layers):
            update_layer(net, state, work, recipe, layer, lr, t)


@kernel
def gradient(net, state, work, recipe, rows, mode, step):
    """Set state.grads to the gradient on the batch in the work buffers, including penalties; return the data loss."""
    call(net.forward, net, state, work, rows, mode, step)
    total = loss_of(net, work, rows)
    call(recipe.backward, net, state, work, recipe, rows, recipe.coefficients[L2], NO_STEP)
    return total / rows


@kernel
def penalty(net, params, l2, l1):
    """Return (l2 / 2) |W|^2 + l1 |W|_1 over all layers' weights, float64."""
    squares, absolute = 0.0, 0.0
    if l2 == 0 and l1 == 0:
        return 0.0
    for layer in range(net.codes.shape[0]):
        code = net.codes[layer]
        w = params[code[WEIGHTS] : code[WEIGHTS] + code[FAN_IN] * code[WIDTH]]
        for k in range(w.size):
            squares += np.float64(w[k]) ** 2
            absolute += np.float64(abs(w[k]))
    return 0.5 * l2 * squares + l1 * absolute


@kernel
def evaluate(net, state, work, x, y, size):
    """Return (mean data loss, accuracy) in test mode, in batches of `size` examples; NaN without examples.

    x is flat (n, features), y is (n,).
    """
    features = net.features
    total, correct = 0.0, 0
    for begin in range(0, y.size, size):
        end = min(begin + size, y.size)
        rows = end - begin
        copy(x[begin * features : end * features], work.x[: rows * features])
        copy(y[begin:end], work.y[:rows])
        call(net.forward, net, state, work, rows, TEST, NO_STEP)
        total += loss_of(net, work, rows)
        correct += count_correct(output(net, work, rows), work.y[:rows], net.classes)
    if y.size == 0:
        return np.nan, np.nan
    return total / y.size, correct / y.size


@kernel
def score(net, state, work, recipe, data, row):
    """Set a row of SCORE_COLUMNS: the penalty, and the scores of the splits in test mode, NaN for an empty split.

    The training split is scored on its first `data.scored` examples.
    """
    features = net.features
    row[0] = penalty(net, state.params, recipe.penalties[0], recipe.penalties[1])
    count = data.scored
    rows = recipe.evaluation_rows
    row[1], row[2] = evaluate(net, state, work, data.x[: count * features], data.y[:count], rows)
    row[3], row[4] = evaluate(net, state, work, data.x_val, data.y_val, rows)


@kernel
def train_steps(net, state, work, recipe, data, per_epoch, order, step, rates, losses, scores, schedule):
    """Train from step number `step` to rates.size, across epochs; return the number of completed steps.

    Training ends at the first loss that is not finite, without an update for it.

    Parameters
    ----------
    per_epoch : number of steps of an epoch.
    order : order of the training examples in the current epoch, shape (n,); it is kept from call to call.
    rates : learning rate of each step.
    losses : receives the mean data loss of each minibatch before its update.
    scores : receives the scores of each epoch, shape (epochs + 1, SCORE_COLUMNS); row 0 is before training.
    schedule : the ProbeSchedule; its arrays receive the probes that are due.
    """
    features, size = net.features, recipe.batch_size
    probe = 0
    while probe < schedule.due.size and schedule.due[probe] <= step:
        probe += 1
    for t in range(step, rates.size):
        batch = t % per_epoch
        if batch == 0 and recipe.shuffles:
            shuffle(subkey(state.keys, _ORDER_STREAM, t // per_epoch), order)
        index = order[batch * size : min((batch + 1) * size, order.size)]
        rows = index.size
        gather(data.x, data.y, features, index, work)
        if recipe.augment != 0:
            call(recipe.augment, recipe.image, recipe.coefficients[NOISE], state.keys, t, features, rows, work)
        call(net.forward, net, state, work, rows, TRAIN, t)
        total = loss_of(net, work, rows)
        losses[t] = total / rows
        if not np.isfinite(losses[t]):
            return t
        is_due = probe < schedule.due.size and t + 1 == schedule.due[probe]
        if is_due:
            copy(state.params, schedule.before)
        call(recipe.backward, net, state, work, recipe, rows, recipe.coefficients.dtype.type(rates[t]), t + 1)
        if batch == per_epoch - 1:
            call(recipe.score, net, state, work, recipe, data, scores[(t + 1) // per_epoch])
        if is_due:
            call(schedule.kernel, net, state, work, data, schedule.rows, schedule.before, probe, schedule.arrays)
            probe += 1
    return rates.size
