"""Matrix products in kernels, computed in register tiles; an operation on the sums is part of the product."""

from __future__ import annotations

from reportgen.engine.jit.compile import inline_ir, internal
from reportgen.engine.math.microkernel import ACCUMULATE, MOMENTUM_STEP, tile
from reportgen.engine.math.moves import copy_line, fetch, transpose
from reportgen.engine.math.registers import COLUMNS, LANES, LOW, TALL

DEPTH, BREADTH = 512, 128
"""Size of the blocks in which a large b is packed, inner dimension and columns; a block fits in the L2 cache."""

_LARGE = 32768
"""Number of elements above which b is packed first, since its rows are too far apart in memory."""


def panel_size(longest: int) -> int:
    """Return the size of the panels of a product whose inner dimension is at most `longest`."""
    return BREADTH * min(-(-longest // COLUMNS) * COLUMNS, DEPTH)


@internal
def _pack_transposed(b, at, b_row, k, columns, panel):
    """Copy the transpose of up to COLUMNS rows of b to the panel, flat (k, COLUMNS)."""
    far = b.size > _LARGE
    blocks = columns - columns % LANES if k >= LANES else 0
    for q in range(0, blocks, LANES):
        for p in range(0, k - LANES + 1, LANES):
            if far and p % COLUMNS == 0:
                fetch(LANES, b, at + (q + LANES) * b_row + p, b_row)
            transpose(b, at + q * b_row + p, b_row, panel, p * COLUMNS + q, COLUMNS)
        if k % LANES > 0:  # the last block overlaps the one before
            p = k - LANES
            transpose(b, at + q * b_row + p, b_row, panel, p * COLUMNS + q, COLUMNS)
    for q in range(blocks, columns):
        for p in range(k):
            panel[p * COLUMNS + q] = b[at + q * b_row + p]


@internal
def _partial_finish(finish, one, first, last):
    """Return the operation for a part of the inner dimension; together, the parts give the operation `finish`."""
    kind, f0, f1, f2 = finish
    if first and last:
        return finish
    if kind < ACCUMULATE:
        return finish if first else (ACCUMULATE, one, one, f2)
    return (MOMENTUM_STEP if last and kind == MOMENTUM_STEP else ACCUMULATE, f0 if first else one, f1, f2)


@internal
def pack(b, at, b_row, transposed, k, begin, end, panels):
    """Copy the columns from begin to end of b to panels, flat (k, COLUMNS), starting with the row at `at`."""
    if not transposed:
        _pack_rows(b, at + begin, b_row, k, end - begin, panels)
        return
    for j in range(begin, end, COLUMNS):
        panel = panels[(j - begin) * k : (j - begin + COLUMNS) * k]
        _pack_transposed(b, at + j * b_row, b_row, k, min(end - j, COLUMNS), panel)


@internal
def _pack_rows(b, at, b_row, k, columns, panels):
    """Copy columns of b to panels, row by row, and prefetch later rows."""
    whole = columns - columns % COLUMNS
    for p in range(k):
        line = at + p * b_row
        for j in range(0, whole, COLUMNS):
            fetch(1, b, line + 6 * b_row + j, b_row)
            copy_line(b, line + j, panels, j * k + p * COLUMNS)
        for j in range(whole, columns):
            panels[whole * k + p * COLUMNS + j - whole] = b[line + j]


@inline_ir
def _far_tiles(i, begin, block, a, a_steps, source, row, packed, c, n, d, d_row, finish):
    """Compute the highest full tiles from row i on, if c and d may be out of cache; return the next column.

    Each tile prefetches an equal part of the next rows of c and d.
    """
    left, right, depth = block
    a_at, j = i * a_steps[0] + begin * a_steps[1], left
    while j + COLUMNS <= right:
        at = (j - left) * depth if packed else begin * n + j
        ahead = (i + TALL) * n + j * TALL, TALL * COLUMNS // depth, d_row > 0
        tile(TALL, COLUMNS, depth, a, a_at, a_steps, source, at, row, c, i * n + j, n, d, i * d_row + j, finish, ahead)
        j += COLUMNS
    return j


@inline_ir
def _tile_row(height, i, j, begin, block, a, a_steps, source, row, packed, c, n, d, d_row, finish):
    """Compute `height` rows of c, starting with row i, in the block (left, right, depth) from column j on.

    The height is a compile-time constant, and so is the breadth of all tiles but the last. Otherwise mispredicted
    branches for each tile would take a seventh of the time of a small network.
    """
    left, right, depth = block
    a_at = i * a_steps[0] + begin * a_steps[1]
    while j + COLUMNS <= right:
        at = (j - left) * depth if packed else begin * n + j
        tile(height, COLUMNS, depth, a, a_at, a_steps, source, at, row, c, i * n + j, n, d, i * d_row + j, finish, 0)
        j += COLUMNS
    if j < right:
        at = (j - left) * depth if packed else begin * n + j
        tile(height, right - j, depth, a, a_at, a_steps, source, at, row, c, i * n + j, n, d, i * d_row + j, finish, 0)


@internal
def product(shape, a, a_steps, b, transposed, c, d, finish, panels):
    """Multiply a, (m, k), by b, (k, n), and apply the operation `finish` to the sums.

    Parameters
    ----------
    shape : (m, n, k).
    a, a_steps : a(i, p) = a[i a_steps[0] + p a_steps[1]].
    b, transposed : flat (k, n), or flat (n, k) if transposed.
    c, d : operands of `finish`; c is flat (m, n).
    finish : operation on the sums, see `tile`.
    panels : work buffer of `panel_size` elements.
    """
    m, n, k = shape
    large = n * k > _LARGE
    packed = transposed or large
    far = m * n > _LARGE
    for begin in range(0, k, DEPTH):
        depth = min(k - begin, DEPTH)
        breadth = panels.size // depth // COLUMNS * COLUMNS if large else COLUMNS
        partial = _partial_finish(finish, c.dtype.type(1), begin == 0, begin + depth == k)
        source, row = (panels, COLUMNS) if packed else (b, n)
        d_row = n if partial[0] == MOMENTUM_STEP else 0
        for left in range(0, n, breadth):
            right = min(left + breadth, n)
            if packed:
                at = begin if transposed else begin * n
                pack(b, at, k if transposed else n, transposed, depth, left, right, panels)
            block, i = (left, right, depth), 0
            while m - i == TALL or m - i >= TALL + LOW:
                j = left
                if far:
                    j = _far_tiles(i, begin, block, a, a_steps, source, row, packed, c, n, d, d_row, partial)
                _tile_row(TALL, i, j, begin, block, a, a_steps, source, row, packed, c, n, d, d_row, partial)
                i += TALL
            while m - i >= LOW:
                _tile_row(LOW, i, left, begin, block, a, a_steps, source, row, packed, c, n, d, d_row, partial)
                i += LOW
            while i < m:
                _tile_row(1, i, left, begin, block, a, a_steps, source, row, packed, c, n, d, d_row, partial)
                i += 1
