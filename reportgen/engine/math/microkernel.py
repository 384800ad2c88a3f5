"""The microkernel of matrix products: a few rows and up to 16 columns of sums in vector registers.

The loop over the inner dimension is emitted as LLVM vector instructions, since Numba compiles no Python loop to one
that keeps its sums in registers. LLVM splits the vectors of 8 to those of the processor.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

_FLAGS = ("contract", "nsz")


def _wide_registers() -> bool:
    """Return whether the processor has 32 vector registers of 16 numbers (AVX-512)."""
    if config.CPU_FEATURES is not None:
        return "+avx512f" in config.CPU_FEATURES
    return bool(config.ENABLE_AVX) and bool(get_host_cpu_features().get("avx512f"))


LANES = 8
"""Size of the blocks that `transpose` transposes, and of the smallest vectors."""

VECTOR, HEIGHTS = (16, (12, 8, 4)) if _wide_registers() else (8, (6, 4, 2))
"""Numbers of a vector, and heights of tiles from the largest on; remaining rows are computed one at a time.

Twelve rows of two vectors of 16 fill 24 of 32 registers; six rows of two vectors of 8 fill twelve of sixteen. Both keep
the multipliers busy. A higher tile has fewer loads and fewer mispredicted branches at the end of its loop.
"""

COLUMNS = 2 * VECTOR
LINE = 16
"""Numbers of a cache line, in float32."""

WRITE, ADD, ACCUMULATE, MOMENTUM_STEP = (np.int64(kind) for kind in range(4))
"""Operations on the sums s.

