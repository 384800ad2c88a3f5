"""Compiles the specification of a network to offsets, constants and addresses of the kernels that it needs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
from numba import from_dtype, typeof, types
from numpy.typing import DTypeLike, NDArray

from reportgen.engine.jit.calls import address
from reportgen.engine.layers import batchnorm as norm
from reportgen.engine.layers import passes as layers
from reportgen.engine.layers.stochastic_depth import scale_branch
from reportgen.engine.layers.table import LayerKind
from reportgen.engine.layout import Operation, joins
from reportgen.engine.math.gemm import product
from reportgen.engine.network import (
    ACTIVATE,
    ACTS,
    ADDS,
    AGREEMENT,
    BACKWARD,
    BETA,
    BIAS,
    BRANCH,
    BY_EXAMPLE,
    COLUMNS,
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
    GEOMETRY,
    GRADIENT,
    GROUPS,
    INPUTS,
    LEARNED,
    MASK,
    MOMENTS,
    MULTIPLIER,
    NORM_TEST_BATCH,
    NORM_UPDATE,
    NORMALIZE,
    NOTHING,
    PHI,
    PIECES,
    POSITIONS,
    PRE,
    RUNNING,
    SCALES,
    SOURCE,
    UNITS,
    UNITS_OF,
    WEIGHTS,
    WEIGHTS_OF,
    WIDTH,
    XHAT,
    Net,
    Sizes,
    new_state,
    new_work,
)
from reportgen.engine.tables.activation import Activation
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.losses import LOSSES, smoothing_of
from reportgen.engine.tables.norms import NORMS
from reportgen.registry import Component

DROPOUT_MODES = {"inverted": layers.INVERTED, "scale_at_test": layers.SCALE_AT_TEST, "unscaled": layers.UNSCALED}


def learned_blocks(operation: Operation, code: NDArray[np.int64]) -> Iterator[tuple[slice, str]]:
    """Yield the slice of the parameter vector and the name of each learned parameter of an operation's activation."""
    for index, name in enumerate(ACTIVATIONS[operation.activation.name].learned):
        begin = int(code[LEARNED]) + index * operation.units
        yield slice(begin, begin + operation.units), name


def compile_network(
    operations: Sequence[Operation], loss: Component, dtype: DTypeLike = np.float32
) -> tuple[Net, Sizes]:
    """Return the compiled form of a network's operations, and the sizes of its arrays."""
    codes = np.full((len(operations), COLUMNS), -1, dtype=np.int64)
    phi = max(len(_phi(operation)) for operation in operations)
    constants = np.zeros((len(operations), PHI + phi), dtype=dtype)
    cursor = {"params": 0, "running": 0, "blocks": 0, "moments": 0}
    for operation, joined, code, row in zip(operations, joins(operations), codes, constants, strict=True):
        _place(operation, joined, code, cursor)
        _link(operation, code, np.dtype(dtype))
        row[:PHI] = _constants(operation)
        row[PHI : PHI + len(_phi(operation))] = _phi(operation)
    features = math.prod(operations[0].input_shape)
    vector = _vector(np.dtype(dtype))
    loss_address = address(LOSSES[loss.name].kernel, vector, types.int64[::1], types.int64, vector)
    shared, smoothing = _shared(np.dtype(dtype)), smoothing_of(loss)
    net = Net(codes, constants, features, operations[-1].units, loss_address, *shared, smoothing)
    return net, _sizes(operations, features, cursor)


def _sizes(operations: Sequence[Operation], features: int, cursor: dict[str, int]) -> Sizes:
    widest = max(features, *(operation.positions * operation.width for operation in operations))
    longest = max(features, *(max(operation.width, operation.fan_in) for operation in operations))
    buffers = [op.kind.buffer(op.geometry, op.width) for op in operations if op.geometry is not None]
    return Sizes(widest=widest, longest=longest, features=features, columns=max(buffers, default=0), **cursor)


