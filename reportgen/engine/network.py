"""The form of a network that kernels use: a table of integer codes, and flat arrays that they index.

A row of the table is an operation: a layer, pooling, or an activation that stands alone. All parameters of a run are in
one flat vector, operation by operation: [weights | bias, or gamma and beta | learned parameters of the activation].
Images are stored by row, column and channel. All blocks of activations are in one buffer; their offsets depend on the
number of rows in use, so that a small batch stays in cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reportgen.engine.math.gemm import panel_size
from reportgen.engine.math.random import key_words

# Columns of Net.codes, one row for each operation.
FAN_IN = 0  # inputs of a unit, 0 without weights
UNITS = 1  # units of a dense layer, or channels
PIECES = 2  # linear pieces of a unit (maxout), otherwise 1
WIDTH = 3  # pre-activations of a position: units times pieces

# Offsets into State.params, -1 if the operation has no such parameters.
WEIGHTS = 4  # (fan_in, width)
BIAS = 5  # (width,), or one scalar bias
GAMMA = 6  # (width,), scale of batch normalization
BETA = 7  # (width,), shift of batch normalization
LEARNED = 8  # learned parameters of the activation, (units,) each
END = 9  # end of the parameters of the operation

# Offsets into Work.blocks for one row, -1 if the operation has no such block; kernels multiply them by the number of
# rows. A row of a block has all positions: (positions, units) or (positions, width).
ACTS = 10  # activations, (rows, positions, units)
PRE = 11  # pre-activations, (rows, positions, width), if the derivative of the activation needs them
XHAT = 12  # normalized pre-activations, (rows, positions, width)
DROPPED = 13  # activations after dropout, (rows, positions, units)
MASK = 14  # dropout mask, (rows, positions, units)

RUNNING = 15  # offset into State.running: [mean | variance], (2, width)
MOMENTS = 16  # offset into Work.moments: [1 / sqrt(variance + epsilon) | mean | variance], (3, width)
DROPOUT = 17  # mode of dropout, 0 without dropout
NORM_TEST_BATCH = 18  # 1 if batch normalization uses batch statistics in test mode
NORM_UPDATE = 19  # 1 if training updates the running values

# Addresses of kernels, 0 if the operation does not need the kernel.
ACTIVATE = 20  # activation, forward
DIFFERENTIATE = 21  # activation, backward
DROP = 22  # dropout, forward
NORMALIZE = 23  # batch normalization, forward
DENORMALIZE = 24  # batch normalization, backward
FORWARD = 25  # pre-activations; 0 for the product of a dense layer
BACKWARD = 26  # derivative by the inputs, and gradients of parameters other than weights
GRADIENT = 27  # gradient of the weights
AGREEMENT = 28  # sign agreement of single examples

POSITIONS = 29  # positions of a channel, 1 for vectors
INPUTS = 30  # inputs of an example
SOURCE = 31  # operation whose outputs are the inputs, -1 for the batch
ADDS = 32  # operation whose outputs are added to the pre-activations, -1 for the batch, NOTHING for none
DERIVATIVE = 33  # block in which the derivatives by the outputs are added up, (rows, positions, units), -1 without
MULTIPLIER = 34  # offset into State.params of a scalar multiplier, -1 without
WEIGHTS_OF = 35  # layer whose weights these are, counted from 0; -1 without
UNITS_OF = 36  # layer whose activations these are, counted from 0; -1 without
GEOMETRY = 37  # first of the eleven numbers of a Geometry
SCALES = 48  # block of 1 / sqrt(variance + epsilon), (rows, groups), of a normalization of examples
GROUPS = 49  # groups of channels of a normalization of examples
BRANCH = 50  # block of the factors of a branch with stochastic depth, (rows,), -1 without
BY_EXAMPLE = 51  # 1 if each example has a factor of its own
DROP_BRANCH = 52  # address of the kernel of stochastic depth, 0 without
COLUMNS = 53

NOTHING = -2

# Columns of Net.constants, in the precision of the network.
RATE = 0  # fraction of units that dropout drops
NORM_MOMENTUM = 1  # share of the running values that an update keeps
NORM_EPSILON = 2  # added to variances
MAX_SLOPE = 3  # largest slope of the activation, NaN if it does not saturate
WEIGHTS_LR = 4  # factor of the learning rate for the weights
OTHERS_LR = 5  # factor of the learning rate for the other parameters
SURVIVAL = 6  # survival probability of a branch
PHI = 7  # first of the constants of the activation

TRAIN, PROBE, TEST, DROPPING = np.int64(0), np.int64(1), np.int64(2), np.int64(3)
"""Modes of a forward pass.

