"""Compiles the specification of a network to offsets, constants and addresses of the kernels that it needs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from numba import from_dtype, typeof, types
from numpy.typing import DTypeLike, NDArray

from reportgen.engine.jit.calls import address
from reportgen.engine.layers import batchnorm as norm
from reportgen.engine.layers import dense as layers
from reportgen.engine.math.gemm import product
from reportgen.engine.network import (
    ACTIVATE,
    ACTS,
    BETA,
    BIAS,
    COLUMNS,
    DENORMALIZE,
    DIFFERENTIATE,
    DROP,
    DROPOUT,
    DROPPED,
    END,
    FAN_IN,
    GAMMA,
    LEARNED,
    MASK,
    MOMENTS,
    NORM_TEST_BATCH,
    NORM_UPDATE,
    NORMALIZE,
    PHI,
    PIECES,
    PRE,
    RUNNING,
    UNITS,
    WEIGHTS,
    WIDTH,
    XHAT,
    Net,
    Sizes,
    new_state,
    new_work,
)
from reportgen.engine.spec import LayerSpec, NetworkSpec
from reportgen.engine.tables.activation import Activation
from reportgen.engine.tables.activations import ACTIVATIONS, pieces_of
from reportgen.engine.tables.losses import Loss

DROPOUT_MODES = {"inverted": layers.INVERTED, "scale_at_test": layers.SCALE_AT_TEST, "unscaled": layers.UNSCALED}


def learned_blocks(layer: LayerSpec, code: NDArray[np.int64]) -> Iterator[tuple[slice, str]]:
    """Yield the slice of the parameter vector and the name of each learned parameter of a layer's activation."""
    for index, name in enumerate(ACTIVATIONS[layer.activation.name].learned):
        begin = int(code[LEARNED]) + index * layer.units
        yield slice(begin, begin + layer.units), name


def compile_network(
    network: NetworkSpec, features: int, loss: Loss, dtype: DTypeLike = np.float32
) -> tuple[Net, Sizes]:
    """Return the compiled form of a network with `features` inputs, and the sizes of its arrays."""
    count = len(network.layers)
    codes = np.full((count, COLUMNS), -1, dtype=np.int64)
    phi = max(len(_phi(layer)) for layer in network.layers)
    constants = np.zeros((count, PHI + phi), dtype=dtype)
    cursor = {"params": 0, "running": 0, "blocks": 0, "moments": 0}
    fan_in = features
    for index, layer in enumerate(network.layers):
        _place(layer, fan_in, codes[index], cursor)
        _link(layer, codes[index], np.dtype(dtype))
        constants[index, :PHI] = _constants(layer)
        constants[index, PHI : PHI + len(_phi(layer))] = _phi(layer)
        fan_in = layer.units
    widest = max(features, int(codes[:, WIDTH].max()))
    vector = _vector(np.dtype(dtype))
    loss_address = address(loss.kernel, vector, types.int64[::1], types.int64, vector)
    net = Net(codes, constants, network.layers[-1].units, loss_address, *_shared(np.dtype(dtype)))
    return net, Sizes(widest=widest, features=features, **cursor)


def _place(layer: LayerSpec, fan_in: int, code: NDArray[np.int64], cursor: dict[str, int]) -> None:
    """Write the sizes and offsets of a layer, and advance the cursors past its parameters and buffers."""

    def take(kind: str, size: int) -> int:
        cursor[kind] += size
        return cursor[kind] - size

    pieces = pieces_of(layer.activation)
    width = layer.units * pieces
    code[[FAN_IN, UNITS, PIECES, WIDTH]] = fan_in, layer.units, pieces, width
    code[WEIGHTS] = take("params", fan_in * width)
    if layer.batchnorm is None:
        code[BIAS] = take("params", width)
    else:
        code[GAMMA], code[BETA] = take("params", width), take("params", width)
        code[XHAT], code[RUNNING] = take("blocks", width), take("running", 2 * width)
        code[MOMENTS] = take("moments", 3 * width)
        code[NORM_TEST_BATCH] = layer.batchnorm.test_mode == "batch"
        code[NORM_UPDATE] = layer.batchnorm.update_running
    row = ACTIVATIONS[layer.activation.name]
    if row.learned:
        code[LEARNED] = take("params", len(row.learned) * layer.units)
    code[END] = cursor["params"]
    code[ACTS] = take("blocks", layer.units)
    if row.keeps_input:
        code[PRE] = take("blocks", width)
    code[DROPOUT] = 0
    if layer.dropout is not None and layer.dropout.rate > 0:
        code[DROPOUT] = DROPOUT_MODES[layer.dropout.mode]
        code[DROPPED], code[MASK] = take("blocks", layer.units), take("blocks", layer.units)


