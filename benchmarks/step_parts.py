"""The time of each part of a training step, in microseconds: `python -m benchmarks.step_parts`.

The columns are a step on one core while the others are idle, a step while every core trains, and each part alone, with
its data in the cache. The time of products in a step minus their time alone is the time of waiting for memory. Kernels
count the time of each call by the time stamp counter; the processor time of a step is measured without that. The values
are low quantiles over many repetitions of the same steps, so that other work on the machine has little effect.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import numpy as np
from numba import float32, types
from threadpoolctl import threadpool_limits

from benchmarks.nets import NETS, Net
from benchmarks.ours import dataset_of, run_spec
from benchmarks.parts_alone import parts_alone
from benchmarks.timed_kernels import Clock, product_types, ticks_per_second
from reportgen.engine.network import ACTIVATE, DIFFERENTIATE
from reportgen.engine.probes.arrays import ProbeSchedule, new_probe_arrays
from reportgen.engine.probes.probe_spec import ProbeSpec
from reportgen.engine.setup import set_up
from reportgen.engine.step import SCORE_COLUMNS, train_steps

PRODUCTS = ("forward", "backward", "weights")
PARTS = (*PRODUCTS, "activation", "derivative", "loss")
WORDS = {
    "step": "whole step",
    "forward": "products, forward",
    "backward": "products, backward",
    "weights": "products, gradients of weights, with the update",
    "update": "- of these, the update",
    "packing": "- of these, transposing weights to panels",
    "waiting": "- of these, waiting for memory",
    "activation": "activation",
    "derivative": "derivative of the activation",
    "loss": "loss",
    "rest": "rest",
    "gather": "- of the rest, gathering the batch",
    "shuffle": "- of the rest, shuffling",
    "bias": "- of the rest, gradients of biases",
    "calls": "- of the rest, calls of products by address",
}
_QUANTILE, _LARGE, _STEP_RATE, _MOST_CALLS = 0.05, 1e8, 1e-3, 4096
_VECTOR = float32[::1]


class Run:
    """A run that trains a few steps again and again; its kernels count their time if it is `timed`."""

    def __init__(self, net: Net, timed: bool) -> None:
        self.steps = net.steps_per_epoch if net.flops_per_step < _LARGE else 1
        self.per_epoch, dataset = net.steps_per_epoch, dataset_of(net)
        spec = run_spec(net, ProbeSpec(looks=0), seed=0)
        self.setup, self.clock = set_up(spec, dataset), Clock(PARTS, _MOST_CALLS)
        self.net = _timed_network(self.setup.net, self.clock) if timed else self.setup.net
        no_probes = new_probe_arrays(spec.network, 1)
        self.schedule = ProbeSchedule(0, 0, np.empty(0, np.int64), np.empty(0, np.float32), no_probes)
        self.order, self.rates = np.arange(len(dataset.y_train)), np.full(self.steps, _STEP_RATE)
        self.losses, self.scores = np.zeros(self.steps, np.float32), np.zeros((2, len(SCORE_COLUMNS)))

    def measure(self) -> float:
        """Train, and return the processor time of a step in seconds."""
        s = self.setup
        self.clock.clear()
        begin = time.thread_time()
        done = train_steps(  # type: ignore[no-untyped-call]
            self.net, s.state, s.work, s.recipe, s.examples, self.per_epoch, self.order, 0, self.rates, self.losses,
            self.scores, self.schedule,
        )  # fmt: skip
        if done != self.steps:
            raise RuntimeError(f"training ended after {done} of {self.steps} steps")
        return (time.thread_time() - begin) / self.steps


def _timed_network(net: Any, clock: Clock) -> Any:
    """Return the network with kernels that count their time."""
    codes, done = net.codes.copy(), {0: 0}
    for column, part, arguments in ((ACTIVATE, "activation", 2), (DIFFERENTIATE, "derivative", 4)):
        for row in codes:
            kernel = int(row[column])
            if kernel not in done:
                done[kernel] = clock.kernel(part, kernel, (_VECTOR,) * arguments)
            row[column] = done[kernel]
    loss = clock.kernel("loss", net.loss, (_VECTOR, types.int64[::1], types.int64, _VECTOR), returns=True)
    product = clock.product(net.product, product_types(np.dtype(np.float32)))
    return net._replace(codes=codes, loss=loss, product=product)


def in_step(net: Net, repeats: int, cores: int) -> Mapping[str, float]:
    """Return the microseconds of a step and of its parts while this number of cores train, the mean over the cores."""
    rate, together = ticks_per_second(), Barrier(cores)

    def work(_: int) -> list[float]:
        plain, timed = Run(net, timed=False), Run(net, timed=True)
        plain.measure(), timed.measure()
        together.wait()
        steps, calls = [], []
        for _ in range(repeats):
            steps.append(plain.measure())
            timed.measure()
            calls.append(timed.clock.ticks())
        together.wait()
        parts = np.quantile(calls, _QUANTILE, axis=0).sum(axis=1) / rate / timed.steps
        return [float(np.quantile(steps, _QUANTILE)), *parts.tolist()]

    with ThreadPoolExecutor(cores) as pool:
        means = 1e6 * np.mean(list(pool.map(work, range(cores))), axis=0)
    parts = dict(zip(("step", *PARTS), means.tolist(), strict=True))
    return parts | {"rest": parts["step"] - sum(parts[part] for part in PARTS)}


def columns(net: Net, repeats: int) -> list[Mapping[str, float]]:
    """Return the columns of the table of a network."""
    alone = parts_alone(net, Run(net, timed=False).setup)
    found: list[Mapping[str, float]] = []
    for cores in (1, os.cpu_count() or 1):
        parts = in_step(net, repeats, cores)
        found.append({**parts, "waiting": sum(parts[part] - alone[part] for part in PRODUCTS)})
    return [*found, alone]


def main() -> None:
    """Measure and print a table for every network."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.step_parts", description=__doc__)
    parser.add_argument("--net", choices=[net.name for net in NETS], help="measure only this network")
    parser.add_argument("--repeats", type=int, default=600, help="measurements of a small network (default 600)")
    options = parser.parse_args()
    with threadpool_limits(1):
        for net in NETS:
            if options.net in (None, net.name):
                few = net.flops_per_step >= _LARGE
                found = columns(net, max(8, options.repeats // 5) if few else options.repeats)
                print(f"\n{net.name:<52}{'one core':>12}{'all cores':>12}{'alone':>12}")
                for part, words in WORDS.items():
                    cells = (f"{column[part]:12.2f}" if part in column else " " * 12 for column in found)
                    print(f"{words:<52}{''.join(cells)}", flush=True)


if __name__ == "__main__":
    main()
