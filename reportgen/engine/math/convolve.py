"""Convolutions of images in NHWC order, as products of patches and filters; patches are read from the images in place.

A geometry is a tuple of 11 integers: height, width and channels of the input, height and width of the kernel, vertical
and horizontal stride, zero padding above and to the left, height and width of the output. The padding below and to the
right follows from the size of the output.
"""

from __future__ import annotations

from numba.extending import register_jitable

from reportgen.engine.jit.compile import inline_ir, internal
from reportgen.engine.math.microkernel import ACCUMULATE, ADD, MOMENTUM_STEP
from reportgen.engine.math.offset_tile import (
    NARROW,
    NARROW_ROWS,
    REST_ROWS,
    WIDE,
    WIDE_ROWS,
    offset_tile,
    put_offset,
)
from reportgen.engine.math.patches import (
    SPARE,
    Grid,
    Image,
    chunk_size,
    clear,
    copy_images,
    is_inside,
    layout,
    pack_filters,
    pack_tap,
    write_tables,
)

Geometry = tuple[int, int, int, int, int, int, int, int, int, int, int]

_BLOCK = 128
"""Number of positions over which a tile of the gradient is summed at a time; their elements stay in the L1 cache."""


@register_jitable  # type: ignore[untyped-decorator]
def _forward_patches(geometry: Geometry) -> tuple[Grid, Image]:
    """Return grid and image of the patches that the filters are applied to."""
    height, width, channels, kernel_height, kernel_width, down, across, top, left, out_height, out_width = geometry
    return (out_height, out_width, down, across, kernel_height, kernel_width), (height, width, channels, -top, -left)


@register_jitable  # type: ignore[untyped-decorator]
def _phase(size: int, kernel: int, stride: int, padding: int, phase: int) -> tuple[int, int, int, int]:
    """Return first input, number of inputs, number of taps, and first output, along one axis, of a phase of the stride.

    The input y depends on the taps congruent to y + padding modulo the stride, which is its phase.
    """
    first = (phase - padding) % stride
    taps = (kernel - phase + stride - 1) // stride
    return first, (size - first + stride - 1) // stride, taps, (first + padding) // stride - (taps - 1)


@register_jitable  # type: ignore[untyped-decorator]
def _back_patches(geometry: Geometry, filters: int, vertical: int, horizontal: int) -> tuple[Grid, Image]:
    """Return grid and image of the patches of derivatives that reach the inputs of a phase."""
    height, width, _, kernel_height, kernel_width, down, across, top, left, out_height, out_width = geometry
    _, rows, taps_down, above = _phase(height, kernel_height, down, top, vertical)
    _, columns, taps_across, before = _phase(width, kernel_width, across, left, horizontal)
    return (rows, columns, 1, 1, taps_down, taps_across), (out_height, out_width, filters, above, before)


@register_jitable  # type: ignore[untyped-decorator]
def _lanes(width: int, begin: int) -> int:
    """Return the number of columns of the tiles that start at column `begin`."""
    return NARROW if width - begin <= NARROW else WIDE


@register_jitable  # type: ignore[untyped-decorator]
def _padded(width: int) -> int:
    """Return the number of columns of all tiles."""
    return (width + NARROW - 1) // NARROW * NARROW if width % WIDE <= NARROW else (width + WIDE - 1) // WIDE * WIDE


@register_jitable  # type: ignore[untyped-decorator]
def _column(width: int, begin: int) -> int:
    """Return the first column of the tiles that start at column `begin`; the last tiles may overlap the others."""
    return max(0, min(begin, width - _lanes(width, begin)))


@register_jitable  # type: ignore[untyped-decorator]
def _correlation_layout(grid: Grid, image: Image, width: int) -> tuple[int, int, int, int]:
    """Return where bias, panels, the scratch tile and the results of a phase begin in the work buffer."""
    bias = layout(grid, image)[3]
    panels = bias + width + WIDE
    scratch = panels + grid[4] * grid[5] * image[2] * _padded(width)
    return bias, panels, scratch, scratch + SPARE * WIDE


@register_jitable  # type: ignore[untyped-decorator]
def _gradient_layout(grid: Grid, image: Image, width: int) -> tuple[int, int, int]:
    """Return where sums, the panel of a block, and the end of the work buffer are."""
    sums = layout(grid, image)[3]
    panel = sums + (grid[4] * grid[5] * image[2] + SPARE) * _padded(width)
    return sums, panel, panel + _BLOCK * WIDE