def _link(layer: LayerSpec, code: NDArray[np.int64], dtype: np.dtype[Any]) -> None:
    """Write the addresses of the kernels that the layer needs; only these kernels are compiled."""
    row, vector, integer = ACTIVATIONS[layer.activation.name], _vector(dtype), types.int64
    one_layer = (*pass_types(dtype), integer, integer)
    code[[ACTIVATE, DIFFERENTIATE, DROP, NORMALIZE, DENORMALIZE]] = 0
    if row.activate is not None:
        forward, backward = _kernel_types(row, vector)
        code[ACTIVATE] = address(row.activate, *forward)
        code[DIFFERENTIATE] = address(row.differentiate, *backward)
    if code[DROPPED] >= 0:
        code[DROP] = address(layers.drop, *one_layer, integer, integer, vector)
    if code[GAMMA] >= 0:
        code[NORMALIZE] = address(norm.forward_norm, *one_layer, integer, vector)
        code[DENORMALIZE] = address(norm.backward_norm, *one_layer, vector)


def _kernel_types(row: Activation, vector: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return the Numba types of the arguments of an activation's kernels, (forward, backward)."""
    if row.pieces:
        return (vector, types.int64, vector, vector), (vector, types.int64, vector, vector, vector)
    if row.learned:
        return (vector, vector, vector), (vector,) * 5
    return (vector, vector), (vector,) * 4


def _phi(layer: LayerSpec) -> tuple[float, ...]:
    """Return the constants of a layer's activation."""
    return ACTIVATIONS[layer.activation.name].constants(dict(layer.activation.params))


def _constants(layer: LayerSpec) -> tuple[float, ...]:
    """Return the constants of a layer that come before those of its activation."""
    row = ACTIVATIONS[layer.activation.name]
    rate = layer.dropout.rate if layer.dropout else 0.0
    normal = (layer.batchnorm.momentum, layer.batchnorm.epsilon) if layer.batchnorm else (0.0, 0.0)
    return (rate, *normal, row.max_slope if row.saturates else np.nan)


@cache
def _vector(dtype: np.dtype[Any]) -> Any:
    return from_dtype(dtype)[::1]


@cache
def pass_types(dtype: np.dtype[Any]) -> tuple[Any, Any, Any]:
    """Return the Numba types of (net, state, work) in this precision."""
    codes, constants = np.zeros((1, COLUMNS), np.int64), np.zeros((1, PHI), dtype)
    net, sizes = Net(codes, constants, 0, 0, 0, 0), Sizes(0, 0, 0, 0, 0, 0)
    return typeof(net), typeof(new_state(net, sizes, 0, 0)), typeof(new_work(net, sizes, 0))


@cache
def _shared(dtype: np.dtype[Any]) -> tuple[int, int]:
    """Return the addresses of the matrix product and of the forward pass."""
    real, vector, integer = from_dtype(dtype), _vector(dtype), types.int64
    finish = types.Tuple((integer, real, real, real))
    factors = types.UniTuple(integer, 3), vector, types.UniTuple(integer, 2), vector
    return (
        address(product, *factors, types.boolean, vector, vector, finish, vector),
        address(layers.forward, *pass_types(dtype), integer, integer, integer),
    )
