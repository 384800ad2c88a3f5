"""How kernels are compiled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit

from reportgen.engine.jit.cache import ENGINE

FASTMATH = {"nsz", "arcp", "contract", "afn", "reassoc"}
"""No nnan and no ninf: with them a diverged run would not be seen, since isnan(nan) becomes false."""

# _nrt=False: arrays are lent to kernels, which never make one, so that no slice of them needs to be counted. Counting
# took a fifth of the time of a small network's step. A function that returns a slice has to be inlined (`inline`).
F = TypeVar("F", bound=Callable[..., Any])


def _is_cacheable(function: Callable[..., Any]) -> bool:
    """Return whether the compiled function is kept on disk: a plug-in's is not, since its edits might go unnoticed."""
    return Path(function.__code__.co_filename).is_relative_to(ENGINE)


def kernel(function: F) -> F:
    """Return the function compiled on first call: no GIL, cached on disk, NaN and infinity kept."""
    compiled = njit(nogil=True, cache=_is_cacheable(function), fastmath=FASTMATH, error_model="numpy", _nrt=False)(
        function
    )
    return cast("F", compiled)


def internal(function: F) -> F:
    """Return the function compiled for kernels alone: without the entry from Python, which costs time to compile."""
    compiled = njit(
        nogil=True,
        cache=_is_cacheable(function),
        fastmath=FASTMATH,
        error_model="numpy",
        _nrt=False,
        no_cpython_wrapper=True,
        no_cfunc_wrapper=True,
    )(function)
    return cast("F", compiled)


def force_inline(function: F) -> F:
    """Return the function compiled into the code of its callers: a call would hand over a hundred fields of arrays."""
    compiled = njit(
        nogil=True,
        cache=_is_cacheable(function),
        fastmath=FASTMATH,
        error_model="numpy",
        _nrt=False,
        no_cpython_wrapper=True,
        no_cfunc_wrapper=True,
        forceinline=True,
    )(function)
    return cast("F", compiled)


def inline_ir(function: F) -> F:
    """Return the function compiled into its callers, as if it were written there."""
    compiled = njit(
        nogil=True, cache=_is_cacheable(function), fastmath=FASTMATH, error_model="numpy", _nrt=False, inline="always"
    )(function)
    return cast("F", compiled)
