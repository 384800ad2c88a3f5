"""Predicted classes on a grid of inputs with two features, from which figures draw the decision boundary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.engine.inspect.probabilities import softmax
from reportgen.engine.predict import outputs
from reportgen.engine.setup import Setup

SIDE, MARGIN, EXAMPLES = 72, 0.12, 400
"""Points of the grid in each direction, room around the examples as a share of their range, and stored examples."""


class Boundary:
    """The grid of a run; `low` and `high` are its ends, (2,) each."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        x = setup.examples.x.reshape(-1, 2)
        low, high = x.min(axis=0).astype(np.float64), x.max(axis=0).astype(np.float64)
        room = MARGIN * np.where(high > low, high - low, 1.0)
        self.low, self.high = low - room, high + room
        across, up = (np.linspace(*ends, SIDE) for ends in zip(self.low, self.high, strict=True))
        self.points = np.stack(np.meshgrid(across, up), axis=-1).astype(np.float32).reshape(-1)

    def regions(self) -> NDArray[np.float32]:
        """Return predicted class and its probability, (2, SIDE, SIDE); rows are values of the second feature.

        The probability is NaN where the outputs are not finite.
        """
        s, count = self.setup, SIDE * SIDE
        logits = np.empty(count * s.net.classes, np.float32)
        outputs(s.net, s.state, s.work, self.points, np.zeros(count, np.int64), s.evaluation_rows, False, 0, logits)
        p = softmax(logits.reshape(count, -1))
        best = p.argmax(axis=1)
        both = np.stack([best, p[np.arange(count), best]]).astype(np.float32)
        return both.reshape(2, SIDE, SIDE)

    def arrays(self, regions: Sequence[NDArray[np.float32]]) -> dict[str, NDArray[Any]]:
        """Return the arrays for the record: the regions of all probes, the ends of the grid, and some examples."""
        taken = np.array(regions, np.float32).reshape(-1, 2, SIDE, SIDE)
        x, y = self.setup.examples.x.reshape(-1, 2), self.setup.examples.y
        return {
            "boundary_class": taken[:, 0].astype(np.uint8),
            "boundary_probability": taken[:, 1].copy(),
            "boundary_range": np.stack([self.low, self.high]),
            "boundary_examples": x[:EXAMPLES].astype(np.float32),
            "boundary_labels": y[:EXAMPLES].copy(),
        }
