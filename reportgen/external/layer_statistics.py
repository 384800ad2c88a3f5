"""Layer statistics of a probe, computed from arrays and gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reportgen.engine.tables.activation import SATURATED_SLOPE, Activation
from reportgen.errors import UsageError
from reportgen.external.convert import array

Array = NDArray[np.float64]
Pair = tuple[Array, Array]

PROBES_PER_DECADE = 4


class Norm(NamedTuple):
    """Batch normalization of a layer: scale, shift, running mean and running variance, (units,) each."""

    scale: Array
    shift: Array
    mean: Array
    variance: Array


@dataclass(frozen=True)
class Layers:
    """Arrays of a probe for all layers, the output layer last; pairs contain a value and the gradient of the loss.

    before: weights before the last step, None before the first step. norms: batch normalization, None if there is none.
    """

    preactivations: Sequence[Pair]
    weights: Sequence[Pair]
    biases: Sequence[Pair]
    before: Sequence[Array | None]
    norms: Sequence[Norm | None]


@dataclass(frozen=True)
class LayerStatistics:
    """Calculator of layer statistics.

    activation: activation of the hidden layers; parameters: its parameters; units_axis: axis of the weights with one
    entry per unit of the layer.
    """

    activation: Activation
    parameters: Mapping[str, Any]
    units_axis: int

    def check(self, layers: Layers, features: int) -> None:
        """Raise UsageError unless the arrays of a probe fit together; features: number of input features."""
        check_layers(layers, self.units_axis)
        if self.activation.pieces is None:  # activations with pieces have fewer outputs than inputs
            check_chain([w for w, _ in layers.weights], features, self.units_axis)

    def hidden(self, layers: Layers) -> list[Array]:
        """Return the activations of the hidden layers."""
        return [self.activation.function(z, **self.parameters) for z, _ in layers.preactivations[:-1]]

    def statistics(self, layers: Layers, hidden: Sequence[Array]) -> list[dict[str, float]]:
        """Return the statistics of each layer by name; hidden: activations of the hidden layers."""
        outputs = [*hidden, layers.preactivations[-1][0]]
        each = zip(outputs, layers.preactivations, layers.weights, layers.biases, layers.before, strict=True)
        rows = [
            self._outputs(a, *own, index < len(hidden)) | self._weights(*weight, bias[1], old)
            for index, (a, own, weight, bias, old) in enumerate(each)
        ]
        if any(layers.norms):
            rows = [row | _norm_statistics(norm) for row, norm in zip(rows, layers.norms, strict=True)]
        return [{name: float(value) for name, value in row.items()} for row in rows]

    def _outputs(self, a: Array, z: Array, delta: Array, hidden: bool) -> dict[str, Any]:
        saturated = np.nan
        if hidden and self.activation.saturates:
            slopes = np.abs(self.activation.derivative(z, **self.parameters))
            saturated = float((slopes < SATURATED_SLOPE * self.activation.max_slope).mean())
        return {
            "activation_mean": a.mean(),
            "activation_std": a.std(),
            "activation_min": a.min(),
            "activation_max": a.max(),
            "zero_fraction": (a == 0).mean(),
            "dead_fraction": (a == 0).all(axis=0).mean(),
            "saturated_fraction": saturated,
            "preactivation_mean": z.mean(),
            "preactivation_std": z.std(),
            "gradient_mean": delta.mean(),
            "gradient_std": delta.std(),
            "gradient_norm": euclidean_norm(delta),
        }

    def _weights(self, w: Array, g: Array, bias_gradient: Array, before: Array | None) -> dict[str, Any]:
        return {
            "weight_std": w.std(),
            "weight_norm": euclidean_norm(w),
            "weight_gradient_norm": euclidean_norm(g),
            "bias_gradient_norm": euclidean_norm(bias_gradient),
            "weight_unit_spread": _spread(w, self.units_axis),
            "gradient_unit_spread": _spread(g, self.units_axis),
            "update_ratio": np.nan
            if before is None
            else euclidean_norm(w - before) / max(euclidean_norm(before), 1e-300),
        }


def _norm_statistics(norm: Norm | None) -> dict[str, Any]:
    """Return the statistics of batch normalization, NaN for a layer without it."""
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
    lengths = [
        len(part) for part in (layers.preactivations, layers.weights, layers.biases, layers.before, layers.norms)
    ]
    if len(set(lengths)) > 1:
        found = "{} pre-activations, {} weights and {} biases; {} weights given to step, {} norms".format(*lengths)
        raise UsageError("wrong-length", f"lists of different lengths: {found}", hint="one of each for every layer")
    if not layers.weights:
        raise UsageError("no-layers", "there are no layers", hint="at least the output layer")
    for number, ((z, _), (w, _)) in enumerate(zip(layers.preactivations, layers.weights, strict=True), 1):
        if z.ndim != 2 or w.ndim != 2:
            found = f"pre-activations of shape {z.shape} and weights of shape {w.shape}"
            hint = "fully connected layers: pre-activations (examples, units) and weights with two axes"
            raise UsageError("unsupported-layer", found, f"layer {number}", hint)
        if z.shape[1] != w.shape[units_axis]:
            found = f"{z.shape[1]} pre-activations, but weights of {w.shape[units_axis]} units"
            hint = "lists that begin with the first hidden layer; see also units_axis"
            raise UsageError("wrong-shape", found, f"layer {number}", hint)


def check_chain(weights: Sequence[Array], features: int, units_axis: int) -> None:
    """Raise UsageError for the first layer whose number of inputs differs from the outputs of the layer before it."""
    width, source = features, "the data have {} features"
    for number, w in enumerate(weights, 1):
        if w.shape[1 - units_axis] != width:
            message = f"{w.shape[1 - units_axis]} inputs, but {source.format(width)}"
            hint = "every layer in order, from the first hidden layer to the output layer"
            raise UsageError("disconnected-layers", message, f"layer {number}", hint)
        width, source = w.shape[units_axis], f"layer {number} has {{}} outputs"


def same_outputs(a: Array, b: Array) -> bool:
    """Return whether two arrays of outputs are equal up to rounding and the order of the examples."""
    if a.shape != b.shape:
        return False
    first, second = np.sort(a, axis=0), np.sort(b, axis=0)
    return np.allclose(first, second, rtol=1e-3, atol=1e-3 * float(np.abs(second).max(initial=0)), equal_nan=True)


def is_due(step: int) -> bool:
    """Return whether a probe is due after this step; probes are about evenly spaced on a logarithmic scale."""
    if step < 2:
        return True
    decades = PROBES_PER_DECADE * np.log10([step - 1, step])
    return bool(np.floor(decades[1] + 1e-9) > np.floor(decades[0] + 1e-9))


def euclidean_norm(values: Array) -> float:
    """Return the Euclidean norm over all entries."""
    return float(np.sqrt(np.square(values).sum()))


def _spread(values: Array, units_axis: int) -> float:
    """Return the norm of the deviations from the mean over units, relative to the norm; NaN for a single unit."""
    if values.shape[units_axis] < 2:
        return float("nan")
    norm = euclidean_norm(values)
    return euclidean_norm(values - values.mean(axis=units_axis, keepdims=True)) / norm if norm else 0.0


def with_gradient(item: Any) -> Pair:
    """Return a value and its gradient; raises UsageError if the gradient is missing."""
    value, gradient = item if isinstance(item, (tuple, list)) else (item, getattr(item, "grad", None))
    if gradient is None:
        hint = "call backward first, and retain_grad in the hook"
        raise UsageError("missing-gradient", "a gradient is missing", hint=hint)
    return array(value), array(gradient)
