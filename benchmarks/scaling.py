"""Scaling of the cost: `python -m benchmarks.scaling` prints time and memory by cores, runs and network size.

If the cost is proportional to the work, the last column is constant.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from benchmarks.memory import peak_bytes
from benchmarks.nets import NETS, Net
from benchmarks.ours import dataset_of, run_spec
from benchmarks.workers import System, Workers
from reportgen.engine.probes.probe_spec import ProbeSpec
from reportgen.engine.train import train

Row = dict[str, Any]

SMALL = NETS[-1]
MANY_RUNS = 1000
_MIN_EPOCHS = 10
"""Minimum length of a run in a sweep, so that setup and scoring have little effect."""
COLD_IMPORT = "import reportgen.engine.train"
COLD_TRAIN = (
    "from benchmarks.nets import NETS; from benchmarks.ours import dataset_of, run_spec\n"
    "from reportgen.engine.spec import ProbeSpec; from reportgen.engine.train import train\n"
    "train(run_spec(NETS[-1], ProbeSpec(), 0, epochs=1), dataset_of(NETS[-1]))"
)


def cores(seconds: float) -> list[Row]:
    """Return the steps per second of one thread and of one thread per core for every network."""
    rows: list[Row] = []
    for net in NETS:
        rates = []
        for option in ("1-noprobes", "noprobes"):
            workers = Workers(System(option, "benchmarks.ours", option), net)
            rates.append(statistics.median(workers.steps_per_second(seconds) for _ in range(3)))
            workers.close()
        rows.append({"what": "cores", "at": net.name, "one": rates[0], "all": rates[1], "times": rates[1] / rates[0]})
    return rows


def cost_by(what: str, nets: Sequence[tuple[Any, Net]]) -> list[Row]:
    """Return microseconds per step and GFLOP/s of one thread for a series of networks."""
    rows = []
    for at, net in nets:
        seconds = _fastest_run(net) / (net.epochs * net.steps_per_epoch)
        rows.append(
            {"what": what, "at": at, "us_per_step": seconds * 1e6, "gflops": net.flops_per_step / seconds / 1e9}
        )
    return rows


def _fastest_run(net: Net) -> float:
    dataset, probes = dataset_of(net), ProbeSpec(looks=0)
    train(run_spec(net, probes, seed=0, epochs=1), dataset)
    return min(_clock(lambda: train(run_spec(net, probes, seed=0), dataset)) for _ in range(3))


def _clock(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def sweeps() -> list[Row]:
    """Return the cost by width, depth and batch size."""

    def net(width: int = 100, depth: int = 3, batch: int = 64) -> Net:
        epochs = max(_MIN_EPOCHS, 200_000_000 // (1408 * (width * width * depth + 74 * width)))
        return Net("", (64, *[width] * depth, 10), batch, 1408, epochs)

    widths = [(width, net(width=width)) for width in (16, 31, 32, 64, 100, 128, 200, 256, 500, 512)]
    depths = [(depth, net(depth=depth)) for depth in (1, 2, 4, 8, 16, 32)]
    batches = [(batch, net(batch=batch)) for batch in (1, 2, 4, 8, 16, 32, 64, 128, 352, 704, 1408)]
    return [*cost_by("width", widths), *cost_by("depth", depths), *cost_by("batch", batches)]


def runs() -> list[Row]:
    """Return seconds per run, and the growth of the memory, by the number of small runs on all cores."""
    net, dataset = replace(SMALL, epochs=10), dataset_of(SMALL)
    train(run_spec(net, ProbeSpec(), 0), dataset)
    rows = []
    for count in (10, 100, MANY_RUNS):
        before = peak_bytes()
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            start = time.perf_counter()
            for _ in pool.map(lambda seed: train(run_spec(net, ProbeSpec(), seed), dataset).steps, range(count)):
                pass
            seconds = time.perf_counter() - start
        growth = (peak_bytes() - before) / 1e6
        rows.append(
            {"what": "runs", "at": count, "seconds": seconds, "ms_per_run": seconds / count * 1e3, "more_mb": growth}
        )
    return rows


def cold_start() -> list[Row]:
    """Return seconds of a first run in a new process, with an empty and with a full kernel cache."""
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {"NUMBA_CACHE_DIR": folder, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
        codes = {"import": COLD_IMPORT, "first run, empty cache": COLD_TRAIN, "first run, full cache": COLD_TRAIN}
        return [
            {"what": "start", "at": name, "seconds": _clock(lambda code=code: _python(code, env))}  # type: ignore[misc]
            for name, code in codes.items()
        ]


def _python(code: str, env: dict[str, str]) -> None:
    subprocess.run([sys.executable, "-c", code], env=env, check=True)


def show(rows: Sequence[Row]) -> None:
    """Print the rows of one measurement."""
    for row in rows:
        values = "  ".join(f"{name} {value:.4g}" for name, value in row.items() if name not in ("what", "at"))
        print(f"{row['what']:<7}{row['at']!s:<24}{values}", flush=True)


def main() -> None:
    """Measure, print the values, and write the JSON file if requested."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all rows to FILE")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one measurement of the cores (default 3)")
    options = parser.parse_args()
    found: list[Row] = []
    with threadpool_limits(1):
        for measure in (cold_start, lambda: cores(options.seconds), sweeps, runs):
            rows = measure()
            show(rows)
            found += rows
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
