"""Calls from kernel to kernel by address.

Numba links a callee into each of its callers and optimizes it again at every level. A kernel that is called by address
is compiled once, and only if a network needs it. The address is a plain integer, so Numba can cache the callers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

_ADDRESSES: dict[tuple[Any, ...], tuple[int, tuple[Any, ...]]] = {}
_FUNCTIONS: dict[int, Callable[..., Any]] = {}


def address(function: Any, *arguments: Any) -> int:
    """Return the address of a kernel for arguments of these Numba types; the first call compiles it.

    The arguments of a call by address must have exactly these types, which are not checked again.
    """
    key = (function, *map(id, arguments))  # Numba has one object per type; hashing takes up to 50 us
    if key not in _ADDRESSES:
        found = _register_function(function) if config.DISABLE_JIT else _compile(function, arguments)
        _ADDRESSES[key] = found, arguments  # a reference to the types, so that their ids stay valid
    return _ADDRESSES[key][0]


def _register_function(function: Callable[..., Any]) -> int:
    _FUNCTIONS[len(_FUNCTIONS) + 1] = function
    return len(_FUNCTIONS)


def _compile(function: Any, arguments: tuple[Any, ...]) -> int:
    function.compile(arguments)
    compiled = function.overloads[arguments]
    found: int = compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)
    return found


def _caller(result: Any) -> Any:
    """Return `call(address, *arguments)` for kernels that return this type."""

    @intrinsic
    def call(typingctx, address, *arguments):
        argument_types = tuple(types.unliteral(argument) for argument in arguments)

        def codegen(context, builder, signature, values):
            convention = context.call_conv
            function_type = convention.get_function_type(result, argument_types)
            function = builder.inttoptr(values[0], function_type.as_pointer())
            unpacked = cgutils.unpack_tuple(builder, values[1])
            status, value = convention.call_function(builder, function, result, argument_types, unpacked)
            with cgutils.if_unlikely(builder, status.is_error):
                convention.return_status_propagate(builder, status)
            return value

        return result(types.int64, types.StarArgTuple(argument_types)), codegen

    return call


def _call(address: int, *arguments: Any) -> Any:
    """Call a kernel without compilation."""
    return _FUNCTIONS[int(address)](*arguments)


call = _call if config.DISABLE_JIT else _caller(types.none)
"""call(address, *arguments) inside kernels, for kernels that return nothing."""

call_number = _call if config.DISABLE_JIT else _caller(types.float64)
"""call_number(address, *arguments) inside kernels, for kernels that return a float64."""
