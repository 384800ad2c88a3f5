"""What a run costs, before it runs: steps, parameters, memory, operations, an estimate of its time."""

from __future__ import annotations

from reportgen.engine.layers.table import LAYERS
from reportgen.engine.spec import NetworkSpec, RunSpec
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.optimizers import OPTIMIZERS

_SPEED = 2.5e10
"""Operations a second of one core, set low: a small laptop's."""

_CURVATURE_PASSES = 60
"""Passes that power iteration usually takes at a look, two a product."""

_STEP_SECONDS = 2e-5
"""What a step costs beside its products, in seconds."""


def batches_per_epoch(spec: RunSpec, n_train: int) -> int:
    """Return the minibatches of one epoch; the last, smaller one counts."""
    size = spec.training.batch_size or n_train
    return -(-n_train // max(size, 1))


def total_steps(spec: RunSpec, n_train: int) -> int:
    """Return the training steps of a run that is not stopped."""
    return spec.training.epochs * batches_per_epoch(spec, n_train)


def count_parameters(network: NetworkSpec, features: int) -> int:
    """Return how many numbers the network learns: weights, biases, gamma and beta, learned activations."""
    total, fan_in = 0, features
    for layer in network.layers:
        total += LAYERS[layer.kind].parameters_of(layer, fan_in)
        fan_in = layer.units
    return total


def step_operations(network: NetworkSpec, features: int, rows: int) -> float:
    """Return the floating-point operations of the products of one step on `rows` examples."""
    weights, fan_in, first = 0, features, 0
    for layer in network.layers:
        weights += LAYERS[layer.kind].products(layer, fan_in)
        first = first or weights
        fan_in = layer.units
    return float(rows) * (6 * weights - 2 * first)


def run_bytes(spec: RunSpec, n_train: int, features: int) -> int:
    """Return the memory of a run in training beside its data: parameters, state, scratch.

    Beside the parameters there are their gradients, those ahead of a look and, with early stopping, the best ones.
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
    """Return a rough time of one run on one core, in seconds, looks and scores included."""
    rows = min(spec.training.batch_size or n_train, n_train)
    one_step = step_operations(spec.network, features, rows) / _SPEED + _STEP_SECONDS
    one_pass = step_operations(spec.network, features, n_train) / _SPEED
    steps = total_steps(spec, n_train)
    looks = min(spec.probes.looks, 1 + steps) * one_pass * min(spec.probes.examples, n_train) / max(n_train, 1)
    looks *= 1 + (_CURVATURE_PASSES if spec.probes.curvature else 0)
    return steps * one_step + looks + one_pass * (0.2 * spec.training.epochs + 0.5)