- WRITE: c = s
- ADD: c = s + d, with the same row d for all rows
- ACCUMULATE: c = f0 c + f1 s
- MOMENTUM_STEP: c = f0 c + f1 s + f2 d, then d = d + c; a step of gradient descent with momentum
"""

_INDEX, _SIZE = ir.IntType(32), ir.IntType(64)


class _Emit:
    """Emits instructions on `count` vectors of `lanes` that hold a row of `columns` numbers of the type `real`.

    If `columns` is None, the row fills the vectors. Otherwise two vectors overlap, since masked stores are slow. A single
    vector is masked; if it `reaches_back`, its last lanes are the columns, and its first lanes are numbers that are
    before the columns in memory, which stores leave as they are.
    """

    def __init__(
        self, builder: Any, real: Any, count: int, columns: Any, lanes: int = LANES, reaches_back: bool = False
    ) -> None:
        self.builder, self.real, self.count, self.lanes = builder, real, count, lanes
        self.vector = ir.VectorType(real, lanes)
        self.align = 4 if real == ir.FloatType() else 8
        self.mask, self.reaches_back = None, reaches_back
        self.begins = [_SIZE(part * lanes) for part in range(count)]
        if columns is not None and count > 1:
            self.begins[-1] = builder.sub(columns, _SIZE(lanes))
        elif columns is not None:
            numbers = ir.Constant(ir.VectorType(_INDEX, lanes), list(range(lanes)))
            limit = self.spread(builder.trunc(columns, _INDEX), ir.VectorType(_INDEX, lanes))
            if reaches_back:
                self.begins = [builder.sub(columns, _SIZE(lanes))]
                limit = builder.sub(self.spread(_INDEX(lanes), limit.type), limit)
            self.mask = builder.icmp_signed(">=" if reaches_back else "<", numbers, limit)

    def spread(self, value: Any, vector: Any = None) -> Any:
        """Return a vector with the value in every lane."""
        undefined = ir.Constant(vector or self.vector, ir.Undefined)
        first = self.builder.insert_element(undefined, value, _INDEX(0))
        return self.builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(_INDEX, self.lanes), None))

    def _place(self, pointer: Any, part: int) -> Any:
        at = self.builder.gep(pointer, [self.begins[part]])
        return self.builder.bitcast(at, self.vector.as_pointer())

    def _masked(self, kind: str, result: Any, arguments: list[Any]) -> Any:
        element = "f32" if self.real == ir.FloatType() else "f64"
        name = f"llvm.masked.{kind}.v{self.lanes}{element}.p0"
        function_type = ir.FunctionType(result, [argument.type for argument in arguments])
        return self.builder.call(cgutils.get_or_insert_function(self.builder.module, function_type, name), arguments)

    def load(self, pointer: Any, part: int) -> Any:
        """Return a vector of a result, with the numbers before the columns."""
        return self._load(pointer, part) if self.reaches_back else self.load_columns(pointer, part)

    def load_columns(self, pointer: Any, part: int) -> Any:
        """Return a vector of a factor; lanes outside of the columns are 0 if they are masked."""
        if self.mask is None:
            return self._load(pointer, part)
        zeros = ir.Constant(self.vector, None)
        place = self._place(pointer, part)
        return self._masked("load", self.vector, [place, _INDEX(self.align), self.mask, zeros])

    def _load(self, pointer: Any, part: int) -> Any:
        return self.builder.load(self._place(pointer, part), align=self.align)

    def store(self, value: Any, pointer: Any, part: int) -> None:
        place = self._place(pointer, part)
        if self.reaches_back:
            value = self.builder.select(self.mask, value, self._load(pointer, part))
        if self.mask is None or self.reaches_back:
            self.builder.store(value, place, align=self.align)
        else:
            self._masked("store", ir.VoidType(), [value, place, _INDEX(self.align), self.mask])

    def multiply(self, x: Any, y: Any) -> Any:
        return self.builder.fmul(x, y, flags=_FLAGS)

    def add(self, x: Any, y: Any) -> Any:
        return self.builder.fadd(x, y, flags=_FLAGS)


_GROUP = 4
"""Rows of a whose places are computed from one place. LLVM would compute the place of each row from the one before, and
narrow tiles would wait for the sequence of these additions."""


def _opaque(builder: Any, value: Any) -> Any:
    """Return the value such that LLVM does not know how it was computed."""
    function_type = ir.FunctionType(value.type, [value.type])
    return builder.asm(function_type, "", "=r,0", [value], side_effect=False)


def _sums(emit: _Emit, rows: int, k: Any, a: Any, a_row: Any, a_col: Any, b: Any, b_row: Any) -> dict[Any, Any]:
    """Emit the loop over the inner dimension; return the sums by (row, part)."""
    builder = emit.builder
    slots = {(i, part): cgutils.alloca_once(builder, emit.vector) for i in range(rows) for part in range(emit.count)}
    for slot in slots.values():
        builder.store(ir.Constant(emit.vector, None), slot)
    groups = [builder.gep(a, [builder.mul(_SIZE(i), a_row)]) for i in range(0, rows, _GROUP)]
    apart = [_opaque(builder, builder.mul(_SIZE(i), a_row)) if i % 2 else None for i in range(_GROUP)]
    apart[0], apart[2] = _SIZE(0), builder.mul(_SIZE(2), apart[1])
    with cgutils.for_range(builder, k) as loop:
        line = builder.gep(b, [builder.mul(loop.index, b_row)])
        parts = [emit.load_columns(line, part) for part in range(emit.count)]
        step = builder.mul(loop.index, a_col)
        heads = [_opaque(builder, builder.gep(group, [step])) for group in groups]
        for i in range(rows):
            factor = emit.spread(builder.load(builder.gep(heads[i // _GROUP], [apart[i % _GROUP]])))
            for part, column in enumerate(parts):
                slot = slots[i, part]
                builder.store(emit.add(emit.multiply(factor, column), builder.load(slot)), slot)
    return {place: builder.load(slot) for place, slot in slots.items()}


def _finish(emit: _Emit, sums: dict[Any, Any], finish: Any, c: Any, c_row: Any, d: Any) -> None:
    """Emit the operation on the sums."""
    builder = emit.builder
    at = {i: builder.mul(_SIZE(i), c_row) for i, _ in sums}
    kind, *factors = cgutils.unpack_tuple(builder, finish)
    with builder.if_else(builder.icmp_signed("<", kind, _SIZE(int(ACCUMULATE)))) as (writes, accumulates):
        with writes:
            start = [cgutils.alloca_once_value(builder, ir.Constant(emit.vector, None)) for _ in range(emit.count)]
            with builder.if_then(builder.icmp_signed("==", kind, _SIZE(int(ADD)))):
                for part, slot in enumerate(start):
                    builder.store(emit.load(d, part), slot)
            for (i, part), total in sums.items():
                emit.store(emit.add(total, builder.load(start[part])), builder.gep(c, [at[i]]), part)
        with accumulates:
            f0, f1, f2 = (emit.spread(factor) for factor in factors)
            accumulated = {}
            for (i, part), total in sums.items():
                old = emit.load(builder.gep(c, [at[i]]), part)
                accumulated[i, part] = emit.add(emit.multiply(f1, total), emit.multiply(f0, old))
            _momentum_step(emit, accumulated, builder.icmp_signed("==", kind, _SIZE(int(MOMENTUM_STEP))), c, at, d, f2)


def _momentum_step(
    emit: _Emit, accumulated: dict[Any, Any], takes_step: Any, c: Any, at: dict[int, Any], d: Any, f2: Any
) -> None:
    """Emit the stores of ACCUMULATE and MOMENTUM_STEP.

    A row is read before it is written, since its vectors overlap; all rows are read before if they are one vector each,
    since a masked vector also overlaps with the next row, and a load would wait for the store.
    """
    builder = emit.builder
    with builder.if_else(takes_step) as (yes, no):
        with yes:
            together = list(at) if emit.count == 1 else []
            read = {i: [emit.load(builder.gep(d, [at[i]]), 0)] for i in together}
            for i, place in at.items():
                line = builder.gep(d, [place])
                before = read[i] if i in read else [emit.load(line, part) for part in range(emit.count)]
                for part, old in enumerate(before):
                    new = emit.add(emit.multiply(f2, old), accumulated[i, part])
                    emit.store(new, builder.gep(c, [place]), part)
                    emit.store(emit.add(old, new), line, part)
        with no:
            for (i, part), value in accumulated.items():
                emit.store(value, builder.gep(c, [at[i]]), part)


def _emit_choice(builder: Any, choices: list[tuple[Any, Any]]) -> None:
    """Emit the first of the (condition, emit) whose condition is true; the last condition is not tested."""
    (condition, emit), *others = choices
    if not others:
        emit()
        return
    with builder.if_else(condition) as (yes, no):
        with yes:
            emit()
        with no:
            _emit_choice(builder, others)


@intrinsic(prefer_literal=True)
def _tile(typingctx, rows, columns, k, a, a_at, a_steps, b, b_at, b_row, c, c_at, c_row, d, d_at, finish):
    """Emit a tile; its height is a constant, and its breadth is the constant COLUMNS or a variable."""
    integer, height = types.int64, rows.literal_value
    full = isinstance(columns, types.IntegerLiteral)
    signature = types.void(
        rows, columns, integer, a, integer, a_steps, b, integer, integer, c, integer, integer, d, integer, finish
    )

    def codegen(context, builder, sig, values):
        _, columns, k, _, a_at, a_steps, _, b_at, b_row, _, c_at, c_row, _, d_at, finish = values

        def data(index, at):
            array = context.make_array(sig.args[index])(context, builder, values[index])
            return builder.gep(array.data, [at])

        a, b, c, d = data(3, a_at), data(6, b_at), data(9, c_at), data(12, d_at)
        a_row, a_col = cgutils.unpack_tuple(builder, a_steps)
        real = context.get_value_type(sig.args[9].dtype)

        def emit_tile(count, across, lanes=VECTOR, reaches_back=False):
            emit = _Emit(builder, real, count, across, lanes, reaches_back)
            _finish(emit, _sums(emit, height, k, a, a_row, a_col, b, b_row), finish, c, c_row, d)

        if full:
            emit_tile(2, None)
        else:
            fits = [builder.icmp_signed("<=", columns, _SIZE(most)) for most in (LANES, 2 * LANES, 2 * VECTOR)]
            short = builder.and_(fits[0], builder.icmp_signed("<", c_row, _SIZE(LANES)))
            choices = [
                (short, lambda: emit_tile(1, columns, LANES)),
                (fits[0], lambda: emit_tile(1, columns, LANES, True)),
                (fits[1], lambda: emit_tile(2 * LANES // VECTOR, columns)),
                (fits[2], lambda: emit_tile(2, columns)),
            ]
            _emit_choice(builder, choices if VECTOR > LANES else choices[:3])
        return context.get_dummy_value()

    return signature, codegen


def _plain_tile(rows, columns, k, a, a_at, a_steps, b, b_at, b_row, c, c_at, c_row, d, d_at, finish):
    """Compute a tile without compilation."""
    kind, f0, f1, f2 = finish
    lines, inner, across = np.arange(rows)[:, None], np.arange(k), np.arange(columns)
    sums = a[a_at + lines * a_steps[0] + inner * a_steps[1]] @ b[b_at + inner[:, None] * b_row + across]
    place, below = c_at + lines * c_row + across, d_at + lines * c_row + across
    if kind < ACCUMULATE:
        c[place] = sums + d[d_at + across] if kind == ADD else sums
        return
    c[place] = f0 * c[place] + f1 * sums
    if kind == MOMENTUM_STEP:
        c[place] += f2 * d[below]
        d[below] += c[place]


tile = _plain_tile if config.DISABLE_JIT else _tile
"""tile(rows, columns, k, a, a_at, a_steps, b, b_at, b_row, c, c_at, c_row, d, d_at, finish)

