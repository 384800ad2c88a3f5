"""The dropout masks of a run, which depend only on its seed, the operation and the step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reportgen.engine.layout import Operation
from reportgen.engine.math.random import dropout_mask, key_words, subkey


def masks_of(operations: Sequence[Operation], seed: int, steps: int) -> dict[int, NDArray[np.bool_]]:
    """Return which units are kept for the first example of each minibatch, (steps, units), by layer from 1.

    Layers without dropout are left out. Of a convolution, these are the channels at the first position.
    """
    keys = key_words(seed, "kernel")
    return {
        operation.layer + 1: _masks(keys, index, operation.dropout.rate, operation.units, steps)
        for index, operation in enumerate(operations)
        if operation.dropout is not None and operation.layer is not None
    }


def _masks(keys: NDArray[np.uint32], index: int, rate: float, units: int, steps: int) -> NDArray[np.bool_]:
    """Return the masks of one operation of the network."""
    masks = np.empty((steps, units), np.float32)
    for step in range(steps):
        dropout_mask(subkey(keys, index, step), float(rate), np.float32(1), masks[step])
    return masks > 0
