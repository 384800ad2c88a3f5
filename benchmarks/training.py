"""Training speed compared with PyTorch, JAX and the sgemm rate of the machine: `python -m benchmarks.training`.

Every system uses both cores if it can; steps are summed over concurrent runs. The systems are measured in turns, and
the result is the median over the turns. The cost of probes is measured in pairs, since it is smaller than the
variation of the machine's speed. Systems that are not installed are omitted.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.nets import IMAGE_NETS, NETS, Net
from benchmarks.workers import System, Workers

ONE_CORE = {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"}
TORCH, JAX = "benchmarks.peer_torch", "benchmarks.peer_jax"
PAUSE_SECONDS = 0.3  # until idle threads stop spinning

SYSTEMS = (
    System("reportgen", "benchmarks.ours", "probes", threads=2, twin="noprobes"),
    System("sgemm", "benchmarks.bound", processes=2),
    System("torch-1-thread", TORCH, "fused", requires="torch"),
    System("torch-2-threads", TORCH, "foreach", threads=2, requires="torch"),
    System("torch-2-processes", TORCH, "fused", processes=2, requires="torch"),
    System("torch-2-processes-foreach", TORCH, "foreach", processes=2, requires="torch"),
    System("torch-2-threads-last", TORCH, "foreach-last", threads=2, requires="torch", for_images=True),
    System("torch-2-processes-last", TORCH, "fused-last", processes=2, requires="torch", for_images=True),
    System("jax-scan", JAX, "scan", threads=2, requires="jax"),
    System("jax-scan-2-processes", JAX, "scan", processes=2, env=ONE_CORE, requires="jax"),
    System("jax-vmap2", JAX, "vmap2", threads=2, requires="jax"),
    System("jax-vmap8-2-processes", JAX, "vmap8", processes=2, env=ONE_CORE, requires="jax"),
)

GOALS: Mapping[str, tuple[tuple[str, float], ...]] = {
    "500-[500]x10-10": (("best peer", 1.0), ("sgemm", 0.93)),
    "64-100-100-10": (("best peer", 1.4),),
    "64-32-32-10": (("best peer", 1.7), ("best torch", 15.0)),
    "digits-conv": (("best peer", 1.6),),
    "lenet": (("best peer", 2.0),),
    "cifar-conv": (("best peer", 0.9), ("sgemm", 0.8)),
}
"""Minimum ratios of the speed of `reportgen` to other speeds, by network; PROBE_COST limits the cost of probes."""

PROBE_COST = 0.05
OURS, BARE = "reportgen", "reportgen-noprobes"
PAIR_PART, PAIRED_PARTS = 1 / 3, 4
"""Duration of one measurement of a pair, and of all pairs of a turn, relative to other measurements.

