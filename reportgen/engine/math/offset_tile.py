"""The microkernel of convolutions: a tile of a matrix product whose left factor is read through tables of offsets.

The element (i, p) of the left factor is a[row(i) + inner(p)], with both offsets from tables, so that patches of an
image need no copy. Sums are held in vectors of 16 numbers, which LLVM splits to those of the processor, or of 8 numbers
where 16 would be mostly empty.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

from reportgen.engine.math.registers import INDEX, SIZE
from reportgen.engine.math.vectors import Emit, data_reader

WIDE, NARROW = 16, 8
"""Numbers of columns of tiles."""

WIDE_ROWS, REST_ROWS, NARROW_ROWS = 6, 4, 8
"""Heights of tiles: of wide tiles, of wide tiles for remaining rows, and of narrow tiles. Wide sums take twelve of
sixteen registers of 8 numbers; fewer than eight independent sums would wait for each other."""

_LONG = 64
"""Number of terms of a sum from which on the results are prefetched, so that they are in the cache when it is done."""


@intrinsic(prefer_literal=True)
def _offset_tile(
    typingctx,
    lanes,
    rows,
    k,
    a,
    a_at,
    table,
    rows_at,
    inner_at,
    b,
    b_at,
    b_row,
    start,
    start_at,
    start_row,
    c,
    c_at,
    c_row,
):
    """Emit a tile of constant size."""
    size, height = types.int64, rows.literal_value
    signature = types.void(
        lanes, rows, size, a, size, table, size, size, b, size, size, start, size, size, c, size, size
    )

    def codegen(context, builder, sig, values):
        data = data_reader(context, builder, sig, values)
        emit = Emit(builder, context.get_value_type(sig.args[3].dtype), lanes.literal_value)
        a, b, start, c = data(3, 4), data(8, 9), data(11, 12), data(14, 15)
        row_table, inner_table = data(5, 6), data(5, 7)
        heads = [emit.at(a, emit.offset(emit.at(row_table, SIZE(i)))) for i in range(height)]
        slots = [cgutils.alloca_once(builder, emit.vector) for _ in heads]
        for i, slot in enumerate(slots):
            builder.store(emit.load(emit.at(start, SIZE(i), values[13])), slot)
        with builder.if_then(builder.icmp_signed(">=", values[2], SIZE(_LONG))):
            for i in range(height):
                emit.fetch(emit.at(c, SIZE(i), values[16]))
        with cgutils.for_range(builder, values[2]) as loop:
            offset = emit.offset(emit.at(inner_table, loop.index))
            line = emit.load(emit.at(b, loop.index, values[10]))
            for head, slot in zip(heads, slots, strict=True):
                emit.add_product(emit.spread(builder.load(emit.at(head, offset))), line, slot)
        for i, slot in enumerate(slots):
            emit.store(builder.load(slot), emit.at(c, SIZE(i), values[16]))
        return context.get_dummy_value()

    return signature, codegen


def _table_view(table: Any) -> Any:
    return table.view(np.int32 if table.itemsize == 4 else np.int64)


def _plain_offset_tile(
    lanes, rows, k, a, a_at, table, rows_at, inner_at, b, b_at, b_row, start, start_at, start_row, c, c_at, c_row
):
    """Compute a tile without compilation."""
    lines, inner, across = np.arange(rows)[:, None], np.arange(k)[:, None], np.arange(lanes)
    offsets = _table_view(table)
    places = offsets[rows_at : rows_at + rows, None] + offsets[inner_at : inner_at + k]
    sums = a[a_at + places] @ b[b_at + inner * b_row + across]
    sums += start[start_at + lines * start_row + across]
    for i in range(rows):
        c[c_at + i * c_row + across] = sums[i]


offset_tile = _plain_offset_tile if config.DISABLE_JIT else _offset_tile
"""offset_tile(lanes, rows, k, a, a_at, table, rows_at, inner_at, b, b_at, b_row, start, start_at, start_row, c, c_at,
c_row)

Computes c(i, j) = start(i, j) + the sum of a(i, p) b(p, j) over p < k, for constant numbers of rows i and lanes j.
a(i, p) = a[a_at + table(rows_at + i) + table(inner_at + p)], b(p, j) = b[b_at + p b_row + j], and start and c alike.
The rows of c are written in ascending order, and all of start is read before.
"""


@intrinsic
def _put_offset(typingctx, table, at, value):
    signature = types.void(table, types.int64, types.int64)

    def codegen(context, builder, sig, values):
        array = context.make_array(sig.args[0])(context, builder, values[0])
        emit = Emit(builder, context.get_value_type(sig.args[0].dtype), WIDE)
        place = builder.bitcast(emit.at(array.data, values[1]), emit.index.as_pointer())
        builder.store(values[2] if emit.index == SIZE else builder.trunc(values[2], INDEX), place)
        return context.get_dummy_value()

    return signature, codegen


def _plain_put_offset(table, at, value):
    _table_view(table)[at] = value


put_offset = _plain_put_offset if config.DISABLE_JIT else _put_offset
"""put_offset(table, at, value)

Writes an entry of a table of offsets. A table is part of a work buffer of real numbers; an entry is an integer of as
many bits.
"""
