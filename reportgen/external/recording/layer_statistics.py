"""Statistics of the layers of a probe, with the definitions of the probes in `reportgen.engine.probes`."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from reportgen.engine.layers.convolution import AGREEMENT_EXAMPLES
from reportgen.engine.probes.evenness import WEIGHT_SHAPES
from reportgen.engine.probes.spectra import effective_rank, singular_values
from reportgen.engine.spec import STATISTICS
from reportgen.engine.tables.activation import SATURATED_SLOPE
from reportgen.external.recording.convert import Array, Labels, array
from reportgen.external.recording.layer_arrays import LayerArrays, Norm, Pair, Probe, Rows, Window
from reportgen.external.recording.loss_form import loss_form

PROBES_PER_DECADE = 4
_DUE = frozenset({0, *(math.ceil(10 ** (power / PROBES_PER_DECADE) - 1e-9) for power in range(12 * PROBES_PER_DECADE))})
"""Steps after which a probe is due; a set, because this is asked at every step."""

_IN_ORDER = sorted(_DUE)

OPTIONAL = tuple(f"probe_{name}" for name in STATISTICS[STATISTICS.index("bn_gamma_mean") :])
"""Arrays of statistics that a record omits if no layer has them: those of batch normalization and the last ones."""


class ProbeSeries:
    """The statistics of the probes of a run; singular_values: whether to measure singular values.

    Attributes
    ----------
    steps : steps of the probes.
    hidden_units : number of units of each hidden layer, None before the first probe.
    has_norm : whether each hidden layer has batch normalization.
    layers : description of the layers as a setting of the record, empty if `hidden_units` describe them.
    facts : number of examples of a probe, number of parameters and form of the loss if they are known.
    shows_loss : whether the loss of a probe is the caller's, and not the cross-entropy in its place.
    """

    def __init__(self, singular_values: bool) -> None:
        self._singular_values = singular_values
        self._values: dict[str, list[list[float]]] = defaultdict(list)
        self._dead: list[Array] = []
        self.steps: list[int] = []
        self.hidden_units: list[int] | None = None
        self.has_norm: list[bool] = []
        self.layers: dict[str, Any] = {}
        self.facts: dict[str, Any] = {}
        self.shows_loss = True

    def add(self, step: int, probe: Probe, labels: Labels) -> None:
        """Add the statistics of a probe after a step; labels: classes of all training examples."""
        layers, last = probe.layers, probe.layers[-1]
        outputs = [layer.outputs(is_output=layer is last) for layer in layers]
        rows = [
            statistics_of(layer, a, layer is last, self._singular_values)
            for layer, a in zip(layers, outputs, strict=True)
        ]
        self.steps.append(step)
        for name in rows[0]:
            self._values[name].append([row[name] for row in rows])
        hidden = list(zip(layers[:-1], outputs, strict=False))
        units = [len(layer.weights[0]) if a is None else a.shape[1] for layer, a in hidden]
        dead = [np.zeros(n) if a is None else dead_units(a) for n, (_, a) in zip(units, hidden, strict=True)]
        self._dead.append(np.concatenate([*dead, np.zeros(0)]))
        self.hidden_units, self.has_norm = units, [layer.norm is not None for layer, _ in hidden]
        self.layers = {} if probe.kinds is None else {"layers": probe.kinds}
        self.facts |= {"probe_n": probe.examples} | ({"parameters": probe.parameters} if probe.parameters else {})
        if self.shows_loss and "loss_form" not in self.facts:
            self.facts |= _form_facts(probe, labels)

    @property
    def rate(self) -> float:
        """Learning rate that the changes of the weights and their gradients show, 0 if no weights change.

        It is the median over probes and layers, as exact as the gradients of a probe equal those of a step.
        """
        changes, gradients = (
            np.array(self._values[name], np.float64) for name in ("weight_norm", "weight_gradient_norm")
        )
        changes = changes[1:] * np.array(self._values["update_ratio"], np.float64)[1:]
        known = np.isfinite(changes) & (gradients[:-1] > 0)
        return float(np.median(changes[known] / gradients[:-1][known])) if known.any() else 0.0

    def arrays(self) -> dict[str, Array]:
        """Return the arrays of the record, without optional statistics that no layer has."""
        arrays: dict[str, Any] = {f"probe_{name}": np.array(values) for name, values in self._values.items()}
        empty = [name for name in arrays if name in OPTIONAL and np.isnan(arrays[name]).all()]
        found = {name: values for name, values in arrays.items() if name not in empty}
        found["probe_step"] = np.array(self.steps)
        if not self.hidden_units:
            return found
        layers = np.arange(1, len(self.hidden_units) + 1)
        return found | {"probe_unit_dead": np.array(self._dead), "unit_layer": np.repeat(layers, self.hidden_units)}


def _form_facts(probe: Probe, labels: Labels) -> dict[str, Any]:
    """Return the form of the loss as facts; empty if outputs, their gradient or their labels are unknown."""
    given = None if probe.targets is None else array(probe.targets).reshape(-1)
    if given is not None and given.size == probe.examples:
        labels = given.astype(np.int64)
    z, delta = probe.outputs, probe.output_gradient
    if z is None or delta is None or len(labels) != len(z) or labels.min() < 0 or labels.max() >= z.shape[1]:
        return {}
    found = loss_form(z, delta, labels)
    return {} if found is None else found.facts()


def statistics_of(layer: LayerArrays, a: Array | None, is_output: bool, spectra: bool) -> dict[str, float]:
    """Return all statistics of a layer by name, NaN if they are not defined or were not measured.

    a: activations, (rows, units), None if they are unknown. spectra: whether to compute singular values.
    """
    found: dict[str, Any] = dict.fromkeys((*STATISTICS, *WEIGHT_SHAPES), math.nan)
    found |= _weights(layer)
    if layer.preactivations is not None:
        found |= _preactivations(layer, *layer.preactivations)
    if a is not None:
        found |= _activations(a)
        if not is_output:
            found |= {"dead_fraction": dead_units(a).mean(), "saturated_fraction": _saturated(layer)}
    if layer.norm is not None:
        found |= _norm_statistics(layer.norm)
    if spectra:
        found |= _spectrum("weight", layer.weights[0])
        found |= {} if a is None else _spectrum("activation", a)
    return {name: float(value) for name, value in found.items()}


def dead_units(a: Array) -> Array:
    """Return which units are zero in every row of activations, (rows, units)."""
    return np.asarray((a == 0).all(axis=0))


def _activations(a: Array) -> dict[str, Any]:
    mean, std = _moments(a)
    return {
        "activation_mean": mean,
        "activation_std": std,
        "activation_min": a.min(),
        "activation_max": a.max(),
        "zero_fraction": 1 - np.count_nonzero(a) / a.size,
    }


def _saturated(layer: LayerArrays) -> float:
    """Return the share of activations with a small slope; NaN for an activation without flat parts."""
    z = layer.slope_inputs
    if z is None and layer.preactivations is not None:
        z = layer.preactivations[0]
    if z is None or layer.nonlinearity is None or not layer.nonlinearity.row.saturates:
        return math.nan
    row, parameters = layer.nonlinearity
    return float((np.abs(row.derivative(z, **parameters)) < SATURATED_SLOPE * row.max_slope).mean())


def _preactivations(layer: LayerArrays, z: Array, delta: Array | None) -> dict[str, Any]:
    mean, std = _moments(z)
    found: dict[str, Any] = {"preactivation_mean": mean, "preactivation_std": std}
    if delta is None:
        return found
    mean, std = _moments(delta)
    return found | {
        "gradient_mean": mean,
        "gradient_std": std,
        "gradient_norm": euclidean_norm(delta),
        "sign_agreement_example": _agreement_by_example(layer.inputs),
    }


def _weights(layer: LayerArrays) -> dict[str, Any]:
    w, gradient = layer.weights
    size = np.abs(w)
    mean_square = np.square(size, dtype=np.float64).mean()
    found = {
        "weight_std": _moments(w)[1],
        "weight_norm": euclidean_norm(w),
        "weight_unit_spread": _spread(w),
        "update_ratio": _update_ratio(w, layer.before),
        "weight_max": size.max(),
        "weight_evenness": size.mean(dtype=np.float64) ** 2 / mean_square if mean_square > 0 else math.nan,
    }
    if gradient is not None:
        found |= {
            "weight_gradient_norm": euclidean_norm(gradient),
            "gradient_unit_spread": _spread(gradient),
            "sign_agreement_batch": _share(*_agreement(gradient)),
        }
    return found if layer.biases is None else found | _biases(layer.biases)


def _biases(biases: Pair) -> dict[str, Any]:
    value, gradient = biases
    return {"bias_mean": value.mean(), "bias_gradient_norm": math.nan if gradient is None else euclidean_norm(gradient)}


def _norm_statistics(norm: Norm) -> dict[str, Any]:
    return {
        "bn_gamma_mean": norm.scale.mean(),
        "bn_gamma_std": norm.scale.std(),
        "bn_beta_mean": norm.shift.mean(),
        "bn_beta_std": norm.shift.std(),
        "bn_running_mean_mean": norm.mean.mean(),
        "bn_running_var_mean": norm.variance.mean(),
    }


def _spectrum(name: str, matrix: Array) -> dict[str, Any]:
    """Return effective rank and largest singular value of a matrix; NaN if it has values that are not finite."""
    if not np.isfinite(matrix).all():
        return {}
    found = singular_values(matrix.astype(np.float64))
    return {f"{name}_effective_rank": effective_rank(found), f"{name}_singular_max": found.max(initial=0.0)}


def _agreement(gradient: Array) -> tuple[int, int]:
    """Return the numbers of units with a gradient, (units, fan_in), and of those whose gradients share a sign."""
    positive, negative = (gradient > 0).any(axis=1), (gradient < 0).any(axis=1)
    return int((positive | negative).sum()), int((positive ^ negative).sum())


def _share(counted: int, agreeing: int) -> float:
    return agreeing / counted if counted else math.nan


def _agreement_by_example(inputs: Rows | Window | None) -> float:
    """Return the sign agreement over pairs of example and unit; NaN if the inputs of the layer are unknown."""
    if inputs is None:
        return math.nan
    if isinstance(inputs, Window):
        counts = [_agreement(gradient) for gradient in _gradients_by_example(inputs)]
        return _share(*(int(sum(column)) for column in zip(*counts, strict=True)))
    positive, negative = (inputs.inputs > 0).any(axis=1), (inputs.inputs < 0).any(axis=1)
    units = np.count_nonzero(inputs.deltas, axis=1)
    return _share(int(units[positive | negative].sum()), int(units[positive ^ negative].sum()))


def _gradients_by_example(window: Window) -> list[Array]:
    """Return the gradient of the weights of a convolution, (units, fan_in), for each of the first examples."""
    (height, width), (down, right) = window.kernel, window.stride
    found = []
    for image, delta in zip(window.images[:AGREEMENT_EXAMPLES], window.grid, strict=False):
        patches = sliding_window_view(image, (height, width), axis=(1, 2))[:, ::down, ::right]
        patches = patches[:, : delta.shape[1], : delta.shape[2]].transpose(1, 2, 0, 3, 4)
        found.append(delta.reshape(len(delta), -1) @ patches.reshape(delta[0].size, -1))
    return found


def same_outputs(a: Array, b: Array) -> bool:
    """Return whether two arrays of outputs are equal up to rounding and the order of the examples."""
    if a.shape != b.shape:
        return False
    first, second = np.sort(a, axis=0), np.sort(b, axis=0)
    return np.allclose(first, second, rtol=1e-3, atol=1e-3 * float(np.abs(second).max(initial=0)), equal_nan=True)


def is_due(step: int) -> bool:
    """Return whether a probe is due after this step; probes are about evenly spaced on a logarithmic scale."""
    return step in _DUE


def next_due(step: int) -> int:
    """Return the first step after a step at which a probe is due."""
    return next(n for n in _IN_ORDER if n > step)


def _moments(values: Array) -> tuple[float, float]:
    """Return mean and standard deviation, computed in float64."""
    mean = float(values.mean(dtype=np.float64))
    if not math.isfinite(mean):
        return mean, math.nan
    return mean, euclidean_norm(values - values.dtype.type(mean)) / math.sqrt(values.size)


def euclidean_norm(values: Array) -> float:
    """Return the Euclidean norm over all entries; scaling keeps the squares within the range of floats."""
    largest = float(np.abs(values).max(initial=0))
    if not 0 < largest < math.inf:
        return largest
    return largest * math.sqrt(float(np.square(values / values.dtype.type(largest)).sum(dtype=np.float64)))


def _spread(values: Array) -> float:
    """Return the norm of the deviations from the mean over units, relative to the norm; NaN for a single unit."""
    if len(values) < 2:
        return math.nan
    norm = euclidean_norm(values)
    return euclidean_norm(values - values.mean(axis=0)) / norm if norm else 0.0


def _update_ratio(w: Array, before: Array | None) -> float:
    """Return the norm of the last change of the weights, relative to the norm of the weights before it."""
    return math.nan if before is None else euclidean_norm(w - before) / (euclidean_norm(before) or math.nan)
