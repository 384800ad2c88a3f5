"""Matrix products inside kernels, from register tiles; what happens to the sums is partial of the product."""

from __future__ import annotations

from reportgen.engine.jit.compile import inline_ir, internal
from reportgen.engine.math.microkernel import (
    ACCUMULATE,
    COLUMNS,
    LANES,
    LOW,
    MOMENTUM_STEP,
    TALL,
    fetch,
    tile,
    transpose,
)

DEPTH, BREADTH = 512, 128
"""How much of a large b is copied together at a time, inner dimension and columns: it stays in the second cache."""

_LARGE = 32768
"""Numbers in b from which on it is copied together first: by then its rows are too far apart in memory."""


def panel_size(longest: int) -> int:
    """Return the numbers in a product's panels where no inner dimension is longer than that."""
    return BREADTH * min(longest, DEPTH)


@internal
def _pack(b, at, b_row, k, columns, panel):
    """Copy up to 16 columns of b to the panel, (k, 16)."""
    for p in range(k):
        if columns == COLUMNS:
            for q in range(COLUMNS):
                panel[p * COLUMNS + q] = b[at + p * b_row + q]
        else:
            for q in range(columns):
                panel[p * COLUMNS + q] = b[at + p * b_row + q]


@internal
def _pack_transposed(b, at, b_row, k, columns, panel):
    """Set the panel, (k, 16), to the transpose of `columns` rows of b."""
    blocks = columns - columns % LANES
    whole = k - k % LANES
    for q in range(0, blocks, LANES):
        for p in range(0, whole, LANES):
            transpose(b, at + q * b_row + p, b_row, panel, p * COLUMNS + q, COLUMNS)
    for q in range(columns):
        for p in range(whole if q < blocks else 0, k):
            panel[p * COLUMNS + q] = b[at + q * b_row + p]


@internal
def _partial_finish(finish, one, first, last):
    """Return how a partial of the inner dimension is finished, so that all parts together are finished as asked."""
    kind, f0, f1, f2 = finish
    if first and last:
        return finish
    if kind < ACCUMULATE:
        return finish if first else (ACCUMULATE, one, one, f2)
    return (MOMENTUM_STEP if last and kind == MOMENTUM_STEP else ACCUMULATE, f0 if first else one, f1, f2)


@internal
def _gather_panels(b, at, b_row, transposed, k, begin, end, panels):
    """Copy columns begin to end of b, from its row at `at` on, to panels of (k, 16)."""
    for j in range(begin, end, COLUMNS):
        panel = panels[(j - begin) * k : (j - begin + COLUMNS) * k]
        columns = min(end - j, COLUMNS)
        if transposed:
            _pack_transposed(b, at + j * b_row, b_row, k, columns, panel)
        else:
            _pack(b, at + j, b_row, k, columns, panel)


@inline_ir
def _tile_row(height, i, begin, block, a, a_steps, source, row, packed, far, c, n, d, d_row, finish):
    """Compute `height` rows of c from row i on, in the columns of the block, which is (left, right, depth).

    The height is a constant where this is written, as is the breadth of all tiles but the last: so no branch has to
    be guessed for each tile, which took a seventh of a small network's time. far: whether c and d may be out of cache.
    """
    left, right, depth = block
    a_at, j = i * a_steps[0] + begin * a_steps[1], left
    while j + COLUMNS <= right:
        if far:
            fetch(height, c, i * n + j, n)
            fetch(height, d, i * d_row + j, d_row)
        at = (j - left) * depth if packed else begin * n + j
        tile(height, COLUMNS, depth, a, a_at, a_steps, source, at, row, c, i * n + j, n, d, i * d_row + j, finish)
        j += COLUMNS
    if j < right:
        at = (j - left) * depth if packed else begin * n + j
        tile(height, right - j, depth, a, a_at, a_steps, source, at, row, c, i * n + j, n, d, i * d_row + j, finish)


@internal
def product(shape, a, a_steps, b, transposed, c, d, finish, panels):
    """Multiply a (m, k) by b (k, n) for shape (m, n, k), and do with the sums what `finish` says: see `tile`.

    a(i, p) = a[i a_steps[0] + p a_steps[1]]; b is flat (k, n), or (n, k) where it is transposed; c flat (m, n). For the
    panels see `panel_size`.
    """
    m, n, k = shape
    large = n * k > _LARGE
    packed, breadth = transposed or large, BREADTH if large else COLUMNS
    far = m * n > _LARGE
    for begin in range(0, k, DEPTH):
        depth = min(k - begin, DEPTH)
        partial = _partial_finish(finish, c.dtype.type(1), begin == 0, begin + depth == k)
        source, row = (panels, COLUMNS) if packed else (b, n)
        d_row = n if partial[0] == MOMENTUM_STEP else 0
        for left in range(0, n, breadth):
            right = min(left + breadth, n)
            if packed:
                at = begin if transposed else begin * n
                _gather_panels(b, at, k if transposed else n, transposed, depth, left, right, panels)
            block, i = (left, right, depth), 0
            while m - i == TALL or m - i >= TALL + LOW:
                _tile_row(TALL, i, begin, block, a, a_steps, source, row, packed, far, c, n, d, d_row, partial)
                i += TALL
            while m - i >= LOW:
                _tile_row(LOW, i, begin, block, a, a_steps, source, row, packed, far, c, n, d, d_row, partial)
                i += LOW
            while i < m:
                _tile_row(1, i, begin, block, a, a_steps, source, row, packed, far, c, n, d, d_row, partial)
                i += 1
