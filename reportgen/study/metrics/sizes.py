"""Sizes of layers: numbers of weights, channels and outputs."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from reportgen.engine.layout import Operation, lay_out
from reportgen.languages.translate import N_
from reportgen.study.metrics.metric import LAYERS, SIZE, Metric, Record, Values
from reportgen.study.metrics.needs import PROBES


def _sizes(read: Callable[[Operation], float]) -> Callable[[Record, int], Values]:
    """Return a function that reads a number of the operation with each layer's weights, shape (layers,)."""

    def by_layer(record: Record, probe: int) -> Values:
        return np.array([read(operation) for operation in _operations(record) if operation.owns_weights], np.float64)

    return by_layer


_lay_out = functools.lru_cache(maxsize=256)(lay_out)  # thousands of runs share a few networks
_laid_out: WeakKeyDictionary[Record, Sequence[Operation]] = WeakKeyDictionary()  # to look up a network takes long


def _operations(record: Record) -> Sequence[Operation]:
    found = _laid_out.get(record)
    if found is None:
        image = record.facts.get("image_shape")
        network, features = record.spec.network, int(record.facts["features"])
        found = _laid_out[record] = _lay_out(network, features, tuple(image) if image else None)
    return found


def _height(operation: Operation) -> float:
    return float(operation.output_shape[0]) if len(operation.output_shape) > 1 else math.nan


def _width(operation: Operation) -> float:
    return float(operation.output_shape[1]) if len(operation.output_shape) > 1 else math.nan


def _size(name: str, summary: str, read: Callable[[Operation], float], words: str) -> Metric:
    facts: dict[str, Any] = {"place": LAYERS, "of_network": True, "needs": (PROBES,), **SIZE}
    return Metric(name=name, summary=summary, by_layer=_sizes(read), words=words, **facts)


SIZE_ROWS = (
    _size(
        "layer_weights",
        "number of a layer's weights, without its biases",
        lambda op: op.weights,
        words=N_("number of weights"),
    ),
    _size(
        "layer_channels",
        "number of channels of a convolution's output, or of a dense layer's units",
        lambda op: op.units,
        words=N_("number of channels"),
    ),
    _size(
        "layer_height",
        "height of a convolution's output in pixels",
        _height,
        words=N_("height of the output in pixels"),
    ),
    _size(
        "layer_width", "width of a convolution's output in pixels", _width, words=N_("width of the output in pixels")
    ),
    _size(
        "layer_outputs",
        "number of a layer's outputs for one example",
        lambda op: op.units * op.positions,
        words=N_("number of outputs"),
    ),
)
"""Metrics of the shapes of layers; they are the same at every probe."""
