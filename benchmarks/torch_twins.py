"""Compare convolutional and residual networks with PyTorch: the same weights, outputs, loss and gradients.

Run with `python -m benchmarks.torch_twins`; PyTorch is needed. The weights of the engine are copied, and images and
kernels are moved from the order (height, width, channels) to PyTorch's (channels, height, width).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from reportgen.data.dataset import Dataset
from reportgen.data.spec import DataSpec
from reportgen.engine.layout import Operation
from reportgen.engine.network import ACTS, BETA, BIAS, GAMMA, NO_STEP, TRAIN, WEIGHTS
from reportgen.engine.network_spec import (
    ActivationSpec,
    BatchNormSpec,
    LayerSpec,
    NetworkSpec,
    Node,
    PoolSpec,
    WindowSpec,
)
from reportgen.engine.probes.probe_spec import ProbeSpec
from reportgen.engine.setup import Setup, set_up
from reportgen.engine.spec import RunSpec, TrainingSpec
from reportgen.engine.step import gather, gradient
from reportgen.registry import Component

IMAGE, CLASSES, ROWS = (3, 16, 16), 10, 32
RELU, TANH, IDENTITY = Component("relu"), Component("tanh"), Component("identity")
HE, NORM = Component.of("he_normal", gain=1.0), BatchNormSpec()
LIMIT = 1e-5
"""Largest difference, relative to the largest value."""

Parameters = dict[tuple[int, str], torch.Tensor]


def conv(filters: int, size: int, padding: Any = "same", stride: int = 1, **more: Any) -> LayerSpec:
    """Return a convolution, with ReLU by default."""
    padding = padding if padding == "same" else (padding, padding)
    window = WindowSpec((size, size), (stride, stride), padding)
    return LayerSpec(filters, more.pop("activation", RELU), HE, 0.1, kind="conv", window=window, **more)


def dense(units: int, activation: Component = RELU) -> LayerSpec:
    """Return a dense layer."""
    return LayerSpec(units, activation, HE, 0.1)


def pool(kind: str) -> PoolSpec:
    """Return a pooling of windows of 2x2."""
    return PoolSpec(kind, WindowSpec((2, 2), (2, 2)))


GLOBAL, OUTPUT, NORM_RELU = PoolSpec("average_pool"), dense(CLASSES, IDENTITY), ActivationSpec(RELU, 0.0, NORM)
NETWORKS: dict[str, tuple[Node, ...]] = {
    "two convolutions": (conv(8, 3), conv(12, 5, 0, 2), OUTPUT),
    "even kernels, tanh": (conv(8, 4, activation=TANH), conv(12, 2, stride=2, activation=TANH), OUTPUT),
    "LeNet-5": (
        conv(6, 5, activation=TANH), pool("average_pool"), conv(16, 5, 0, activation=TANH), pool("average_pool"),
        dense(120, TANH), dense(84, TANH), OUTPUT,
    ),
    "batch normalization, maximum and average pooling": (
        conv(16, 3, batchnorm=NORM), pool("max_pool"), conv(32, 3, batchnorm=NORM), pool("average_pool"), dense(64),
        OUTPUT,
    ),
    "residual, post-activation, with a projection": (
        conv(16, 3), conv(16, 3), conv(16, 3, adds=0),
        conv(24, 1, stride=2, activation=IDENTITY), conv(24, 3, stride=2, source=2), conv(24, 3, adds=3), GLOBAL,
        OUTPUT,
    ),
    "residual, post-activation, with batch normalization": (
        conv(16, 3, batchnorm=NORM), conv(16, 3, batchnorm=NORM), conv(16, 3, batchnorm=NORM, adds=0), GLOBAL, OUTPUT,
    ),
    "residual, pre-activation, with batch normalization": (
        conv(16, 3, activation=IDENTITY),
        NORM_RELU, conv(16, 3, batchnorm=NORM), conv(16, 3, activation=IDENTITY, adds=0),
        NORM_RELU, conv(16, 3, batchnorm=NORM), conv(16, 3, activation=IDENTITY, adds=3), NORM_RELU, GLOBAL, OUTPUT,
    ),
    "residual, dense": (dense(64), dense(64), replace(dense(64), adds=0), OUTPUT),
}  # fmt: skip


def examples() -> Dataset:
    """Return Gaussian images with random labels."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((ROWS, int(np.prod(IMAGE)))).astype(np.float32)
    y = rng.integers(0, CLASSES, ROWS)
    return Dataset(x, y, x[:0], y[:0], x[:0], y[:0], CLASSES, IMAGE)


def engine(nodes: tuple[Node, ...], data: Dataset) -> tuple[Setup, float]:
    """Return the network after a forward and a backward pass in training mode, and its loss."""
    training = TrainingSpec(batch_size=ROWS)
    run = RunSpec(DataSpec(Component("gaussian")), (), NetworkSpec(nodes), training, ProbeSpec(0, ROWS), 0)
    setup = set_up(run, data)
    x = np.ascontiguousarray(setup.dataset.x_train).reshape(-1)
    gather(x, data.y_train, data.features, np.arange(ROWS), setup.work)
    loss = gradient(setup.net, setup.state, setup.work, setup.recipe, ROWS, TRAIN, NO_STEP)
    return setup, float(loss)


