"""Weights of one unit of each dense layer, from which figures draw the path of its weights in the first steps."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from reportgen.engine.layout import Operation, is_shortcut
from reportgen.engine.network import WEIGHTS
from reportgen.engine.setup import Setup

MOST_WEIGHTS = 64
"""The largest number of weights of a unit."""


def _layers(setup: Setup) -> Iterator[tuple[int, Operation]]:
    """Yield index and operation of the dense layers on the main path."""
    for index, operation in enumerate(setup.operations):
        if operation.owns_weights and operation.geometry is None and not is_shortcut(operation.node):
            yield index, operation


def unit_weights(setup: Setup) -> NDArray[np.float32] | None:
    """Return the first weights of the first unit of each dense layer, one layer after another; None without one."""
    found = [_of_unit(setup, index, operation) for index, operation in _layers(setup)]
    return np.concatenate(found) if found else None


def _of_unit(setup: Setup, index: int, operation: Operation) -> NDArray[np.float32]:
    begin = int(setup.net.codes[index, WEIGHTS])
    weights = setup.state.params[begin : begin + operation.weights].reshape(operation.fan_in, operation.width)
    return np.array(weights[:MOST_WEIGHTS, 0], np.float32)


def layers_of_path(setup: Setup) -> NDArray[np.int64]:
    """Return the layer, counted from 1, of each of these weights."""
    sizes = [(operation.layer, min(operation.fan_in, MOST_WEIGHTS)) for _, operation in _layers(setup)]
    return np.array([layer + 1 for layer, size in sizes if layer is not None for _ in range(size)], np.int64)
