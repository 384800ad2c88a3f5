"""A network as kernels see it: a small program of integer codes over flat arrays.

All parameters of a run are one flat vector; a layer's part is [weights | bias, or gamma and beta | slopes]. Buffers
hold one block a layer, whose size follows the rows in use, so that a small batch stays together in cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from reportgen.engine.activations import ACTIVATIONS
from reportgen.engine.blas import addresses
from reportgen.engine.random import key_words
from reportgen.engine.spec import LayerSpec, NetworkSpec

# Columns of Net.codes. Offsets of parameters are absolute; ACTS, PRE, XHAT and DROPPED are offsets for one row,
# -1 where a layer has no such buffer.
FAN_IN, UNITS, PIECES, WIDTH, ACTIVATION = 0, 1, 2, 3, 4
WEIGHTS, BIAS, GAMMA, BETA, SLOPE, END = 5, 6, 7, 8, 9, 10
ACTS, PRE, XHAT, DROPPED, RUNNING, DROPOUT, NORM_TEST_BATCH, NORM_UPDATE = 11, 12, 13, 14, 15, 16, 17, 18
_COLUMNS = 19

# Columns of Net.constants.
PHI_0, PHI_1, RATE, NORM_MOMENTUM, NORM_EPSILON, MAX_SLOPE = range(6)  # MAX_SLOPE: NaN where nothing saturates

DROPOUT_MODES = {"inverted": 1, "scale_at_test": 2, "unscaled": 3}

TRAIN, PROBE, TEST = np.int64(0), np.int64(1), np.int64(2)
"""Modes of a forward pass. PROBE takes batch statistics but moves no running average and drops no unit.

They are NumPy numbers since Numba compiles a function anew for every literal that it is called with.
"""

NO_STEP = np.int64(0)
"""The step of passes that draw nothing at random."""


class Net(NamedTuple):
    """The program: codes (layers, columns), constants (layers, columns), classes, loss code, BLAS addresses."""

    codes: NDArray[np.int64]
    constants: NDArray[Any]
    classes: int
    loss: int
    blas: tuple[int, int]


class State(NamedTuple):
    """What training changes: parameters, their gradient, optimizer state, running averages; and the random keys."""

    params: NDArray[Any]
    grads: NDArray[Any]
    s1: NDArray[Any]
    s2: NDArray[Any]
    running: NDArray[Any]
    keys: NDArray[np.uint32]


class Work(NamedTuple):
    """Scratch, flat: a batch, and activations, pre-activations, deltas of up to `rows` examples."""

    x: NDArray[Any]
    y: NDArray[np.int64]
    acts: NDArray[Any]
    pre: NDArray[Any]
    xhat: NDArray[Any]
    moments: NDArray[Any]
    dropped: NDArray[Any]
    masks: NDArray[Any]
    delta: NDArray[Any]
    other: NDArray[Any]


@dataclass(frozen=True)
class Sizes:
    """How long the flat arrays are; buffers for one row."""

    params: int
    running: int
    acts: int
    pre: int
    xhat: int
    dropped: int
    widest: int
    features: int


def pieces_of(layer: LayerSpec) -> int:
    """Return how many linear pieces a unit of the layer has: more than 1 for maxout alone."""
    return int(layer.activation.get("pieces", 1)) if layer.activation.name == "maxout" else 1


def compile_network(network: NetworkSpec, features: int, loss: int, dtype: DTypeLike = np.float32) -> tuple[Net, Sizes]:
    """Return the program of a network on `features` inputs, and the sizes of its arrays."""
    count = len(network.layers)
    codes = np.full((count, _COLUMNS), -1, dtype=np.int64)
    constants = np.zeros((count, 6), dtype=dtype)
    cursor = {"params": 0, "running": 0, "acts": 0, "pre": 0, "xhat": 0, "dropped": 0}
    fan_in = features
    for index, layer in enumerate(network.layers):
        _place(layer, fan_in, codes[index], cursor)
        constants[index] = _constants(layer)
        fan_in = layer.units
    widest = max(features, int(codes[:, WIDTH].max()))
    net = Net(codes, constants, network.layers[-1].units, loss, addresses())
    return net, Sizes(widest=widest, features=features, **cursor)


def _place(layer: LayerSpec, fan_in: int, code: NDArray[np.int64], cursor: dict[str, int]) -> None:
    """Write a layer's codes, and move the cursors past its parameters and buffers."""

    def take(kind: str, size: int) -> int:
        cursor[kind] += size
        return cursor[kind] - size

    row = ACTIVATIONS[layer.activation.name]
    width = layer.units * pieces_of(layer)
    code[[FAN_IN, UNITS, PIECES, WIDTH, ACTIVATION]] = fan_in, layer.units, pieces_of(layer), width, row.code
    code[WEIGHTS] = take("params", fan_in * width)
    if layer.batchnorm is None:
        code[BIAS] = take("params", width)
    else:
        code[GAMMA], code[BETA] = take("params", width), take("params", width)
        code[XHAT], code[RUNNING] = take("xhat", width), take("running", 2 * width)
        code[NORM_TEST_BATCH] = layer.batchnorm.test_mode == "batch"
        code[NORM_UPDATE] = layer.batchnorm.update_running
    if row.name == "prelu":
        code[SLOPE] = take("params", layer.units)
    code[END] = cursor["params"]
    code[ACTS] = take("acts", layer.units)
    if row.keeps_input:
        code[PRE] = take("pre", width)
    code[DROPOUT] = 0
    if layer.dropout is not None and layer.dropout.rate > 0:
        code[DROPOUT] = DROPOUT_MODES[layer.dropout.mode]
        code[DROPPED] = take("dropped", layer.units)


def _constants(layer: LayerSpec) -> tuple[float, ...]:
    row = ACTIVATIONS[layer.activation.name]
    phi = (*row.constants(dict(layer.activation.params)), 0.0, 0.0)[:2]
    rate = layer.dropout.rate if layer.dropout else 0.0
    norm = (layer.batchnorm.momentum, layer.batchnorm.epsilon) if layer.batchnorm else (0.0, 0.0)
    return (*phi, rate, *norm, row.max_slope if row.saturates else np.nan)


def new_state(net: Net, sizes: Sizes, states: int, seed: int) -> State:
    """Return zeroed parameters and optimizer state; `states` says how many state arrays the optimizer keeps."""
    dtype = net.constants.dtype
    params, grads = np.zeros(sizes.params, dtype), np.zeros(sizes.params, dtype)
    s1 = np.zeros(sizes.params if states > 0 else 0, dtype)
    s2 = np.zeros(sizes.params if states > 1 else 0, dtype)
    running = np.zeros(sizes.running, dtype)
    return State(params, grads, s1, s2, running, key_words(seed, "kernel"))


def new_work(net: Net, sizes: Sizes, rows: int) -> Work:
    """Return scratch for up to `rows` examples at once."""
    dtype = net.constants.dtype

    def block(width: int) -> NDArray[Any]:
        return np.zeros(rows * width, dtype)

    return Work(
        x=block(sizes.features),
        y=np.zeros(rows, np.int64),
        acts=block(sizes.acts),
        pre=block(sizes.pre),
        xhat=block(sizes.xhat),
        moments=np.zeros(3 * sizes.xhat, dtype),
        dropped=block(sizes.dropped),
        masks=block(sizes.dropped),
        delta=block(sizes.widest),
        other=block(sizes.widest),
    )