Computes the sums s(i, j) of a(i, p) b(p, j) over p < k, for a constant number of rows and up to 16 columns, and applies
`finish`. a(i, p) = a[a_at + i a_steps[0] + p a_steps[1]], b(p, j) = b[b_at + p b_row + j]. finish is (operation, f0,
f1, f2), with one of the operations WRITE, ADD, ACCUMULATE and MOMENTUM_STEP.
"""


@intrinsic(prefer_literal=True)
def _fetch(typingctx, rows, c, c_at, c_row):
    signature = types.void(rows, c, types.int64, types.int64)

    def codegen(context, builder, sig, values):
        array = context.make_array(sig.args[1])(context, builder, values[1])
        byte = ir.IntType(8).as_pointer()
        function_type = ir.FunctionType(ir.VoidType(), [byte, _INDEX, _INDEX, _INDEX])
        prefetch = cgutils.get_or_insert_function(builder.module, function_type, "llvm.prefetch.p0")
        for i, end in itertools.product(range(rows.literal_value), range(LINE, COLUMNS + 1, LINE)):
            at = builder.add(values[2], builder.add(builder.mul(_SIZE(i), values[3]), _SIZE(end - 1)))
            place = builder.bitcast(builder.gep(array.data, [at]), byte)
            builder.call(prefetch, [place, _INDEX(1), _INDEX(3), _INDEX(1)])  # to write, keep, data
        return context.get_dummy_value()

    return signature, codegen


def _plain_fetch(rows, c, c_at, c_row):
    """Do nothing: a prefetch does not change results."""


fetch = _plain_fetch if config.DISABLE_JIT else _fetch
"""fetch(rows, c, c_at, c_row)

