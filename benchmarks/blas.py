"""Matrix products in kernels by calls of SciPy's BLAS.

The address of the function is an integer argument, since kernels with a pointer in a global cannot be cached on disk.
Matrices are row-major; BLAS reads them as their transposes, so the factors are exchanged.
"""

from __future__ import annotations

from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import get_cython_function_address, intrinsic

from reportgen.engine.jit.compile import internal


def addresses() -> tuple[int, int]:
    """Return the addresses of sgemm and dgemm, the argument `blas` of kernels."""
    module = "scipy.linalg.cython_blas"
    return get_cython_function_address(module, "sgemm"), get_cython_function_address(module, "dgemm")


@intrinsic
def _call(typingctx, blas, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc):
    """Emit a call of sgemm or dgemm, depending on the type of c; scalars are passed by reference."""
    real = c.dtype
    signature = types.void(blas, trans_a, trans_b, m, n, k, real, a, lda, b, ldb, real, c, ldc)
    which = 0 if real == types.float32 else 1

    def codegen(context, builder, sig, args):
        address = builder.extract_value(args[0], which)
        real_ir = context.get_value_type(real)
        int_ir, char_ir = ir.IntType(32), ir.IntType(8)

        def by_reference(value, to):
            value = builder.trunc(value, to) if isinstance(to, ir.IntType) else value
            slot = cgutils.alloca_once(builder, to)  # in the entry block, so that the stack does not grow in loops
            builder.store(value, slot)
            return slot

        def data(index):
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

    def _product(blas, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc):
        """Replace ?gemm when Python runs the kernels: c' = alpha op(a') op(b') + beta c', column-major."""
        left = a.reshape((k, lda) if trans_a == _N else (m, lda))
        right = b.reshape((n, ldb) if trans_b == _N else (k, ldb))
        product = (right if trans_b == _N else right.T) @ (left if trans_a == _N else left.T)
        c[:] = alpha * product.ravel() + (0 if beta == 0 else beta * c)

else:
    _product = _call


@internal
def gemm_nn(blas, m, n, k, alpha, a, b, beta, c):
    """Set c (m, n) = alpha a (m, k) b (k, n) + beta c; all three flat, row-major."""
    _product(blas, _N, _N, n, m, k, alpha, b, n, a, k, beta, c, n)


@internal
def gemm_tn(blas, m, n, k, alpha, a, b, beta, c):
    """Set c (m, n) = alpha a' b + beta c for a (k, m), b (k, n)."""
    _product(blas, _N, _T, n, m, k, alpha, b, n, a, m, beta, c, n)


@internal
def gemm_nt(blas, m, n, k, alpha, a, b, beta, c):
    """Set c (m, n) = alpha a b' + beta c for a (m, k), b (n, k)."""
    _product(blas, _T, _N, n, m, k, alpha, b, k, a, k, beta, c, n)
