"""Statistics of a network's layers for records, computed from arrays and gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reportgen.engine.tables.activation import SATURATED_SLOPE, Activation
from reportgen.errors import UsageError

Array = NDArray[np.float64]
Pair = tuple[Array, Array]

LOOKS_A_DECADE = 4


class Norm(NamedTuple):
    """A layer's batch normalization, each (units,): scale, shift, and the running mean and variance of test mode."""

    scale: Array
    shift: Array
    mean: Array
    variance: Array


@dataclass(frozen=True)
class Layers:
    """What was found of all layers, the output layer last: pairs of value and gradient by the loss, and norms.

    before: the weights before the last step, None where there was none.
    """

    preactivations: Sequence[Pair]
    weights: Sequence[Pair]
    biases: Sequence[Pair]
    before: Sequence[Array | None]
    norms: Sequence[Norm | None]


@dataclass(frozen=True)
class LayerStatistics:
    """The hidden layers' activation with its parameters, and the axis of weights that counts a layer's units."""

    activation: Activation
    parameters: Mapping[str, Any]
    units_axis: int

    def hidden(self, layers: Layers) -> list[Array]:
        """Return the hidden layers' activations."""
        return [self.activation.function(z, **self.parameters) for z, _ in layers.preactivations[:-1]]

    def statistics(self, layers: Layers, hidden: Sequence[Array]) -> list[dict[str, float]]:
        """Return the statistics of each layer by name."""
        outputs = [*hidden, layers.preactivations[-1][0]]
        each = zip(outputs, layers.preactivations, layers.weights, layers.biases, layers.before, strict=True)
        rows = [
            self._outputs(a, *own, index < len(hidden)) | self._weights(*weight, bias[1], old)
            for index, (a, own, weight, bias, old) in enumerate(each)
        ]
        if any(layers.norms):
            rows = [row | _of_norm(norm) for row, norm in zip(rows, layers.norms, strict=True)]
        return [{name: float(value) for name, value in row.items()} for row in rows]

    def _outputs(self, a: Array, z: Array, delta: Array, hidden: bool) -> dict[str, Any]:
        flat = np.nan
        if hidden and self.activation.saturates:
            slopes = np.abs(self.activation.derivative(z, **self.parameters))
            flat = float((slopes < SATURATED_SLOPE * self.activation.max_slope).mean())
        return {
            "activation_mean": a.mean(),
            "activation_std": a.std(),
            "activation_min": a.min(),
            "activation_max": a.max(),
            "zero_fraction": (a == 0).mean(),
            "dead_fraction": (a == 0).all(axis=0).mean(),
            "saturated_fraction": flat,
            "preactivation_mean": z.mean(),
            "preactivation_std": z.std(),
            "gradient_mean": delta.mean(),
            "gradient_std": delta.std(),
            "gradient_norm": length(delta),
        }

    def _weights(self, w: Array, g: Array, bias_gradient: Array, before: Array | None) -> dict[str, Any]:
        return {
            "weight_std": w.std(),
            "weight_norm": length(w),
            "weight_gradient_norm": length(g),
            "bias_gradient_norm": length(bias_gradient),
            "weight_unit_spread": _spread(w, self.units_axis),
            "gradient_unit_spread": _spread(g, self.units_axis),
            "update_ratio": np.nan if before is None else length(w - before) / max(length(before), 1e-300),
        }


def _of_norm(norm: Norm | None) -> dict[str, Any]:
    """Return what batch normalization learned and keeps; NaN for a layer without it."""
    scale, shift, mean, variance = norm or [np.full(1, np.nan)] * 4
    return {
        "bn_gamma_mean": scale.mean(),
        "bn_gamma_std": scale.std(),
        "bn_beta_mean": shift.mean(),
        "bn_beta_std": shift.std(),
        "bn_running_mean_mean": mean.mean(),
        "bn_running_var_mean": variance.mean(),
    }


def check_layers(layers: Layers, units_axis: int) -> None:
    """Raise UsageError if the lists differ in length, or if a layer is not fully connected."""
    counts = [len(part) for part in (layers.preactivations, layers.weights, layers.biases, layers.before, layers.norms)]
    if len(set(counts)) > 1:
        found = "{} pre-activations, {} weights and {} biases; {} weights at the step, {} norms".format(*counts)
        raise UsageError("wrong-length", f"lists of different lengths: {found}", hint="one of each for every layer")
    if not layers.weights:
        raise UsageError("no-layers", "there are no layers", hint="at least the output layer")
    for number, ((z, _), (w, _)) in enumerate(zip(layers.preactivations, layers.weights, strict=True), 1):
        if z.ndim != 2 or w.ndim != 2:
            found = f"pre-activations of shape {z.shape} and weights of shape {w.shape}"
            right = "fully connected layers: pre-activations (examples, units) and weights with two axes"
            raise UsageError("unsupported-layer", found, f"layer {number}", right)
        if z.shape[1] != w.shape[units_axis]:
            found = f"{z.shape[1]} pre-activations, but weights of {w.shape[units_axis]} units"
            right = "lists that begin with the first hidden layer; see also units_axis"
            raise UsageError("wrong-shape", found, f"layer {number}", right)


def check_chain(weights: Sequence[Array], features: int, units_axis: int) -> None:
    """Raise UsageError for the first layer whose number of inputs differs from the outputs of the layer before it."""
    width, source = features, "the data have {} features"
    for number, w in enumerate(weights, 1):
        if w.shape[1 - units_axis] != width:
            found = f"{w.shape[1 - units_axis]} inputs, but {source.format(width)}"
            right = "every layer in order, from the first hidden layer to the output layer"
            raise UsageError("disconnected-layers", found, f"layer {number}", right)
        width, source = w.shape[units_axis], f"layer {number} has {{}} outputs"


def same_outputs(one: Array, other: Array) -> bool:
    """Return whether outputs are those of the same network on the same examples, in whatever order these come."""
    if one.shape != other.shape:
        return False
    first, second = np.sort(one, axis=0), np.sort(other, axis=0)
    return np.allclose(first, second, rtol=1e-3, atol=1e-3 * float(np.abs(second).max(initial=0)), equal_nan=True)


def is_due(step: int) -> bool:
    """Return whether a step opens a new stretch of the time's logarithm."""
    if step < 2:
        return True
    place = LOOKS_A_DECADE * np.log10([step - 1, step])
    return bool(np.floor(place[1] + 1e-9) > np.floor(place[0] + 1e-9))


def length(values: Array) -> float:
    """Return the square root of the sum of squares."""
    return float(np.sqrt(np.square(values).sum()))


def _spread(values: Array, units_axis: int) -> float:
    """Return how far the units' own weights lie from their mean unit, over the norm of all; NaN for a single unit."""
    if values.shape[units_axis] < 2:
        return float("nan")
    norm = length(values)
    return length(values - values.mean(axis=units_axis, keepdims=True)) / norm if norm else 0.0