Prefetches a full tile of c, so that it is in the cache when its sums are computed. The line of the beginning of each row
is not fetched, since the previous tile has loaded it.
"""


_PAIRS = ([0, 8, 1, 9, 4, 12, 5, 13], [2, 10, 3, 11, 6, 14, 7, 15])
_QUADS = ([0, 1, 8, 9, 4, 5, 12, 13], [2, 3, 10, 11, 6, 7, 14, 15])
_HALVES = ([0, 1, 2, 3, 8, 9, 10, 11], [4, 5, 6, 7, 12, 13, 14, 15])


def _transposed(builder: Any, lines: list[Any]) -> list[Any]:
    """Return the transpose of 8 vectors by exchanging elements, then pairs, then halves of two vectors."""

    def shuffled(x: int, y: int, masks: Any) -> list[Any]:
        kind = ir.VectorType(_INDEX, LANES)
        return [builder.shuffle_vector(lines[x], lines[y], ir.Constant(kind, mask)) for mask in masks]

    lines = [line for i in (0, 2, 4, 6) for line in shuffled(i, i + 1, _PAIRS)]
    lines = [line for i in (0, 1, 4, 5) for line in shuffled(i, i + 2, _QUADS)]
    both = [shuffled(i, i + 4, _HALVES) for i in range(4)]
    return [low for low, _ in both] + [high for _, high in both]


@intrinsic
def _transpose(typingctx, source, at, row, target, target_at, target_row):
    signature = types.void(source, types.int64, types.int64, target, types.int64, types.int64)

    def codegen(context, builder, sig, values):
        emit = _Emit(builder, context.get_value_type(sig.args[0].dtype), 1, None)

        def lines(index):
            array = context.make_array(sig.args[index])(context, builder, values[index])
            begin = builder.gep(array.data, [values[index + 1]])
            return [builder.gep(begin, [builder.mul(_SIZE(i), values[index + 2])]) for i in range(LANES)]

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
        emit = _Emit(builder, context.get_value_type(sig.args[0].dtype), 2, None, VECTOR)
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
