"""Epochs that a tool logs like a score."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reportgen.external.logs.raw import RawColumn

EPOCH = "epoch"


def with_epochs(columns: tuple[RawColumn, ...]) -> tuple[RawColumn, ...]:
    """Return columns with the epochs that Lightning logs as a column of its own, if they never decrease."""
    counts = next((column for column in columns if column.name == EPOCH), None)
    if (
        counts is None
        or counts.steps is None
        or np.any(np.diff(counts.steps) < 0)
        or np.any(np.diff(counts.values) < 0)
    ):
        return columns
    return tuple(
        RawColumn(c.name, c.values, c.steps, _epochs_at(c.steps, counts.steps, counts.values), c.resolution)
        for c in columns
        if c is not counts and c.steps is not None
    )


def _epochs_at(
    steps: NDArray[np.float64], known: NDArray[np.float64], epochs: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the epoch of each step: the one that was logged with it, or else the next one that was logged."""
    places = np.searchsorted(known, steps, side="left")
    return epochs[np.minimum(places, len(epochs) - 1)]
