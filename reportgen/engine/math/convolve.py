"""Convolutions of images in NHWC order, as products of patches and filters; patches are read from the images in place.

A geometry is described in `convolution_layout`.
"""

from __future__ import annotations

from reportgen.engine.jit.compile import inline_ir, internal, shared
from reportgen.engine.math.convolution_layout import (
    BLOCK,
    NONE,
    ONE,
    Geometry,
    back_patches,
    correlation_layout,
    first_column,
    forward_patches,
    gradient_layout,
    output_patches,
    sums_patches,
    tile_lanes,
)
from reportgen.engine.math.correlate import correlate
from reportgen.engine.math.microkernel import ACCUMULATE, ADD, MOMENTUM_STEP
from reportgen.engine.math.offset_tile import NARROW, NARROW_ROWS, REST_ROWS, WIDE, WIDE_ROWS, offset_tile
from reportgen.engine.math.patches import (
    SPARE,
    chunk_size,
    copy_images,
    is_inside,
    layout,
    pack_filters,
    pack_tap,
    write_tables,
)
from reportgen.engine.math.pool_window import AVERAGE, CHANNELS, pool_window
from reportgen.engine.math.vectors import clear_span, copy_span, fetch_span


def columns_size(geometry: Geometry, filters: int) -> int:
    """Return the number of elements of the work buffer `columns` of all three kernels."""
    channels = geometry[2]
    grid, image = forward_patches(geometry)
    sizes = [correlation_layout(grid, image, filters)[3], gradient_layout(grid, image, filters)[2]]
    for vertical in range(min(geometry[5], geometry[3])):
        for horizontal in range(min(geometry[6], geometry[4])):
            grid, image = back_patches(geometry, filters, vertical, horizontal)
            if grid[0] * grid[1] > 0:
                results = chunk_size(grid, image) * grid[0] * grid[1] * channels
                sizes.append(correlation_layout(grid, image, channels)[3] + results)
    grid, image = output_patches(geometry, filters)
    depth = geometry[3] * geometry[4] * channels
    if sums_patches(geometry, filters):
        sizes.append(correlation_layout(grid, image, depth)[3] + grid[0] * grid[1] * depth)
    return max(sizes)


@internal
def convolve(geometry, rows, x, w, filters, z, bias, kind_finish, columns):
    """Compute the convolution of x with the filters.

    Parameters
    ----------
    x : flat (rows, height, width, channels).
    w : flat (kernel_height, kernel_width, channels, filters).
    z : the result, flat (rows, out_height, out_width, filters).
    bias : flat (filters,); it is added if the operation is ADD.
    kind_finish : operation on the sums, WRITE or ADD; see `tile`.
    columns : work buffer of `columns_size` elements.
    """
    grid, image = forward_patches(geometry)
    depth = grid[4] * grid[5] * image[2]
    bias_at, panels_at, _, _ = correlation_layout(grid, image, filters)
    clear_span(columns, bias_at, panels_at - bias_at)
    if kind_finish[0] == ADD:
        copy_span(bias, 0, columns, bias_at, filters)
    for begin in range(0, filters, WIDE):
        panel = columns[panels_at + depth * begin :]
        pack_filters(w, depth, filters, first_column(filters, begin), tile_lanes(filters, begin), panel)
    correlate(grid, image, rows, x, filters, z, (geometry[9], geometry[10], NONE, NONE, ONE, ONE), columns)


@inline_ir
def _back_phase(geometry, vertical, horizontal, rows, delta, w, filters, dx, columns):
    """Compute the derivative by the inputs of one phase of the strides."""
    height, width, channels, _, kernel_width, down, across, top, left, _, _ = geometry
    grid, image = back_patches(geometry, filters, vertical, horizontal)
    if grid[0] * grid[1] <= 0:
        return
    bias_at, panels_at, _, _ = correlation_layout(grid, image, channels)
    clear_span(columns, bias_at, panels_at - bias_at)
    depth = grid[4] * grid[5] * filters
    for begin in range(0, channels, WIDE):
        at, lanes = panels_at + depth * begin, tile_lanes(channels, begin)
        for y in range(grid[4] - 1, -1, -1):
            for x in range(grid[5] - 1, -1, -1):
                tap = (vertical + y * down) * kernel_width + horizontal + x * across
                pack_tap(w, tap, channels, filters, first_column(channels, begin), lanes, columns, at)
                at += filters * lanes
    places = (height, width, (vertical - top) % down, (horizontal - left) % across, down, across)
    correlate(grid, image, rows, delta, channels, dx, places, columns)


