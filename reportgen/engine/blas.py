"""Matrix products inside kernels: SciPy's own BLAS, called by address.

The address travels as an integer argument, which keeps kernels cacheable on disk; a pointer in a global would not.
All matrices are row-major; BLAS reads them as their transposes, so the product is asked for the other way round.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import get_cython_function_address, intrinsic

from reportgen.engine.compile import kernel


def addresses() -> tuple[int, int]:
    """Return the addresses of sgemm and dgemm, for kernels' `blas` argument."""
    module = "scipy.linalg.cython_blas"
    return get_cython_function_address(module, "sgemm"), get_cython_function_address(module, "dgemm")


@intrinsic
def _call(typingctx, blas, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc):  # type: ignore[no-untyped-def]
    """Emit the call of ?gemm, single or double by the type of c; all scalars go by reference."""
    real = c.dtype
    signature = types.void(blas, trans_a, trans_b, m, n, k, real, a, lda, b, ldb, real, c, ldc)
    which = 0 if real == types.float32 else 1

    def codegen(context, builder, sig, args):  # type: ignore[no-untyped-def]
        address = builder.extract_value(args[0], which)
        real_ir = context.get_value_type(real)
        int_ir, char_ir = ir.IntType(32), ir.IntType(8)

        def by_reference(value, to):  # type: ignore[no-untyped-def]
            value = builder.trunc(value, to) if isinstance(to, ir.IntType) else value
            slot = cgutils.alloca_once(builder, to)  # once a call site, in the entry block: no stack growth in loops
            builder.store(value, slot)
            return slot

        def data(index):  # type: ignore[no-untyped-def]
            return context.make_array(sig.args[index])(context, builder, args[index]).data

        kinds = [char_ir, char_ir, int_ir, int_ir, int_ir, real_ir]
        pointers = [by_reference(value, to) for value, to in zip(args[1:7], kinds, strict=True)]
        pointers += [data(7), by_reference(args[8], int_ir), data(9), by_reference(args[10], int_ir)]
        pointers += [by_reference(args[11], real_ir), data(12), by_reference(args[13], int_ir)]
        function_type = ir.FunctionType(ir.VoidType(), [pointer.type for pointer in pointers])
        builder.call(builder.inttoptr(address, function_type.as_pointer()), pointers)
        return context.get_dummy_value()

    return signature, codegen


_N, _T = ord("n"), ord("t")

if config.DISABLE_JIT:

    def gemm_nn(blas: Any, m: int, n: int, k: int, alpha: Any, a: Any, b: Any, beta: Any, c: Any) -> None:
        """Set c (m, n) = alpha a (m, k) b (k, n) + beta c; all three flat, row-major."""
        product = alpha * (a.reshape(m, k) @ b.reshape(k, n)).ravel()
        c[:] = product if beta == 0 else product + beta * c

    def gemm_tn(blas: Any, m: int, n: int, k: int, alpha: Any, a: Any, b: Any, beta: Any, c: Any) -> None:
        """Set c (m, n) = alpha a' b + beta c for a (k, m), b (k, n)."""
        product = alpha * (a.reshape(k, m).T @ b.reshape(k, n)).ravel()
        c[:] = product if beta == 0 else product + beta * c

    def gemm_nt(blas: Any, m: int, n: int, k: int, alpha: Any, a: Any, b: Any, beta: Any, c: Any) -> None:
        """Set c (m, n) = alpha a b' + beta c for a (m, k), b (n, k)."""
        product = alpha * (a.reshape(m, k) @ b.reshape(n, k).T).ravel()
        c[:] = product if beta == 0 else product + beta * c

else:

    @kernel
    def gemm_nn(blas, m, n, k, alpha, a, b, beta, c):  # type: ignore[no-untyped-def]
        """Set c (m, n) = alpha a (m, k) b (k, n) + beta c; all three flat, row-major."""
        _call(blas, _N, _N, n, m, k, alpha, b, n, a, k, beta, c, n)

    @kernel
    def gemm_tn(blas, m, n, k, alpha, a, b, beta, c):  # type: ignore[no-untyped-def]
        """Set c (m, n) = alpha a' b + beta c for a (k, m), b (k, n)."""
        _call(blas, _N, _T, n, m, k, alpha, b, n, a, m, beta, c, n)

    @kernel
    def gemm_nt(blas, m, n, k, alpha, a, b, beta, c):  # type: ignore[no-untyped-def]
        """Set c (m, n) = alpha a b' + beta c for a (m, k), b (n, k)."""
        _call(blas, _T, _N, n, m, k, alpha, b, k, a, k, beta, c, n)


ZERO = np.float32(0)
ONE = np.float32(1)
"""float32 literals: exact in float64 too, while a Python literal would lift float32 arithmetic to float64."""
