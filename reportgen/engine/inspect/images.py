"""Arrays of the record that show a network on images: the filters of its first layer, and feature maps of one example.

The arrays are small: at most MOST_FILTERS filters of a convolution or MOST_UNITS units of a dense layer, with
MOST_FILTER_VALUES numbers at each time, and at most MOST_MAPS layers and MOST_CHANNELS channels with MOST_MAP_VALUES
numbers together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from reportgen.engine.layout import INPUT, Operation, is_shortcut
from reportgen.engine.network import ACTS, WEIGHTS
from reportgen.engine.network_spec import PoolSpec
from reportgen.engine.predict import outputs
from reportgen.engine.setup import Setup

MOST_FILTERS, MOST_UNITS, MOST_FILTER_VALUES = 64, 16, 24_576
MOST_MAPS, MOST_CHANNELS, MOST_MAP_VALUES = 12, 16, 49_152

Item = TypeVar("Item")

Arrays = dict[str, NDArray[np.float32] | NDArray[np.int64]]
Window = tuple[int, int, int]
"""(height, width, channels)."""


class ImageArrays:
    """Collects the filters before training, and the filters and feature maps after it."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.first = _first_layer(setup.operations)
        self.window = _window(setup, self.first)
        self.initial = self.filters()

    def arrays(self, steps: int) -> Arrays:
        """Return the arrays for the record after a number of training steps, empty for data without images."""
        found: Arrays = {}
        if self.initial.size:
            found["filters"] = np.stack([self.initial, self.filters()] if steps else [self.initial])
        return found | self._maps()

    def filters(self) -> NDArray[np.float32]:
        """Return the first filters, (filters, height, width, channels); empty if a filter is not an image."""
        if self.window is None:
            return np.empty(0, np.float32)
        operation, begin = self.setup.operations[self.first], int(self.setup.net.codes[self.first, WEIGHTS])
        weights = self.setup.state.params[begin : begin + operation.weights].reshape(operation.fan_in, operation.width)
        most = MOST_UNITS if operation.geometry is None else MOST_FILTERS
        count = min(most, MOST_FILTER_VALUES // operation.fan_in)
        chosen = weights[:, :count].T
        if len(operation.input_shape) == 3:
            filters = chosen.reshape(-1, *self.window)
        else:  # a dense network has its inputs by channel, then by row
            height, width, channels = self.window
            filters = chosen.reshape(-1, channels, height, width).transpose(0, 2, 3, 1)
        return np.array(filters, np.float32, order="C")

    def _maps(self) -> Arrays:
        """Return the activations of the layers with images for the first training example."""
        s = self.setup
        with_maps = [index for index, operation in enumerate(s.operations) if _has_maps(operation)]
        chosen = evenly_spaced(with_maps, MOST_MAPS)
        if not chosen or s.dataset.image_shape is None:
            return {}
        rows, features, classes = min(s.evaluation_rows, len(s.examples.y)), s.net.features, s.net.classes
        x, y, logits = s.examples.x[: rows * features], s.examples.y[:rows], np.empty(rows * classes, np.float32)
        outputs(s.net, s.state, s.work, x, y, rows, False, 0, logits)
        channels, height, width = s.dataset.image_shape
        maps = {index: self._map(index, rows, MOST_MAP_VALUES // len(chosen)) for index in chosen}
        kept = {index: values for index, values in maps.items() if values.size}
        predicted = int(logits[:classes].argmax()) if np.isfinite(logits[:classes]).all() else -1
        return {
            "example_image": x[:features].reshape(height, width, channels).copy(),
            "example_classes": np.array([y[0], predicted], np.int64),
            "feature_map_operation": np.array(list(kept), np.int64),
            "feature_map_shape": np.array([values.shape for values in kept.values()], np.int64).reshape(-1, 3),
            "feature_maps": np.concatenate([np.empty(0, np.float32), *(values.ravel() for values in kept.values())]),
        }

    def _map(self, index: int, rows: int, most: int) -> NDArray[np.float32]:
        """Return the first channels of the first example of the last pass, (height, width, channels)."""
        operation, begin = self.setup.operations[index], int(self.setup.net.codes[index, ACTS]) * rows
        values = self.setup.work.blocks[begin : begin + math.prod(operation.output_shape)]
        count = min(MOST_CHANNELS, most // operation.positions)
        return values.reshape(operation.output_shape)[:, :, :count].copy()


def _first_layer(operations: tuple[Operation, ...]) -> int:
    """Return the index of the first operation with weights that is not on a shortcut."""
    return next(k for k, one in enumerate(operations) if one.owns_weights and not is_shortcut(one.node))


def _window(setup: Setup, index: int) -> Window | None:
    """Return the shape of a filter, None if it is not an image or too large."""
    operation, shape = setup.operations[index], setup.dataset.image_shape
    if operation.fan_in > MOST_FILTER_VALUES:
        return None
    if operation.geometry is not None:
        window = (operation.geometry.window_height, operation.geometry.window_width, operation.input_shape[2])
    elif len(operation.input_shape) == 3:
        window = (operation.input_shape[0], operation.input_shape[1], operation.input_shape[2])
    elif shape is not None and operation.source == INPUT:
        window = (shape[1], shape[2], shape[0])
    else:
        return None
    return window if window[0] * window[1] > 1 else None


def _has_maps(operation: Operation) -> bool:
    """Return whether the outputs are images that a figure shows: of layers on the main path, and of pooling."""
    shown = isinstance(operation.node, PoolSpec) or operation.owns_units
    return shown and operation.positions > 1 and not is_shortcut(operation.node)


def evenly_spaced(items: Sequence[Item], most: int) -> list[Item]:
    """Return at most `most` of the items, at least 2, evenly spaced, including the first and the last."""
    if len(items) <= most:
        return list(items)
    return [items[round(k * (len(items) - 1) / (most - 1))] for k in range(most)]
