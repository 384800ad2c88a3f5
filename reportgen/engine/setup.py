"""Sets up a run for training: compiled network, initial parameters, recipe and work buffers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numba import from_dtype, typeof, types
from numpy.typing import DTypeLike, NDArray

from reportgen.data.dataset import Dataset
from reportgen.engine.augment import augment as apply_augment
from reportgen.engine.augment import image_row
from reportgen.engine.cost import scratch_size
from reportgen.engine.jit.calls import address
from reportgen.engine.layers.passes import pass_activation, pass_linear
from reportgen.engine.layers.updates import Recipe
from reportgen.engine.layout import Operation, lay_out
from reportgen.engine.network import (
    ACTS,
    BETA,
    BIAS,
    GAMMA,
    MULTIPLIER,
    OTHERS_LR,
    PRE,
    RUNNING,
    WEIGHTS,
    WEIGHTS_LR,
    Net,
    State,
    Work,
    new_state,
    new_work,
)
from reportgen.engine.network_spec import LayerSpec, PoolSpec
from reportgen.engine.probes.arrays import ProbeArrays, ProbeSchedule
from reportgen.engine.probes.probe import probe
from reportgen.engine.program import compile_network, learned_blocks, pass_types
from reportgen.engine.spec import RunSpec, TrainingSpec
from reportgen.engine.step import Examples, backward, gather, score
from reportgen.engine.tables.init import draw_weights
from reportgen.engine.tables.inits import INITS
from reportgen.engine.tables.optimizer import Optimizer, layer_factors
from reportgen.engine.tables.optimizers import OPTIMIZERS, sgd

_SCORED_WITHOUT_VALIDATION = 1000


@dataclass(frozen=True)
class Setup:
    """A run before its first step; batch_size, probe_n and evaluation_rows are numbers of examples.

    `dataset` holds images in the order of axes that the network takes.
    """

    operations: tuple[Operation, ...]
    dataset: Dataset
    net: Net
    state: State
    work: Work
    recipe: Recipe
    examples: Examples
    batch_size: int
    probe_n: int
    evaluation_rows: int


def set_up(spec: RunSpec, dataset: Dataset, dtype: DTypeLike = np.float32) -> Setup:
    """Return the network of a run with its initial parameters and work buffers; float64 is for gradient checks."""
    training = spec.training
    n = len(dataset.y_train)
    batch_size = min(training.batch_size or n, n)
    probe_n = min(spec.probes.examples, n)
    evaluation_rows = batch_size if _tests_on_batches(spec) else max(batch_size, 256)
    operations = lay_out(spec.network, dataset.features, dataset.image_shape)
    dataset = dataset.channels_last if spec.network.needs_images else dataset
    net, sizes = compile_network(operations, training.loss, dtype)
    optimizer = OPTIMIZERS[training.optimizer.name]
    state = new_state(net, sizes, optimizer.states, spec.seed, training.pruning is not None)
    work = new_work(net, sizes, max(batch_size, probe_n, evaluation_rows))
    examples = _examples(dataset, dtype)
    recipe = _recipe(training, (batch_size, evaluation_rows), dataset, dtype, channels_last=spec.network.needs_images)
    recipe = recipe._replace(scratch=np.zeros(scratch_size(optimizer, operations), dtype))
    setup = Setup(operations, dataset, net, state, work, recipe, examples, batch_size, probe_n, evaluation_rows)
    initialize(setup, spec.seed)
    calibrate(setup)
    _set_rates(setup, optimizer)
    return setup


def with_task(setup: Setup, dataset: Dataset) -> Setup:
    """Return the same run with the examples of another task, in the order of axes that the network takes."""
    return replace(setup, dataset=dataset, examples=_examples(dataset, setup.state.params.dtype))


def _tests_on_batches(spec: RunSpec) -> bool:
    norms = (None if isinstance(node, PoolSpec) else node.batchnorm for node in spec.network.nodes)
    return any(norm is not None and norm.test_mode == "batch" for norm in norms)


def _examples(dataset: Dataset, dtype: DTypeLike) -> Examples:
    """Return the splits as flat arrays; epochs are scored on as many training examples as validation has."""
    x, x_val = (np.ascontiguousarray(part, dtype).reshape(-1) for part in (dataset.x_train, dataset.x_val))
    scored = min(len(dataset.y_val) or _SCORED_WITHOUT_VALIDATION, len(dataset.y_train))
    y, y_val = (np.ascontiguousarray(labels, np.int64) for labels in (dataset.y_train, dataset.y_val))
    return Examples(x, y, x_val, y_val, scored)


def _recipe(
    training: TrainingSpec, rows: tuple[int, int], dataset: Dataset, dtype: DTypeLike, channels_last: bool
) -> Recipe:
    """Return the recipe; `channels_last` is the order of the pixels in the work buffers."""
    row = OPTIMIZERS[training.optimizer.name]
    parameters = dict(training.optimizer.params)
    augment = training.augment
    noise = augment.noise if augment else 0.0
    image = image_row(augment, dataset.image_shape, channels_last)
    kernel, clip = row.kernel(parameters), training.clip_norm or 0.0
    weight_decay = parameters[row.decay] if row.decay else 0.0
    called_with, by_matrix = recipe_types(np.dtype(dtype)), row.matrix_kernel
    return Recipe(
        backward=address(backward, *called_with["backward"]),
        optimizer=address(kernel, *called_with["optimizer"]),
        matrix_optimizer=address(by_matrix, *called_with["matrix_optimizer"]) if by_matrix else 0,
        fused_sgd=kernel is sgd and clip == 0 and training.l1 == 0,
        augment=address(apply_augment, *called_with["augment"]) if noise > 0 or image.any() else 0,
        score=address(score, *called_with["score"]) if np.dtype(dtype) == np.float32 else 0,  # others do not train
        hyper=np.array(row.hyper(parameters), dtype),
        coefficients=np.array([training.l2, training.l1, clip, weight_decay, noise], dtype),
        penalties=np.array([training.l2, training.l1]),
        batch_size=rows[0],
        evaluation_rows=rows[1],
        shuffles=training.shuffle,
        image=image,
        scratch=np.zeros(0, dtype),
    )


@cache
def training_types(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    """Return the Numba types of (Recipe, Examples) in this precision."""
    real, labels = np.zeros(1, dtype), np.zeros(1, np.int64)
    recipe = Recipe(0, 0, 0, False, 0, 0, real, real, np.zeros(1), 0, 0, True, labels, real)
    return typeof(recipe), typeof(Examples(real, labels, real, labels, 0))


@cache
def recipe_types(dtype: np.dtype[Any]) -> dict[str, tuple[Any, ...]]:
    """Return the Numba types of the arguments of the kernels in a recipe, by its attributes, in this precision."""
    real, integer, network = from_dtype(dtype), types.int64, pass_types(dtype)
    vector, (recipe, examples) = real[::1], training_types(dtype)
    return {
        "backward": (*network, recipe, integer, real, integer),
        "optimizer": (vector, real, integer, *[vector] * 3, real),
        "matrix_optimizer": (
            *(vector, real, integer, types.UniTuple(integer, 2), *[vector] * 3, real),
            *(integer, vector, vector),
        ),
        "augment": (integer[::1], real, types.uint32[::1], integer, integer, integer, network[2]),
        "score": (*network, recipe, examples, types.float64[::1]),
    }


@cache
def probe_types() -> tuple[Any, Any]:
    """Return the Numba types of (ProbeArrays, ProbeSchedule)."""
    vector, numbers, counts = np.zeros(1, np.float32), np.zeros((1, 1, 1)), np.zeros((1, 1, 1), np.int64)
    room, cuts, dead = np.zeros(1, np.int32), np.zeros(1, np.uint32), np.zeros((1, 1), np.uint8)
    arrays = ProbeArrays(numbers, numbers, numbers[0], counts, room, cuts, counts[0, 0], counts, dead, numbers[0])
    return typeof(arrays), typeof(ProbeSchedule(0, 0, counts[0, 0], vector, arrays))


@cache
def probe_address() -> int:
    """Return the address of `probe` for the calls of `train_steps`, in float32."""
    single = np.dtype(np.float32)
    vector, integer = from_dtype(single)[::1], types.int64
    return address(probe, *pass_types(single), training_types(single)[-1], integer, vector, integer, probe_types()[0])


def initialize(setup: Setup, seed: int) -> None:
    """Set the initial parameters; with normalization, gamma is 1 and beta is the initial bias."""
    params, running = setup.state.params, setup.state.running
    for operation, code in zip(setup.operations, setup.net.codes, strict=True):
        if operation.owns_weights:
            _draw(operation, code, params, seed)
        shift = code[BETA] if code[GAMMA] >= 0 else code[BIAS]
        if shift >= 0 and not isinstance(operation.node, PoolSpec):
            params[shift : shift + (1 if operation.is_scalar else operation.width)] = operation.node.bias
        if code[MULTIPLIER] >= 0:
            params[code[MULTIPLIER]] = 1
        if code[GAMMA] >= 0:
            params[code[GAMMA] : code[GAMMA] + operation.width] = 1
        if code[RUNNING] >= 0:
            running[code[RUNNING] + operation.width : code[RUNNING] + 2 * operation.width] = 1
        for place, name in learned_blocks(operation, code):
            params[place] = operation.activation[name]


def _set_rates(setup: Setup, optimizer: Optimizer) -> None:
    """Set the factors of the learning rate of each operation.

    An operation without weights has those of the layer that follows.
    """
    following = [operation for operation in setup.operations if isinstance(operation.node, LayerSpec)][-1]
    for operation, constants in zip(reversed(setup.operations), setup.net.constants[::-1], strict=True):
        if isinstance(operation.node, PoolSpec):
            continue
        following = operation if isinstance(operation.node, LayerSpec) else following
        constants[[WEIGHTS_LR, OTHERS_LR]] = np.multiply(
            operation.node.lr_factor, _width_factors(operation, following, optimizer)
        )


def _width_factors(operation: Operation, following: Operation, optimizer: Optimizer) -> tuple[float, float]:
    """Return the factors that the initialization of a layer asks for; `following` is the layer itself, or the next."""
    node = following.node
    return layer_factors(optimizer, node.init, operation.place) if isinstance(node, LayerSpec) else (1.0, 1.0)


def _draw(operation: Operation, code: NDArray[np.int64], params: NDArray[Any], seed: int) -> None:
    """Draw the weights of an operation."""
    node, layer = operation.node, operation.layer
    if isinstance(node, LayerSpec) and layer is not None:
        weights = draw_weights(INITS[node.init.name], dict(node.init.params), operation.place, seed, layer)
        params[code[WEIGHTS] : code[WEIGHTS] + operation.weights] = weights.ravel()


def calibrate(setup: Setup) -> None:
    """Rescale the weights of layers with a data-dependent initialization, in order, on the first training examples.

    The standard deviation of the pre-activations becomes the gain of the initialization. Layers with batch
    normalization, layers that a shortcut is added to, and units that are constant on the examples do not change.
    """
    wanted = [_calibration(operation) for operation in setup.operations]
    rows, dataset, net, state, work = setup.probe_n, setup.dataset, setup.net, setup.state, setup.work
    if not any(wanted) or rows == 0:
        return
    x = np.ascontiguousarray(dataset.x_train, state.params.dtype).reshape(-1)
    gather(x, dataset.y_train, dataset.features, np.arange(rows), work)
    for index, (operation, kind) in enumerate(zip(setup.operations, wanted, strict=True)):
        pass_linear(net, state, work, index, rows)
        if kind:
            _rescale(operation, net.codes[index], state, work, rows, kind == "unit")
            pass_linear(net, state, work, index, rows)
        pass_activation(net, state, work, index, rows)


def _calibration(operation: Operation) -> str | None:
    """Return whether the weights are rescaled by "unit" or "layer", None if they are not."""
    node = operation.node
    if not isinstance(node, LayerSpec) or operation.normalizes or operation.adds is not None:
        return None
    return INITS[node.init.name].calibrates


def _rescale(operation: Operation, code: NDArray[np.int64], state: State, work: Work, rows: int, by_unit: bool) -> None:
    """Rescale weights; a unit of a convolution has the moments of all positions."""
    fan_in, width, node = operation.fan_in, operation.width, operation.node
    place, size = code[PRE] if code[PRE] >= 0 else code[ACTS], operation.positions * width
    z = work.blocks[place * rows : (place + size) * rows].reshape(-1, width).astype(np.float64)
    weights = state.params[code[WEIGHTS] : code[WEIGHTS] + operation.weights].reshape(fan_in, width)
    gain = float(node.init["gain"]) if isinstance(node, LayerSpec) else 1.0
    spread = z.std(axis=0) if by_unit else np.full(width, z.std())
    scale = np.where(spread > 0, gain / np.where(spread > 0, spread, 1.0), 1.0)
    weights *= scale.astype(weights.dtype)
    if by_unit and code[BIAS] >= 0:
        bias = state.params[code[BIAS] : code[BIAS] + width]
        bias[:] = (bias - z.mean(axis=0)) * scale
