"""Decorators that compile kernels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import config, njit
from numba.extending import register_jitable

from reportgen.engine.jit.cache import ENGINE
from reportgen.engine.jit.kernel_cache import KernelCache

FASTMATH = {"nsz", "arcp", "contract", "afn", "reassoc"}
"""Without nnan and ninf: with them, isnan(nan) is false, and divergence would go unnoticed."""

# _nrt=False turns off the reference counts of arrays, which took a fifth of the time of a step of a small network.
# Kernels do not need them, since they allocate no arrays. A function that returns a slice must be inlined.
F = TypeVar("F", bound=Callable[..., Any])


def _is_cacheable(function: Callable[..., Any]) -> bool:
    """Return whether Numba may cache the function on disk; not for plug-ins, whose edits might go unnoticed."""
    return Path(function.__code__.co_filename).is_relative_to(ENGINE)


def _cached(function: F, compiled: Any) -> F:
    """Return a compiled function with the cache of kernels on disk, if it may have one."""
    if not config.DISABLE_JIT and _is_cacheable(function):
        compiled._cache = KernelCache(function)
    return cast("F", compiled)


def kernel(function: F) -> F:
    """Compile a function that Python calls: without the GIL, cached on disk, with correct NaN and infinity."""
    return _cached(function, njit(nogil=True, fastmath=FASTMATH, error_model="numpy", _nrt=False)(function))


def internal(function: F) -> F:
    """Compile a function that only kernels call: the wrapper for Python is omitted, which saves compilation time."""
    compiled = njit(
        nogil=True,
        fastmath=FASTMATH,
        error_model="numpy",
        _nrt=False,
        no_cpython_wrapper=True,
        no_cfunc_wrapper=True,
    )(function)
    return _cached(function, compiled)


def force_inline(function: F) -> F:
    """Compile a function that LLVM inlines into its callers, since a call would pass a hundred fields of arrays."""
    compiled = njit(
        nogil=True,
        fastmath=FASTMATH,
        error_model="numpy",
        _nrt=False,
        no_cpython_wrapper=True,
        no_cfunc_wrapper=True,
        forceinline=True,
    )(function)
    return _cached(function, compiled)


def inline_ir(function: F) -> F:
    """Compile a function that Numba inlines into its callers before it infers types."""
    compiled = njit(nogil=True, fastmath=FASTMATH, error_model="numpy", _nrt=False, inline="always")(function)
    return _cached(function, compiled)


def shared(function: F) -> F:
    """Compile a function for kernels that Python also calls, as it is written: it counts sizes and places."""
    return cast("F", register_jitable(function))
