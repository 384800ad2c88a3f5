"""Values of a record that several published rule sets use."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import special

from reportgen.analysis.diagnosis.layers import fan_ins
from reportgen.runs.record import RunRecord

Values = NDArray[np.float64]


def epochs(record: RunRecord, column: str) -> Values:
    """Return a score after each epoch of training, (E,), without the network at initialization."""
    return np.asarray(record.epochs(column), np.float64)[1:]


def statistic(record: RunRecord, name: str) -> Values:
    """Return a layer statistic over probes and layers, (P, L); (0, L) without probes."""
    if "probe_step" not in record.arrays:
        return np.empty((0, record.layers))
    return np.asarray(record.statistic(name), np.float64)


def weight_counts(record: RunRecord) -> Values:
    """Return the number of weights of each layer, (L,)."""
    layers = record.spec.network.layers
    sizes = zip(fan_ins(record), layers, strict=True)
    return np.array([fan_in * layer.units * int(layer.activation.get("pieces", 1)) for fan_in, layer in sizes], float)


def gradient_rms(record: RunRecord) -> Values:
    """Return the root mean square of each layer's weight gradients, (P, L); the mean absolute value is not larger."""
    return statistic(record, "weight_gradient_norm") / np.sqrt(weight_counts(record))


def diverged(record: RunRecord) -> bool:
    """Return whether a value of the run is not finite."""
    return record.status == "diverged" or not np.isfinite(record.arrays.get("step_loss", np.zeros(0))).all()


def beyond(record: RunRecord, layer: int, low: float, high: float) -> Values:
    """Return the share of a layer's pre-activations outside [low, high] at each probe, (P,).

    It is computed for a normal distribution with the mean and the standard deviation in the record.
    """
    mean = statistic(record, "preactivation_mean")[:, layer]
    std = np.maximum(statistic(record, "preactivation_std")[:, layer], 1e-300)
    return np.asarray(special.ndtr((low - mean) / std) + special.ndtr((mean - high) / std))


def hidden(record: RunRecord, *names: str) -> list[int]:
    """Return the indices of the hidden layers with one of these activations."""
    layers: Sequence[str] = [layer.activation.name for layer in record.spec.network.layers[:-1]]
    return [index for index, name in enumerate(layers) if name in names]


def accuracy(record: RunRecord, split: str) -> Values:
    """Return an accuracy after each epoch, with 0 for NaN."""
    return np.nan_to_num(epochs(record, f"{split}_accuracy"), nan=0.0)


def input_rms(record: RunRecord) -> float:
    """Return the root mean square of the input."""
    return math.sqrt(float(record.facts["input_second_moment"]))
