"""Training speed against PyTorch, JAX and the machine's sgemm rate: `python -m benchmarks.training`.

Both cores are busy in every row that can keep them busy; steps are summed over the runs that go on at the same time.
The systems take turns, and the median of the turns counts. Peers that are not installed are left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.nets import NETS, Net
from benchmarks.workers import System, Workers

ONE_CORE = {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"}
TORCH, JAX = "benchmarks.peer_torch", "benchmarks.peer_jax"
PAUSE_SECONDS = 0.3  # threads that wait for work by spinning have given up by then

SYSTEMS = (
    System("reportgen", "benchmarks.ours", "probes", threads=2),
    System("reportgen-noprobes", "benchmarks.ours", "noprobes", threads=2),
    System("sgemm", "benchmarks.bound", processes=2),
    System("torch-1-thread", TORCH, "fused", requires="torch"),
    System("torch-2-threads", TORCH, "foreach", threads=2, requires="torch"),
    System("torch-2-processes", TORCH, "fused", processes=2, requires="torch"),
    System("torch-2-processes-foreach", TORCH, "foreach", processes=2, requires="torch"),
    System("jax-scan", JAX, "scan", threads=2, requires="jax"),
    System("jax-scan-2-processes", JAX, "scan", processes=2, env=ONE_CORE, requires="jax"),
    System("jax-vmap2", JAX, "vmap2", threads=2, requires="jax"),
    System("jax-vmap8-2-processes", JAX, "vmap8", processes=2, env=ONE_CORE, requires="jax"),
)

GOALS: Mapping[str, tuple[tuple[str, float], ...]] = {
    "500-[500]x10-10": (("best peer", 1.25), ("sgemm", 0.8)),
    "64-100-100-10": (("best peer", 2.0),),
    "64-32-32-10": (("best peer", 1.5), ("best torch", 15.0)),
}
"""The least ratio of `reportgen` to another rate, by net; besides, the probes may cost PROBE_COST of the speed."""

PROBE_COST = 0.05


def measure(net: Net, systems: Sequence[System], seconds: float, turns: int) -> dict[str, float]:
    """Return the median steps a second of every system, which take turns, each time in another order.

    What ran just before warms the processor or still winds down; in a fixed order that would always be the same.
    """
    order = random.Random(0)
    workers = {system.name: Workers(system, net) for system in systems}
    rates: dict[str, list[float]] = {system.name: [] for system in systems}
    try:
        for _ in range(turns):
            for name, worker in order.sample(list(workers.items()), len(workers)):
                time.sleep(PAUSE_SECONDS)
                rates[name].append(worker.steps_per_second(seconds))
    finally:
        for worker in workers.values():
            worker.close()
    return {name: statistics.median(values) for name, values in rates.items()}


def rows(net: Net, rates: Mapping[str, float]) -> list[dict[str, Any]]:
    """Return the rows of the JSON file."""
    return [
        {"net": net.name, "system": name, "steps_per_second": rate, "gflops": rate * net.flops_per_step / 1e9}
        for name, rate in rates.items()
    ]


def goals(net: Net, rates: Mapping[str, float]) -> list[tuple[str, float, bool]]:
    """Return each goal in words, the measured ratio, and whether it is met; goals without their peers are left out."""
    peers = {name: rate for name, rate in rates.items() if name.startswith(("torch", "jax"))}
    torch = [rate for name, rate in peers.items() if name.startswith("torch")]
    against = {"best peer": max(peers.values(), default=None), "best torch": max(torch, default=None)}
    against["sgemm"] = rates.get("sgemm")
    found = []
    for other, least in GOALS[net.name]:
        if (base := against[other]) is not None:
            ratio = rates["reportgen"] / base
            found.append((f"reportgen is at least {least:g} times {other}", ratio, ratio >= least))
    cost = 1 - rates["reportgen"] / rates["reportgen-noprobes"]
    return [*found, (f"probes cost at most {PROBE_COST:.0%}", cost, cost <= PROBE_COST)]


def show(net: Net, rates: Mapping[str, float]) -> None:
    """Print the table of a net and its goals."""
    print(f"\n{net.name}, batch {net.batch}: {net.flops_per_step / 1e6:.2f} million operations a step")
    for row in rows(net, rates):
        print(f"  {row['system']:<26}{row['steps_per_second']:>12.1f} steps/s{row['gflops']:>9.1f} GFLOP/s")
    for words, ratio, met in goals(net, rates):
        print(f"  {'met    ' if met else 'NOT met'}  {words}: {ratio:.3g}")


def main() -> None:
    """Measure, print, and write the JSON file where one is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all rates to FILE")
    parser.add_argument("--net", choices=[net.name for net in NETS], help="measure this net alone")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one measurement (default 3)")
    parser.add_argument("--turns", type=int, default=5, help="measurements of every system (default 5)")
    options = parser.parse_args()
    systems = [system for system in SYSTEMS if system.requires is None or importlib.util.find_spec(system.requires)]
    found: list[dict[str, Any]] = []
    for net in NETS:
        if options.net in (None, net.name):
            rates = measure(net, systems, options.seconds, options.turns)
            show(net, rates)
            found += rows(net, rates)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
