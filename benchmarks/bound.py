"""Upper bound of the training speed: only the matrix products of a training step, one BLAS thread per core."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.blas import addresses, gemm_nn, gemm_nt, gemm_tn
from benchmarks.nets import Net, initial_parameters
from benchmarks.workers import Measure, repeat

ZERO, ONE = np.float32(0), np.float32(1)


@njit(nogil=True)
def _products(blas, steps, rows, sizes, weights, activations, gradients, deltas):  # type: ignore[no-untyped-def]
    """Compute the matrix products of `steps` training steps; flat arrays contain the arrays of all layers."""
    for _ in range(steps):
        w, a = 0, 0
        for layer in range(len(sizes) - 1):
            fan_in, fan_out = sizes[layer], sizes[layer + 1]
            size, width = fan_in * fan_out, rows * fan_in
            out = activations[a + width : a + width + rows * fan_out]
            gemm_nn(blas, rows, fan_out, fan_in, ONE, activations[a : a + width], weights[w : w + size], ZERO, out)
            w, a = w + size, a + width
        for layer in range(len(sizes) - 2, -1, -1):
            fan_in, fan_out = sizes[layer], sizes[layer + 1]
            size, width = fan_in * fan_out, rows * fan_in
            w, a = w - size, a - width
            delta, below = deltas[a + width : a + width + rows * fan_out], activations[a : a + width]
            gemm_tn(blas, fan_in, fan_out, rows, ONE, below, delta, ZERO, gradients[w : w + size])
            if layer > 0:
                gemm_nt(blas, rows, fan_in, fan_out, ONE, delta, weights[w : w + size], ZERO, deltas[a : a + width])


def prepare(net: Net, option: str) -> Measure:
    """Return a Measure for one thread; `option` is not used."""
    threadpool_limits(1)
    blas, sizes = addresses(), np.array(net.sizes)
    weights = np.concatenate([weight.ravel() for weight, _ in initial_parameters(net, seed=0)])
    activations = _normal(net.batch * sum(net.sizes))
    deltas, gradients = _normal(activations.size), np.zeros_like(weights)
    steps = max(1, int(2e9 / net.flops_per_step))

    def chunk() -> int:
        _products(blas, steps, net.batch, sizes, weights, activations, gradients, deltas)
        return steps

    chunk()
    return lambda seconds: repeat(chunk, seconds)


def _normal(size: int) -> NDArray[np.float32]:
    return np.random.default_rng(1).standard_normal(size, dtype=np.float32)
