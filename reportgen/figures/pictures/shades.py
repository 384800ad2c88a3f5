"""Colours and cells of pictures: a ramp for ordered lines, and tints that suit a light and a dark ground alike."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.palette import RAMP

ROOM = 1.15
"""Least height of a cell with a word, relative to the font size."""

STRONGEST = 0.75
"""Opacity of the value 1, with which text in the colour of the ink has a contrast of 4.5:1 on both grounds."""


def ramp(count: int) -> list[str]:
    """Return the colours of `count` ordered lines."""
    return [RAMP[round(at)] for at in np.linspace(0, len(RAMP) - 1, count)] if count > 1 else [RAMP[-1]]


def tints(shares: NDArray[Any], colour: str) -> NDArray[np.float64]:
    """Return shares from 0 to 1 as a colour of increasing opacity, (..., 4); NaN is transparent."""
    opacity = np.clip(np.nan_to_num(np.asarray(shares, np.float64)), 0, 1) * STRONGEST
    return np.concatenate([np.broadcast_to(to_rgb(colour), (*opacity.shape, 3)), opacity[..., None]], axis=-1)


def draw_cells(ax: Axes, shares: NDArray[np.float64], words: NDArray[Any], colour: str, size: float) -> None:
    """Draw a matrix of shares as tinted cells with words, row 0 on top; words: texts of the same shape.

    Words that would fill the height of their cells are left out.
    """
    rows, columns = shares.shape
    height = 72 * ax.get_position().height * ax.get_figure(root=True).get_figheight() / rows  # type: ignore[union-attr]
    if height < ROOM * size:
        words = np.full_like(words, "")
    ax.imshow(tints(shares, colour), interpolation="none", aspect="auto", zorder=1)
    for (row, column), text in np.ndenumerate(words):
        ax.text(column, row, text, ha="center", va="center", fontsize=size, color=_style.INK)
    ax.set_xticks(np.arange(columns + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(rows + 1) - 0.5, minor=True)
    ax.grid(which="minor", color=_style.GRID, lw=0.6)
    ax.tick_params(which="both", length=0)
    ax.spines[:].set_visible(False)
