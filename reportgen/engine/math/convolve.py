"""Convolutions of images in NHWC order, as products of patches and filters, a chunk of examples at a time.

A geometry is a tuple of 11 integers: height, width and channels of the input, height and width of the kernel, vertical
and horizontal stride, zero padding above and to the left, height and width of the output. The padding below and to the
right follows from the size of the output.
"""

from __future__ import annotations

from reportgen.engine.jit.compile import internal
from reportgen.engine.math.gemm import product
from reportgen.engine.math.microkernel import ACCUMULATE, MOMENTUM_STEP, WRITE

Geometry = tuple[int, int, int, int, int, int, int, int, int, int, int]

_CHUNK = 65536
"""Number of elements of the patches of a chunk of examples."""


def columns_size(geometry: Geometry, filters: int) -> int:
    """Return the number of elements of the work buffer `columns` of all three kernels."""
    _, _, channels, kernel_height, kernel_width, _, _, _, _, out_height, out_width = geometry
    return max(_CHUNK, out_height * out_width * kernel_height * kernel_width * channels)


@internal
def _patch_size(geometry):
    _, _, channels, kernel_height, kernel_width, _, _, _, _, _, _ = geometry
    return kernel_height * kernel_width * channels


@internal
def _chunk_rows(geometry):
    """Return the number of examples in a chunk."""
    return max(1, _CHUNK // (geometry[9] * geometry[10] * _patch_size(geometry)))


@internal
def _gather_patches(geometry, begin, end, x, columns):
    """Copy the patches of examples to columns, flat (examples, out_height, out_width, depth)."""
    height, width, channels, kernel_height, kernel_width, down, across, top, left, out_height, out_width = geometry
    at = 0
    for row in range(begin, end):
        for oy in range(out_height):
            for ox in range(out_width):
                for y in range(oy * down - top, oy * down - top + kernel_height):
                    for column in range(ox * across - left, ox * across - left + kernel_width):
                        source = ((row * height + y) * width + column) * channels
                        inside = 0 <= y < height and 0 <= column < width
                        for channel in range(channels):
                            columns[at + channel] = x[source + channel] if inside else x.dtype.type(0)
                        at += channels


@internal
def _scatter_patches(geometry, begin, end, columns, dx):
    """Add patches, flat (examples, out_height, out_width, depth), to the images that they overlap."""
    height, width, channels, kernel_height, kernel_width, down, across, top, left, out_height, out_width = geometry
    at = 0
    for row in range(begin, end):
        for oy in range(out_height):
            for ox in range(out_width):
                for y in range(oy * down - top, oy * down - top + kernel_height):
                    for column in range(ox * across - left, ox * across - left + kernel_width):
                        if 0 <= y < height and 0 <= column < width:
                            target = ((row * height + y) * width + column) * channels
                            for channel in range(channels):
                                dx[target + channel] += columns[at + channel]
                        at += channels


@internal
def convolve(geometry, rows, x, w, filters, z, bias, kind_finish, columns, panels):
    """Compute the convolution of x with the filters.

    Parameters
    ----------
    x : flat (rows, height, width, channels).
    w : flat (kernel_height, kernel_width, channels, filters).
    z : the result, flat (rows, out_height, out_width, filters).
    bias : flat (filters,); it is added if the operation is ADD.
    kind_finish : operation on the sums, WRITE or ADD; see `tile`.
    columns, panels : work buffers of `columns_size` and `panel_size` elements.
    """
    depth, positions, chunk = _patch_size(geometry), geometry[9] * geometry[10], _chunk_rows(geometry)
    for begin in range(0, rows, chunk):
        end = min(begin + chunk, rows)
        _gather_patches(geometry, begin, end, x, columns)
        shape = ((end - begin) * positions, filters, depth)
        out = z[begin * positions * filters : end * positions * filters]
        product(shape, columns, (depth, 1), w, False, out, bias, kind_finish, panels)


@internal
def convolve_back(geometry, rows, delta, w, filters, dx, columns, panels):
    """Compute the derivative by the inputs of a convolution.

    Parameters
    ----------
    delta : the derivative by the outputs, flat (rows, out_height, out_width, filters).
    w : flat (kernel_height, kernel_width, channels, filters).
    dx : the result, flat (rows, height, width, channels).
    columns, panels : work buffers of `columns_size` and `panel_size` elements.
    """
    depth, positions, chunk = _patch_size(geometry), geometry[9] * geometry[10], _chunk_rows(geometry)
    zero = dx.dtype.type(0)
    for k in range(rows * geometry[0] * geometry[1] * geometry[2]):
        dx[k] = zero
    for begin in range(0, rows, chunk):
        end = min(begin + chunk, rows)
        shape = ((end - begin) * positions, depth, filters)
        part = delta[begin * positions * filters : end * positions * filters]
        product(shape, part, (filters, 1), w, True, columns, columns, (WRITE, zero, zero, zero), panels)
        _scatter_patches(geometry, begin, end, columns, dx)


@internal
def _partial_finish(finish, one, first, last):
    """Return the operation for one chunk of examples; together, the chunks give the operation `finish`."""
    kind, f0, f1, f2 = finish
    if first and last:
        return finish
    if kind < ACCUMULATE:
        return finish if first else (ACCUMULATE, one, one, f2)
    return (MOMENTUM_STEP if last and kind == MOMENTUM_STEP else ACCUMULATE, f0 if first else one, f1, f2)


@internal
def convolve_gradient(geometry, rows, x, delta, filters, target, below, finish, columns, panels):
    """Compute the gradient of the filters of a convolution, flat (kernel_height, kernel_width, channels, filters).

    Parameters
    ----------
    x : flat (rows, height, width, channels).
    delta : the derivative by the outputs, flat (rows, out_height, out_width, filters).
    target, below : operands c and d of `finish`.
    finish : operation on the gradient, WRITE, ACCUMULATE or MOMENTUM_STEP; see `tile`.
    columns, panels : work buffers of `columns_size` and `panel_size` elements.
    """
    depth, positions, chunk = _patch_size(geometry), geometry[9] * geometry[10], _chunk_rows(geometry)
    one = target.dtype.type(1)
    for begin in range(0, rows, chunk):
        end = min(begin + chunk, rows)
        _gather_patches(geometry, begin, end, x, columns)
        shape = (depth, filters, (end - begin) * positions)
        part = delta[begin * positions * filters : end * positions * filters]
        partial = _partial_finish(finish, one, begin == 0, end == rows)
        product(shape, columns, (1, depth), part, False, target, below, partial, panels)
