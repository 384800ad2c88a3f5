"""Blocks of the work buffers that kernels of layers read and write; all are flat."""

from __future__ import annotations

from reportgen.engine.jit.compile import inline_ir, internal
from reportgen.engine.math.vectors import copy_span
from reportgen.engine.network import ACTS, DERIVATIVE, DROPPED, POSITIONS, PRE, SOURCE, UNITS, WIDTH


@internal
def copy(source, target):
    """Copy source to target, both flat and of one type; a slice assignment would take seconds to compile."""
    copy_span(source, 0, target, 0, source.size)


@internal
def fill(target, value):
    """Fill target, flat, with a value of its type."""
    for k in range(target.size):
        target[k] = value


@internal
def add(source, target):
    """Add source to target, both flat."""
    for k in range(source.size):
        target[k] += source[k]


@internal
def prune(masks, begin, values):
    """Set the values of pruned weights to 0, flat; `begin` is the place of the first one among the parameters.

    A product with the mask would keep values that are not finite.
    """
    if masks.size > 0:
        kept, zero = masks[begin : begin + values.size], values.dtype.type(0)
        for k in range(values.size):
            values[k] = values[k] if kept[k] != 0 else zero


@internal
def sum_rows(rows, target):
    """Set target, (width,), to the sum of the rows of a block, flat (rows, width), from the first row on."""
    width = target.size
    count = rows.size // width
    fill(target, target.dtype.type(0))
    i = 0
    while i + 4 <= count:  # four rows for each access to the target
        a, b = rows[i * width : (i + 1) * width], rows[(i + 1) * width : (i + 2) * width]
        c, d = rows[(i + 2) * width : (i + 3) * width], rows[(i + 3) * width : (i + 4) * width]
        for j in range(width):
            target[j] = target[j] + a[j] + b[j] + c[j] + d[j]
        i += 4
    while i < count:
        add(rows[i * width : (i + 1) * width], target)
        i += 1


@inline_ir
def block(work, offset, width, rows):
    """Return a layer's (rows, width) block, flat."""
    return work.blocks[offset * rows : (offset + width) * rows]


@inline_ir
def outputs_of(net, work, operation, rows):
    """Return the outputs of an operation after dropout, flat; the batch for -1."""
    if operation < 0:
        return work.x[: rows * net.features]
    code = net.codes[operation]
    place = code[DROPPED] if code[DROPPED] >= 0 else code[ACTS]
    return block(work, place, code[POSITIONS] * code[UNITS], rows)


@inline_ir
def layer_input(net, work, layer, rows):
    """Return the inputs of an operation, flat (rows, inputs)."""
    return outputs_of(net, work, net.codes[layer, SOURCE], rows)


@inline_ir
def pre_activation(net, work, layer, rows):
    """Return the pre-activations of an operation, flat (rows, positions, width).

    They share the block of the activations if the derivative of the activation does not need them.
    """
    code = net.codes[layer]
    return block(work, code[PRE] if code[PRE] >= 0 else code[ACTS], code[POSITIONS] * code[WIDTH], rows)


@inline_ir
def output(net, work, rows):
    """Return the logits of the last forward pass, flat (rows, classes)."""
    code = net.codes[net.codes.shape[0] - 1]
    return block(work, code[ACTS], code[UNITS], rows)


@internal
def clear_derivatives(net, work, rows):
    """Set the blocks to zero in which the derivatives of several consumers are added up."""
    for layer in range(net.codes.shape[0]):
        code = net.codes[layer]
        if code[DERIVATIVE] >= 0:
            fill(block(work, code[DERIVATIVE], code[POSITIONS] * code[UNITS], rows), net.constants.dtype.type(0))


@inline_ir
def take_derivative(net, work, layer, rows, delta):
    """Copy the derivative by an operation's outputs to `delta`, if it was added up in a block."""
    code = net.codes[layer]
    if code[DERIVATIVE] >= 0:
        copy(block(work, code[DERIVATIVE], code[POSITIONS] * code[UNITS], rows), delta)
