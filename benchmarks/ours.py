"""The engine of reportgen: complete runs in one thread per core, as in a study."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from threadpoolctl import threadpool_limits

from benchmarks.nets import Conv, Net, Pool, examples
from benchmarks.workers import Measure
from reportgen.data.dataset import Dataset
from reportgen.data.spec import DataSpec
from reportgen.engine.network_spec import LayerSpec, NetworkSpec, Node, PoolSpec, WindowSpec
from reportgen.engine.probes.probe_spec import ProbeSpec
from reportgen.engine.spec import RunSpec, TrainingSpec
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.inits import INITS
from reportgen.engine.tables.optimizers import OPTIMIZERS
from reportgen.engine.train import train
from reportgen.registry import Component, Row


def prepare(net: Net, option: str) -> Measure:
    """Return a Measure; `option` is "probes" (default settings) or "noprobes", with the prefix "1-" for one thread."""
    from reportgen.runs.executors import default_workers  # a late import, since a first run does not need it

    threads = 1 if option.startswith("1") else default_workers()
    probes = ProbeSpec(looks=0) if option.endswith("noprobes") else ProbeSpec()
    dataset, seeds = dataset_of(net), itertools.count()
    threadpool_limits(1)
    train(run_spec(net, probes, seed=0, epochs=1), dataset)  # compiles
    start = time.perf_counter()
    train(run_spec(net, probes, seed=0), dataset)
    run_seconds = time.perf_counter() - start
    total = net.epochs * net.steps_per_epoch

    def run(_: int) -> None:
        outcome = train(run_spec(net, probes, seed=next(seeds)), dataset)
        if outcome.steps != total:
            raise RuntimeError(f"a run of {total} steps ended after {outcome.steps}")

    pool = ThreadPoolExecutor(threads)

    def measure(seconds: float) -> tuple[int, float]:
        runs = threads * max(1, round(seconds / run_seconds))  # all threads do the same number of runs and end together
        start = time.perf_counter()
        list(pool.map(run, range(runs)))
        return runs * total, time.perf_counter() - start

    return measure


def dataset_of(net: Net) -> Dataset:
    """Return the examples as a data set for the engine.

    It has one validation example, so that scoring after every epoch costs little; the other systems do not score.
    """
    x, y = examples(net)
    empty = x[:0], y[:0]
    shape = (net.image[0], net.image[1], net.image[2]) if net.image else None
    return Dataset(x, y, x[:1], y[:1], *empty, classes=net.sizes[-1], image_shape=shape)


def run_spec(net: Net, probes: ProbeSpec, seed: int, epochs: int | None = None) -> RunSpec:
    """Return the specification of one run of the network."""
    phi, identity = component(ACTIVATIONS, "relu" if net.image else "tanh"), component(ACTIVATIONS, "identity")
    init = component(INITS, "xavier", gain=1.0)
    *hidden, classes = net.sizes[1:]
    nodes: list[Node] = [_node(block, phi, init) for block in net.blocks]
    nodes += [LayerSpec(units, phi, init) for units in hidden] + [LayerSpec(classes, identity, init)]
    training = TrainingSpec(
        optimizer=component(OPTIMIZERS, "sgd", momentum=net.momentum),
        lr=net.lr,
        batch_size=net.batch,
        epochs=net.epochs if epochs is None else epochs,
    )
    return RunSpec(DataSpec(Component("gaussian")), (), NetworkSpec(tuple(nodes)), training, probes, seed)


def _node(block: Conv | Pool, phi: Component, init: Component) -> Node:
    if isinstance(block, Pool):
        return PoolSpec("max_pool", WindowSpec((block.size, block.size), (block.size, block.size)))
    window = WindowSpec((block.kernel, block.kernel), padding=(block.padding, block.padding))
    return LayerSpec(block.filters, phi, init, kind="conv", window=window)


def component(rows: Mapping[str, Row], name: str, **given: Any) -> Component:
    """Return a component with the defaults of its row filled in, as in the plan of a study."""
    return Component.of(name, **{parameter.name: parameter.default for parameter in rows[name].parameters} | given)
