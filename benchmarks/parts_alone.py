"""Parts of a training step, each repeated alone on one core, with its data in the cache."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from benchmarks.nets import Net
from benchmarks.timed_kernels import product_types
from reportgen.engine.jit.calls import address, call
from reportgen.engine.layers.blocks import sum_rows
from reportgen.engine.math.gemm import pack, panel_size, product
from reportgen.engine.math.microkernel import ADD, MOMENTUM_STEP, WRITE
from reportgen.engine.math.random import shuffle
from reportgen.engine.math.registers import COLUMNS
from reportgen.engine.setup import Setup
from reportgen.engine.step import gather

_ZERO = np.float32(0)
_ORDINARY = _ZERO, _ZERO, _ZERO
_REPEATS, _SECONDS = 60, 3e-4


@njit(nogil=True, _nrt=False)
def _product(count, shape, a, steps, b, transposed, c, d, finish, panels):  # type: ignore[no-untyped-def]
    for _ in range(count):
        product(shape, a, steps, b, transposed, c, d, finish, panels)  # type: ignore[no-untyped-call]


@njit(nogil=True, _nrt=False)
def _call(count, empty, shape, a, steps, b, transposed, c, d, finish, panels):  # type: ignore[no-untyped-def]
    for _ in range(count):
        call(empty, shape, a, steps, b, transposed, c, d, finish, panels)


@njit(nogil=True, _nrt=False)
def _empty(shape, a, steps, b, transposed, c, d, finish, panels):  # type: ignore[no-untyped-def]
    pass


@njit(nogil=True, _nrt=False)
def _pack(count, b, transposed, k, n, panels):  # type: ignore[no-untyped-def]
    breadth = panels.size // k // COLUMNS * COLUMNS
    for _ in range(count):
        for left in range(0, n, breadth):
            end = min(n, left + breadth)
            pack(b, 0, k if transposed else n, transposed, k, left, end, panels)  # type: ignore[no-untyped-call]


@njit(nogil=True, _nrt=False)
def _gather(count, x, y, features, index, work):  # type: ignore[no-untyped-def]
    for _ in range(count):
        gather(x, y, features, index, work)  # type: ignore[no-untyped-call]


@njit(nogil=True, _nrt=False)
def _shuffle(count, order):  # type: ignore[no-untyped-def]
    for key in range(count):
        shuffle(np.uint32(key), order)  # type: ignore[no-untyped-call]


@njit(nogil=True, _nrt=False)
def _sum_rows(count, rows, target):  # type: ignore[no-untyped-def]
    for _ in range(count):
        sum_rows(rows, target)  # type: ignore[no-untyped-call]


def microseconds(repeat: Callable[..., Any], *arguments: Any) -> float:
    """Return the time of one repetition, the minimum over several measurements."""
    repeat(1, *arguments)
    begin = time.perf_counter()
    repeat(1, *arguments)
    count = max(1, int(_SECONDS / max(time.perf_counter() - begin, 1e-7)))
    found = []
    for _ in range(_REPEATS):
        begin = time.perf_counter()
        repeat(count, *arguments)
        found.append((time.perf_counter() - begin) / count)
    return 1e6 * min(found)


class _Matrices:
    """Factors and results of the products of a layer, and work buffers."""

    def __init__(self, batch: int, fan_in: int, width: int) -> None:
        longest = max(batch, fan_in, width)
        generator = np.random.default_rng(0)

        def matrix(size: int) -> NDArray[np.float32]:
            return generator.standard_normal(size, dtype=np.float32) * np.float32(1 / longest)

        self.inputs, self.weights, self.delta = matrix(batch * fan_in), matrix(fan_in * width), matrix(batch * width)
        self.outputs, self.below = matrix(batch * width), matrix(batch * fan_in)
        self.velocity, self.bias = matrix(fan_in * width), matrix(width)
        self.panels = np.ones(panel_size(longest), np.float32)
        self.forward = ((batch, width, fan_in), self.inputs, (fan_in, 1), self.weights, False, self.outputs, self.bias)
        self.backward = ((batch, fan_in, width), self.delta, (width, 1), self.weights, True, self.below, self.below)
        self.gradient = (fan_in, width, batch), self.inputs, (1, fan_in), self.delta, False, self.velocity, self.weights


def layer_parts(batch: int, fan_in: int, width: int, first: bool) -> dict[str, float]:
    """Return the microseconds of the parts of a dense layer; the first one has no backward product."""
    m = _Matrices(batch, fan_in, width)
    momentum = MOMENTUM_STEP, np.float32(0.9), np.float32(-1e-6), _ZERO
    forward = microseconds(_product, *m.forward, (ADD, *_ORDINARY), m.panels)
    backward = 0.0 if first else microseconds(_product, *m.backward, (WRITE, *_ORDINARY), m.panels)
    weights = microseconds(_product, *m.gradient, momentum, m.panels)
    written = microseconds(_product, *m.gradient, (WRITE, *_ORDINARY), m.panels)
    packed = 0.0 if first else microseconds(_pack, m.weights, True, width, fan_in, m.panels)
    empty = address(_empty, *product_types(np.dtype(np.float32)))
    called = microseconds(_call, empty, *m.forward, (ADD, *_ORDINARY), m.panels)
    return {
        "forward": forward,
        "backward": backward,
        "weights": weights,
        "update": weights - written,
        "packing": packed,
        "calls": (2 if first else 3) * called,
        "bias": microseconds(_sum_rows, m.delta, m.bias),
    }


def parts_alone(net: Net, setup: Setup) -> Mapping[str, float]:
    """Return the microseconds of the parts of a step alone."""
    totals: dict[str, float] = {}
    known: dict[tuple[int, int, bool], dict[str, float]] = {}
    for layer, (fan_in, width) in enumerate(net.shapes):
        key = fan_in, width, layer == 0
        known[key] = known.get(key) or layer_parts(net.batch, *key)
        for part, value in known[key].items():
            totals[part] = totals.get(part, 0.0) + value
    index = np.random.default_rng(0).permutation(net.examples)[: net.batch]
    examples = setup.examples
    totals["gather"] = microseconds(_gather, examples.x, examples.y, net.sizes[0], index, setup.work)
    totals["shuffle"] = microseconds(_shuffle, np.arange(net.examples)) / net.steps_per_epoch
    return totals
