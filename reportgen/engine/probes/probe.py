"""A probe: statistics of every layer from a forward and a backward pass on a fixed batch.

Batch normalization uses the statistics of the batch, and no units are dropped. Gradients are those of the mean data
loss, without penalties.
"""

from __future__ import annotations

import numpy as np

from reportgen.engine.jit.calls import call, call_number
from reportgen.engine.jit.compile import inline_ir, internal, kernel
from reportgen.engine.layers.blocks import (
    block,
    clear_derivatives,
    copy,
    fill,
    layer_input,
    outputs_of,
    pre_activation,
    prune,
    take_derivative,
)
from reportgen.engine.layers.passes import (
    backward_activation,
    backward_linear,
    forward_activation,
    forward_linear,
    loss_of,
    weight_gradient,
)
from reportgen.engine.math.microkernel import WRITE
from reportgen.engine.network import (
    ACTS,
    ADDS,
    AGREEMENT,
    BETA,
    BIAS,
    DIFFERENTIATE,
    END,
    FAN_IN,
    GAMMA,
    LEARNED,
    MAX_SLOPE,
    NO_STEP,
    NOTHING,
    PHI,
    PIECES,
    POSITIONS,
    PROBE,
    RUNNING,
    UNITS,
    UNITS_OF,
    WEIGHTS,
    WEIGHTS_OF,
    WIDTH,
)
from reportgen.engine.probes.agreement import agreement_by_example, agreement_of_batch
from reportgen.engine.probes.evenness import weight_shape
from reportgen.engine.probes.moments import (
    count_nonzero,
    extremes,
    fill_histogram,
    fill_log_histogram,
    moments,
    norm,
    unit_spread,
)
from reportgen.engine.spec import STATISTICS
from reportgen.engine.tables.activation import SATURATED_SLOPE

# Columns of ProbeArrays.statistics, in the order of STATISTICS.
_A_MEAN, _A_STD, _A_MIN, _A_MAX, _ZEROS, _SATURATED, _DEAD, _Z_MEAN, _Z_STD = range(9)
_G_MEAN, _G_STD, _G_NORM, _W_STD, _W_NORM, _WG_NORM = range(9, 15)
_B_MEAN, _BG_NORM, _W_SPREAD, _WG_SPREAD, _GAMMA_MEAN = range(16, 21)
_RUNNING_MEAN = STATISTICS.index("bn_running_mean_mean")
_AGREEMENT = STATISTICS.index("sign_agreement_example")
_UPDATE_RATIO = STATISTICS.index("update_ratio")


@internal
def probe_activations(acts, edges, counts, room, row):
    """Compute the statistics of a layer's activations, flat (rows, units)."""
    row[_A_MEAN], row[_A_STD] = moments(acts)
    row[_A_MIN], row[_A_MAX] = extremes(acts)
    row[_ZEROS] = (acts.size - count_nonzero(acts)) / acts.size
    fill_histogram(acts, edges, counts, room)


