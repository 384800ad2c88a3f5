"""Rows and grids of small images, each drawn as one picture with sharp pixels.

The palettes are safe for colour-blind readers: blue, white and orange for values around zero, and cividis (Nuñez,
Anderton and Renslow 2018), which differs in lightness too, for values from low to high.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reportgen.analysis.words.numerals import exponents
from reportgen.figures.drawing import page
from reportgen.figures.drawing import style as _style

Images = NDArray[np.float64]
"""Images of equal size, (images, height, width) or (images, height, width, 3) in colours from 0 to 1."""

LEVELS = 64
"""Number of colours of a palette; more would make files larger and look the same."""

DIVERGING: Colormap = LinearSegmentedColormap.from_list(
    "signs", ["#003f66", "#0072b2", "#8fc1de", "#ffffff", "#f0b48a", "#d55e00", "#7a3500"], LEVELS + 1
)
SEQUENTIAL: Colormap = matplotlib.colormaps["cividis"].resampled(LEVELS)
GREYS: Colormap = matplotlib.colormaps["gray"].resampled(LEVELS)
MISSING = np.array([200, 200, 200], np.uint8)
"""The colour of values that are not finite."""

SIDE, GAP = 48, 6
"""Least side of an image and space between images, in the pixels of a picture; a frame of one pixel lies in the gap."""

FRAME = np.array([190, 190, 190, 255], np.uint8)


def coloured(images: NDArray[Any], palette: Colormap, low: float, high: float) -> NDArray[np.uint8]:
    """Return images (..., height, width) as colours (..., height, width, 3); values outside the range are cut."""
    span = high - low if high > low else 1.0
    shares = np.clip((np.asarray(images, float) - low) / span, 0, 1)
    shades: NDArray[np.uint8] = palette(np.nan_to_num(shares), bytes=True)[..., :3]
    shades[~np.isfinite(shares)] = MISSING
    return shades


def signed(images: NDArray[Any], limit: float) -> NDArray[np.uint8]:
    """Return images (..., height, width) in the diverging palette from -limit to limit."""
    return coloured(images, DIVERGING, -limit, limit)


def composed(images: NDArray[Any], limit: float) -> NDArray[np.uint8]:
    """Return images (..., height, width, 3) of red, green and blue as colours; -limit is 0 and `limit` is 255."""
    shares = np.clip((np.asarray(images, float) / limit + 1) / 2, 0, 1)
    shades: NDArray[np.uint8] = np.round(255 * np.nan_to_num(shares)).astype(np.uint8)
    shades[~np.isfinite(shares).all(axis=-1)] = MISSING
    return shades


def tile(shades: NDArray[np.uint8], columns: int) -> NDArray[np.uint8]:
    """Return framed images (images, height, width, 3) in rows of `columns`, on transparent ground, (.., .., 4).

    Each image has a square cell; the sheet has a margin of half a gap.
    """
    count, height, width, _ = shades.shape
    scale = -(-SIDE // max(height, width))
    height, width, gap = scale * height, scale * width, round(scale * max(height, width) * GAP / SIDE)
    step = max(height, width) + gap
    sheet = np.zeros((-(-count // columns) * step, columns * step, 4), np.uint8)
    top, left = (step - height) // 2, (step - width) // 2
    for at, image in enumerate(shades.repeat(scale, axis=1).repeat(scale, axis=2)):
        y, x = (at // columns) * step + top, (at % columns) * step + left
        sheet[y - 1 : y + height + 1, x - 1 : x + width + 1] = FRAME
        sheet[y : y + height, x : x + width, :3] = image
    return sheet


def show(ax: Axes, shades: NDArray[np.uint8], columns: int, left: float, top: float, side: float) -> None:
    """Draw images in rows of `columns`; left, top and side of an image are in the units of the axes, y downwards."""
    sheet, rows, step = tile(shades, columns), -(-len(shades) // columns), side * (1 + GAP / SIDE)
    left, top = left - side * GAP / SIDE / 2, top - side * GAP / SIDE / 2
    extent = (left, left + columns * step, top + rows * step, top)
    ax.imshow(sheet, extent=extent, interpolation="none", aspect="auto", zorder=2)


def place(at: int, columns: int, left: float, top: float, side: float) -> tuple[float, float]:
    """Return the centre of image number `at`, as `show` draws it."""
    step = side * (1 + GAP / SIDE)
    return left + (at % columns) * step + side / 2, top + (at // columns) * step + side / 2


def height(count: int, columns: int, side: float) -> float:
    """Return the height of `count` images in rows of `columns`."""
    return -(-count // columns) * side * (1 + GAP / SIDE) - side * GAP / SIDE


def width(count: int, side: float) -> float:
    """Return the width of `count` images side by side."""
    return count * side * (1 + GAP / SIDE) - side * GAP / SIDE


def canvas(inches: float) -> tuple[Figure, Axes]:
    """Return a figure of the page's width and axes without frame, whose units are inches, with y downwards."""
    figure = Figure(figsize=(page.width(), inches))
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set_axis_off()
    set_inches(ax, inches)
    return figure, ax


def set_inches(ax: Axes, inches: float) -> None:
    """Set the limits of the axes of a `canvas`, which drawing a picture changes."""
    ax.set_xlim(0, page.width())
    ax.set_ylim(inches, 0)


def colour_bar(ax: Axes, palette: Colormap, ends: Sequence[str], left: float, top: float, width: float = 1.3) -> None:
    """Draw the colours of a palette with the words at its ends, on one line."""
    bar = palette(np.linspace(0, 1, palette.N), bytes=True)[None, :, :3]
    before, after = ends
    ax.imshow(bar, extent=(left, left + width, top + 0.12, top), interpolation="none", aspect="auto", zorder=2)
    words: dict[str, Any] = {"fontsize": _style.SMALL, "va": "center", "color": _style.INK}
    ax.text(left - 0.06, top + 0.06, exponents(before), ha="right", **words)
    ax.text(left + width + 0.06, top + 0.06, exponents(after), ha="left", **words)
