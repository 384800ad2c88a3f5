"""The cost of a run before it starts: steps, parameters, memory, operations and an estimate of its time."""

from __future__ import annotations

from reportgen.engine.layers.table import LAYERS
from reportgen.engine.spec import NetworkSpec, RunSpec
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


def total_steps(spec: RunSpec, n_train: int) -> int:
    """Return the number of steps of a run that does not stop early."""
    return spec.training.epochs * batches_per_epoch(spec, n_train)


def count_parameters(network: NetworkSpec, features: int) -> int:
    """Return the number of learned parameters: weights, biases, gamma, beta and parameters of activations."""
    total, fan_in = 0, features
    for layer in network.layers:
        total += LAYERS[layer.kind].parameters_of(layer, fan_in)
        fan_in = layer.units
    return total


def step_operations(network: NetworkSpec, features: int, rows: int) -> float:
    """Return the floating-point operations of the matrix products of one step on `rows` examples.

    The first layer needs no gradient with respect to its inputs: 4 operations per weight instead of 6.
    """
    weights, fan_in, first = 0, features, 0
    for layer in network.layers:
        weights += LAYERS[layer.kind].products(layer, fan_in)
        first = first or weights
        fan_in = layer.units
    return float(rows) * (6 * weights - 2 * first)


def run_bytes(spec: RunSpec, n_train: int, features: int) -> int:
    """Return the memory of a run during training in bytes, without its data.

    Copies of the parameters: their gradient, the parameters before a probed step and, with early stopping, the
    best ones.
    """
    rows = max(min(spec.training.batch_size or n_train, n_train), min(spec.probes.examples, n_train), 256)
    per_row = features
    widest = features
    for layer in spec.network.layers:
        width = LAYERS[layer.kind].width(layer)
        blocks = 1 + ACTIVATIONS[layer.activation.name].keeps_input + (layer.batchnorm is not None)
        per_row += width * (blocks + (2 if layer.dropout else 0))
        widest = max(widest, width)
    states = OPTIMIZERS[spec.training.optimizer.name].states
    parameters = count_parameters(spec.network, features)
    copies = 3 + states + (spec.training.patience is not None)
    return 4 * (parameters * copies + rows * (per_row + 2 * widest))


def estimate_seconds(spec: RunSpec, n_train: int, features: int) -> float:
    """Return an estimate of the time of a run on one core in seconds, including probes and scores."""
    rows = min(spec.training.batch_size or n_train, n_train)
    one_step = step_operations(spec.network, features, rows) / _SPEED + _STEP_SECONDS
    one_pass = step_operations(spec.network, features, n_train) / _SPEED
    steps = total_steps(spec, n_train)
    probes = min(spec.probes.looks, 1 + steps) * one_pass * min(spec.probes.examples, n_train) / max(n_train, 1)
    probes *= 1 + (_CURVATURE_PASSES if spec.probes.curvature else 0)
    return steps * one_step + probes + one_pass * (0.2 * spec.training.epochs + 0.5)