def _place(operation: Operation, joined: bool, code: NDArray[np.int64], cursor: dict[str, int]) -> None:
    """Write the sizes and offsets of an operation, and advance the cursors past its parameters and buffers."""

    def take(kind: str, size: int) -> int:
        cursor[kind] += size
        return cursor[kind] - size

    op, width, positions = operation, operation.width, operation.positions
    code[[FAN_IN, UNITS, PIECES, WIDTH]] = op.fan_in, op.units, op.pieces, width
    code[[POSITIONS, INPUTS, SOURCE]] = positions, math.prod(op.input_shape), op.source
    code[ADDS] = NOTHING if op.adds is None else op.adds
    code[WEIGHTS_OF] = op.layer if op.layer is not None and op.owns_weights else -1
    code[UNITS_OF] = op.layer if op.layer is not None and op.owns_units else -1
    if op.geometry is not None:
        code[GEOMETRY : GEOMETRY + len(op.geometry)] = op.geometry
    code[WEIGHTS] = take("params", op.weights)
    if op.normalizes:
        _place_norm(op, code, take)
    if op.shifts and not op.normalizes:
        code[BIAS] = take("params", op.shifts)
        if op.has_multiplier:
            code[MULTIPLIER] = code[BIAS] + 1
    row = ACTIVATIONS[op.activation.name]
    if row.learned:
        code[LEARNED] = take("params", len(row.learned) * op.units)
    code[END] = cursor["params"]
    code[ACTS] = take("blocks", positions * op.units)
    if row.keeps_input:
        code[PRE] = take("blocks", positions * width)
    if op.branch_drop is not None:
        code[BRANCH], code[BY_EXAMPLE] = take("blocks", 1), op.branch_drop.by == "example"
    if joined:
        code[DERIVATIVE] = take("blocks", positions * op.units)
    code[DROPOUT] = 0
    if op.dropout is not None and op.dropout.rate > 0:
        code[DROPOUT] = DROPOUT_MODES[op.dropout.mode]
        code[DROPPED], code[MASK] = take("blocks", positions * op.units), take("blocks", positions * op.units)


def _place_norm(op: Operation, code: NDArray[np.int64], take: Callable[[str, int], int]) -> None:
    """Write the offsets of a normalization; `take` advances a cursor by a size."""
    width = op.width
    code[GAMMA], code[BETA] = take("params", width), take("params", width)
    code[XHAT] = take("blocks", op.positions * width)
    if op.norm is not None:
        code[GROUPS] = NORMS[op.norm.name].groups(dict(op.norm.params))
        code[SCALES] = take("blocks", int(code[GROUPS]))
    if op.batchnorm is not None:
        code[RUNNING], code[MOMENTS] = take("running", 2 * width), take("moments", 3 * width)
        code[NORM_TEST_BATCH] = op.batchnorm.test_mode == "batch"
        code[NORM_UPDATE] = op.batchnorm.update_running


def _link(operation: Operation, code: NDArray[np.int64], dtype: np.dtype[Any]) -> None:
    """Write the addresses of the kernels that the operation needs; only these kernels are compiled."""
    row, vector, integer = ACTIVATIONS[operation.activation.name], _vector(dtype), types.int64
    one_layer = (*pass_types(dtype), integer, integer)
    code[[ACTIVATE, DIFFERENTIATE, DROP, NORMALIZE, DENORMALIZE]] = 0
    if row.activate is not None:
        forward, backward = _kernel_types(row, vector)
        code[ACTIVATE] = address(row.activate, *forward)
        code[DIFFERENTIATE] = address(row.differentiate, *backward)
    if code[DROPPED] >= 0:
        code[DROP] = address(layers.drop, *one_layer, integer, integer, vector)
    if operation.normalizes:
        by_example = None if operation.norm is None else NORMS[operation.norm.name]
        forward_norm, backward_norm = norm.forward_norm, norm.backward_norm
        if by_example is not None:
            forward_norm, backward_norm = by_example.forward, by_example.backward
        code[NORMALIZE] = address(forward_norm, *one_layer, integer, vector)
        code[DENORMALIZE] = address(backward_norm, *one_layer, vector)
    code[DROP_BRANCH] = 0
    if operation.branch_drop is not None:
        code[DROP_BRANCH] = address(scale_branch, *one_layer, integer, integer, vector)
    code[[FORWARD, BACKWARD, GRADIENT, AGREEMENT]] = 0
    for column, (kernel, arguments) in kernels_of(operation.kind, dtype).items():
        code[column] = address(kernel, *arguments)


