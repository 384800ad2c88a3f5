"""Vector instructions of the kernels on images, and copies of a few elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

from reportgen.engine.math.registers import INDEX, SIZE, emit_prefetch


class Emit:
    """Emits instructions on vectors of `lanes` elements of type `real`.

    If `count` is given, only the first `count` lanes are loaded and stored.
    """

    def __init__(self, builder: Any, real: Any, lanes: int, count: Any = None) -> None:
        self.builder, self.real, self.lanes = builder, real, lanes
        self.vector = ir.VectorType(real, lanes)
        self.zeros = ir.Constant(self.vector, None)
        self.align, self.index = (4, INDEX) if real == ir.FloatType() else (8, SIZE)
        self.mask = None
        if count is not None:
            kind = ir.VectorType(INDEX, lanes)
            limit = self.spread(builder.trunc(count, INDEX), kind)
            self.mask = builder.icmp_signed("<", ir.Constant(kind, list(range(lanes))), limit)

    def at(self, pointer: Any, index: Any, factor: Any = None) -> Any:
        return self.builder.gep(pointer, [index if factor is None else self.builder.mul(index, factor)])

    def offset(self, pointer: Any) -> Any:
        """Return an entry of a table of offsets."""
        entry = self.builder.load(self.builder.bitcast(pointer, self.index.as_pointer()))
        return entry if self.index == SIZE else self.builder.sext(entry, SIZE)

    def _masked(self, kind: str, result: Any, arguments: list[Any]) -> Any:
        name = f"llvm.masked.{kind}.v{self.lanes}{'f32' if self.index == INDEX else 'f64'}.p0"
        function_type = ir.FunctionType(result, [argument.type for argument in arguments])
        return self.builder.call(cgutils.get_or_insert_function(self.builder.module, function_type, name), arguments)

    def load(self, pointer: Any) -> Any:
        place = self.builder.bitcast(pointer, self.vector.as_pointer())
        if self.mask is None:
            return self.builder.load(place, align=self.align)
        return self._masked("load", self.vector, [place, INDEX(self.align), self.mask, self.zeros])

    def store(self, value: Any, pointer: Any) -> None:
        place = self.builder.bitcast(pointer, self.vector.as_pointer())
        if self.mask is None:
            self.builder.store(value, place, align=self.align)
        else:
            self._masked("store", ir.VoidType(), [value, place, INDEX(self.align), self.mask])

    def spread(self, value: Any, vector: Any = None) -> Any:
        """Return a vector with the value in every lane."""
        undefined = ir.Constant(vector or self.vector, ir.Undefined)
        first = self.builder.insert_element(undefined, value, INDEX(0))
        return self.builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(INDEX, self.lanes), None))

    def fetch(self, pointer: Any) -> None:
        """Prefetch a vector that will be written, to the L1 cache."""
        for lane in (0, self.lanes - 1):
            emit_prefetch(self.builder, self.at(pointer, SIZE(lane)), 1, 3)

    def add_product(self, x: Any, y: Any, slot: Any) -> None:
        """Add x y to the vector in a slot."""
        flags = ("contract", "nsz")
        product = self.builder.fmul(x, y, flags=flags)
        self.builder.store(self.builder.fadd(product, self.builder.load(slot), flags=flags), slot)


def data_reader(context: Any, builder: Any, signature: Any, values: Any) -> Callable[[int, int], Any]:
    """Return a function that returns the address of an element, by the positions of array and index in the call."""

    def data(array: int, at: int) -> Any:
        found = context.make_array(signature.args[array])(context, builder, values[array])
        return builder.gep(found.data, [values[at]])

    return data


@intrinsic
def _copy_span(typingctx, source, at, target, target_at, count):
    if source.dtype != target.dtype:
        return None  # Numba reports that it found no implementation
    signature = types.void(source, types.int64, target, types.int64, types.int64)

    def codegen(context, builder, sig, values):
        data = data_reader(context, builder, sig, values)
        size = context.get_abi_sizeof(context.get_value_type(sig.args[0].dtype))
        cgutils.raw_memcpy(builder, data(2, 3), data(0, 1), values[4], size)
        return context.get_dummy_value()

    return signature, codegen


def _plain_copy_span(source, at, target, target_at, count):
    target[target_at : target_at + count] = source[at : at + count]


copy_span = _plain_copy_span if config.DISABLE_JIT else _copy_span
"""copy_span(source, at, target, target_at, count)

Copies elements between flat arrays that do not overlap; LLVM compiles no loop over computed indices to one as fast.
"""


@intrinsic
def _clear_span(typingctx, target, at, count):
    signature = types.void(target, types.int64, types.int64)

    def codegen(context, builder, sig, values):
        size = context.get_abi_sizeof(context.get_value_type(sig.args[0].dtype))
        place = data_reader(context, builder, sig, values)(0, 1)
        cgutils.memset(builder, place, builder.mul(values[2], SIZE(size)), 0)
        return context.get_dummy_value()

    return signature, codegen


def _plain_clear_span(target, at, count):
    target[at : at + count] = 0


clear_span = _plain_clear_span if config.DISABLE_JIT else _clear_span
"""clear_span(target, at, count)

Sets elements of a flat array to zero.
"""


@intrinsic
def _fetch_span(typingctx, source, at, count):
    signature = types.void(source, types.int64, types.int64)

    def codegen(context, builder, sig, values):
        place = data_reader(context, builder, sig, values)(0, 1)
        line = SIZE(64 // context.get_abi_sizeof(context.get_value_type(sig.args[0].dtype)))
        with cgutils.for_range_slice(builder, SIZE(0), values[2], line, SIZE) as (index, _):
            emit_prefetch(builder, builder.gep(place, [index]), 0, 2)
        return context.get_dummy_value()

    return signature, codegen


def _plain_fetch_span(source, at, count):
    """Do nothing: a prefetch does not change results."""


fetch_span = _plain_fetch_span if config.DISABLE_JIT else _fetch_span
"""fetch_span(source, at, count)

Prefetches elements to the L2 cache; they may lie beyond the end of the array.
"""
