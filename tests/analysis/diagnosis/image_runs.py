"""Small networks with convolutions and residual blocks for the tests of rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reportgen.engine.network_spec import BranchSpec, NetworkSpec, Node
from reportgen.engine.train import train
from reportgen.runs.record import RunRecord
from tests.engine.image_networks import IDENTITY, RELU, before, conv, dense, images, output
from tests.engine.networks import init, spec

SHAPE = (1, 6, 6)
STEM = conv(4, act=RELU, bias=0.0)


def run(nodes: tuple[Node, ...], seed: int = 0, shape: tuple[int, int, int] = SHAPE, **training: Any) -> RunRecord:
    """Return the record of a run on images, with settings for `tests.engine.networks.spec`."""
    given = {"epochs": 4, "batch_size": 16, "lr": 0.02, "looks": 5} | training
    one = replace(spec(seed=seed, **given), network=NetworkSpec(nodes))
    o = train(one, images(120, 20, shape))
    return RunRecord(f"{seed}", one, o.status, o.stopped_at_step, o.steps, 0.0, o.final, o.facts, o.arrays)


def runs(nodes: tuple[Node, ...], **training: Any) -> list[RunRecord]:
    """Return the records of three seeds."""
    return [run(nodes, seed, **training) for seed in range(3)]


def block(source: int, number: int, blocks: int, weights: Any, last: Any = None, **first: Any) -> list[Node]:
    """Return the layers of a residual block of two convolutions on the outputs of node `source`."""
    places = [BranchSpec(number, blocks, place, 2) for place in (1, 2)]
    begin = replace(conv(4, act=RELU, bias=0.0, branch=places[0]), init=weights, **first)
    end = replace(conv(4, act=RELU, bias=0.0, branch=places[1], adds=source), init=last or weights)
    return [begin, end]


def residual(weights: Any, last: Any = None, **first: Any) -> tuple[Node, ...]:
    """Return a network of a convolution and two residual blocks; `first` are settings of the branches' first layers."""
    blocks = [*block(0, 1, 2, weights, last, **first), *block(2, 2, 2, weights, last, **first)]
    return (STEM, *blocks, output())


def projected(order: str) -> tuple[Node, ...]:
    """Return a network with a projection, with activation of the sum (`post`) or before each layer (`pre`)."""
    places = [BranchSpec(1, 1, place, 2) for place in range(3)]
    shortcut = conv(6, 1, IDENTITY, bias=0.0, stride=2, branch=places[0])
    start = [] if order == "post" else [before(None)]
    at = len(start)
    first = conv(6, act=RELU, bias=0.0, source=at, stride=2, branch=places[1])
    last = conv(6, act=RELU if order == "post" else IDENTITY, bias=0.0, adds=at + 1, branch=places[2])
    end = [] if order == "post" else [before(None)]
    return (STEM, *start, shortcut, first, last, *end, output())


HE, ZERO = init("he_normal"), init("zero")
PLAIN = (STEM, conv(6, act=RELU, bias=0.0), dense(8, RELU, bias=0.0), output())