def columns_size(geometry: Geometry, filters: int) -> int:
    """Return the number of elements of the work buffer `columns` of all three kernels."""
    channels = geometry[2]
    grid, image = _forward_patches(geometry)
    sizes = [_correlation_layout(grid, image, filters)[3], _gradient_layout(grid, image, filters)[2]]
    for vertical in range(min(geometry[5], geometry[3])):
        for horizontal in range(min(geometry[6], geometry[4])):
            grid, image = _back_patches(geometry, filters, vertical, horizontal)
            if grid[0] * grid[1] > 0:
                results = chunk_size(grid, image) * grid[0] * grid[1] * channels
                sizes.append(_correlation_layout(grid, image, channels)[3] + results)
    return max(sizes)


@inline_ir
def _correlate_tiles(lanes, height, begin, grid, image, examples, source, source_at, width, out, out_at, columns):
    """Compute the results of `lanes` filters for a chunk of examples, flat (positions, width) at `out_at`.

    Tiles write whole vectors, beyond the end of a short row too, where the next rows are written later. The last rows
    go to a scratch tile first.
    """
    taps, rest, _, _ = layout(grid, image)
    bias, panels, scratch, _ = _correlation_layout(grid, image, width)
    depth, positions = grid[4] * grid[5] * image[2], examples * grid[0] * grid[1]
    column = _column(width, begin)
    panel, i = panels + depth * begin, 0
    while i < positions:
        whole = (i + height - 1) * width + column + lanes <= positions * width
        target, at, row, rows_at = out, out_at + i * width + column, width, i
        if not whole:
            target, at, row, rows_at = columns, scratch, lanes, rest
            for r in range(height):
                if i + r < positions:
                    columns[rest + r] = columns[i + r]
                else:
                    put_offset(columns, rest + r, 0)
        offset_tile(
            lanes, height, depth, source, source_at, columns, rows_at, taps, columns, panel, lanes,
            columns, bias + column, 0, target, at, row,
        )  # fmt: skip
        if not whole:
            for r in range(min(height, positions - i)):
                for q in range(min(lanes, width)):
                    out[out_at + (i + r) * width + column + q] = columns[scratch + r * lanes + q]
        i += height


@internal
def _correlate_chunk(grid, image, examples, source, source_at, width, out, out_at, columns):
    """Compute the results of all filters for a chunk of examples, flat (positions, width) at `out_at`."""
    for begin in range(0, width, WIDE):
        if _lanes(width, begin) == WIDE:
            _correlate_tiles(
                WIDE, WIDE_ROWS, begin, grid, image, examples, source, source_at, width, out, out_at, columns
            )
        else:
            _correlate_tiles(
                NARROW, NARROW_ROWS, begin, grid, image, examples, source, source_at, width, out, out_at, columns
            )


@internal
def _spread_results(grid, examples, width, columns, at, places, begin, out):
    """Copy the results of a phase, flat (examples, rows, columns, width), to their places among the inputs."""
    height, breadth, top, left, down, across = places
    for example in range(begin, begin + examples):
        for y in range(top, height, down):
            for x in range(left, breadth, across):
                target = ((example * height + y) * breadth + x) * width
                for q in range(width):
                    out[target + q] = columns[at + q]
                at += width


@internal
def _correlate(grid, image, rows, source, width, out, places, columns):
    """Apply the filters packed in the work buffer to all patches.

    Results are at the places (height, width, first row, first column, vertical and horizontal step) of out, flat (rows,
    height, width, filters).
    """
    chunk, step = min(rows, chunk_size(grid, image)), image[0] * image[1] * image[2]
    _, _, images, free = layout(grid, image)
    results = _correlation_layout(grid, image, width)[3]
    positions, inside, dense = grid[0] * grid[1], is_inside(grid, image), places[4] == 1 and places[5] == 1
    write_tables(grid, image, chunk, columns)
    if not inside:
        clear(columns, images, free)
    for begin in range(0, rows, chunk):
        examples = min(chunk, rows - begin)
        if not inside:
            copy_images(grid, image, begin, begin + examples, source, columns)
        patches, at = (source, begin * step) if inside else (columns, images)
        target, target_at = (out, begin * positions * width) if dense else (columns, results)
        _correlate_chunk(grid, image, examples, patches, at, width, target, target_at, columns)
        if not dense:
            _spread_results(grid, examples, width, columns, results, places, begin, out)


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
    grid, image = _forward_patches(geometry)
    depth, adds = grid[4] * grid[5] * image[2], kind_finish[0] == ADD
    bias_at, panels_at, _, _ = _correlation_layout(grid, image, filters)
    clear(columns, bias_at, panels_at)
    for q in range(filters if adds else 0):
        columns[bias_at + q] = bias[q]
    for begin in range(0, filters, WIDE):
        panel = columns[panels_at + depth * begin :]
        pack_filters(w, depth, filters, _column(filters, begin), _lanes(filters, begin), panel)
    _correlate(grid, image, rows, x, filters, z, (geometry[9], geometry[10], 0, 0, 1, 1), columns)


