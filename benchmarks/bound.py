"""Upper bound of the training speed: only the matrix products of a training step, one BLAS thread per core."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.blas import addresses, gemm_nn, gemm_nt, gemm_tn
from benchmarks.nets import Net
from benchmarks.workers import Measure, repeat

ZERO, ONE = np.float32(0), np.float32(1)


@njit(nogil=True)
def _products(blas, steps, shapes, places, weights, activations, gradients, deltas):  # type: ignore[no-untyped-def]
    """Compute the matrix products of `steps` training steps.

    shapes: (rows, fan_in, fan_out) of each layer, shape (layers, 3). places: offsets of its weights, inputs and
    outputs, shape (layers, 3). Flat arrays contain the arrays of all layers.
    """
    for _ in range(steps):
        for layer in range(len(shapes)):
            (rows, fan_in, fan_out), (w, a, b) = shapes[layer], places[layer]
            below, out = activations[a : a + rows * fan_in], activations[b : b + rows * fan_out]
            gemm_nn(blas, rows, fan_out, fan_in, ONE, below, weights[w : w + fan_in * fan_out], ZERO, out)
        for layer in range(len(shapes) - 1, -1, -1):
            (rows, fan_in, fan_out), (w, a, b) = shapes[layer], places[layer]
            size, width = fan_in * fan_out, rows * fan_in
            below, delta = activations[a : a + width], deltas[b : b + rows * fan_out]
            gemm_tn(blas, fan_in, fan_out, rows, ONE, below, delta, ZERO, gradients[w : w + size])
            if layer > 0:
                gemm_nt(blas, rows, fan_in, fan_out, ONE, delta, weights[w : w + size], ZERO, deltas[a : a + width])


def _places(net: Net) -> tuple[NDArray[np.int64], int, int]:
    """Return the offsets of `_products`, and the numbers of weights and activations.

    The outputs of a layer are the inputs of the next one, unless a convolution takes windows of them.
    """
    places, weights, end = [], 0, 0
    for layer, (rows, fan_in, fan_out) in enumerate(net.products):
        chained = layer > 0 and net.products[layer - 1][0] * net.products[layer - 1][2] == rows * fan_in
        begin = places[-1][2] if chained else end
        places.append((weights, begin, begin + rows * fan_in))
        weights, end = weights + fan_in * fan_out, begin + rows * (fan_in + fan_out)
    return np.array(places), weights, end


def prepare(net: Net, option: str) -> Measure:
    """Return a Measure for one thread; `option` is not used."""
    threadpool_limits(1)
    blas, shapes = addresses(), np.array(net.products)
    places, weight_count, activation_count = _places(net)
    weights, activations = _normal(weight_count), _normal(activation_count)
    deltas, gradients = _normal(activation_count), np.zeros_like(weights)
    steps = max(1, int(2e9 / net.flops_per_step))

    def chunk() -> int:
        _products(blas, steps, shapes, places, weights, activations, gradients, deltas)
        return steps

    chunk()
    return lambda seconds: repeat(chunk, seconds)


def _normal(size: int) -> NDArray[np.float32]:
    return np.random.default_rng(1).standard_normal(size, dtype=np.float32)
