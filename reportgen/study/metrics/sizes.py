"""Sizes of layers: numbers of weights, channels and outputs."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np

from reportgen.engine.layout import Operation, lay_out
from reportgen.study.metrics.metric import LAYERS, SIZE, Metric, Record, Values
from reportgen.study.metrics.needs import PROBES


def _sizes(read: Callable[[Operation], float]) -> Callable[[Record, int], Values]:
    """Return a function that reads a number of the operation with each layer's weights, shape (layers,)."""

    def by_layer(record: Record, probe: int) -> Values:
        image = record.facts.get("image_shape")
        operations = _operations(record.spec.network, int(record.facts["features"]), tuple(image) if image else None)
        return np.array([read(operation) for operation in operations if operation.owns_weights], np.float64)

    return by_layer


_operations = functools.lru_cache(maxsize=256)(lay_out)  # thousands of runs share a few networks


def _height(operation: Operation) -> float:
    return float(operation.output_shape[0]) if len(operation.output_shape) > 1 else math.nan


def _width(operation: Operation) -> float:
    return float(operation.output_shape[1]) if len(operation.output_shape) > 1 else math.nan


def _size(name: str, summary: str, read: Callable[[Operation], float]) -> Metric:
    return Metric(name=name, summary=summary, place=LAYERS, by_layer=_sizes(read), needs=(PROBES,), **SIZE)


SIZE_ROWS = (
    _size("layer_weights", "number of a layer's weights, without its biases", lambda op: op.weights),
    _size(
        "layer_channels",
        "number of channels of a convolution's output, or of a dense layer's units",
        lambda op: op.units,
    ),
    _size("layer_height", "height of a convolution's output in pixels", _height),
    _size("layer_width", "width of a convolution's output in pixels", _width),
    _size("layer_outputs", "number of a layer's outputs for one example", lambda op: op.units * op.positions),
)
"""Metrics of the shapes of layers; they are the same at every probe."""
