"""Predictions of mean-field theory for a network at initialization, from its settings and the input.

In a wide layer of random weights, pre-activations are normal with variance s^2 = sigma_w^2 q + sigma_b^2, where q is
the mean square of the layer's input (Poole et al. 2016, eq. 3; for ReLU, He et al. 2015, eq. 7). On the way back,
squared deltas are multiplied by chi = sigma_w^2 E[phi'(z)^2] per layer (Schoenholz et al. 2017, eq. 10). See
`reportgen.analysis.mean_field` for convolutions (Xiao et al. 2018) and residual blocks (Yang and Schoenholz 2017).
"""

from __future__ import annotations

import functools
import math

import numpy as np

from reportgen.analysis import mean_field
from reportgen.analysis.mean_field import Signal
from reportgen.engine.layout import Operation, lay_out
from reportgen.engine.network_spec import NetworkSpec
from reportgen.engine.spec import RunSpec
from reportgen.engine.tables.activation import SATURATED_SLOPE
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.registry import Plugin
from reportgen.runs.record import RunRecord


def predict(
    spec: RunSpec, second_moment: float, features: int, image_shape: tuple[int, int, int] | None = None
) -> dict[str, list[float]] | None:
    """Return the predictions by layer (output layer last), None if the theory does not apply to any layer.

    They are activation_mean, activation_std, preactivation_std, saturated_fraction, and gradient_std relative to the
    output layer. Layers without a prediction, such as those after pooling, have NaN; gradient_std is empty if it is not
    predicted for all layers. Dropout is ignored, as in probes.

    Parameters
    ----------
    second_moment : mean square of the input features, the same at all positions of an image.
    features, image_shape : number of inputs; channels, height and width of images.
    """
    if not spec.network.is_complete or (spec.network.needs_images and image_shape is None):
        return None
    if spec.training.pruning is not None:  # the weights that remain are not a random sample
        return None
    found = _predicted(spec.network, second_moment, features, image_shape, spec.plugins())
    return None if found is None else dict(found)


@functools.lru_cache(maxsize=256)  # several rules need the same network
def _predicted(
    network: NetworkSpec,
    second_moment: float,
    features: int,
    image_shape: tuple[int, int, int] | None,
    plugins: tuple[Plugin, ...],
) -> dict[str, list[float]] | None:
    """Return the predictions; `plugins` distinguishes rows of the same name in the cache."""
    operations = lay_out(network, features, image_shape)
    signals = mean_field.forward(operations, second_moment)
    found = {name: [math.nan] * len(network.layers) for name in _NAMES}
    owners = {op.layer: index for index, op in enumerate(operations) if op.layer is not None and op.owns_units}
    for layer, index in owners.items():
        if index in signals.outputs:
            for name, value in _statistics(operations[index], signals.sums[index], signals.outputs[index]).items():
                found[name][layer] = value
    deltas = mean_field.backward(operations, signals)
    found["gradient_std"] = [math.sqrt(float(deltas[owners[i]].mean())) for i in sorted(owners)] if deltas else []
    return found if any(map(math.isfinite, found["activation_std"])) else None


_NAMES = ("activation_mean", "activation_std", "preactivation_std", "saturated_fraction")


def _statistics(operation: Operation, z: Signal, a: Signal) -> dict[str, float]:
    """Return the predictions for a layer, over all positions, from its pre-activations and activations."""
    slope, largest = mean_field.functions(operation)[1], ACTIVATIONS[operation.activation.name].max_slope
    flat = z.expectation(lambda v: (np.abs(slope(v)) < SATURATED_SLOPE * largest).astype(float))
    return {
        "activation_mean": float(a.mean.mean()),
        "activation_std": _deviation(a),
        "preactivation_std": _deviation(z),
        "saturated_fraction": float(flat.mean()),
    }


def _deviation(signal: Signal) -> float:
    return math.sqrt(max(float(signal.square.mean()) - float(signal.mean.mean()) ** 2, 0.0))


def of_record(record: RunRecord) -> dict[str, list[float]] | None:
    """Return the predictions for a run at initialization, with deltas scaled to the measured output layer."""
    moment, features = record.facts.get("input_second_moment"), record.facts.get("features")
    if moment is None or features is None or not math.isfinite(moment):
        return None
    image = record.facts.get("image_shape")
    found = predict(record.spec, float(moment), int(features), tuple(image) if image else None)
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
