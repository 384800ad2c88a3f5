"""Small networks with convolution, pooling and residual blocks, and images for the engine's tests."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from reportgen.data.dataset import Dataset
from reportgen.engine.network_spec import (
    ActivationSpec,
    BatchNormSpec,
    BranchDropSpec,
    BranchSpec,
    DropoutSpec,
    LayerSpec,
    NetworkSpec,
    Node,
    PoolSpec,
    WindowSpec,
)
from reportgen.engine.spec import RunSpec
from reportgen.engine.tables.norms import NORMS
from reportgen.registry import Component
from tests.engine.networks import activation, component, init, optimizer, spec

SHAPE = (2, 6, 5)  # channels, height, width
NORM = BatchNormSpec(momentum=0.7)
RELU, TANH, IDENTITY = activation("relu"), activation("tanh"), activation("identity")


@cache
def images(n: int = 20, val: int = 6, shape: tuple[int, int, int] = SHAPE, classes: int = 4, seed: int = 0) -> Dataset:
    """Return Gaussian images, flat by channel, row and column, whose labels follow a linear teacher."""
    rng = np.random.default_rng(seed)
    features = int(np.prod(shape))
    x = rng.standard_normal((n + val, features)).astype(np.float32)
    y = np.argmax(x @ rng.standard_normal((features, classes)), axis=1).astype(np.int64)
    none = np.zeros((0, features), np.float32)
    return Dataset(x[:n], y[:n], x[n:], y[n:], none, np.zeros(0, np.int64), classes, shape)


def window(size: Any, stride: Any = 1, padding: Any = "same") -> WindowSpec:
    """Return a window; a number stands for both axes."""
    pair = lambda value: value if isinstance(value, tuple | str) else (value, value)  # noqa: E731
    return WindowSpec(pair(size), pair(stride), pair(padding))


def conv(
    filters: int,
    size: Any = 3,
    act: Component = TANH,
    weights: str = "he_normal",
    stride: Any = 1,
    padding: Any = "same",
    bias: float = 0.1,
    **more: Any,
) -> LayerSpec:
    """Return a convolution."""
    where = window(size, stride, padding)
    return LayerSpec(filters, act, init(weights), bias, kind="conv", window=where, **more)


def dense(units: int, act: Component = TANH, weights: str = "he_normal", bias: float = 0.1, **more: Any) -> LayerSpec:
    """Return a dense layer."""
    return LayerSpec(units, act, init(weights), bias, **more)


def output(weights: str = "he_normal", classes: int = 4) -> LayerSpec:
    """Return an output layer."""
    return LayerSpec(classes, IDENTITY, init(weights))


def pool(kind: str = "max", size: Any = 2, stride: Any = None) -> PoolSpec:
    """Return a pooling by max or average."""
    return PoolSpec(f"{kind}_pool", window(size, size if stride is None else stride, 0))


GLOBAL = PoolSpec("average_pool")


def before(norm: BatchNormSpec | None = NORM, act: Component = RELU, dropout: DropoutSpec | None = None) -> Node:
    """Return the normalization and activation at the start of a block with pre-activation."""
    return ActivationSpec(act, 0.05, norm, dropout)


def norm(name: str, **parameters: object) -> Component:
    """Return a normalization of examples with its defaults."""
    return component(NORMS, name, **parameters)


def fixup_branch(filters: int, block: int, blocks: int, length: int, adds: int) -> list[LayerSpec]:
    """Return the layers of a residual branch with Fixup."""
    places = [BranchSpec(block, blocks, place, length) for place in range(1, length + 1)]
    layers = [conv(filters, act=RELU, weights="fixup", bias=0.0, branch=place) for place in places]
    return [*layers[:-1], replace(layers[-1], adds=adds)]


DROP = DropoutSpec(0.3)
NETWORKS: dict[str, tuple[Node, ...]] = {
    "conv": (conv(3), conv(4, act=RELU, padding=0), output()),
    "strides": (conv(3, (3, 2), stride=(2, 1), padding=(1, 0)), conv(4, 2, RELU, stride=2), output()),
    "even kernels": (conv(3, (2, 4)), conv(3, 4, RELU, padding=(1, 2)), dense(5), output()),
    "pooling": (conv(3), pool(), conv(5, 2, RELU, padding=1), pool("average", (2, 3), (1, 2)), dense(6), output()),
    "overlapping pools": (conv(3, act=RELU), pool("max", 3, 2), pool("average", 2, 1), output()),
    "global": (conv(3, stride=2), conv(5, act=RELU), GLOBAL, output()),
    "global max": (pool("average", (2, 1)), conv(4, 1), PoolSpec("max_pool"), output()),
    "norm": (
        conv(3, batchnorm=NORM),
        pool(),
        conv(5, act=RELU, batchnorm=NORM, dropout=DROP),
        dense(6, batchnorm=NORM, dropout=DropoutSpec(0.4, "scale_at_test")),
        output(),
    ),
    "groups": (
        conv(4, norm=norm("group_norm", groups=2)),
        pool(),
        conv(6, act=RELU, norm=norm("layer_norm"), dropout=DROP),
        dense(6, norm=norm("group_norm", groups=2)),
        dense(5, act=activation("prelu"), norm=norm("layer_norm", epsilon=0.1)),
        output(),
    ),
    "pre-activation by example": (
        conv(4),
        ActivationSpec(RELU, 0.05, norm=norm("group_norm", groups=2)),
        conv(4, act=RELU, norm=norm("layer_norm")),
        conv(4, act=IDENTITY, adds=0),
        ActivationSpec(RELU, norm=norm("layer_norm")),
        GLOBAL,
        output(),
    ),
    "test mode": (conv(3, batchnorm=BatchNormSpec(update_running=False)), GLOBAL, output()),
    "learned": (
        conv(3, act=activation("prelu"), dropout=DropoutSpec(0.2, "unscaled")),
        conv(4, act=activation("maxout", pieces=3), batchnorm=NORM),
        output(),
    ),
    "sigmoid": (conv(3, act=activation("sigmoid")), conv(3, act=activation("gelu")), output()),
    "dead": (conv(6, act=RELU, bias=-4.3), dense(5, RELU, bias=-1.5), output()),
    "residual": (conv(3), conv(3, act=RELU), conv(3, act=RELU, adds=0), GLOBAL, output()),
    "from the input": (conv(3, source=-1), conv(2, act=RELU, adds=-1), pool(), output()),
    "stochastic depth": (
        conv(3, act=RELU),
        conv(3, act=RELU, batchnorm=NORM),
        conv(3, act=RELU, adds=0, batchnorm=NORM, branch_drop=BranchDropSpec(0.7)),
        conv(3, act=TANH),
        conv(3, act=RELU, adds=2, dropout=DROP, branch_drop=BranchDropSpec(0.5, "example")),
        conv(3, act=IDENTITY, adds=4, branch_drop=BranchDropSpec(0.4, "example")),
        dense(5, RELU),
        output(),
    ),
    "fixup with stochastic depth": (
        conv(3, act=RELU, weights="fixup"),
        *fixup_branch(3, 1, 2, 2, 0)[:-1],
        replace(fixup_branch(3, 1, 2, 2, 0)[-1], branch_drop=BranchDropSpec(0.6, "example")),
        *fixup_branch(3, 2, 2, 1, 2)[:-1],
        replace(fixup_branch(3, 2, 2, 1, 2)[-1], branch_drop=BranchDropSpec(0.6)),
        GLOBAL,
        output("fixup"),
    ),
    "projection": (
        conv(3, act=RELU),
        conv(4, 1, IDENTITY, stride=2, branch=BranchSpec(1, 1, 0, 2)),
        conv(4, act=RELU, source=0, stride=2, batchnorm=NORM),
        conv(4, act=RELU, adds=1, batchnorm=NORM, dropout=DROP),
        GLOBAL,
        output(),
    ),
    "dense residual": (dense(6), dense(6, RELU), dense(6, adds=0), dense(5), dense(6, RELU, adds=2), output()),
    "pre-activation": (
        conv(3),
        before(),
        conv(3, act=RELU, batchnorm=NORM),
        conv(3, act=IDENTITY, adds=0),
        before(None, dropout=DROP),
        conv(3, act=TANH),
        conv(3, act=IDENTITY, adds=3),
        before(act=activation("prelu")),
        GLOBAL,
        output(),
    ),
    "fixup": (
        conv(3, act=RELU, weights="fixup"),
        *fixup_branch(3, 1, 3, 2, 0),
        *fixup_branch(3, 2, 3, 1, 2),
        conv(4, 1, IDENTITY, "fixup", bias=0.0, branch=BranchSpec(3, 3, 0, 2)),
        replace(fixup_branch(4, 3, 3, 2, 4)[0], source=3),
        fixup_branch(4, 3, 3, 2, 4)[1],
        GLOBAL,
        output("fixup"),
    ),
}


def run_of(name: str, **changes: Any) -> RunSpec:
    """Return a short run of one of the networks; `changes` are those of `spec`."""
    run = spec(**{"epochs": 2, "batch_size": 8, "looks": 2, "lr": 0.05, **changes})
    return replace(run, network=NetworkSpec(NETWORKS[name]))


TRAINING: dict[str, dict[str, Any]] = {
    "conv": {"optimizer": optimizer("sgd", momentum=0.9), "l2": 0.02},
    "strides": {"optimizer": optimizer("adam"), "lr": 0.01, "l2": 0.02, "l1": 0.01},
    "pooling": {"optimizer": optimizer("sgd", momentum=0.9, nesterov=True), "clip_norm": 0.3, "l1": 0.01},
    "norm": {"optimizer": optimizer("adamw", weight_decay=0.3), "lr": 0.01},
    "residual": {"optimizer": optimizer("rmsprop"), "lr": 0.005, "clip_norm": 1.0},
    "projection": {"optimizer": optimizer("adagrad"), "lr": 0.02},
    "fixup": {"optimizer": optimizer("sgd", momentum=0.9, form="average"), "lr": 0.3, "clip_norm": 2.0},
    "groups": {"optimizer": optimizer("sgd", momentum=0.9), "l2": 0.02},
    "pre-activation by example": {"optimizer": optimizer("adam"), "lr": 0.01},
    "stochastic depth": {"optimizer": optimizer("sgd", momentum=0.9), "epochs": 3},
    "fixup with stochastic depth": {"lr": 0.3, "epochs": 3},
    "pre-activation": {"loss": Component("mse")},
    "learned": {"optimizer": optimizer("adam"), "clip_norm": 0.5, "lr": 0.01},
    "dense residual": {"loss": Component("hinge"), "l2": 0.01},
}
"""Settings of training for the runs that are compared with the reference."""
