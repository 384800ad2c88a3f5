"""A network as kernels see it: a small program of integer codes over flat arrays.

All parameters of a run are one flat vector; a layer's part is [weights | bias, or gamma and beta |
learned parameters of the activation]. A layer's
blocks follow one another in one buffer, sized by the rows in use, so that a small batch stays together in cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reportgen.engine.math.gemm import panel_size
from reportgen.engine.math.random import key_words

# Columns of Net.codes. Offsets of parameters are absolute; ACTS, PRE, XHAT, DROPPED and MASK are offsets into
# Work.blocks for one row, -1 where a layer has no such block.
FAN_IN, UNITS, PIECES, WIDTH = range(4)
WEIGHTS, BIAS, GAMMA, BETA, LEARNED, END = range(4, 10)
ACTS, PRE, XHAT, DROPPED, MASK, RUNNING, MOMENTS, DROPOUT, NORM_TEST_BATCH, NORM_UPDATE = range(10, 20)
ACTIVATE, DIFFERENTIATE, DROP, NORMALIZE, DENORMALIZE = range(20, 25)  # addresses of kernels, 0 where not needed
COLUMNS = 25

# Columns of Net.constants. MAX_SLOPE: NaN where nothing saturates. From PHI on: the constants of the activation.
RATE, NORM_MOMENTUM, NORM_EPSILON, MAX_SLOPE, PHI = range(5)

TRAIN, PROBE, TEST, DROPPING = np.int64(0), np.int64(1), np.int64(2), np.int64(3)
"""Modes of a forward pass. PROBE takes batch statistics but moves no running average and drops no unit; DROPPING is a
TEST that drops units as TRAIN does.

They are NumPy numbers since Numba compiles a function anew for every literal that it is called with.
"""

NO_STEP = np.int64(0)
"""The step of passes that draw nothing at random."""


class Net(NamedTuple):
    """The program: codes (layers, columns), constants (layers, columns), classes; addresses of the loss and so on."""

    codes: NDArray[np.int64]
    constants: NDArray[Any]
    classes: int
    loss: int
    product: int
    forward: int


class State(NamedTuple):
    """What training changes: parameters, their gradient, optimizer state, running averages; and the random keys.

    The optimizer's state of the parameters [a:b] is optimizer_state[count * a : count * b]: `count` arrays of b - a
    numbers, one after another.
    """

    params: NDArray[Any]
    grads: NDArray[Any]
    optimizer_state: NDArray[Any]
    running: NDArray[Any]
    keys: NDArray[np.uint32]


class Work(NamedTuple):
    """Scratch, flat: a batch, blocks of activations and the like, batch-norm's moments, deltas, panels of products."""

    x: NDArray[Any]
    y: NDArray[np.int64]
    blocks: NDArray[Any]
    moments: NDArray[Any]
    delta: NDArray[Any]
    other: NDArray[Any]
    panels: NDArray[Any]


@dataclass(frozen=True)
class Sizes:
    """How long the flat arrays are; buffers for one row."""

    params: int
    running: int
    blocks: int
    moments: int
    widest: int
    features: int


def new_state(net: Net, sizes: Sizes, states: int, seed: int) -> State:
    """Return zeroed parameters and optimizer state; `states` says how many state arrays the optimizer keeps."""
    dtype = net.constants.dtype
    params, grads = np.zeros(sizes.params, dtype), np.zeros(sizes.params, dtype)
    optimizer_state = np.zeros(states * sizes.params, dtype)
    running = np.zeros(sizes.running, dtype)
    return State(params, grads, optimizer_state, running, key_words(seed, "kernel"))


def new_work(net: Net, sizes: Sizes, rows: int) -> Work:
    """Return scratch for up to `rows` examples at once."""
    dtype = net.constants.dtype

    def block(width: int) -> NDArray[Any]:
        return np.zeros(rows * width, dtype)

    return Work(
        x=block(sizes.features),
        y=np.zeros(rows, np.int64),
        blocks=block(sizes.blocks),
        moments=np.zeros(sizes.moments, dtype),
        delta=block(sizes.widest),
        other=block(sizes.widest),
        panels=np.zeros(panel_size(max(rows, sizes.widest)), dtype),
    )
