"""The microkernel of matrix products: a few rows and up to COLUMNS columns of sums in vector registers.

The loop over the inner dimension is emitted as LLVM vector instructions, since Numba compiles no Python loop to one
that keeps its sums in registers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

from reportgen.engine.math.registers import LANES, SIZE, VECTOR, RowEmit, emit_prefetch

WRITE, ADD, ACCUMULATE, MOMENTUM_STEP = (np.int64(kind) for kind in range(4))
"""Operations on the sums s.

- WRITE: c = s
- ADD: c = s + d, with the same row d for all rows
- ACCUMULATE: c = f0 c + f1 s
- MOMENTUM_STEP: c = f0 c + f1 s + f2 d, then d = d + c; a step of gradient descent with momentum
"""

_GROUP = 4


def _opaque(builder: Any, value: Any) -> Any:
    """Return the value such that LLVM does not know how it was computed."""
    function_type = ir.FunctionType(value.type, [value.type])
    return builder.asm(function_type, "", "=r,0", [value], side_effect=False)


def _rows_in_sequence(builder: Any, rows: int, a: Any, a_row: Any, a_col: Any) -> Callable[[Any], list[Any]]:
    """Return a function of p that returns the addresses of a(i, p); LLVM computes each from the one before."""
    starts = [builder.gep(a, [builder.mul(SIZE(i), a_row)]) for i in range(rows)]
    return lambda p: [builder.gep(start, [builder.mul(p, a_col)]) for start in starts]


def _rows_in_groups(builder: Any, rows: int, a: Any, a_row: Any, a_col: Any) -> Callable[[Any], list[Any]]:
    """Return the same function; each group of rows has its own address, which takes more registers.

    A narrow tile would wait for a sequence of twelve additions.
    """
    groups = [builder.gep(a, [builder.mul(SIZE(i), a_row)]) for i in range(0, rows, _GROUP)]
    once, thrice = (_opaque(builder, builder.mul(SIZE(i), a_row)) for i in (1, 3))
    apart = [SIZE(0), once, builder.mul(SIZE(2), once), thrice]

    def places(p: Any) -> list[Any]:
        heads = [_opaque(builder, builder.gep(group, [builder.mul(p, a_col)])) for group in groups]
        return [builder.gep(heads[i // _GROUP], [apart[i % _GROUP]]) for i in range(rows)]

    return places


def _sums(
    emit: RowEmit, rows: int, k: Any, a: Any, a_row: Any, a_col: Any, b: Any, b_row: Any, ahead: Any
) -> dict[Any, Any]:
    """Emit the loop over the inner dimension; return the sums by (row, part).

    ahead : None, or (pointer, step, distance); each iteration prefetches the cache lines at the pointer and at this
        distance from it, and advances the pointer.
    """
    builder = emit.builder
    slots = {(i, part): cgutils.alloca_once(builder, emit.vector) for i in range(rows) for part in range(emit.count)}
    for slot in slots.values():
        builder.store(ir.Constant(emit.vector, None), slot)
    if emit.count > 1:
        places = _rows_in_sequence(builder, rows, a, a_row, a_col)
    else:
        places = _rows_in_groups(builder, rows, a, a_row, a_col)
    with cgutils.for_range(builder, k) as loop:
        line = builder.gep(b, [builder.mul(loop.index, b_row)])
        parts = [emit.load_columns(line, part) for part in range(emit.count)]
        if ahead is not None:
            start, step, distance = ahead
            near = _opaque(builder, builder.gep(start, [builder.mul(loop.index, step)]))
            emit_prefetch(builder, near)
            emit_prefetch(builder, builder.gep(near, [distance]))
        for i, place in enumerate(places(loop.index)):
            factor = emit.spread(builder.load(place))
            for part, column in enumerate(parts):
                slot = slots[i, part]
                builder.store(emit.add(emit.multiply(factor, column), builder.load(slot)), slot)
    return {place: builder.load(slot) for place, slot in slots.items()}


def _finish(emit: RowEmit, sums: dict[Any, Any], finish: Any, c: Any, c_row: Any, d: Any) -> None:
    """Emit the operation on the sums."""
    builder = emit.builder
    at = {i: builder.mul(SIZE(i), c_row) for i, _ in sums}
    kind, *factors = cgutils.unpack_tuple(builder, finish)
    with builder.if_else(builder.icmp_signed("<", kind, SIZE(int(ACCUMULATE)))) as (writes, accumulates):
        with writes:
            start = [cgutils.alloca_once_value(builder, ir.Constant(emit.vector, None)) for _ in range(emit.count)]
            with builder.if_then(builder.icmp_signed("==", kind, SIZE(int(ADD)))):
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
            _momentum_step(emit, accumulated, builder.icmp_signed("==", kind, SIZE(int(MOMENTUM_STEP))), c, at, d, f2)


def _momentum_step(
    emit: RowEmit, accumulated: dict[Any, Any], takes_step: Any, c: Any, at: dict[int, Any], d: Any, f2: Any
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


def _distance(builder: Any, start: Any, end: Any, size: int, wanted: Any) -> Any:
    """Return the distance of two addresses in elements of `size` bytes, 0 if it is not wanted."""
    distance = builder.sub(builder.ptrtoint(end, SIZE), builder.ptrtoint(start, SIZE))
    return builder.select(wanted, builder.sdiv(distance, SIZE(size)), SIZE(0))


@intrinsic(prefer_literal=True)
def _tile(typingctx, rows, columns, k, a, a_at, a_steps, b, b_at, b_row, c, c_at, c_row, d, d_at, finish, ahead):
    """Emit a tile; its height is a constant, and its breadth is the constant COLUMNS or a variable."""
    integer, height = types.int64, rows.literal_value
    full = isinstance(columns, types.IntegerLiteral)
    signature = types.void(
        rows, columns, integer, a, integer, a_steps, b, integer, integer, c, integer, integer, d, integer, finish, ahead
    )

    def codegen(context, builder, sig, values):
        _, columns, k, _, a_at, a_steps, _, b_at, b_row, _, c_at, c_row, _, d_at, finish, _ = values

        def data(index, at):
            array = context.make_array(sig.args[index])(context, builder, values[index])
            return builder.gep(array.data, [at])

        a, b, c, d = data(3, a_at), data(6, b_at), data(9, c_at), data(12, d_at)
        a_row, a_col = cgutils.unpack_tuple(builder, a_steps)
        real = context.get_value_type(sig.args[9].dtype)

        fetched = None
        if isinstance(ahead, types.BaseTuple):
            place, step, both = cgutils.unpack_tuple(builder, values[-1])
            size = context.get_abi_sizeof(real)
            fetched = data(9, place), step, _distance(builder, data(9, place), data(12, place), size, both)

        def emit_tile(count, across, lanes=VECTOR, reaches_back=False):
            emit = RowEmit(builder, real, count, across, lanes, reaches_back)
            _finish(emit, _sums(emit, height, k, a, a_row, a_col, b, b_row, fetched), finish, c, c_row, d)

        if full:
            emit_tile(2, None)
        else:
            fits = [builder.icmp_signed("<=", columns, SIZE(most)) for most in (LANES, VECTOR)]
            reaches = builder.and_(fits[0], builder.icmp_signed(">=", c_row, SIZE(LANES)))
            back, one = (reaches, lambda: emit_tile(1, columns, LANES, True)), (fits[1], lambda: emit_tile(1, columns))
            _emit_choice(builder, [back, one, (None, lambda: emit_tile(2, columns))])
        return context.get_dummy_value()

    return signature, codegen


def _plain_tile(rows, columns, k, a, a_at, a_steps, b, b_at, b_row, c, c_at, c_row, d, d_at, finish, ahead):
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
"""tile(rows, columns, k, a, a_at, a_steps, b, b_at, b_row, c, c_at, c_row, d, d_at, finish, ahead)

Computes the sums s(i, j) of a(i, p) b(p, j) over p < k, for a constant number of rows and up to 16 columns, and applies
`finish`. a(i, p) = a[a_at + i a_steps[0] + p a_steps[1]], b(p, j) = b[b_at + p b_row + j]. finish is (operation, f0,
f1, f2), with one of the operations WRITE, ADD, ACCUMULATE and MOMENTUM_STEP. ahead is 0, or (at, step,
both) to prefetch the cache lines of c[at + p step] for later tiles, and those of d if `both` is true.
"""
