"""Pooling of images in NHWC order; a geometry is described in `convolve`, and its kernel is the window.

Windows lie inside the image; trailing rows and columns that fill no window are left out.
"""

from __future__ import annotations

from reportgen.engine.jit.compile import internal


@internal
def _clear(geometry, rows, dx):
    zero = dx.dtype.type(0)
    for k in range(rows * geometry[0] * geometry[1] * geometry[2]):
        dx[k] = zero


@internal
def pool_max(geometry, rows, x, out):
    """Compute the maximum of each window and channel; it is NaN if the window contains NaN.

    Parameters
    ----------
    x : flat (rows, height, width, channels).
    out : the result, flat (rows, out_height, out_width, channels).
    """
    height, width, channels, window_height, window_width, down, across, _, _, out_height, out_width = geometry
    for window in range(rows * out_height * out_width):
        row, position = window // (out_height * out_width), window % (out_height * out_width)
        y, left = row * height + position // out_width * down, position % out_width * across
        at, source = window * channels, (y * width + left) * channels
        for channel in range(channels):
            out[at + channel] = x[source + channel]
        for place in range(1, window_height * window_width):
            source = ((y + place // window_width) * width + left + place % window_width) * channels
            for channel in range(channels):
                best, value = out[at + channel], x[source + channel]
                out[at + channel] = best if value <= best or best != best else value


@internal
def pool_max_back(geometry, rows, x, out, delta, dx):
    """Compute the derivative by the inputs of `pool_max`; that of a window goes to its first maximum, or first NaN.

    Parameters
    ----------
    x, out : the inputs and the results of `pool_max`.
    delta : the derivative by the results, flat (rows, out_height, out_width, channels).
    dx : the derivative by the inputs, flat (rows, height, width, channels).
    """
    height, width, channels, window_height, window_width, down, across, _, _, out_height, out_width = geometry
    _clear(geometry, rows, dx)
    for window in range(rows * out_height * out_width):
        row, position = window // (out_height * out_width), window % (out_height * out_width)
        y, left = row * height + position // out_width * down, position % out_width * across
        for channel in range(channels):
            best, place = out[window * channels + channel], 0
            while True:
                source = ((y + place // window_width) * width + left + place % window_width) * channels + channel
                place += 1
                if x[source] == best or x[source] != x[source] or place == window_height * window_width:
                    break
            dx[source] += delta[window * channels + channel]


@internal
def pool_average(geometry, rows, x, out):
    """Compute the average of each window and channel; the parameters are those of `pool_max`."""
    height, width, channels, window_height, window_width, down, across, _, _, out_height, out_width = geometry
    share = x.dtype.type(1) / x.dtype.type(window_height * window_width)
    for window in range(rows * out_height * out_width):
        row, position = window // (out_height * out_width), window % (out_height * out_width)
        y, left = row * height + position // out_width * down, position % out_width * across
        at = window * channels
        for channel in range(channels):
            out[at + channel] = x.dtype.type(0)
        for place in range(window_height * window_width):
            source = ((y + place // window_width) * width + left + place % window_width) * channels
            for channel in range(channels):
                out[at + channel] += x[source + channel]
        for channel in range(channels):
            out[at + channel] *= share


@internal
def pool_average_back(geometry, rows, delta, dx):
    """Compute the derivative by the inputs of `pool_average`; the parameters are those of `pool_max_back`."""
    height, width, channels, window_height, window_width, down, across, _, _, out_height, out_width = geometry
    share = dx.dtype.type(1) / dx.dtype.type(window_height * window_width)
    _clear(geometry, rows, dx)
    for window in range(rows * out_height * out_width):
        row, position = window // (out_height * out_width), window % (out_height * out_width)
        y, left = row * height + position // out_width * down, position % out_width * across
        at = window * channels
        for place in range(window_height * window_width):
            target = ((y + place // window_width) * width + left + place % window_width) * channels
            for channel in range(channels):
                dx[target + channel] += share * delta[at + channel]