@shared
def _tap_range(geometry: Geometry, axis: int, place: int) -> tuple[int, int, int]:
    """Return the first tap through which an input reaches outputs, the number of such taps, and the first's output."""
    kernel, stride, padding, outputs = geometry[3 + axis], geometry[5 + axis], geometry[7 + axis], geometry[9 + axis]
    at = place + padding
    first = max(at % stride, at - (outputs - 1) * stride)
    return first, max(0, (min(at, kernel - 1) - first) // stride + 1), (at - first) // stride


@internal
def _sum_patches(geometry, patches, dx, at):
    """Sum the derivatives of patches, flat (out_height, out_width, depth), to the derivative by an image, at `at`."""
    height, width, channels, _, kernel_width, down, across, _, _, _, out_width = geometry
    depth, one = geometry[3] * kernel_width * channels, dx.dtype.type(1)
    line, step = down * kernel_width * channels - out_width * depth, across * channels - depth
    for y in range(height):
        tap_y, rows, out_y = _tap_range(geometry, 0, y)
        for x in range(width):
            tap_x, columns, out_x = _tap_range(geometry, 1, x)
            source = (out_y * out_width + out_x) * depth + (tap_y * kernel_width + tap_x) * channels
            for channel in range(0, channels, CHANNELS):
                count = min(CHANNELS, channels - channel)
                window = rows, columns, line, step
                pool_window(AVERAGE, window, one, patches, source + channel, dx, at + channel, count)
            at += channels


@inline_ir
def _back_by_patches(geometry, rows, delta, w, filters, dx, columns):
    """Compute the derivative by the inputs as sums over the patches that contain them, one example at a time."""
    grid, image = output_patches(geometry, filters)
    depth, outputs = geometry[3] * geometry[4] * geometry[2], grid[0] * grid[1] * filters
    bias_at, panels_at, _, results = correlation_layout(grid, image, depth)
    clear_span(columns, bias_at, panels_at - bias_at)
    for begin in range(0, depth, WIDE):
        at, lanes = panels_at + filters * begin, tile_lanes(depth, begin)
        pack_tap(w, NONE, depth, filters, first_column(depth, begin), lanes, columns, at)
    places = grid[0], grid[1], NONE, NONE, ONE, ONE
    for row in range(rows):
        correlate(grid, image, ONE, delta[row * outputs :], depth, columns[results:], places, columns)
        _sum_patches(geometry, columns[results:], dx, row * geometry[0] * geometry[1] * geometry[2])


@internal
def convolve_back(geometry, rows, delta, w, filters, dx, columns):
    """Compute the derivative by the inputs of a convolution.

    Parameters
    ----------
    delta : the derivative by the outputs, flat (rows, out_height, out_width, filters).
    w : flat (kernel_height, kernel_width, channels, filters).
    dx : the result, flat (rows, height, width, channels).
    columns : work buffer of `columns_size` elements.
    """
    height, width, channels, kernel_height, kernel_width, down, across, _, _, _, _ = geometry
    if sums_patches(geometry, filters):
        _back_by_patches(geometry, rows, delta, w, filters, dx, columns)
        return
    if down > kernel_height or across > kernel_width:
        clear_span(dx, 0, rows * height * width * channels)
    for vertical in range(min(down, kernel_height)):
        for horizontal in range(min(across, kernel_width)):
            _back_phase(geometry, vertical, horizontal, rows, delta, w, filters, dx, columns)


@inline_ir
def _gradient_tile(lanes, height, i, product, patches, patches_at, columns, b, b_at, b_row, sums):
    """Add products to `height` rows of sums, starting with row i."""
    _, k, taps, block = product
    at = sums + i * lanes
    offset_tile(
        lanes, height, k, patches, patches_at, columns, taps + i, block, b, b_at, b_row, columns, at, lanes,
        columns, at, lanes,
    )  # fmt: skip


@internal
def _add_block(product, patches, patches_at, delta, delta_at, filters, begin, columns, sums, panel, x, ahead):
    """Add products of patches with their derivatives to the sums, flat (depth, lanes), of the filters from `begin` on.

    The derivatives are packed if their rows are far apart in memory, or if a whole vector would end beyond the array.
    Meanwhile, the derivatives of the next block are prefetched, and the inputs `ahead` in x, (place, number).

    Parameters
    ----------
    product : (depth, number of positions, where the table of taps begins, first position).
    """
    lanes, column, (depth, k, _, _) = tile_lanes(filters, begin), first_column(filters, begin), product
    b, b_at, b_row = delta, delta_at + column, filters
    if filters > WIDE or b_at + (k - 1) * filters + lanes > delta.size:
        pack_filters(delta[delta_at:], k, filters, column, lanes, columns[panel:])
        b, b_at, b_row = columns, panel, lanes
    following, size = delta_at + k * filters + k * begin, k * lanes
    i = 0
    while i < depth:
        fetch_span(delta, following + i * size // depth, WIDE_ROWS * size // depth + 1)
        if begin == 0:
            fetch_span(x, ahead[0] + i * ahead[1] // depth, WIDE_ROWS * ahead[1] // depth + 1)
        if lanes == NARROW:
            _gradient_tile(NARROW, NARROW_ROWS, i, product, patches, patches_at, columns, b, b_at, b_row, sums)
            i += NARROW_ROWS
        elif depth - i <= REST_ROWS or WIDE_ROWS < depth - i <= 2 * REST_ROWS:
            _gradient_tile(WIDE, REST_ROWS, i, product, patches, patches_at, columns, b, b_at, b_row, sums)
            i += REST_ROWS
        else:
            _gradient_tile(WIDE, WIDE_ROWS, i, product, patches, patches_at, columns, b, b_at, b_row, sums)
            i += WIDE_ROWS


@internal
def _finish_gradient(depth, filters, columns, sums_at, target, below, finish):
    """Apply the operation `finish` to the sums."""
    kind, f0, f1, f2 = finish
    for begin in range(0, filters, WIDE):
        column, lanes = first_column(filters, begin), tile_lanes(filters, begin)
        source = sums_at + (depth + SPARE) * begin - column
        for p in range(depth):
            for q in range(begin, min(filters, begin + lanes)):
                total, at = columns[source + q], p * filters + q
                if kind >= ACCUMULATE:
                    total = f0 * target[at] + f1 * total
                if kind == MOMENTUM_STEP:
                    total += f2 * below[at]
                    below[at] += total
                target[at] = total
            source += lanes


@internal
def convolve_gradient(geometry, rows, x, delta, filters, target, below, finish, columns):
    """Compute the gradient of the filters of a convolution, flat (kernel_height, kernel_width, channels, filters).

    Parameters
    ----------
    x : flat (rows, height, width, channels).
    delta : the derivative by the outputs, flat (rows, out_height, out_width, filters).
    target, below : operands c and d of `finish`.
    finish : operation on the gradient, WRITE, ACCUMULATE or MOMENTUM_STEP; see `tile`.
    columns : work buffer of `columns_size` elements.
    """
    grid, image = forward_patches(geometry)
    depth, positions, step = grid[4] * grid[5] * image[2], grid[0] * grid[1], image[0] * image[1] * image[2]
    chunk, inside = min(rows, chunk_size(grid, image)), is_inside(grid, image)
    taps, _, images, sums_at = layout(grid, image)
    panel = gradient_layout(grid, image, filters)[1]
    clear_span(columns, images, panel - images)
    write_tables(grid, image, chunk, columns)
    for begin in range(0, rows, chunk):
        examples = min(chunk, rows - begin)
        if not inside:
            copy_images(grid, image, begin, begin + examples, x, columns)
        patches, at = (x, begin * step) if inside else (columns, images)
        for block in range(0, examples * positions, BLOCK):
            k, delta_at = min(BLOCK, examples * positions - block), (begin * positions + block) * filters
            product = depth, k, taps, block
            ahead = (begin + chunk) * step + block * step // positions, k * step // positions
            for first in range(0, filters, WIDE):
                sums = sums_at + (depth + SPARE) * first
                _add_block(product, patches, at, delta, delta_at, filters, first, columns, sums, panel, x, ahead)
    _finish_gradient(depth, filters, columns, sums_at, target, below, finish)
