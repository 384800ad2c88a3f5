"""Patches of images as the left factor of a product, a chunk of examples at a time.

A grid is a tuple of 6 integers: rows and columns of positions, their vertical and horizontal steps, rows and columns of
the taps of a patch. An image is a tuple of 5 integers: height, width, channels, row and column of the first tap of the
first position, which are negative with padding. Outside of the image, everything is zero.

The work buffer starts with the table of positions, followed by the table of taps, the remaining positions of the last
tile, and the padded copy of a chunk of images.
"""

from __future__ import annotations

from reportgen.engine.jit.compile import internal, shared
from reportgen.engine.math.moves import transpose
from reportgen.engine.math.offset_tile import NARROW, WIDE, put_offset
from reportgen.engine.math.registers import LANES
from reportgen.engine.math.vectors import clear_span, copy_span

Grid = tuple[int, int, int, int, int, int]
Image = tuple[int, int, int, int, int]

SPARE = 8
"""Number of entries beyond a table, at least the height of a tile."""

_POSITIONS, _ELEMENTS = 1024, 49152
"""Limits on the positions and the padded elements of a chunk of more than one example; a chunk fits in the L2 cache."""


@shared
def extent(grid: Grid) -> tuple[int, int]:
    """Return the height and width that the patches cover."""
    return (grid[0] - 1) * grid[2] + grid[4], (grid[1] - 1) * grid[3] + grid[5]


@shared
def chunk_size(grid: Grid, image: Image) -> int:
    """Return the number of examples of a chunk."""
    tall, wide = extent(grid)
    return max(1, min(_POSITIONS // (grid[0] * grid[1]), _ELEMENTS // (tall * wide * image[2])))


@shared
def layout(grid: Grid, image: Image) -> tuple[int, int, int, int]:
    """Return where the table of taps, the remaining positions, the images, and the free part of the buffer begin."""
    examples = chunk_size(grid, image)
    tall, wide = extent(grid)
    taps = examples * grid[0] * grid[1]
    rest = taps + grid[4] * grid[5] * image[2] + SPARE
    return taps, rest, rest + SPARE, rest + SPARE + examples * tall * wide * image[2]


@shared
def is_inside(grid: Grid, image: Image) -> bool:
    """Return whether patches start at the image's corner and end inside it, so that they need no padded copy."""
    tall, wide = extent(grid)
    return image[3] == 0 and image[4] == 0 and tall <= image[0] and wide <= image[1]


@internal
def write_tables(grid, image, examples, columns):
    """Write the tables of positions and taps, and zeros behind the latter."""
    height, width, channels, _, _ = image
    tall, wide = extent(grid)
    if is_inside(grid, image):
        tall, wide = height, width
    at = 0
    for example in range(examples):
        for y in range(grid[0]):
            line = (example * tall + y * grid[2]) * wide * channels
            for x in range(grid[1]):
                put_offset(columns, at, line + x * grid[3] * channels)
                at += 1
    at = layout(grid, image)[0]
    for y in range(grid[4]):
        for element in range(grid[5] * channels):
            put_offset(columns, at, y * wide * channels + element)
            at += 1
    for entry in range(SPARE):
        put_offset(columns, at + entry, 0)


@internal
def copy_images(grid, image, begin, end, source, columns):
    """Copy examples to the work buffer, flat (examples, tall, wide, channels), where the padding is zero already."""
    height, width, channels, above, left = image
    tall, wide = extent(grid)
    top, bottom = max(0, -above), min(tall, height - above)
    first, last = max(0, -left) * channels, min(wide, width - left) * channels
    at = layout(grid, image)[2]
    for example in range(begin, end if last > first else begin):
        for y in range(top, bottom):
            line = ((example * height + y + above) * width + left) * channels
            copy_span(source, line + first, columns, at + y * wide * channels + first, last - first)
        at += tall * wide * channels


@internal
def pack_filters(w, depth, filters, begin, lanes, panel):
    """Copy `lanes` columns of w, flat (depth, filters), to panel, flat (depth, lanes); columns beyond w are zero."""
    width = min(lanes, filters - begin)
    for p in range(depth):
        if width == WIDE:
            copy_span(w, p * filters + begin, panel, p * lanes, WIDE)
        elif width == NARROW:
            copy_span(w, p * filters + begin, panel, p * lanes, NARROW)
        else:
            copy_span(w, p * filters + begin, panel, p * lanes, width)
        if width < lanes:
            clear_span(panel, p * lanes + width, lanes - width)


@internal
def pack_tap(w, tap, channels, filters, begin, lanes, panel, at):
    """Copy a tap of all filters, (channels, filters), to the panel, flat (filters, lanes), for `lanes` channels."""
    width = min(lanes, channels - begin)
    source = (tap * channels + begin) * filters
    blocks, whole = width - width % LANES, filters - filters % LANES
    for q in range(0, blocks, LANES):
        for p in range(0, whole, LANES):
            transpose(w, source + q * filters + p, filters, panel, at + p * lanes + q, lanes)
    for q in range(width):
        for p in range(whole if q < blocks else 0, filters):
            panel[at + p * lanes + q] = w[source + q * filters + p]
    for p in range(filters if width < lanes else 0):
        clear_span(panel, at + p * lanes + width, lanes - width)
