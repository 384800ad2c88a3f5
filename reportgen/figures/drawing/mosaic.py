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

SIDE, GAP = 48, 4
"""Least side of an image and space between images, in the pixels of a picture."""


def coloured(images: NDArray[Any], palette: Colormap, low: float, high: float) -> NDArray[np.uint8]:
    """Return images (..., height, width) as colours (..., height, width, 3); values outside the range are cut."""
    span = high - low if high > low else 1.0
    shares = np.clip((np.asarray(images, float) - low) / span, 0, 1)
    shades: NDArray[np.uint8] = palette(np.nan_to_num(shares), bytes=True)[..., :3]
    shades[~np.isfinite(shares)] = MISSING
    return shades


def composed(images: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """Return images (..., height, width, 3) of red, green and blue as colours; `low` is 0 and `high` is 255."""
    shares = np.clip((np.asarray(images, float) - low) / (high - low if high > low else 1.0), 0, 1)
    shades: NDArray[np.uint8] = np.round(255 * np.nan_to_num(shares)).astype(np.uint8)
    shades[~np.isfinite(shares).all(axis=-1)] = MISSING
    return shades


def tile(shades: NDArray[np.uint8], columns: int) -> NDArray[np.uint8]:
    """Return images (images, height, width, 3) in rows of `columns` images, on transparent ground, (.., .., 4)."""
    count, height, width, _ = shades.shape
    scale = -(-SIDE // max(height, width))
    side = scale * max(height, width)
    gap = gap_of(side)
    rows = -(-count // columns)
    sheet = np.zeros((rows * (side + gap) - gap, columns * (side + gap) - gap, 4), np.uint8)
    large = shades.repeat(scale, axis=1).repeat(scale, axis=2)
    top, left = (side - scale * height) // 2, (side - scale * width) // 2
    for at, image in enumerate(large):
        y, x = (at // columns) * (side + gap) + top, (at % columns) * (side + gap) + left
        sheet[y : y + scale * height, x : x + scale * width, :3] = image
        sheet[y : y + scale * height, x : x + scale * width, 3] = 255
    return sheet


def gap_of(side: int) -> int:
    """Return the space between images of a side, in the same pixels."""
    return max(1, round(side * GAP / SIDE))


def show(ax: Axes, shades: NDArray[np.uint8], columns: int, left: float, top: float, side: float) -> None:
    """Draw images in rows of `columns`; left, top and side of an image are in the units of the axes, y downwards."""
    sheet = tile(shades, columns)
    unit = side / (-(-SIDE // max(shades.shape[1:3])) * max(shades.shape[1:3]))
    right, bottom = left + unit * sheet.shape[1], top + unit * sheet.shape[0]
    ax.imshow(sheet, extent=(left, right, bottom, top), interpolation="none", aspect="auto", zorder=2)


def place(at: int, columns: int, left: float, top: float, side: float) -> tuple[float, float]:
    """Return the centre of image number `at`, as `show` draws it."""
    step = side * (1 + GAP / SIDE)
    return left + (at % columns) * step + side / 2, top + (at // columns) * step + side / 2


def height(count: int, columns: int, side: float) -> float:
    """Return the height of `count` images in rows of `columns`."""
    return -(-count // columns) * side * (1 + GAP / SIDE) - side * GAP / SIDE


def canvas(inches: float) -> tuple[Figure, Axes]:
    """Return a figure of the page's width and axes without frame, whose units are inches, with y downwards."""
    figure = Figure(figsize=(_style.WIDTH, inches))
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set_axis_off()
    set_inches(ax, inches)
    return figure, ax


def set_inches(ax: Axes, inches: float) -> None:
    """Set the limits of the axes of a `canvas`, which drawing a picture changes."""
    ax.set_xlim(0, _style.WIDTH)
    ax.set_ylim(inches, 0)


def colour_bar(ax: Axes, palette: Colormap, ends: Sequence[str], left: float, top: float, width: float = 1.3) -> None:
    """Draw the colours of a palette with the words at its ends, on one line."""
    bar = palette(np.linspace(0, 1, palette.N), bytes=True)[None, :, :3]
    before, after = ends
    ax.imshow(bar, extent=(left, left + width, top + 0.12, top), interpolation="none", aspect="auto", zorder=2)
    words: dict[str, Any] = {"fontsize": _style.SMALL, "va": "center", "color": _style.INK}
    ax.text(left - 0.06, top + 0.06, exponents(before), ha="right", **words)
    ax.text(left + width + 0.06, top + 0.06, exponents(after), ha="left", **words)