def blocks(setup: Setup) -> list[tuple[tuple[int, str], slice]]:
    """Return ((operation, name), place in the parameter vector) of all parameters."""
    found = []
    for index, (operation, code) in enumerate(zip(setup.operations, setup.net.codes, strict=True)):
        sizes = {
            "weight": (WEIGHTS, operation.weights),
            **{name: (column, operation.width) for name, column in VECTORS},
        }
        for name, (column, size) in sizes.items():
            if code[column] >= 0 and size:
                found.append(((index, name), slice(int(code[column]), int(code[column]) + size)))
    return found


VECTORS = (("bias", BIAS), ("gamma", GAMMA), ("beta", BETA))


def forward(operations: tuple[Operation, ...], p: Parameters, x: torch.Tensor) -> torch.Tensor:
    """Return the outputs of the network; x has the shape (rows, channels, height, width), or (rows, features)."""
    outputs = {-1: x}
    for index, operation in enumerate(operations):
        z = linear(operation, outputs[operation.source], p.get((index, "weight")), p.get((index, "bias")))
        if operation.batchnorm:
            gamma, beta = p[index, "gamma"], p[index, "beta"]
            z = functional.batch_norm(z, None, None, gamma, beta, training=True, eps=operation.batchnorm.epsilon)
        if operation.adds is not None:
            z = z + outputs[operation.adds]
        outputs[index] = {"relu": torch.relu, "tanh": torch.tanh, "identity": torch.clone}[operation.activation.name](z)
    return outputs[len(operations) - 1]


def linear(
    operation: Operation, a: torch.Tensor, weight: torch.Tensor | None, bias: torch.Tensor | None
) -> torch.Tensor:
    """Return the pre-activations of an operation."""
    g = operation.geometry
    if g is None and weight is None:
        return a
    if g is None:
        flat = a.permute(0, 2, 3, 1).flatten(1) if a.ndim == 4 else a
        return functional.linear(flat, weight.T, bias)
    window, stride = (g.window_height, g.window_width), (g.stride_height, g.stride_width)
    if weight is None:
        pooled = {"max_pool": functional.max_pool2d, "average_pool": functional.avg_pool2d}[operation.kind.name]
        return pooled(a, window, stride)
    bottom = max((g.out_height - 1) * stride[0] + window[0] - g.height - g.top, 0)
    right = max((g.out_width - 1) * stride[1] + window[1] - g.width - g.left, 0)
    padded = functional.pad(a, (g.left, right, g.top, bottom))
    kernel = weight.reshape(*window, g.channels, -1).permute(3, 2, 0, 1)
    return functional.conv2d(padded, kernel, bias, stride)


def compare(name: str, data: Dataset) -> tuple[str, int, float, float, float]:
    """Return (name, parameters, differences of the outputs, of the loss, and of the gradient)."""
    setup, loss = engine(NETWORKS[name], data)
    p: Parameters = {}
    for (index, kind), place in blocks(setup):
        values = torch.tensor(setup.state.params[place])
        shape = (setup.operations[index].fan_in, -1) if kind == "weight" else (-1,)
        p[index, kind] = values.reshape(shape).requires_grad_()
    x = torch.tensor(data.x_train)
    images = len(setup.operations[0].input_shape) == 3
    logits = forward(setup.operations, p, x.reshape(-1, *IMAGE) if images else x)
    theirs = functional.cross_entropy(logits, torch.tensor(data.y_train))
    theirs.backward()
    place = int(setup.net.codes[-1, ACTS]) * ROWS
    own = setup.work.blocks[place : place + ROWS * CLASSES].reshape(ROWS, CLASSES)
    grads = [(setup.state.grads[place], p[key].grad.numpy().ravel()) for key, place in blocks(setup)]
    ours, other = (np.concatenate([pair[side] for pair in grads]) for side in (0, 1))
    assert ours.size == setup.state.params.size
    differences = relative(own, logits.detach().numpy()), abs(loss / float(theirs.detach()) - 1), relative(ours, other)
    return name, ours.size, *differences


def relative(ours: Any, theirs: Any) -> float:
    """Return the largest difference relative to the largest value."""
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


def main() -> None:
    """Print the differences of all networks; exit with an error if one is too large."""
    print(
        f"PyTorch {torch.__version__}, images {IMAGE}, batch {ROWS}; largest differences relative to the largest value"
    )
    print("| network | parameters | outputs | loss | gradients |\n|---|---|---|---|---|")
    rows = [compare(name, examples()) for name in NETWORKS]
    for name, size, *differences in rows:
        print(f"| {name} | {size} | {' | '.join(f'{value:.1e}' for value in differences)} |")
    if max(max(row[2:]) for row in rows) > LIMIT:
        raise SystemExit(f"a difference is larger than {LIMIT}")


if __name__ == "__main__":
    main()
