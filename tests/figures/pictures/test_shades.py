"""Tinted cells: text is readable on every tint, on a light and on a dark ground."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from reportgen.figures.drawing import style as _style
from reportgen.figures.pictures.shades import RAMP, ramp, tints

USED = (0, 1, 3)
"""Indices of the colours of confusion matrices and heat maps."""

GROUNDS = {"light": (_style.GROUND, _style.INK), "dark": ("#16181b", "#e7e7e3")}
"""Colours of ground and text; a page replaces the light ones by the dark ones."""


def luminance(rgb: np.ndarray) -> float:
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("index", USED)
def test_text_has_a_contrast_of_a_least_four_and_a_half(index: int, ground: str) -> None:
    below, ink = (np.array(to_rgb(colour)) for colour in GROUNDS[ground])
    for share in np.linspace(0, 1, 21):
        *colour, opacity = tints(np.array([share]), _style.COLOURS[index])[0]
        cell = opacity * np.array(colour) + (1 - opacity) * below
        low, high = sorted((luminance(cell), luminance(ink)))
        assert (high + 0.05) / (low + 0.05) >= 4.5, share


def test_a_larger_share_has_a_stronger_tint_and_a_missing_one_has_none() -> None:
    opacity = tints(np.array([np.nan, 0.0, 0.3, 1.0, 2.0]), "#000000")[:, 3]
    assert opacity[0] == opacity[1] == 0 < opacity[2] < opacity[3] == opacity[4]


def test_the_ramp_begins_and_ends_with_its_ends() -> None:
    assert ramp(1) == [RAMP[-1]]
    assert ramp(2) == [RAMP[0], RAMP[-1]]
    assert len(set(ramp(6))) == 6
