"""The cost of a run before it starts: steps, parameters, memory, operations and an estimate of its time."""

from __future__ import annotations

import math
from collections.abc import Sequence

from reportgen.engine.layers.convolution import AGREEMENT_EXAMPLES
from reportgen.engine.layout import INPUT, Operation, joins
from reportgen.engine.spec import PruningSpec, RunSpec
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.optimizer import Optimizer
from reportgen.engine.tables.optimizers import OPTIMIZERS

_SPEED = 6e10
"""Floating-point operations per second of the matrix products of one core, between cores with AVX2 and with AVX-512."""

_VALUE_SECONDS, _NORM_SECONDS, _PROBE_SECONDS = 2e-9, 1.2e-9, 4e-9
"""Time of one pre-activation of one example, forward and backward: its activation or pooling, which moves its bytes
through the caches; additionally its batch normalization; and additionally its statistics in a probe."""

_PARAMETER_SECONDS, _LAYER_SECONDS = 5e-10, 1e-6
"""Time of an update of one parameter, and of one operation in a step apart from its numbers."""

_RUN_SECONDS = 0.01
"""Time to start and end a run."""


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


def optimizer_operations(spec: RunSpec, operations: Sequence[Operation]) -> float:
    """Return the floating-point operations of the matrix products of the optimizer in one step."""
    count = OPTIMIZERS[spec.training.optimizer.name].matrix_operations
    return sum((count(operation.fan_in, operation.width) for operation in operations[:-1] if operation.fan_in), 0.0)


def scratch_size(optimizer: Optimizer, operations: Sequence[Operation]) -> int:
    """Return the size of the work buffer of an optimizer."""
    return optimizer.scratch * max((operation.weights for operation in operations[:-1]), default=0)


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
        blocks = 1 + ACTIVATIONS[operation.activation.name].keeps_input + operation.normalizes + joined
        per_row += width * (blocks + (2 if operation.dropout else 0))
        widest = max(widest, width)
        if operation.geometry is not None:
            buffer = max(buffer, operation.kind.buffer(operation.geometry, operation.width))
    optimizer = OPTIMIZERS[spec.training.optimizer.name]
    states = optimizer.states
    copies = 3.0 + states + (spec.training.patience is not None)
    if spec.training.pruning is not None:
        copies += 2 + states + 0.25
    buffer += scratch_size(optimizer, operations)
    return 4 * (int(count_parameters(operations) * copies) + rows * (per_row + 2 * widest) + buffer)


def estimate_seconds(spec: RunSpec, operations: Sequence[Operation], n_train: int) -> float:
    """Return an estimate of the processor time of a run in seconds, including probes and scores.

    The constants were fitted to measured times of dense, convolutional, residual and pruned networks.
    """
    batch, steps = min(spec.training.batch_size or n_train, n_train), total_steps(spec, n_train)
    trainings = spec.training.pruning.trainings if spec.training.pruning else 1
    probes = trainings * min(spec.probes.looks, 1 + steps)
    probed = probes * min(spec.probes.examples, n_train)
    validated = _validation_examples(spec, n_train)
    scored = (total_epochs(spec) + trainings) * (validated + min(validated or n_train, n_train))
    trained = steps * batch + probed * (1 + spec.probes.passes)
    products = sum(operation.products for operation in operations)
    values = sum(operation.positions * operation.width for operation in operations)
    normalized = sum(o.positions * o.width for o in operations if o.normalizes)
    multiplied = step_operations(operations, trained) + 2.0 * products * scored + _agreement(operations, probes)
    return (
        _RUN_SECONDS
        + (multiplied + steps * optimizer_operations(spec, operations)) / _SPEED
        + (values * _VALUE_SECONDS + normalized * _NORM_SECONDS) * (trained + scored / 2)
        + values * _PROBE_SECONDS * probed
        + (steps + probes) * (count_parameters(operations) * _PARAMETER_SECONDS + len(operations) * _LAYER_SECONDS)
    )


def _validation_examples(spec: RunSpec, n_train: int) -> int:
    """Return about how many validation examples a run has, from the fractions of its splits."""
    data = spec.data
    return round(n_train * data.validation / max(1 - data.validation - data.test, data.validation, 1e-9))


def _agreement(operations: Sequence[Operation], probes: int) -> float:
    """Return the operations of the gradients of single examples, whose signs probes compare in convolutions."""
    return 2.0 * AGREEMENT_EXAMPLES * probes * sum(o.products for o in operations if o.kind.agreement is not None)