Short intervals reduce changes of the machine's speed within a pair.
"""


@dataclass(frozen=True)
class Measured:
    """Result for a network: median steps per second of each system, and the relative cost of probes of each pair."""

    rates: Mapping[str, float]
    costs: Sequence[float]


def measure(net: Net, systems: Sequence[System], seconds: float, turns: int) -> Measured:
    """Return the speeds of the systems, measured in turns with a random order.

    The order varies, since a system can affect the next one by the temperature or by threads that are still running.
    """
    order = random.Random(0)
    workers = _started(systems, net)
    rates: dict[str, list[float]] = {name: [] for name in (OURS, BARE, *workers)}
    pairs: list[tuple[float, float]] = []
    try:
        for _ in range(turns):
            for name, worker in order.sample(list(workers.items()), len(workers)):
                if name == OURS:
                    pairs += _pairs(worker, seconds, len(pairs))
                else:
                    rates[name].append(_rate(worker, seconds))
    finally:
        for worker in workers.values():
            worker.close()
    rates[OURS], rates[BARE] = map(list, zip(*pairs, strict=True))
    costs = [1 - probing / bare for probing, bare in pairs]
    return Measured({name: statistics.median(values) for name, values in rates.items()}, costs)


def _started(systems: Sequence[System], net: Net) -> dict[str, Workers]:
    """Return the systems that are ready in time; JAX takes minutes to compile some convolutions."""
    workers: dict[str, Workers] = {}
    for system in systems:
        try:
            workers[system.name] = Workers(system, net)
        except TimeoutError as error:
            print(f"{net.name}: {error}, and is omitted")
    return workers


def _rate(worker: Workers, seconds: float, twin: bool = False) -> float:
    time.sleep(PAUSE_SECONDS)
    return worker.steps_per_second(seconds, twin)


def _pairs(worker: Workers, seconds: float, before: int) -> list[tuple[float, float]]:
    """Return pairs of speeds with and without probes, at least one; the order within pairs alternates."""
    pairs: list[tuple[float, float]] = []
    end = time.perf_counter() + PAIRED_PARTS * seconds
    while not pairs or time.perf_counter() < end:
        order = (False, True) if (before + len(pairs)) % 2 else (True, False)
        found = {bare: _rate(worker, PAIR_PART * seconds, bare) for bare in order}
        pairs.append((found[False], found[True]))
    return pairs


def rows(net: Net, rates: Mapping[str, float]) -> list[dict[str, Any]]:
    """Return the rows of the JSON file."""
    return [
        {"net": net.name, "system": name, "steps_per_second": rate, "gflops": rate * net.flops_per_step / 1e9}
        for name, rate in rates.items()
    ]


def goals(net: Net, measured: Measured) -> list[tuple[str, float, bool]]:
    """Return the text of each goal, the measured ratio, and whether the goal is met; omit systems not installed."""
    rates = measured.rates
    peers = {name: rate for name, rate in rates.items() if name.startswith(("torch", "jax"))}
    torch = [rate for name, rate in peers.items() if name.startswith("torch")]
    against = {"best peer": max(peers.values(), default=None), "best torch": max(torch, default=None)}
    against["sgemm"] = rates.get("sgemm")
    found = []
    for other, least in GOALS[net.name]:
        if (base := against[other]) is not None:
            ratio = rates[OURS] / base
            found.append((f"reportgen is at least {least:g} times {other}", ratio, ratio >= least))
    cost = statistics.median(measured.costs)
    return [*found, (f"probes cost at most {PROBE_COST:.0%} ({_spread(measured.costs)})", cost, cost <= PROBE_COST)]


def _spread(costs: Sequence[float]) -> str:
    """Return the number of pairs and their quartiles as text."""
    if len(costs) < 2:  # a turn of the large network is too short for more
        return "one pair"
    low, _, high = statistics.quantiles(costs, n=4)
    return f"median of {len(costs)} pairs, quartiles {low:.3f} and {high:.3f}"


def show(net: Net, measured: Measured) -> None:
    """Print the table of a network and its goals."""
    print(f"\n{net.name}, batch {net.batch}: {net.flops_per_step / 1e6:.2f} million operations per step")
    for row in rows(net, measured.rates):
        print(f"  {row['system']:<26}{row['steps_per_second']:>12.1f} steps/s{row['gflops']:>9.1f} GFLOP/s")
    for words, ratio, met in goals(net, measured):
        print(f"  {'met    ' if met else 'NOT met'}  {words}: {ratio:.3g}")


def main() -> None:
    """Measure, print the values, and write the JSON file if requested."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all rates to FILE")
    parser.add_argument("--net", choices=[net.name for net in (*NETS, *IMAGE_NETS)], help="measure only this network")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one measurement (default 3)")
    parser.add_argument("--turns", type=int, default=5, help="measurements of every system (default 5)")
    options = parser.parse_args()
    systems = [system for system in SYSTEMS if system.requires is None or importlib.util.find_spec(system.requires)]
    found: list[dict[str, Any]] = []
    for net in (*NETS, *IMAGE_NETS):
        if options.net in (None, net.name):
            suitable = [system for system in systems if net.image or not system.for_images]
            measured = measure(net, suitable, options.seconds, options.turns)
            show(net, measured)
            found += rows(net, measured.rates)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
