"""Arrays of the layers in a probe, as matrices, and the checks of arrays that a caller passes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from reportgen.engine.tables.activation import Activation
from reportgen.errors import UsageError
from reportgen.external.recording.convert import Array, activation_of, array, two_columns

Pair = tuple[Array, Array | None]
"""An array and the gradient of the loss with respect to it, None if the gradient is unknown."""


SAME = 0.01
"""Largest difference between products that count as equal, relative to the largest value; half precision has less."""


class Norm(NamedTuple):
    """Batch normalization of a layer: scale, shift, running mean and running variance, (units,) each."""

    scale: Array
    shift: Array
    mean: Array
    variance: Array


class Nonlinearity(NamedTuple):
    """An activation with its parameters."""

    row: Activation
    parameters: Mapping[str, Any]

    def apply(self, z: Array) -> Array:
        """Return the activations of pre-activations."""
        return np.asarray(self.row.function(z, **self.parameters))


class Rows(NamedTuple):
    """Inputs of a fully connected layer, (rows, fan_in), and gradients with respect to its outputs, (rows, units)."""

    inputs: Array
    deltas: Array


class Window(NamedTuple):
    """Images and window from which the gradient of a convolution can be computed for single examples.

    images: padded inputs, (n, channels, height, width); kernel, stride: (height, width) each; grid: (n, units, height,
    width), the gradient with respect to the outputs of the convolution.
    """

    images: Array
    kernel: tuple[int, int]
    stride: tuple[int, int]
    grid: Array


@dataclass(frozen=True)
class LayerArrays:
    """Arrays of a layer in a probe.

    Attributes
    ----------
    weights : (units, fan_in).
    biases : (units,), or the shifts of the normalization that replaces them; None for a layer without both.
    preactivations : (rows, units); rows are examples, or all positions of all examples. None if they were not measured.
    activations : (rows, units); None if they follow from the pre-activations and the nonlinearity, or are unknown.
    nonlinearity : None if it is unknown.
    slope_inputs : inputs of the nonlinearity, (rows, units), if they are not the pre-activations.
    norm : batch normalization, None if there is none.
    before : weights before the last step, None before the first step.
    inputs : inputs of the layer and gradients with respect to its outputs; None if they are unknown.
    """

    weights: Pair
    biases: Pair | None
    preactivations: Pair | None
    activations: Array | None = None
    nonlinearity: Nonlinearity | None = None
    slope_inputs: Array | None = None
    norm: Norm | None = None
    before: Array | None = None
    inputs: Rows | Window | None = None

    def outputs(self, is_output: bool) -> Array | None:
        """Return the activations, (rows, units), which are the pre-activations in the output layer; None if unknown."""
        if self.activations is not None and not is_output:
            return self.activations
        if self.preactivations is None:
            return None
        z = self.preactivations[0]
        if is_output:
            return z
        return None if self.nonlinearity is None else self.nonlinearity.apply(z)


@dataclass(frozen=True)
class Probe:
    """A probe of a network.

    Attributes
    ----------
    layers : arrays of the layers in the order of the forward pass, the output layer last.
    examples : number of examples.
    outputs : logits, (examples, classes), None if unknown; output_gradient : gradient of the loss with respect to them.
    targets : targets of the examples, None if unknown.
    kinds : description of each layer for the record, None for a chain of fully connected layers.
    parameters : number of parameters of the network, None if unknown.
    """

    layers: Sequence[LayerArrays]
    examples: int
    outputs: Array | None = None
    output_gradient: Array | None = None
    targets: Any = None
    kinds: list[dict[str, Any]] | None = field(default=None)
    parameters: int | None = None


def with_two_outputs(probe: Probe) -> Probe:
    """Return the probe of a network with one logit z per example with the outputs 0 and z, for two classes.

    The constant output has no weights and no gradient in its layer; the gradient of the outputs is that of two logits.
    """
    last = probe.layers[-1]
    if last.preactivations is None:
        return probe
    z, delta = last.preactivations
    pair = (two_columns(z), None if delta is None else two_columns(delta))
    outputs = None if probe.outputs is None else two_columns(probe.outputs)
    given = probe.output_gradient
    gradient = None if given is None else np.concatenate([-given.reshape(-1, 1), given.reshape(-1, 1)], axis=1)
    layers = [*probe.layers[:-1], replace(last, preactivations=pair, activations=None)]
    return replace(probe, layers=layers, outputs=outputs, output_gradient=gradient)


def as_rows(values: Array, axis: int) -> Array:
    """Return values as a matrix (rows, units); axis: axis of the units."""
    moved = np.moveaxis(values, axis, -1)
    return moved.reshape(-1, moved.shape[-1])


def weight_matrix(weights: Array, axis: int) -> Array:
    """Return weights as a matrix (units, fan_in); axis: axis of the units."""
    moved = np.moveaxis(weights, axis, 0)
    return moved.reshape(len(moved), -1)


def with_gradient(item: Any) -> tuple[Array, Array]:
    """Return a value and its gradient; raises UsageError if the gradient is missing."""
    value, gradient = item if isinstance(item, (tuple, list)) else (item, getattr(item, "grad", None))
    if gradient is None:
        hint = "call backward first, and retain_grad in the hook"
        raise UsageError("missing-gradient", "a gradient is missing", hint=hint)
    return array(value), array(gradient)


def probe_of(
    lists: Sequence[Iterable[Any]], before: Sequence[Array], nonlinearity: Nonlinearity, units_axis: int
) -> Probe:
    """Return a probe from the lists of arrays that a caller passes; raises UsageError if they do not fit together.

    Parameters
    ----------
    lists : pre-activations, weights, biases and norms, as in `Recorder.look`.
    before : weights before the last step, empty before the first step.
    nonlinearity : activation of all hidden layers.
    units_axis : 0 if the units are the first axis of weights, and the second of pre-activations; 1 if they are the last
        axis of both, as in Keras.
    """
    z, w, b = ([with_gradient(item) for item in items] for items in lists[:3])
    norms = [None if norm is None else Norm(*(array(values) for values in norm)) for norm in lists[3]]
    norms = norms or [None] * len(z)
    old: list[Array | None] = [*before] if len(before) else [None] * len(z)
    _check_lengths(z, w, b, old, norms)
    axes = [(1 if part.ndim > 2 and not units_axis else -1) for (_, _), (part, _) in zip(z, w, strict=True)]
    weight_axes = [-units_axis if part.ndim > 2 else units_axis for part, _ in w]
    _check_units(z, w, axes, weight_axes)
    is_dense = all(part.ndim == 2 for part, _ in (*z, *w))
    layers = [
        LayerArrays(
            weights=_both(w[i], weight_matrix, weight_axes[i]),
            biases=b[i],
            preactivations=_both(z[i], as_rows, axes[i]),
            nonlinearity=nonlinearity,
            norm=norms[i],
            before=None if (earlier := old[i]) is None else weight_matrix(earlier, weight_axes[i]),
        )
        for i in range(len(z))
    ]
    kinds = _sums(layers) if is_dense else [_kind(part, units_axis) for part, _ in w]
    outputs, gradient = z[-1] if z[-1][0].ndim == 2 else (None, None)
    return Probe(layers, len(z[0][0]), outputs, gradient, kinds=kinds, parameters=sum(_size(part) for part in layers))


def _sums(layers: Sequence[LayerArrays]) -> list[dict[str, Any]] | None:
    """Return the descriptions of fully connected layers if a shortcut is added to the outputs of any; None for a chain.

    Without a shortcut, pre-activations follow from the activations of the layer before, or from its pre-activations.
    """
    found: list[dict[str, Any]] = [{"kind": "dense"} for _ in layers]
    known = [(layer.preactivations[0], layer.outputs(False)) for layer in layers if layer.preactivations is not None]
    for index, layer in enumerate(layers[1:], 1):
        (z, _), (weights, _) = known[index], layer.weights
        inputs = [t for t in known[index - 1] if t is not None and t.shape[1] == weights.shape[1]]
        biases = 0 if layer.biases is None else layer.biases[0]
        rest = [z - (tensor @ weights.T + biases) for tensor in inputs]
        if layer.norm is not None or not rest or any(_is_zero(values, z) for values in rest):
            continue
        earlier = [(at, t) for at, pair in enumerate(known[:index], 1) for t in pair if t is not None]
        added = (at for at, t in earlier for r in rest if t.shape == r.shape and _is_zero(r - t, z))
        found[index]["adds"] = next(added, 0)
    return found if any("adds" in entry for entry in found) else None


def _is_zero(values: Array, scale: Array) -> bool:
    return bool(np.abs(values).max(initial=0) <= SAME * np.abs(scale).max(initial=0))


def _both(pair: tuple[Array, Array], reshape: Any, axis: int) -> Pair:
    return reshape(pair[0], axis), reshape(pair[1], axis)


def _kind(weights: Array, units_axis: int) -> dict[str, Any]:
    """Return the description of a layer for the record, from the shape of its weights."""
    if weights.ndim == 2:
        return {"kind": "dense"}
    return {"kind": "conv", "kernel": list(weights.shape[:-2] if units_axis else weights.shape[2:])}


def _size(layer: LayerArrays) -> int:
    """Return the number of parameters of a layer."""
    biases = 0 if layer.biases is None else layer.biases[0].size
    return layer.weights[0].size + biases + (0 if layer.norm is None else layer.norm.scale.size)


def _check_lengths(z: Sequence[Any], w: Sequence[Any], b: Sequence[Any], old: Sequence[Any], norms: Any) -> None:
    """Raise UsageError if the lists differ in length, or are empty."""
    lengths = [len(part) for part in (z, w, b, old, norms)]
    if len(set(lengths)) > 1:
        found = "{} pre-activations, {} weights and {} biases; {} weights given to step, {} norms".format(*lengths)
        raise UsageError("wrong-length", f"lists of different lengths: {found}", hint="one of each for every layer")
    if not w:
        raise UsageError("no-layers", "there are no layers", hint="at least the output layer")


def _check_units(
    z: Sequence[tuple[Array, Array]],
    w: Sequence[tuple[Array, Array]],
    axes: Sequence[int],
    weight_axes: Sequence[int],
) -> None:
    """Raise UsageError for the first layer whose arrays have too few axes or differ in the number of units."""
    for number, ((out, _), (weights, _)) in enumerate(zip(z, w, strict=True), 1):
        place = f"layer {number}"
        if out.ndim < 2 or weights.ndim < 2:
            found = f"pre-activations of shape {out.shape} and weights of shape {weights.shape}"
            hint = "pre-activations (examples, units, ...) and weights with two axes, or more in a convolution"
            raise UsageError("wrong-shape", found, place, hint)
        units, given = out.shape[axes[number - 1]], weights.shape[weight_axes[number - 1]]
        if units != given:
            found = f"{units} pre-activations, but weights of {given} units"
            hint = "lists that begin with the first hidden layer; see also units_axis"
            raise UsageError("wrong-shape", found, place, hint)
        for name, (value, gradient) in (("pre-activations", z[number - 1]), ("weights", w[number - 1])):
            if value.shape != gradient.shape:
                message = f"{name} of shape {value.shape}, but gradients of shape {gradient.shape}"
                raise UsageError("wrong-shape", message, place, "the gradient of the loss with respect to each value")


def check_chain(probe: Probe, features: int) -> None:
    """Raise UsageError for the first layer of a chain with other inputs than the outputs of the layer before it."""
    width, source = features, "the data have {} features"
    for number, layer in enumerate(probe.layers, 1):
        units, inputs = layer.weights[0].shape
        if inputs != width:
            message = f"{inputs} inputs, but {source.format(width)}"
            hint = "every layer in order, from the first hidden layer to the output layer"
            raise UsageError("disconnected-layers", message, f"layer {number}", hint)
        width, source = units, f"layer {number} has {{}} outputs"


def nonlinearity_of(activation: Any) -> tuple[Nonlinearity | None, Any]:
    """Return an activation with its parameters, and its setting; None and the default of a study without one."""
    if activation is None:
        return None, "relu"
    row, parameters = activation_of(activation)
    defaults = {parameter.name: parameter.default for parameter in row.parameters}
    return Nonlinearity(row, defaults | parameters), {"name": row.name, **parameters} if parameters else row.name
