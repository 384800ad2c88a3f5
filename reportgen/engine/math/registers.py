"""Vector registers of the processor, and LLVM instructions on vectors that hold a row of a matrix."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import config
from numba.core import cgutils

_FLAGS = ("contract", "nsz")


def _wide_registers() -> bool:
    """Return whether the processor has 32 vector registers of 16 numbers (AVX-512)."""
    if config.CPU_FEATURES is not None:
        return "+avx512f" in config.CPU_FEATURES
    return bool(config.ENABLE_AVX) and bool(get_host_cpu_features().get("avx512f"))


LANES = 8
"""Size of the blocks that `transpose` transposes, and of the smallest vectors."""

VECTOR, TALL, LOW = (16, 12, 4) if _wide_registers() else (8, 6, 4)
"""Numbers of a vector, and heights of tiles; remaining rows are computed one at a time.

Twelve rows of two vectors of 16 fill 24 of 32 registers; six rows of two vectors of 8 fill twelve of sixteen. Both keep
the multipliers busy. A higher tile has fewer loads and fewer mispredicted branches at the end of its loop.
"""

COLUMNS = 2 * VECTOR
LINE = 16
"""Numbers of a cache line, in float32."""

INDEX, SIZE = ir.IntType(32), ir.IntType(64)


class RowEmit:
    """Emits instructions on `count` vectors of `lanes` that hold a row of `columns` numbers of the type `real`.

    If `columns` is None, the row fills the vectors. Otherwise two vectors overlap, since masked stores are slow. A
    single vector is masked; if it `reaches_back`, its last lanes are the columns, and its first lanes are numbers
    before the columns in memory, which stores leave as they are.
    """

    def __init__(
        self, builder: Any, real: Any, count: int, columns: Any, lanes: int = LANES, reaches_back: bool = False
    ) -> None:
        self.builder, self.real, self.count, self.lanes = builder, real, count, lanes
        self.vector = ir.VectorType(real, lanes)
        self.align = 4 if real == ir.FloatType() else 8
        self.mask, self.reaches_back = None, reaches_back
        self.begins = [SIZE(part * lanes) for part in range(count)]
        if columns is not None and count > 1:
            self.begins[-1] = builder.sub(columns, SIZE(lanes))
        elif columns is not None:
            numbers = ir.Constant(ir.VectorType(INDEX, lanes), list(range(lanes)))
            limit = self.spread(builder.trunc(columns, INDEX), ir.VectorType(INDEX, lanes))
            if reaches_back:
                self.begins = [builder.sub(columns, SIZE(lanes))]
                limit = builder.sub(self.spread(INDEX(lanes), limit.type), limit)
            self.mask = builder.icmp_signed(">=" if reaches_back else "<", numbers, limit)

    def spread(self, value: Any, vector: Any = None) -> Any:
        """Return a vector with the value in every lane."""
        undefined = ir.Constant(vector or self.vector, ir.Undefined)
        first = self.builder.insert_element(undefined, value, INDEX(0))
        return self.builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(INDEX, self.lanes), None))

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
        return self._masked("load", self.vector, [place, INDEX(self.align), self.mask, zeros])

    def _load(self, pointer: Any, part: int) -> Any:
        return self.builder.load(self._place(pointer, part), align=self.align)

    def store(self, value: Any, pointer: Any, part: int) -> None:
        place = self._place(pointer, part)
        if self.reaches_back:
            value = self.builder.select(self.mask, value, self._load(pointer, part))
        if self.mask is None or self.reaches_back:
            self.builder.store(value, place, align=self.align)
        else:
            self._masked("store", ir.VoidType(), [value, place, INDEX(self.align), self.mask])

    def multiply(self, x: Any, y: Any) -> Any:
        return self.builder.fmul(x, y, flags=_FLAGS)

    def add(self, x: Any, y: Any) -> Any:
        return self.builder.fadd(x, y, flags=_FLAGS)


def emit_prefetch(builder: Any, pointer: Any, writes: int = 0, level: int = 3) -> None:
    """Prefetch the cache line of an address, to read or to write; `level` 3 is the L1 cache, 2 the L2 cache.

    Memory that was never written must not be prefetched, since each attempt would search the page tables.
    """
    byte = ir.IntType(8).as_pointer()
    function_type = ir.FunctionType(ir.VoidType(), [byte, INDEX, INDEX, INDEX])
    prefetch = cgutils.get_or_insert_function(builder.module, function_type, "llvm.prefetch.p0")
    builder.call(prefetch, [builder.bitcast(pointer, byte), INDEX(writes), INDEX(level), INDEX(1)])
