"""Correlation of images with packed filters, in tiles."""

from __future__ import annotations

from reportgen.engine.jit.compile import inline_ir, internal
from reportgen.engine.math.convolution_layout import correlation_layout, first_column, tile_lanes
from reportgen.engine.math.offset_tile import NARROW, NARROW_ROWS, WIDE, WIDE_ROWS, offset_tile
from reportgen.engine.math.patches import SPARE, chunk_size, copy_images, is_inside, layout, write_tables
from reportgen.engine.math.vectors import clear_span, copy_span, fetch_span


@inline_ir
def _correlate_tiles(lanes, height, begin, patches, source, source_at, width, out, out_at, columns, ahead, ahead_at):
    """Compute the results of `lanes` filters for a chunk of examples, flat (positions, width) at `out_at`.

    Tiles write whole vectors, beyond the end of a short row too, where the next rows are written later. The last rows
    go to a scratch tile first. The inputs of the next chunk, in `ahead`, are prefetched meanwhile.
    """
    grid, image, examples = patches
    taps, rest, _, _ = layout(grid, image)
    bias, panels, scratch, _ = correlation_layout(grid, image, width)
    depth, positions = grid[4] * grid[5] * image[2], examples * grid[0] * grid[1]
    inputs, column = image[0] * image[1] * image[2] * examples, first_column(width, begin)
    panel, i = panels + depth * begin, 0
    while i < positions:
        whole = (i + height - 1) * width + column + lanes <= positions * width
        target, at, row, rows_at = out, out_at + i * width + column, width, i
        if not whole:
            target, at, row, rows_at = columns, scratch, lanes, rest
            clear_span(columns, rest, SPARE)
            copy_span(columns, i, columns, rest, min(height, positions - i))
        if begin == 0:
            fetch_span(ahead, ahead_at + i * inputs // positions, height * inputs // positions + 1)
        offset_tile(
            lanes, height, depth, source, source_at, columns, rows_at, taps, columns, panel, lanes,
            columns, bias + column, 0, target, at, row,
        )  # fmt: skip
        if not whole:
            for r in range(min(height, positions - i)):
                place = out_at + (i + r) * width + column
                copy_span(columns, scratch + r * lanes, out, place, min(lanes, width))
        i += height


@inline_ir
def _correlate_chunk(patches, source, source_at, width, out, out_at, columns, ahead, ahead_at):
    """Compute the results of all filters for a chunk of examples, flat (positions, width) at `out_at`."""
    for begin in range(0, width, WIDE):
        if tile_lanes(width, begin) == WIDE:
            _correlate_tiles(
                WIDE, WIDE_ROWS, begin, patches, source, source_at, width, out, out_at, columns, ahead, ahead_at
            )
        else:
            _correlate_tiles(
                NARROW, NARROW_ROWS, begin, patches, source, source_at, width, out, out_at, columns, ahead, ahead_at
            )


@internal
def _spread_results(examples, width, columns, at, places, begin, out):
    """Copy the results of a phase, flat (examples, rows, columns, width), to their places among the inputs."""
    height, breadth, top, left, down, across = places
    for example in range(begin, begin + examples):
        for y in range(top, height, down):
            for x in range(left, breadth, across):
                target = ((example * height + y) * breadth + x) * width
                copy_span(columns, at, out, target, width)
                at += width


@internal
def correlate(grid, image, rows, source, width, out, places, columns):
    """Apply the filters packed in the work buffer to all patches.

    Results are at the places (height, width, first row, first column, vertical and horizontal step) of out, flat (rows,
    height, width, filters).
    """
    chunk, step = min(rows, chunk_size(grid, image)), image[0] * image[1] * image[2]
    _, _, images, free = layout(grid, image)
    results = correlation_layout(grid, image, width)[3]
    positions, inside, dense = grid[0] * grid[1], is_inside(grid, image), places[4] == 1 and places[5] == 1
    write_tables(grid, image, chunk, columns)
    if not inside:
        clear_span(columns, images, free - images)
    for begin in range(0, rows, chunk):
        examples = min(chunk, rows - begin)
        if not inside:
            copy_images(grid, image, begin, begin + examples, source, columns)
        images_of, at = (source, begin * step) if inside else (columns, images)
        target, target_at = (out, begin * positions * width) if dense else (columns, results)
        patches, ahead = (grid, image, examples), (begin + chunk) * step
        _correlate_chunk(patches, images_of, at, width, target, target_at, columns, source, ahead)
        if not dense:
            _spread_results(examples, width, columns, results, places, begin, out)
