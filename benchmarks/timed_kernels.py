"""Kernels that count the time of the kernels that they call, for compiled networks."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import from_dtype, njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from reportgen.engine.jit.calls import address, call, call_number
from reportgen.engine.math.microkernel import ACCUMULATE

_WORD = ir.IntType(64)


@intrinsic
def ticks(typingctx):  # type: ignore[no-untyped-def]
    """Return the time stamp counter of the processor."""

    def codegen(context, builder, signature, values):  # type: ignore[no-untyped-def]
        counter = builder.module.declare_intrinsic("llvm.readcyclecounter", (), ir.FunctionType(_WORD, []))
        return builder.call(counter, [])

    return types.int64(), codegen


@intrinsic
def _charge(typingctx, place, value):  # type: ignore[no-untyped-def]
    """Append `value` to the list at the address `place`: its length, then its integers."""

    def codegen(context, builder, signature, values):  # type: ignore[no-untyped-def]
        begin = builder.inttoptr(values[0], _WORD.as_pointer())
        length = builder.add(builder.load(begin), _WORD(1))
        builder.store(length, begin)
        builder.store(values[1], builder.gep(begin, [length]))
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), codegen


@njit
def _ticks():  # type: ignore[no-untyped-def]
    return ticks()


def ticks_per_second() -> float:
    """Return the rate of the time stamp counter."""
    _ticks()  # compiles
    start, first = time.perf_counter(), _ticks()
    time.sleep(0.1)
    rate: float = (_ticks() - first) / (time.perf_counter() - start)
    return rate


class Clock:
    """The ticks of each call of kernels, by part of a step, shape (parts, most calls)."""

    def __init__(self, parts: tuple[str, ...], most: int) -> None:
        self.parts = parts
        self._lists: NDArray[np.int64] = np.zeros((len(parts), 1 + most), np.int64)

    def clear(self) -> None:
        """Remove all calls."""
        self._lists[:] = 0

    def ticks(self) -> NDArray[np.int64]:
        """Return the ticks of the calls, 0 where there were fewer, shape (parts, most calls)."""
        return self._lists[:, 1:].copy()

    def place(self, part: str) -> int:
        """Return the address of the list of a part."""
        return int(self._lists[self.parts.index(part)].ctypes.data)

    def product(self, original: int, signature: tuple[Any, ...]) -> int:
        """Return the address of a timed matrix product; its forms are the parts `forward`, `backward` and `weights`."""
        forward, backward, weights = (self.place(part) for part in ("forward", "backward", "weights"))

        @njit(nogil=True, _nrt=False)
        def timed(shape, a, a_steps, b, transposed, c, d, finish, panels):  # type: ignore[no-untyped-def]
            begin = ticks()
            call(original, shape, a, a_steps, b, transposed, c, d, finish, panels)
            used = ticks() - begin
            kind = backward if transposed else forward
            _charge(weights if finish[0] >= ACCUMULATE else kind, used)

        return address(timed, *signature)

    def kernel(self, part: str, original: int, signature: tuple[Any, ...], returns: bool = False) -> int:
        """Return the address of a timed kernel with these arguments, which returns a float64 or nothing."""
        place = self.place(part)
        return address(
            _timed_number(place, original) if returns else _timed(len(signature), place, original), *signature
        )


def _timed(arguments: int, place: int, original: int) -> Callable[..., Any]:
    @njit(nogil=True, _nrt=False)
    def timed2(p, a):  # type: ignore[no-untyped-def]
        begin = ticks()
        call(original, p, a)
        _charge(place, ticks() - begin)

    @njit(nogil=True, _nrt=False)
    def timed4(p, a, z, delta):  # type: ignore[no-untyped-def]
        begin = ticks()
        call(original, p, a, z, delta)
        _charge(place, ticks() - begin)

    found: Callable[..., Any] = timed2 if arguments == 2 else timed4
    return found


def _timed_number(place: int, original: int) -> Callable[..., Any]:
    @njit(nogil=True, _nrt=False)
    def timed(logits, y, classes, delta):  # type: ignore[no-untyped-def]
        begin = ticks()
        value = call_number(original, logits, y, classes, delta)
        _charge(place, ticks() - begin)
        return value

    found: Callable[..., Any] = timed
    return found


def product_types(dtype: Any) -> tuple[Any, ...]:
    """Return the Numba types of the arguments of `product`."""
    real, integer = from_dtype(dtype), types.int64
    vector, finish = real[::1], types.Tuple((integer, real, real, real))
    factors = types.UniTuple(integer, 3), vector, types.UniTuple(integer, 2), vector
    return (*factors, types.boolean, vector, vector, finish, vector)
