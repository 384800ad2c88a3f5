"""Angles by which a training step turns the weights of units."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reportgen.engine.network import FAN_IN, WEIGHTS, WEIGHTS_OF, WIDTH
from reportgen.engine.setup import Setup


def update_angles(setup: Setup, before: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the mean angle in radians between the weights of a layer's units before and after a step, (layers,).

    before: all parameters before the step; NaN for all layers if it is empty. Units whose weights are all zero do not
    count. See Kosson et al. 2024, section 3.
    """
    codes = [code for code in setup.net.codes if code[WEIGHTS_OF] >= 0]
    angles = np.full(1 + max(int(code[WEIGHTS_OF]) for code in codes), np.nan)
    for code in codes if before.size else ():
        place = slice(code[WEIGHTS], code[WEIGHTS] + code[FAN_IN] * code[WIDTH])
        pair = (part[place].reshape(code[FAN_IN], code[WIDTH]) for part in (before, setup.state.params))
        angles[code[WEIGHTS_OF]] = mean_angle(*pair)
    return angles


def mean_angle(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Return the mean angle between the columns of two matrices, NaN if all columns of one are zero or not finite.

    The angle of unit vectors u and v is 2 atan2(|u - v|, |u + v|), which is exact for small angles (Kahan 2006).
    """
    a, b = first.astype(np.float64), second.astype(np.float64)
    sizes = np.linalg.norm(a, axis=0), np.linalg.norm(b, axis=0)
    used = (sizes[0] > 0) & (sizes[1] > 0) & np.isfinite(sizes[0]) & np.isfinite(sizes[1])
    if not used.any():
        return float("nan")
    u, v = a[:, used] / sizes[0][used], b[:, used] / sizes[1][used]
    angles = 2 * np.arctan2(np.linalg.norm(u - v, axis=0), np.linalg.norm(u + v, axis=0))
    return float(angles.mean())