PROBE uses batch statistics, but updates no running values and drops no units. DROPPING is TEST with dropout as in
TRAIN. The modes are NumPy numbers, since Numba compiles a function again for each literal that it is called with.
"""

NO_STEP = np.int64(0)
"""The step number of passes that draw no random numbers."""


class Net(NamedTuple):
    """A compiled network.

    Attributes
    ----------
    codes : sizes, offsets and addresses of each operation, shape (operations, COLUMNS).
    constants : real constants of each operation, shape (operations, PHI + most constants of an activation).
    features, classes : numbers of inputs and outputs.
    loss, product, forward : addresses of the kernels of the loss, the matrix product and the forward pass.
    smoothing : share of a label that the loss spreads evenly over all classes.
    """

    codes: NDArray[np.int64]
    constants: NDArray[Any]
    features: int
    classes: int
    loss: int
    product: int
    forward: int
    smoothing: float


class State(NamedTuple):
    """The arrays that training changes, all flat.

    Attributes
    ----------
    params : all parameters.
    grads : their gradient, shape of params.
    optimizer_state : state of the optimizer, shape (count * params,). The state of the parameters [a:b] is
        [count * a : count * b]: `count` arrays of b - a numbers, one after another.
    running : running means and variances of batch normalization.
    keys : key of the random numbers, shape (2,); it does not change.
    masks : 1 for parameters that are trained and 0 for pruned weights, shape of params; empty without pruning.
    """

    params: NDArray[Any]
    grads: NDArray[Any]
    optimizer_state: NDArray[Any]
    running: NDArray[Any]
    keys: NDArray[np.uint32]
    masks: NDArray[np.uint8]


class Work(NamedTuple):
    """Work buffers, all flat.

    Attributes
    ----------
    x, y : inputs (rows, features) and labels (rows,) of a batch.
    blocks : activations and other blocks of all layers.
    moments : moments of batch normalization.
    delta, other : derivatives of the loss with respect to a layer's outputs or inputs, (rows, widest layer).
    panels : packed columns of a matrix product.
    columns : buffer of convolutions, see `reportgen.engine.math.convolve`.
    """

    x: NDArray[Any]
    y: NDArray[np.int64]
    blocks: NDArray[Any]
    moments: NDArray[Any]
    delta: NDArray[Any]
    other: NDArray[Any]
    panels: NDArray[Any]
    columns: NDArray[Any]


@dataclass(frozen=True)
class Sizes:
    """Lengths of the flat arrays; those of buffers are for one row.

    `widest` is the largest size of a layer's inputs or outputs, `longest` the largest inner dimension of a product
    other than the number of rows, and `columns` the size of the buffer of convolutions for all rows.
    """

    params: int
    running: int
    blocks: int
    moments: int
    widest: int
    longest: int
    features: int
    columns: int


def new_state(net: Net, sizes: Sizes, states: int, seed: int, prunes: bool = False) -> State:
    """Return a state of zeros; the optimizer keeps `states` arrays of the size of the parameters."""
    dtype = net.constants.dtype
    params, grads = np.zeros(sizes.params, dtype), np.zeros(sizes.params, dtype)
    optimizer_state = np.zeros(states * sizes.params, dtype)
    running = np.zeros(sizes.running, dtype)
    masks = np.ones(sizes.params if prunes else 0, np.uint8)
    return State(params, grads, optimizer_state, running, key_words(seed, "kernel"), masks)


def new_work(net: Net, sizes: Sizes, rows: int) -> Work:
    """Return work buffers for batches of up to `rows` examples."""
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
        panels=np.zeros(panel_size(max(rows, sizes.longest)), dtype),
        columns=np.zeros(sizes.columns, dtype),
    )
