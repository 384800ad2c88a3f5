"""The cost of a run before it starts: steps, parameters, memory, operations and an estimate of its time."""

from __future__ import annotations

import math
from collections.abc import Sequence

from reportgen.engine.layout import INPUT, Operation, joins
from reportgen.engine.spec import PruningSpec, RunSpec
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.optimizers import OPTIMIZERS

_SPEED = 2.5e10
"""Floating-point operations per second of one core; a low value, typical of a small laptop."""

_CURVATURE_PASSES = 60
"""Typical number of passes of power iteration in a probe, two for each product."""

_STEP_SECONDS = 2e-5
"""Time of a step without its matrix products, in seconds."""


def batches_per_epoch(spec: RunSpec, n_train: int) -> int:
    """Return the number of minibatches of an epoch, including a smaller last one."""
    size = spec.training.batch_size or n_train
    return -(-n_train // max(size, 1))


def training_steps(spec: RunSpec, n_train: int) -> int:
    """Return the number of steps of a training that does not stop early."""
    return spec.training.epochs * batches_per_epoch(spec, n_train)


def total_epochs(spec: RunSpec) -> int:
    """Return the number of epochs of all trainings of a run; those after a rewind start at its epoch."""
    pruning = spec.training.pruning
    return spec.training.epochs + (0 if pruning is None else _epochs_before_last(spec, pruning, pruning.rounds))


def total_steps(spec: RunSpec, n_train: int) -> int:
    """Return the number of steps of all trainings of a run that does not stop early."""
    return total_epochs(spec) * batches_per_epoch(spec, n_train)


def steps_before_last(spec: RunSpec, n_train: int, finished: int) -> int:
    """Return the number of steps of the trainings before the last one of a run that ended after a round of pruning.

    The steps that a rewind skips count once. finished: number of finished rounds, with round 0 of the dense network.
    """
    pruning = spec.training.pruning
    if pruning is None or finished < 1:
        return 0
    return _epochs_before_last(spec, pruning, finished - 1) * batches_per_epoch(spec, n_train)


def _epochs_before_last(spec: RunSpec, pruning: PruningSpec, number: int) -> int:
    """Return the epochs of the trainings until the end of a round, without those of a whole training."""
    return (pruning.trainings_until(number) - 1) * (spec.training.epochs - pruning.rewind)


def count_parameters(operations: Sequence[Operation]) -> int:
    """Return the number of learned parameters: weights, biases, gamma, beta and parameters of activations."""
    return sum(operation.parameters for operation in operations)


def step_operations(operations: Sequence[Operation], rows: int) -> float:
    """Return the floating-point operations of the matrix products of one step on `rows` examples.

    Layers on the inputs of the network need no gradient with respect to them: 4 operations per weight instead of 6.
    """
    needed = sum(operation.products * (4 if operation.source == INPUT else 6) for operation in operations)
    return float(rows) * needed


def run_bytes(spec: RunSpec, operations: Sequence[Operation], n_train: int) -> int:
    """Return the memory of a run during training in bytes, without its data.

    Copies of the parameters: their gradient, the parameters before a probed step and, with early stopping, the
    best ones; with pruning, the state to which the weights return, the parameters before a probed step of the dense
    training, and masks of one byte.
    """
    rows = max(min(spec.training.batch_size or n_train, n_train), min(spec.probes.examples, n_train), 256)
    features = math.prod(operations[0].input_shape)
    per_row, widest, buffer = features, features, 0
    for operation, joined in zip(operations, joins(operations), strict=True):
        width = operation.positions * operation.width
        blocks = 1 + ACTIVATIONS[operation.activation.name].keeps_input + (operation.batchnorm is not None) + joined
        per_row += width * (blocks + (2 if operation.dropout else 0))
        widest = max(widest, width)
        if operation.geometry is not None:
            buffer = max(buffer, operation.kind.buffer(operation.geometry, operation.width))
    states = OPTIMIZERS[spec.training.optimizer.name].states
    copies = 3.0 + states + (spec.training.patience is not None)
    if spec.training.pruning is not None:
        copies += 2 + states + 0.25
    return 4 * (int(count_parameters(operations) * copies) + rows * (per_row + 2 * widest) + buffer)


def estimate_seconds(spec: RunSpec, operations: Sequence[Operation], n_train: int) -> float:
    """Return an estimate of the time of a run on one core in seconds, including probes and scores."""
    rows = min(spec.training.batch_size or n_train, n_train)
    one_step = step_operations(operations, rows) / _SPEED + _STEP_SECONDS
    one_pass = step_operations(operations, n_train) / _SPEED
    steps = total_steps(spec, n_train)
    trainings = spec.training.pruning.trainings if spec.training.pruning else 1
    probes = min(spec.probes.looks, 1 + steps) * one_pass * min(spec.probes.examples, n_train) / max(n_train, 1)
    probes *= trainings * (1 + (_CURVATURE_PASSES if spec.probes.curvature else 0))
    return steps * one_step + probes + one_pass * (0.2 * total_epochs(spec) + 0.5 * trainings)
