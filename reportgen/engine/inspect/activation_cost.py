"""Measures the time of each activation on this machine, compared with the matrix product of a layer."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from reportgen.engine.tables.activation import Activation
from reportgen.engine.tables.activations import ACTIVATIONS

ROWS, WIDTH = 128, 500
REPEATS = 50

Array = NDArray[Any]


@dataclass(frozen=True)
class ActivationCost:
    """Times of an activation and of a layer's matrix product on one core, in ns per element of the layer's output."""

    name: str
    forward: float
    backward: float
    product: float


def activation_costs(repeats: int = REPEATS) -> list[ActivationCost]:
    """Return the cost of every activation: the fastest of `repeats` passes over a block of float32, (128, 500)."""
    rng = np.random.default_rng(0)
    with threadpool_limits(limits=1):
        product = _product_cost(rng, repeats)
        return [ActivationCost(row.name, *_cost(row, rng, repeats), product) for row in ACTIVATIONS.values()]


def _product_cost(rng: np.random.Generator, repeats: int) -> float:
    a = rng.standard_normal((ROWS, WIDTH), np.float32)
    w = rng.standard_normal((WIDTH, WIDTH), np.float32)
    z = np.empty((ROWS, WIDTH), np.float32)
    return _fastest(lambda: None, lambda: np.dot(a, w, out=z), repeats)


def _cost(row: Activation, rng: np.random.Generator, repeats: int) -> tuple[float, float]:
    """Return the times (forward, backward) in ns per element."""
    size = ROWS * WIDTH
    parameters = {parameter.name: parameter.default for parameter in row.parameters}
    pieces = int(parameters[row.pieces]) if row.pieces else 1
    z = rng.standard_normal(size * pieces, np.float32)
    a, delta, spread = z[:size].copy(), np.ones(size, np.float32), np.empty_like(z)
    learned = np.repeat(np.array([parameters[name] for name in row.learned], np.float32), WIDTH)
    p, gradient = np.array(row.constants(parameters), np.float32), np.zeros_like(learned)
    activate, differentiate = row.activate or _no_kernel, row.differentiate or _no_kernel

    def reset_activations() -> None:
        a[:] = z[:size]

    def reset_delta() -> None:
        delta[:] = 1

    forward_arguments: tuple[Any, ...]
    backward_arguments: tuple[Any, ...]
    if row.pieces:
        forward_arguments, backward_arguments = (p, pieces, z, a), (p, pieces, z, delta, spread)
    elif row.learned:
        forward_arguments, backward_arguments = (p, learned, a), (p, learned, z, delta, gradient)
    else:
        forward_arguments, backward_arguments = (p, a), (p, a, z, delta)
    forward = _fastest(reset_activations, lambda: activate(*forward_arguments), repeats)
    return forward, _fastest(reset_delta, lambda: differentiate(*backward_arguments), repeats)


def _no_kernel(*arguments: Any) -> None:
    """Replace the kernels of the identity, which has none."""


def _fastest(prepare: Callable[[], Any], work: Callable[[], Any], repeats: int) -> float:
    """Return the shortest time of `work` in ns per element; the first calls, which compile, do not count."""
    best = np.inf
    for repeat in range(repeats + 3):
        prepare()
        begin = time.perf_counter()
        work()
        if repeat >= 3:
            best = min(best, time.perf_counter() - begin)
    return float(best * 1e9 / (ROWS * WIDTH))
