"""A LeNet and residual networks of two stages, for tests of what records and figures show of networks on images."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reportgen.engine.network_spec import BranchSpec, LayerSpec, NetworkSpec, Node, PoolSpec, WindowSpec
from reportgen.engine.spec import RunSpec
from tests.engine.networks import activation, init, spec

POOL = PoolSpec("max_pool", WindowSpec((2, 2), (2, 2)))
GLOBAL = PoolSpec("average_pool")


def layer(units: int, kernel: int = 0, act: str = "relu", stride: int = 1, **more: Any) -> LayerSpec:
    """Return a dense layer, or a convolution with a kernel and padding that keeps the size."""
    window = WindowSpec((kernel, kernel), (stride, stride), "same") if kernel else None
    kind = "conv" if kernel else "dense"
    return LayerSpec(units, activation(act), init(more.pop("init", "he_normal")), kind=kind, window=window, **more)


def lenet(act: str = "relu") -> tuple[Node, ...]:
    """Return two convolutions, each with pooling, and two dense layers."""
    return (layer(3, 3, act), POOL, layer(20, 3, act), layer(7, act=act), layer(4, act="identity"))


def residual(blocks: int = 6, init: str = "he_normal") -> tuple[Node, ...]:
    """Return a network of two stages of residual blocks; the second starts with a projection."""
    nodes: list[Node] = [layer(4, 3, init=init)]
    for block in range(1, 2 * blocks + 1):
        start, units, widens = len(nodes) - 1, 4 if block <= blocks else 8, block == blocks + 1
        stride = 2 if widens else 1
        place = BranchSpec(block, 2 * blocks, 0, 2)
        if widens:
            nodes.append(layer(units, 1, "identity", stride, init=init, branch=place))
        source = {"source": start} if widens else {}
        nodes.append(layer(units, 3, stride=stride, init=init, branch=replace(place, place=1), **source))
        adds = start + 1 if widens else start
        nodes.append(layer(units, 3, init=init, adds=adds, branch=replace(place, place=2)))
    return (*nodes, GLOBAL, layer(4, act="identity", init=init))


def run(nodes: tuple[Node, ...], **training: Any) -> RunSpec:
    """Return a run of a network."""
    return replace(spec(**training), network=NetworkSpec(nodes))