@internal
def _find_dead(acts, dead):
    """Mark the units whose activation is 0 for every row in `dead`, (units,); return their share."""
    units, alive = dead.size, 0
    fill(dead, np.uint8(1))
    for i in range(acts.size // units):
        for j in range(units):
            if dead[j] == 1 and acts[i * units + j] != 0:
                dead[j] = 0
                alive += 1
        if alive == units:
            break
    return (units - alive) / units


@internal
def _saturated(code, constants, state, acts, z, slopes):
    """Return the share of activations whose slope is below SATURATED_SLOPE times the largest slope.

    `slopes` is a work buffer of the size of acts. The gradient of learned parameters is overwritten.
    """
    fill(slopes, slopes.dtype.type(1))
    if code[LEARNED] >= 0:
        begin, end = code[LEARNED], code[END]
        call(code[DIFFERENTIATE], constants[PHI:], state.params[begin:end], z, slopes, state.grads[begin:end])
    else:
        call(code[DIFFERENTIATE], constants[PHI:], acts, z, slopes)
    flat = 0
    for k in range(slopes.size):
        flat += slopes[k] < SATURATED_SLOPE * constants[MAX_SLOPE]
    return flat / slopes.size


@internal
def probe_weights(w, g, width, row):
    """Compute the statistics of a layer's weights and their gradient, both flat (fan_in, width)."""
    row[_W_STD] = moments(w)[1]
    row[_W_NORM], row[_WG_NORM] = norm(w), norm(g)
    row[_W_SPREAD], row[_WG_SPREAD] = unit_spread(w, width), unit_spread(g, width)
    row[_AGREEMENT + 1] = agreement_of_batch(g, width)


@internal
def probe_updates(code, params, grads, running, row):
    """Compute the statistics of a layer's biases, or of the parameters and running values of batch normalization."""
    width = code[WIDTH]
    shift = code[BETA] if code[GAMMA] >= 0 else code[BIAS]
    if shift < 0:
        return
    row[_B_MEAN] = moments(params[shift : shift + width])[0]
    row[_BG_NORM] = norm(grads[shift : shift + width])
    if code[GAMMA] >= 0:
        row[_GAMMA_MEAN], row[_GAMMA_MEAN + 1] = moments(params[code[GAMMA] : code[GAMMA] + width])
        row[_GAMMA_MEAN + 2], row[_GAMMA_MEAN + 3] = moments(params[shift : shift + width])
    if code[RUNNING] >= 0:
        row[_RUNNING_MEAN] = moments(running[code[RUNNING] : code[RUNNING] + width])[0]
        row[_RUNNING_MEAN + 1] = moments(running[code[RUNNING] + width : code[RUNNING] + 2 * width])[0]


@internal
def probe_gradients(deltas, cuts, starts, counts, room, row):
    """Compute the statistics of the derivative of the loss by a layer's pre-activations, flat (rows, width)."""
    row[_G_MEAN], row[_G_STD] = moments(deltas)
    row[_G_NORM] = norm(deltas)
    fill_log_histogram(deltas, cuts, starts, counts, room)


@kernel
def probe(net, state, work, data, rows, before, index, arrays):
    """Probe all layers on the first `rows` training examples; state.grads and the work buffers are overwritten.

    `before` holds the parameters before the last step, and is empty before training. The results are written to row
    `index` of the arrays.
    """
    features = net.features
    copy(data.x[: rows * features], work.x[: rows * features])
    copy(data.y[:rows], work.y[:rows])
    _probe_forward(net, state, work, rows, index, arrays)
    loss_of(net, work, rows)
    _probe_backward(net, state, work, rows, index, arrays)
    for operation in range(net.codes.shape[0]):
        code = net.codes[operation]
        layer, begin, end = code[WEIGHTS_OF], code[WEIGHTS], code[WEIGHTS] + code[FAN_IN] * code[WIDTH]
        if layer < 0:
            continue
        weight_shape(state.params[begin:end], arrays.weight_shapes[index, layer])
        if before.size > 0:
            arrays.statistics[index, layer, _UPDATE_RATIO] = _relative_change(
                before[begin:end], state.params[begin:end]
            )


@inline_ir
def _probe_forward(net, state, work, rows, index, arrays):
    """Pass the batch through all operations, and compute the statistics of activations."""
    hidden = np.int64(0)
    for operation in range(net.codes.shape[0]):
        code, constants = net.codes[operation], net.constants[operation]
        forward_linear(net, state, work, operation, rows, PROBE, NO_STEP)
        z = pre_activation(net, work, operation, rows)
        layer = code[UNITS_OF]
        row = arrays.statistics[index, layer]
        if layer >= 0:
            row[_Z_MEAN], row[_Z_STD] = moments(z)
            if code[ADDS] != NOTHING:
                shortcut = outputs_of(net, work, code[ADDS], rows)
                arrays.branch_ratio[index, layer] = _branch_ratio(z, shortcut)
        forward_activation(net, state, work, operation, rows, PROBE, NO_STEP)
        if layer < 0:
            continue
        acts = block(work, code[ACTS], code[POSITIONS] * code[UNITS], rows)
        counts = arrays.activation_histogram[index, layer]
        probe_activations(acts, arrays.activation_edges[layer], counts, arrays.room, row)
        if layer < arrays.statistics.shape[1] - 1:
            row[_DEAD] = _find_dead(acts, arrays.unit_dead[index, hidden : hidden + code[UNITS]])
            if not np.isnan(constants[MAX_SLOPE]):
                row[_SATURATED] = _saturated(code, constants, state, acts, z, work.delta[: acts.size])
        hidden += code[UNITS]


@inline_ir
def _probe_backward(net, state, work, rows, index, arrays):
    """Backpropagate the derivative by the logits, in work.delta; compute the statistics of gradients and weights."""
    delta, other = work.delta, work.other
    operations = net.codes.shape[0]
    clear_derivatives(net, work, rows)
    for down in range(operations):
        operation = operations - 1 - down
        code = net.codes[operation]
        take_derivative(net, work, operation, rows, delta)
        backward_activation(net, state, work, operation, rows, delta, other)
        if code[PIECES] > 1:
            delta, other = other, delta
        at_layer = delta[: rows * code[POSITIONS] * code[WIDTH]]
        if code[UNITS_OF] >= 0:
            counts, row = arrays.gradient_histogram[index, code[UNITS_OF]], arrays.statistics[index, code[UNITS_OF]]
            probe_gradients(at_layer, arrays.gradient_cuts, arrays.gradient_starts, counts, arrays.room, row)
        backward_linear(net, state, work, operation, rows, delta, other)
        if code[WEIGHTS_OF] >= 0:
            _probe_layer(net, state, work, operation, rows, at_layer, arrays.statistics[index, code[WEIGHTS_OF]])
        delta, other = other, delta


@inline_ir
def _probe_layer(net, state, work, operation, rows, delta, row):
    """Compute the gradient of a layer's weights, and the statistics of weights, biases and sign agreement."""
    code, zero = net.codes[operation], net.constants.dtype.type(0)
    if code[AGREEMENT] != 0:
        row[_AGREEMENT] = call_number(code[AGREEMENT], net, state, work, operation, rows, delta)
    else:
        inputs = layer_input(net, work, operation, rows)
        row[_AGREEMENT] = agreement_by_example(inputs, delta, code[FAN_IN], code[WIDTH])
    begin, end = code[WEIGHTS], code[WEIGHTS] + code[FAN_IN] * code[WIDTH]
    gradient = state.grads[begin:end]
    weight_gradient(net, work, operation, rows, delta, gradient, gradient, (WRITE, zero, zero, zero))
    prune(state.masks, begin, gradient)
    probe_weights(state.params[begin:end], gradient, code[WIDTH], row)
    probe_updates(code, state.params, state.grads, state.running, row)


@internal
def _branch_ratio(total, shortcut):
    """Return |total - shortcut| / |shortcut|, the size of a residual branch relative to its shortcut; NaN for |0|."""
    branch, squares = 0.0, 0.0
    for k in range(total.size):
        branch += (np.float64(total[k]) - np.float64(shortcut[k])) ** 2
        squares += np.float64(shortcut[k]) ** 2
    return np.sqrt(branch / squares) if squares > 0.0 else np.nan


@internal
def _relative_change(before, after):
    """Return |after - before| / |before|; NaN if `before` is zero."""
    change, squares = 0.0, 0.0
    for k in range(before.size):
        change += (np.float64(after[k]) - np.float64(before[k])) ** 2
        squares += np.float64(before[k]) ** 2
    return np.sqrt(change / squares) if squares > 0.0 else np.nan
