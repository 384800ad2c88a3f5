"""The channels of a layer as images, and their words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.figures.drawing.words import count, number
from reportgen.figures.networks.stages import shape_words
from reportgen.languages.translate import _


@dataclass(frozen=True)
class Maps:
    """The channels of a layer, (channels, height, width); dead: numbers of dead channels, counted from 0.

    name, column: the name of the layer in the language of the figure, and in English for the data.
    """

    name: str
    column: str
    shape: tuple[int, ...]
    images: NDArray[np.float64]
    dead: tuple[int, ...]

    @property
    def ends(self) -> tuple[float, float]:
        """The smallest and largest finite value."""
        finite = self.images[np.isfinite(self.images)]
        return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)

    @property
    def silent(self) -> int:
        """The number of channels that are the same at all positions."""
        return int((np.ptp(self.images, axis=(1, 2)) == 0).sum())


def maps_words(layer: Maps) -> str:
    """Return the channels of a layer in words, with the ends of their scale."""
    low, high = layer.ends
    silent = _(", {silent} of them uniform").format(silent=layer.silent) if layer.silent else ""
    dead = _(", {dead} dead").format(dead=len(layer.dead)) if layer.dead else ""
    shown = count(len(layer.images), "channel")
    return _("{name}, {shape}: {shown} from {low} to {high}{silent}{dead}").format(
        name=layer.name, shape=shape_words(layer.shape), shown=shown, low=number(low), high=number(high),
        silent=silent, dead=dead,
    )  # fmt: skip