@internal
def _back_phase(geometry, vertical, horizontal, rows, delta, w, filters, dx, columns):
    """Compute the derivative by the inputs of one phase of the strides."""
    height, width, channels, _, kernel_width, down, across, top, left, _, _ = geometry
    grid, image = _back_patches(geometry, filters, vertical, horizontal)
    if grid[0] * grid[1] <= 0:
        return
    bias_at, panels_at, _, _ = _correlation_layout(grid, image, channels)
    clear(columns, bias_at, panels_at)
    depth = grid[4] * grid[5] * filters
    for begin in range(0, channels, WIDE):
        at, lanes = panels_at + depth * begin, _lanes(channels, begin)
        for y in range(grid[4] - 1, -1, -1):
            for x in range(grid[5] - 1, -1, -1):
                tap = (vertical + y * down) * kernel_width + horizontal + x * across
                pack_tap(w, tap, channels, filters, _column(channels, begin), lanes, columns, at)
                at += filters * lanes
    first_row, first_column = (vertical - top) % down, (horizontal - left) % across
    _correlate(grid, image, rows, delta, channels, dx, (height, width, first_row, first_column, down, across), columns)


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
    height, width, channels, kernel_height, kernel_width, down, across, _, _, _, _ = geometry
    if down > kernel_height or across > kernel_width:
        clear(dx, 0, rows * height * width * channels)
    for vertical in range(min(down, kernel_height)):
        for horizontal in range(min(across, kernel_width)):
            _back_phase(geometry, vertical, horizontal, rows, delta, w, filters, dx, columns)


@inline_ir
def _gradient_tile(lanes, height, i, k, depth, patches, patches_at, columns, tables, b, b_at, b_row, sums):
    taps, positions_at = tables
    offset_tile(
        lanes, height, k, patches, patches_at, columns, taps + i, positions_at, b, b_at, b_row,
        columns, sums + i * lanes, lanes, columns, sums + i * lanes, lanes,
    )  # fmt: skip


@internal
def _add_block(depth, k, patches, patches_at, tables, delta, delta_at, filters, begin, columns, sums, panel):
    """Add the products of k patches with their derivatives to the sums, flat (depth, lanes), for `lanes` filters.

    The derivatives are packed if their rows are far apart in memory, or if a whole vector would end beyond the array.
    """
    lanes, column = _lanes(filters, begin), _column(filters, begin)
    b, b_at, b_row = delta, delta_at + column, filters
    if filters > WIDE or b_at + (k - 1) * filters + lanes > delta.size:
        pack_filters(delta[delta_at:], k, filters, column, lanes, columns[panel:])
        b, b_at, b_row = columns, panel, lanes
    i = 0
    while i < depth:
        if lanes == NARROW:
            _gradient_tile(NARROW, NARROW_ROWS, i, k, depth, patches, patches_at, columns, tables, b, b_at, b_row, sums)
            i += NARROW_ROWS
        elif depth - i <= REST_ROWS or WIDE_ROWS < depth - i <= 2 * REST_ROWS:
            _gradient_tile(WIDE, REST_ROWS, i, k, depth, patches, patches_at, columns, tables, b, b_at, b_row, sums)
            i += REST_ROWS
        else:
            _gradient_tile(WIDE, WIDE_ROWS, i, k, depth, patches, patches_at, columns, tables, b, b_at, b_row, sums)
            i += WIDE_ROWS


@internal
def _finish_gradient(depth, filters, columns, sums_at, target, below, finish):
    """Apply the operation `finish` to the sums."""
    kind, f0, f1, f2 = finish
    for begin in range(0, filters, WIDE):
        column, lanes = _column(filters, begin), _lanes(filters, begin)
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
    grid, image = _forward_patches(geometry)
    depth, positions, step = grid[4] * grid[5] * image[2], grid[0] * grid[1], image[0] * image[1] * image[2]
    chunk, inside = min(rows, chunk_size(grid, image)), is_inside(grid, image)
    taps, _, images, sums_at = layout(grid, image)
    panel = _gradient_layout(grid, image, filters)[1]
    clear(columns, images, panel)
    write_tables(grid, image, chunk, columns)
    for begin in range(0, rows, chunk):
        examples = min(chunk, rows - begin)
        if not inside:
            copy_images(grid, image, begin, begin + examples, x, columns)
        patches, at = (x, begin * step) if inside else (columns, images)
        for block in range(0, examples * positions, _BLOCK):
            k, delta_at = min(_BLOCK, examples * positions - block), (begin * positions + block) * filters
            for first in range(0, filters, WIDE):
                sums = sums_at + (depth + SPARE) * first
                _add_block(depth, k, patches, at, (taps, block), delta, delta_at, filters, first, columns, sums, panel)
    _finish_gradient(depth, filters, columns, sums_at, target, below, finish)
