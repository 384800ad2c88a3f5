"""Predictions of mean-field theory for a network at initialization, from its settings and the input.

In a wide layer of random weights, pre-activations are normal with variance s^2 = sigma_w^2 q + sigma_b^2, where q is
the mean square of the layer's input (Poole et al. 2016, eq. 3; for ReLU, He et al. 2015, eq. 7). On the way back,
squared deltas are multiplied by chi = sigma_w^2 E[phi'(z)^2] per layer (Schoenholz et al. 2017, eq. 10). Integrals use
the trapezoidal rule on [-8, 8], because Gauss-Hermite quadrature misses the flat parts of a saturated tanh.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.engine.layers.table import LAYERS
from reportgen.engine.network_spec import LayerSpec, NetworkSpec
from reportgen.engine.spec import RunSpec
from reportgen.engine.tables.activation import SATURATED_SLOPE
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.init import Place
from reportgen.engine.tables.inits import weight_variance
from reportgen.registry import Component, Plugin
from reportgen.runs.record import RunRecord

Array = NDArray[np.float64]

_GRID = np.linspace(-8.0, 8.0, 4001)
_DENSITY = np.exp(-(_GRID**2) / 2) / math.sqrt(2 * math.pi)


def expectation(function: Callable[[Array], Array], sd: float, mean: float = 0.0) -> float:
    """Return E[f(mean + sd z)] for a standard normal z."""
    return float(np.trapezoid(function(mean + sd * _GRID) * _DENSITY, _GRID))


def _functions(activation: Component) -> tuple[Callable[[Array], Array], Callable[[Array], Array]] | None:
    """Return phi and phi' of an activation, None if a unit is not a function of a single pre-activation."""
    row, parameters = ACTIVATIONS[activation.name], dict(activation.params)
    if row.pieces:
        return None
    return functools.partial(row.function, **parameters), functools.partial(row.derivative, **parameters)


def predict(spec: RunSpec, second_moment: float, features: int) -> dict[str, list[float]] | None:
    """Return the predictions by layer (output layer last), None if the theory does not apply.

    They are activation_mean, activation_std, preactivation_std, saturated_fraction, and gradient_std relative to the
    output layer. Dropout is ignored, as in probes. second_moment: mean square of the input features.
    """
    if spec.training.pruning is not None:  # the weights that remain are not a random sample
        return None
    found = _predicted(spec.network, second_moment, features, spec.plugins())
    return None if found is None else dict(found)


@functools.lru_cache(maxsize=256)  # several rules need the same network
def _predicted(
    network: NetworkSpec, second_moment: float, features: int, plugins: tuple[Plugin, ...]
) -> dict[str, list[float]] | None:
    """Return the predictions; `plugins` distinguishes rows of the same name in the cache."""
    layers = network.layers
    if network.needs_images or any(layer not in layers or layer.adds is not None for layer in network.nodes):
        return None
    q, fan_in = second_moment, features
    found: dict[str, list[float]] = {name: [] for name in _NAMES}
    variances = []
    for layer in layers:
        variance = weight_variance(layer.init, Place(fan_in, layer.units, activation=layer.activation.name))
        functions = _functions(layer.activation)
        if variance is None or functions is None or not LAYERS[layer.kind].mean_field:
            return None
        sd = 1.0 if layer.batchnorm else math.sqrt(variance * fan_in * q)
        q = _add_layer(found, layer, functions, sd)
        variances.append(variance)
        fan_in = layer.units
    found["gradient_std"] = _backward(layers, variances, found["_slope_square"])
    del found["_slope_square"]
    return found


_NAMES = (
    "activation_mean",
    "activation_std",
    "preactivation_std",
    "saturated_fraction",
    "gradient_std",
    "_slope_square",
)


def _add_layer(found: dict[str, list[float]], layer: LayerSpec, functions: Any, sd: float) -> float:
    """Append the predictions for a layer, and return the mean square of its activations."""
    phi, slope = functions
    bias = layer.bias
    mean = expectation(phi, sd, bias)
    square = expectation(lambda z: phi(z) ** 2, sd, bias)
    slopes = expectation(lambda z: slope(z) ** 2, sd, bias)
    largest = ACTIVATIONS[layer.activation.name].max_slope
    flat = expectation(lambda z: (np.abs(slope(z)) < SATURATED_SLOPE * largest).astype(float), sd, bias)
    found["activation_mean"].append(mean)
    found["activation_std"].append(math.sqrt(max(square - mean**2, 0.0)))
    found["preactivation_std"].append(sd)
    found["saturated_fraction"].append(flat)
    found["_slope_square"].append(slopes)
    return square


def _backward(layers: tuple[LayerSpec, ...], variances: list[float], slopes: list[float]) -> list[float]:
    """Return the standard deviation of deltas by layer relative to the output layer, empty with batch normalization.

    Batch normalization couples the examples of a batch, so the recursion does not hold.
    """
    if any(layer.batchnorm for layer in layers):
        return []
    back = [1.0]
    for index in range(len(layers) - 2, -1, -1):
        above = layers[index + 1]
        back.append(back[-1] * math.sqrt(variances[index + 1] * above.units * slopes[index]))
    return back[::-1]


def of_record(record: RunRecord) -> dict[str, list[float]] | None:
    """Return the predictions for a run at initialization, with deltas scaled to the measured output layer."""
    moment, features = record.facts.get("input_second_moment"), record.facts.get("features")
    if moment is None or features is None or not math.isfinite(moment):
        return None
    found = predict(record.spec, float(moment), int(features))
    if found is None:
        return None
    if "probe_gradient_std" in record.arrays and len(record.probe_steps) and record.probe_steps[0] == 0:
        scale = float(record.statistic("gradient_std")[0][-1])
        found["gradient_std"] = [scale * value for value in found["gradient_std"]]
    else:
        found["gradient_std"] = []
    return {name: values for name, values in found.items() if values}


def initial_loss(classes: int, logit_variance: float = 0.0) -> float:
    """Return the cross-entropy expected before training: ln C + v (1 - 1/C) / 2 for logits of variance v."""
    return math.log(classes) + logit_variance * (1 - 1 / classes) / 2
