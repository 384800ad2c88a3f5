"""Pooling of images in NHWC order; a geometry is described in `convolve`, and its kernel is the window.

Windows lie inside the image; trailing rows and columns that fill no window are left out.
"""

from __future__ import annotations

from reportgen.engine.jit.compile import inline_ir, internal
from reportgen.engine.math.pool_window import AVERAGE, CHANNELS, MAX, pool_window, spread_window
from reportgen.engine.math.vectors import clear_span


@inline_ir
def _pool(kind, geometry, rows, x, out):
    """Compute all windows."""
    height, width, channels, window_height, window_width, down, across, _, _, out_height, out_width = geometry
    window = window_height, window_width, width * channels, channels
    share = x.dtype.type(1) / x.dtype.type(window_height * window_width)
    at = 0
    for example in range(rows):
        for y in range(out_height):
            line = (example * height + y * down) * width * channels
            for column in range(out_width):
                source = line + column * across * channels
                for channel in range(0, channels, CHANNELS):
                    count = min(CHANNELS, channels - channel)
                    pool_window(kind, window, share, x, source + channel, out, at + channel, count)
                at += channels


@inline_ir
def _pool_back(kind, geometry, rows, x, out, delta, dx):
    """Compute the derivatives of all windows; they are added up if windows do not tile the image."""
    height, width, channels, window_height, window_width, down, across, _, _, out_height, out_width = geometry
    window = window_height, window_width, width * channels, channels
    share = dx.dtype.type(1) / dx.dtype.type(window_height * window_width)
    adds = window_height != down or window_width != across or out_height * down != height or out_width * across != width
    if adds:
        clear_span(dx, 0, rows * height * width * channels)
    at = 0
    for example in range(rows):
        for y in range(out_height):
            line = (example * height + y * down) * width * channels
            for column in range(out_width):
                source = line + column * across * channels
                for channel in range(0, channels, CHANNELS):
                    count, place = min(CHANNELS, channels - channel), at + channel
                    spread_window(kind, window, share, x, source + channel, out, delta, place, dx, adds, count)
                at += channels


@internal
def pool_max(geometry, rows, x, out):
    """Compute the maximum of each window and channel; it is NaN if the window contains NaN.

    Parameters
    ----------
    x : flat (rows, height, width, channels).
    out : the result, flat (rows, out_height, out_width, channels).
    """
    _pool(MAX, geometry, rows, x, out)


@internal
def pool_max_back(geometry, rows, x, out, delta, dx):
    """Compute the derivative by the inputs of `pool_max`; that of a window goes to its first maximum, or first NaN.

    Parameters
    ----------
    x, out : the inputs and the results of `pool_max`.
    delta : the derivative by the results, flat (rows, out_height, out_width, channels).
    dx : the derivative by the inputs, flat (rows, height, width, channels).
    """
    _pool_back(MAX, geometry, rows, x, out, delta, dx)


@internal
def pool_average(geometry, rows, x, out):
    """Compute the average of each window and channel; the parameters are those of `pool_max`."""
    _pool(AVERAGE, geometry, rows, x, out)


@internal
def pool_average_back(geometry, rows, delta, dx):
    """Compute the derivative by the inputs of `pool_average`; the parameters are those of `pool_max_back`."""
    _pool_back(AVERAGE, geometry, rows, dx, delta, delta, dx)
