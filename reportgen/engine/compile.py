"""How kernels are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

FASTMATH = {"nsz", "arcp", "contract", "afn", "reassoc"}
"""No nnan and no ninf: with them a diverged run would not be seen, since isnan(nan) becomes false."""

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Return the function compiled on first call: no GIL, cached on disk, NaN and infinity kept."""
    compiled = njit(nogil=True, cache=True, fastmath=FASTMATH, error_model="numpy")(function)
    return cast("F", compiled)


def inner(function: F) -> F:
    """Return the function compiled for kernels alone: without the entry from Python, which costs time to compile."""
    compiled = njit(
        nogil=True,
        cache=True,
        fastmath=FASTMATH,
        error_model="numpy",
        no_cpython_wrapper=True,
        no_cfunc_wrapper=True,
    )(function)
    return cast("F", compiled)


def part(function: F) -> F:
    """Return the function compiled into the code of its callers: a call would hand over a hundred fields of arrays."""
    compiled = njit(
        nogil=True,
        cache=True,
        fastmath=FASTMATH,
        error_model="numpy",
        no_cpython_wrapper=True,
        no_cfunc_wrapper=True,
        forceinline=True,
    )(function)
    return cast("F", compiled)


def inline(function: F) -> F:
    """Return a scalar function compiled into its callers."""
    compiled = njit(nogil=True, cache=True, fastmath=FASTMATH, error_model="numpy", inline="always")(function)
    return cast("F", compiled)
