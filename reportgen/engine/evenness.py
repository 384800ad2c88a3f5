"""How evenly a layer uses its weights: the largest of them, and how close all are to one size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reportgen.engine.network import FAN_IN, WEIGHTS, WIDTH
from reportgen.engine.setup import Setup

WEIGHT_SHAPES = ("weight_max", "weight_evenness")
"""The columns of `weight_shapes`."""


def weight_shapes(setup: Setup) -> NDArray[np.float64]:
    """Return, for each layer, its largest absolute weight, and evenness (layers, 2).

    Evenness is the squared mean of absolute weights over their mean square: 1 where all are of one size, 2/pi for a
    normal distribution, 1/n where one of n weights is not zero. NaN for weights that are all zero or not finite.
    """
    shapes = np.full((len(setup.net.codes), len(WEIGHT_SHAPES)), np.nan)
    for row, code in zip(shapes, setup.net.codes, strict=True):
        sizes = np.abs(setup.state.params[code[WEIGHTS] : code[WEIGHTS] + code[FAN_IN] * code[WIDTH]].astype(float))
        if np.isfinite(sizes).all():
            row[0] = sizes.max()
            row[1] = sizes.mean() ** 2 / (sizes**2).mean() if row[0] > 0 else np.nan
    return shapes
