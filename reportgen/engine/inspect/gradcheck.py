"""Gradient checks: compares analytic with numerical gradients in float64 for each layer and kind of parameter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.data.dataset import Dataset
from reportgen.data.streams import stream
from reportgen.engine.network import BETA, BIAS, GAMMA, MULTIPLIER, NO_STEP, TRAIN, WEIGHTS
from reportgen.engine.program import learned_blocks
from reportgen.engine.setup import Setup, set_up
from reportgen.engine.spec import RunSpec
from reportgen.engine.step import gather, gradient, penalty

STEP = 1e-5
"""Step of the central differences; their relative error is about 1e-10 in float64."""


@dataclass(frozen=True)
class GradientCheck:
    """The check of a block of parameters.

    The relative error is |numeric - analytic| / (|numeric| + |analytic|) over the `checked` parameters; layers count
    from 1.
    """

    layer: int
    parameter: str
    checked: int
    relative_error: float


def check_gradients(spec: RunSpec, dataset: Dataset, examples: int = 16, most: int = 50) -> list[GradientCheck]:
    """Check the gradient of every block of parameters.

    The dropout mask is fixed, batch normalization uses batch statistics, and the loss includes penalties. The error
    is 0 if the gradient of a block is zero within rounding.

    Parameters
    ----------
    examples : number of training examples, the first ones.
    most : largest number of parameters of a block to check.
    """
    setup = set_up(spec, dataset, np.float64)
    rows = min(examples, len(dataset.y_train), len(setup.work.y))
    x = np.ascontiguousarray(setup.dataset.x_train, np.float64).reshape(-1)
    checks = []
    for layer, name, block in _blocks(setup):
        gather(x, dataset.y_train, dataset.features, np.arange(rows), setup.work)
        rng = stream(spec.seed, f"gradient check {name}", layer)
        places = block if len(block) <= most else np.sort(rng.choice(block, most, replace=False))
        checks.append(GradientCheck(layer, name, len(places), _relative_error(spec, setup, rows, places)))
    return checks


def _blocks(setup: Setup) -> list[tuple[int, str, NDArray[np.int64]]]:
    """Return (layer, counted from 1; name; indices into the parameters) of every block.

    The parameters before the first layer of a residual branch count as those of the layer before.
    """
    blocks, layer = [], 1
    for operation, code in zip(setup.operations, setup.net.codes, strict=True):
        layer = layer if operation.layer is None else operation.layer + 1
        shifts = 1 if operation.is_scalar else operation.width
        sizes = {
            "weights": (WEIGHTS, operation.weights),
            "bias": (BIAS, shifts),
            "multiplier": (MULTIPLIER, 1),
            "gamma": (GAMMA, operation.width),
            "beta": (BETA, operation.width),
        }
        for name, (column, size) in sizes.items():
            if code[column] >= 0 and size:
                blocks.append((layer, name, np.arange(code[column], code[column] + size)))
        for place, name in learned_blocks(operation, code):
            blocks.append((layer, name, np.arange(place.start, place.stop)))
    return blocks


def _loss(spec: RunSpec, setup: Setup, rows: int) -> float:
    s = setup
    data_loss = gradient(s.net, s.state, s.work, s.recipe, rows, TRAIN, NO_STEP)
    return float(data_loss + penalty(s.net, s.state.params, spec.training.l2, spec.training.l1))


def _relative_error(spec: RunSpec, setup: Setup, rows: int, places: NDArray[np.int64]) -> float:
    params = setup.state.params
    _loss(spec, setup, rows)
    analytic = setup.state.grads[places].copy()
    numeric = np.empty(len(places))
    for k, place in enumerate(places):
        original = params[place]
        params[place] = original + STEP
        above = _loss(spec, setup, rows)
        params[place] = original - STEP
        below = _loss(spec, setup, rows)
        params[place] = original
        numeric[k] = (above - below) / (2 * STEP)
    scale = float(np.linalg.norm(numeric) + np.linalg.norm(analytic))
    rounding = 1e-9 * len(places) ** 0.5
    return float(np.linalg.norm(numeric - analytic)) / scale if scale > rounding else 0.0
