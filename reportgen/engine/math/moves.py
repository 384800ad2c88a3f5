"""Kernels that move numbers in memory: prefetching, transposing and copying, as LLVM vector instructions."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from llvmlite import ir
from numba import config, types
from numba.extending import intrinsic

from reportgen.engine.math.registers import COLUMNS, INDEX, LANES, LINE, SIZE, VECTOR, RowEmit, emit_prefetch


@intrinsic(prefer_literal=True)
def _fetch(typingctx, rows, c, c_at, c_row):
    signature = types.void(rows, c, types.int64, types.int64)

    def codegen(context, builder, sig, values):
        array = context.make_array(sig.args[1])(context, builder, values[1])
        for i, end in itertools.product(range(rows.literal_value), range(LINE, COLUMNS + 1, LINE)):
            at = builder.add(values[2], builder.add(builder.mul(SIZE(i), values[3]), SIZE(end - 1)))
            emit_prefetch(builder, builder.gep(array.data, [at]))
        return context.get_dummy_value()

    return signature, codegen


def _plain_fetch(rows, c, c_at, c_row):
    """Do nothing: a prefetch does not change results."""


fetch = _plain_fetch if config.DISABLE_JIT else _fetch
"""fetch(rows, c, c_at, c_row)

Prefetches a full tile of c, so that it is in the cache when its sums are computed. The line of the beginning of
each row is not fetched, since the previous tile has loaded it.
"""


_PAIRS = ([0, 8, 1, 9, 4, 12, 5, 13], [2, 10, 3, 11, 6, 14, 7, 15])
_QUADS = ([0, 1, 8, 9, 4, 5, 12, 13], [2, 3, 10, 11, 6, 7, 14, 15])
_HALVES = ([0, 1, 2, 3, 8, 9, 10, 11], [4, 5, 6, 7, 12, 13, 14, 15])


def _transposed(builder: Any, lines: list[Any]) -> list[Any]:
    """Return the transpose of 8 vectors by exchanging elements, then pairs, then halves of two vectors."""

    def shuffled(x: int, y: int, masks: Any) -> list[Any]:
        kind = ir.VectorType(INDEX, LANES)
        return [builder.shuffle_vector(lines[x], lines[y], ir.Constant(kind, mask)) for mask in masks]

    lines = [line for i in (0, 2, 4, 6) for line in shuffled(i, i + 1, _PAIRS)]
    lines = [line for i in (0, 1, 4, 5) for line in shuffled(i, i + 2, _QUADS)]
    both = [shuffled(i, i + 4, _HALVES) for i in range(4)]
    return [low for low, _ in both] + [high for _, high in both]


@intrinsic
def _transpose(typingctx, source, at, row, target, target_at, target_row):
    signature = types.void(source, types.int64, types.int64, target, types.int64, types.int64)

    def codegen(context, builder, sig, values):
        emit = RowEmit(builder, context.get_value_type(sig.args[0].dtype), 1, None)

        def lines(index):
            array = context.make_array(sig.args[index])(context, builder, values[index])
            begin = builder.gep(array.data, [values[index + 1]])
            return [builder.gep(begin, [builder.mul(SIZE(i), values[index + 2])]) for i in range(LANES)]

        rows = [emit.load(line, 0) for line in lines(0)]
        for line, row in zip(lines(3), _transposed(builder, rows), strict=True):
            emit.store(row, line, 0)
        return context.get_dummy_value()

    return signature, codegen


def _plain_transpose(source, at, row, target, target_at, target_row):
    lines, columns = np.arange(LANES)[:, None], np.arange(LANES)
    target[target_at + lines * target_row + columns] = source[at + columns * row + lines]


transpose = _plain_transpose if config.DISABLE_JIT else _transpose
"""transpose(source, at, row, target, target_at, target_row)

Writes the transpose of a block of 8 by 8 elements; `row` and `target_row` are the distances of rows in memory.
"""


@intrinsic
def _copy_line(typingctx, source, at, target, target_at):
    signature = types.void(source, types.int64, target, types.int64)

    def codegen(context, builder, sig, values):
        emit = RowEmit(builder, context.get_value_type(sig.args[0].dtype), 2, None, VECTOR)
        arrays = [context.make_array(sig.args[index])(context, builder, values[index]).data for index in (0, 2)]
        source, target = (builder.gep(array, [values[index]]) for array, index in zip(arrays, (1, 3), strict=True))
        for part in range(2):
            emit.store(emit.load(source, part), target, part)
        return context.get_dummy_value()

    return signature, codegen


def _plain_copy_line(source, at, target, target_at):
    target[target_at : target_at + COLUMNS] = source[at : at + COLUMNS]


copy_line = _plain_copy_line if config.DISABLE_JIT else _copy_line
"""copy_line(source, at, target, target_at)

Copies COLUMNS numbers.
"""
