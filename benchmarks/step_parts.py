"""The time of each part of a training step: `python -m benchmarks.step_parts`."""

from __future__ import annotations

import argparse
import threading
import time
from typing import Any

import numpy as np
from numba import float32, types
from threadpoolctl import threadpool_limits

from benchmarks.nets import NETS, Net
from benchmarks.ours import dataset_of, run_spec
from benchmarks.timed_kernels import Clock, product_types, ticks_per_second
from reportgen.engine.network import ACTIVATE, DIFFERENTIATE
from reportgen.engine.probes.arrays import ProbeSchedule, new_probe_arrays
from reportgen.engine.setup import set_up
from reportgen.engine.spec import ProbeSpec
from reportgen.engine.step import SCORE_COLUMNS, train_steps

PARTS = ("forward", "backward", "weights", "activation", "derivative", "loss")
VECTOR = float32[::1]


class Timed:
    """A run whose kernels count their time, or do not."""

    def __init__(self, net: Net, timed: bool) -> None:
        self.net, self.dataset = net, dataset_of(net)
        spec = run_spec(net, ProbeSpec(looks=0), seed=0)
        self.setup = set_up(spec, self.dataset)
        self.clock = Clock(PARTS)
        s = self.setup
        self.compiled = self._replace() if timed else s.net
        self.schedule = ProbeSchedule(
            0, 0, np.empty(0, np.int64), np.empty(0, np.float32), new_probe_arrays(spec.network, 1)
        )
        self.order = np.arange(len(self.dataset.y_train))
        self.scores = np.zeros((net.epochs + 1, len(SCORE_COLUMNS)))
        self.losses = np.zeros(net.epochs * net.steps_per_epoch, np.float32)

    def _replace(self) -> Any:
        original = self.setup.net
        net = original._replace(codes=original.codes.copy())
        for column, part, count in ((ACTIVATE, "activation", 2), (DIFFERENTIATE, "derivative", 4)):
            done: dict[int, int] = {}
            for row in net.codes:
                if row[column]:
                    kernel = int(row[column])
                    done[kernel] = done.get(kernel) or self.clock.kernel(part, kernel, (VECTOR,) * count)
                    row[column] = done[kernel]
        loss = self.clock.kernel("loss", net.loss, (VECTOR, types.int64[::1], types.int64, VECTOR), returns=True)
        product = self.clock.product(net.product, product_types(np.dtype(np.float32)))
        return net._replace(loss=loss, product=product)

    def steps(self, count: int) -> float:
        """Train `count` steps from the first epoch on; return seconds."""
        s, lr = self.setup, np.full(count, 1e-3)
        begin = time.perf_counter()
        done = train_steps(
            self.compiled,
            s.state,
            s.work,
            s.recipe,
            s.examples,
            self.net.steps_per_epoch,
            self.order,
            0,
            lr,
            self.losses,
            self.scores,
            self.schedule,
        )
        used = time.perf_counter() - begin
        assert done == count
        return used


def measure(net: Net, repeats: int, cores: int) -> dict[str, float]:
    count = net.steps_per_epoch if net.flops_per_step < 1e8 else 1
    rate = ticks_per_second()
    results: list[dict[str, float]] = []
    barrier = threading.Barrier(cores)

    def work(first: bool) -> None:
        plain, timed = Timed(net, False), Timed(net, True)
        plain.steps(count), timed.steps(count)
        barrier.wait()
        found = []
        for _ in range(repeats):
            seconds = plain.steps(count)
            timed.clock.counts[:] = 0
            under = timed.steps(count)
            found.append((seconds, under, *(timed.clock.counts / rate)))
        barrier.wait()
        table = np.array(found) / count * 1e6
        under = np.quantile(table, 0.05, axis=0)
        best = under[0]
        results.append({"step": best, "timed step": under[1], **dict(zip(PARTS, under[2:], strict=True))})

    if cores == 1:
        work(True)
    else:
        threads = [threading.Thread(target=work, args=(i == 0,)) for i in range(cores)]
        [t.start() for t in threads]
        [t.join() for t in threads]
    return {k: float(np.mean([r[k] for r in results])) for k in results[0]}


def main() -> None:
    threadpool_limits(1)
    parser = argparse.ArgumentParser()
    parser.add_argument("--net", choices=[n.name for n in NETS])
    parser.add_argument("--repeats", type=int, default=600)
    o = parser.parse_args()
    for net in NETS:
        if o.net in (None, net.name):
            r = o.repeats if net.flops_per_step < 1e8 else max(8, o.repeats // 5)
            one, two = measure(net, r, 1), measure(net, r, 2)
            print(net.name)
            for k in one:
                print(f"  {k:<14}{one[k]:12.2f}{two[k]:12.2f}")
            rest = [x["step"] - sum(x[p] for p in PARTS) for x in (one, two)]
            print(f"  {'rest':<14}{rest[0]:12.2f}{rest[1]:12.2f}", flush=True)


if __name__ == "__main__":
    main()