def kernels_of(kind: LayerKind, dtype: np.dtype[Any]) -> dict[int, tuple[Any, tuple[Any, ...]]]:
    """Return the kernels of a kind of layer with the Numba types of their arguments, by the column of their address."""
    network, vector, integer = pass_types(dtype), _vector(dtype), types.int64
    one_layer = (*network, integer, integer)
    gradient = (network[0], network[2], integer, integer, *[vector] * 3, finish_type(dtype))
    kernels = {
        FORWARD: (kind.forward, (*one_layer, vector)),
        BACKWARD: (kind.backward, (*one_layer, vector, vector)),
        GRADIENT: (kind.gradient, gradient),
        AGREEMENT: (kind.agreement if dtype == np.float32 else None, (*one_layer, vector)),  # no probes in others
    }
    return {column: found for column, found in kernels.items() if found[0] is not None}


def _kernel_types(row: Activation, vector: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return the Numba types of the arguments of an activation's kernels, (forward, backward)."""
    if row.pieces:
        return (vector, types.int64, vector, vector), (vector, types.int64, vector, vector, vector)
    if row.learned:
        return (vector, vector, vector), (vector,) * 5
    return (vector, vector), (vector,) * 4


def _phi(operation: Operation) -> tuple[float, ...]:
    """Return the constants of an operation's activation, or of its kind."""
    own = getattr(operation.node, "params", ())
    if own:
        return operation.kind.constants(dict(own))
    return ACTIVATIONS[operation.activation.name].constants(dict(operation.activation.params))


def _constants(operation: Operation) -> tuple[float, ...]:
    """Return the constants of an operation that come before those of its activation."""
    row = ACTIVATIONS[operation.activation.name]
    rate = operation.dropout.rate if operation.dropout else 0.0
    normal = (operation.batchnorm.momentum, operation.batchnorm.epsilon) if operation.batchnorm else (0.0, 0.0)
    normal = (0.0, operation.norm["epsilon"]) if operation.norm else normal
    survival = operation.branch_drop.survival if operation.branch_drop else 1.0
    return (rate, *normal, row.max_slope if row.saturates else np.nan, 1.0, 1.0, survival)


@cache
def _vector(dtype: np.dtype[Any]) -> Any:
    return from_dtype(dtype)[::1]


@cache
def finish_type(dtype: np.dtype[Any]) -> Any:
    """Return the Numba type of the operation on the sums of a product."""
    real = from_dtype(dtype)
    return types.Tuple((types.int64, real, real, real))


@cache
def pass_types(dtype: np.dtype[Any]) -> tuple[Any, Any, Any]:
    """Return the Numba types of (net, state, work) in this precision."""
    codes, constants = np.zeros((1, COLUMNS), np.int64), np.zeros((1, PHI), dtype)
    net, sizes = Net(codes, constants, 0, 0, 0, 0, 0, 0.0), Sizes(0, 0, 0, 0, 0, 0, 0, 0)
    return typeof(net), typeof(new_state(net, sizes, 0, 0)), typeof(new_work(net, sizes, 0))


@cache
def _shared(dtype: np.dtype[Any]) -> tuple[int, int]:
    """Return the addresses of the matrix product and of the forward pass."""
    vector, integer = _vector(dtype), types.int64
    factors = types.UniTuple(integer, 3), vector, types.UniTuple(integer, 2), vector
    return (
        address(product, *factors, types.boolean, vector, vector, finish_type(dtype), vector),
        address(layers.forward, *pass_types(dtype), integer, integer, integer),
    )
