"""What mean-field theory expects of a network at initialization, from its configuration and the input's moment.

In a wide layer of random weights, pre-activations are normal numbers of variance s^2 = sigma_w^2 q + sigma_b^2, where
q is the mean square of what comes in (Poole et al. 2016, eq. 3; for ReLU, He et al. 2015, eq. 7). Squared deltas are
multiplied by chi = sigma_w^2 E[phi'(z)^2] from layer to layer on the way back (Schoenholz et al. 2017, eq. 10).
Integrals are taken by the trapezoid rule on [-8, 8]: Gauss-Hermite misses the flat parts of a saturated tanh.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from reportgen.engine.spec import LayerSpec, NetworkSpec, RunSpec
from reportgen.registry import Component
from reportgen.runs.record import RunRecord

Array = NDArray[np.float64]

_GRID = np.linspace(-8.0, 8.0, 4001)
_DENSITY = np.exp(-(_GRID**2) / 2) / math.sqrt(2 * math.pi)

SATURATED_SLOPE = 0.05  # as a look counts it: a slope below this share of the largest
_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


def expectation(function: Callable[[Array], Array], sd: float, mean: float = 0.0) -> float:
    """Return E[f(mean + sd z)] for a standard normal z."""
    return float(np.trapezoid(function(mean + sd * _GRID) * _DENSITY, _GRID))


def _elu(z: Array, alpha: float) -> Array:
    return np.where(z < 0, alpha * np.expm1(np.minimum(z, 0)), z)


def _elu_slope(z: Array, alpha: float) -> Array:
    return np.where(z < 0, alpha * np.exp(np.minimum(z, 0)), 1.0)


def _functions(activation: Component) -> tuple[Callable[[Array], Array], Callable[[Array], Array]] | None:
    """Return phi and phi' of an activation, None where a unit is no function of one pre-activation."""
    p: dict[str, Any] = dict(activation.params)
    slope = float(p.get("slope", 0.0) or 0.0)
    alpha = float(p.get("alpha", 1.0) or 1.0)
    table: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
        "identity": (lambda z: z, np.ones_like),
        "sigmoid": (special.expit, lambda z: special.expit(z) * special.expit(-z)),
        "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
        "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0).astype(float)),
        "leaky_relu": (lambda z: np.where(z < 0, slope * z, z), lambda z: np.where(z < 0, slope, 1.0)),
        "prelu": (lambda z: np.where(z < 0, slope * z, z), lambda z: np.where(z < 0, slope, 1.0)),
        "elu": (lambda z: _elu(z, alpha), lambda z: _elu_slope(z, alpha)),
        "selu": (
            lambda z: _SELU_SCALE * _elu(z, _SELU_ALPHA),
            lambda z: _SELU_SCALE * _elu_slope(z, _SELU_ALPHA),
        ),
        "gelu": (
            lambda z: z * special.ndtr(z),
            lambda z: special.ndtr(z) + z * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi),
        ),
        "silu": (
            lambda z: z * special.expit(z),
            lambda z: special.expit(z) * (1 + z * special.expit(-z)),
        ),
        "softplus": (lambda z: np.logaddexp(0, z), special.expit),
    }
    return table.get(activation.name)


def weight_variance(init: Component, fan_in: int, fan_out: int, activation: str) -> float | None:
    """Return the variance of a weight before data are seen, None where the rule draws no random weights of its own."""
    p: dict[str, Any] = dict(init.params)
    connected = min(int(p.get("connections", fan_in) or fan_in), fan_in) / fan_in
    walk = 2 * math.exp(2.4 / (max(fan_in, 6) - 2.4)) if activation == "relu" else math.exp(1 / fan_in)
    variances = {
        "zero": 0.0,
        "gaussian": float(p.get("std", 0.0)) ** 2,
        "uniform": float(p.get("bound", 0.0)) ** 2 / 3,
        "xavier": 1 / fan_in,
        "lecun_normal": 1 / fan_in,
        "glorot_normal": 2 / (fan_in + fan_out),
        "glorot_uniform": 2 / (fan_in + fan_out),
        "he_normal": 2 / fan_in,
        "he_uniform": 2 / fan_in,
        "sparse": float(p.get("std", 0.0)) ** 2 * connected,
        "orthogonal": 1 / max(fan_in, fan_out),
        "random_walk": walk / fan_in,
    }
    variance = variances.get(init.name)
    return None if variance is None else variance * float(p.get("gain", 1.0)) ** 2


def predict(spec: RunSpec, second_moment: float, features: int) -> dict[str, list[float]] | None:
    """Return what theory expects by layer, output layer last; None where it does not speak of this network.

    second_moment: the mean square of an input feature. Keys: activation_mean, activation_std, preactivation_std,
    saturated_fraction and gradient_std, which is relative to the output layer's: multiply by what is measured there.
    Dropout is left out, as a look leaves it out.
    """
    found = _predicted(spec.network, second_moment, features)
    return None if found is None else dict(found)


@functools.lru_cache(maxsize=256)  # several rules ask for the same network in turn
def _predicted(network: NetworkSpec, second_moment: float, features: int) -> dict[str, list[float]] | None:
    layers = network.layers
    q, fan_in = second_moment, features
    found: dict[str, list[float]] = {name: [] for name in _NAMES}
    variances = []
    for layer in layers:
        variance = weight_variance(layer.init, fan_in, layer.units, layer.activation.name)
        functions = _functions(layer.activation)
        if variance is None or functions is None or layer.kind != "dense":
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
    """Append one layer's expectations, and return the mean square of what goes to the next."""
    phi, slope = functions
    bias = layer.bias
    mean = expectation(phi, sd, bias)
    square = expectation(lambda z: phi(z) ** 2, sd, bias)
    slopes = expectation(lambda z: slope(z) ** 2, sd, bias)
    largest = {"sigmoid": 0.25, "selu": _SELU_SCALE * _SELU_ALPHA}.get(layer.activation.name, 1.0)
    flat = expectation(lambda z: (np.abs(slope(z)) < SATURATED_SLOPE * largest).astype(float), sd, bias)
    found["activation_mean"].append(mean)
    found["activation_std"].append(math.sqrt(max(square - mean**2, 0.0)))
    found["preactivation_std"].append(sd)
    found["saturated_fraction"].append(flat)
    found["_slope_square"].append(slopes)
    return square


def _backward(layers: tuple[LayerSpec, ...], variances: list[float], slopes: list[float]) -> list[float]:
    """Return the standard deviation of deltas by layer, relative to the output layer's; empty with batch-norm.

    Batch-norm couples the examples of a batch, and the recursion does not hold for its deltas.
    """
    if any(layer.batchnorm for layer in layers):
        return []
    back = [1.0]
    for index in range(len(layers) - 2, -1, -1):
        above = layers[index + 1]
        back.append(back[-1] * math.sqrt(variances[index + 1] * above.units * slopes[index]))
    return back[::-1]


def of_record(record: RunRecord) -> dict[str, list[float]] | None:
    """Return what theory expects of a run at initialization, deltas scaled by what was measured at the output."""
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
