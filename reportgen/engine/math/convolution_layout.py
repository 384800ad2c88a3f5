"""Geometry of a convolution or pooling, sizes of a convolution's products, and the parts of its work buffer."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from reportgen.engine.jit.compile import shared
from reportgen.engine.math.offset_tile import NARROW, WIDE
from reportgen.engine.math.patches import SPARE, Grid, Image, layout


class Geometry(NamedTuple):
    """Windows on images, which kernels take as a plain tuple.

    The padding is zeros above and to the left of the image; the padding below and to the right follows from the size
    of the output.
    """

    height: int
    width: int
    channels: int
    window_height: int
    window_width: int
    stride_height: int
    stride_width: int
    top: int
    left: int
    out_height: int
    out_width: int


NONE: Any = np.int64(0)
ONE: Any = np.int64(1)
"""Numba types a tuple with a plain constant apart, and compiles the functions that receive it again."""

BLOCK = 192
"""Number of positions over which a tile of the gradient is summed at a time; their elements stay in the L1 cache."""


@shared
def forward_patches(geometry: Geometry) -> tuple[Grid, Image]:
    """Return grid and image of the patches that the filters are applied to."""
    height, width, channels, kernel_height, kernel_width, down, across, top, left, out_height, out_width = geometry
    return (out_height, out_width, down, across, kernel_height, kernel_width), (height, width, channels, -top, -left)


@shared
def _phase(size: int, kernel: int, stride: int, padding: int, phase: int) -> tuple[int, int, int, int]:
    """Return first input, number of inputs, number of taps, and first output, along one axis, of a phase of the stride.

    The input y depends on the taps congruent to y + padding modulo the stride, which is its phase.
    """
    first = (phase - padding) % stride
    taps = (kernel - phase + stride - 1) // stride
    return first, (size - first + stride - 1) // stride, taps, (first + padding) // stride - (taps - 1)


@shared
def back_patches(geometry: Geometry, filters: int, vertical: int, horizontal: int) -> tuple[Grid, Image]:
    """Return grid and image of the patches of derivatives that reach the inputs of a phase."""
    height, width, _, kernel_height, kernel_width, down, across, top, left, out_height, out_width = geometry
    _, rows, taps_down, above = _phase(height, kernel_height, down, top, vertical)
    _, columns, taps_across, before = _phase(width, kernel_width, across, left, horizontal)
    return (rows, columns, ONE, ONE, taps_down, taps_across), (out_height, out_width, filters, above, before)


@shared
def tile_lanes(width: int, begin: int) -> int:
    """Return the number of columns of the tiles that start at column `begin`."""
    return NARROW if width - begin <= NARROW else WIDE


@shared
def first_column(width: int, begin: int) -> int:
    """Return the first column of the tiles that start at column `begin`; the last tiles may overlap the others."""
    return max(0, min(begin, width - tile_lanes(width, begin)))


@shared
def _padded(width: int) -> int:
    """Return the number of columns of all tiles."""
    return (width + NARROW - 1) // NARROW * NARROW if width % WIDE <= NARROW else (width + WIDE - 1) // WIDE * WIDE


@shared
def correlation_layout(grid: Grid, image: Image, width: int) -> tuple[int, int, int, int]:
    """Return where bias, panels, the scratch tile and the results of a phase begin in the work buffer."""
    bias = layout(grid, image)[3]
    panels = bias + width + WIDE
    scratch = panels + grid[4] * grid[5] * image[2] * _padded(width)
    return bias, panels, scratch, scratch + SPARE * WIDE


@shared
def gradient_layout(grid: Grid, image: Image, width: int) -> tuple[int, int, int]:
    """Return where sums, the panel of a block, and the end of the work buffer are."""
    sums = layout(grid, image)[3]
    panel = sums + (grid[4] * grid[5] * image[2] + SPARE) * _padded(width)
    return sums, panel, panel + BLOCK * WIDE


_SUM_COST = 100
"""Time to read and add a vector of a patch's derivatives, in products of two numbers."""


@shared
def _tile_cost(width: int) -> int:
    """Return the time of a row of tiles per inner dimension, in products; narrow tiles are less efficient."""
    rest = width % WIDE
    return width - rest + (0 if rest == 0 else 10 if rest <= NARROW else WIDE)


@shared
def sums_patches(geometry: Geometry, filters: int) -> bool:
    """Return whether summing the derivatives of whole patches is faster than correlating those of the outputs.

    The latter multiplies zeros around the outputs, and wastes columns of tiles if there are few channels.
    """
    height, width, channels, kernel_height, kernel_width, down, across, _, _, out_height, out_width = geometry
    taps = kernel_height * kernel_width
    correlated = height * width * _tile_cost(channels) * taps * filters // (down * across)
    vectors = taps * ((channels + WIDE - 1) // WIDE)
    summed = out_height * out_width * (_tile_cost(taps * channels) * filters + _SUM_COST * vectors)
    return summed < correlated


@shared
def output_patches(geometry: Geometry, filters: int) -> tuple[Grid, Image]:
    """Return grid and image of the single outputs."""
    out_height, out_width = geometry[9], geometry[10]
    return (out_height, out_width, ONE, ONE, ONE, ONE), (out_height, out_width, filters, NONE, NONE)
