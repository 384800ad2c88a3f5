"""Time under Python's lock: `python -m benchmarks.lock` prints what a short run and its division cost, and a model.

Inside: processor time of a run that is not spent in compiled kernels, an upper bound of its time under the lock, since
some of it is in libraries and the file system. Parent: processor time of the process that hands out runs, by run. The
model is the efficiency on 64 cores with runs of 50 ms: threads of one process, and processes of a few threads whose
parent serves one run at a time. The last lines are measured with one thread for each core of this machine, also without
a lock on free-threaded Python, where the lines before have no meaning.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from numba.core.dispatcher import Dispatcher
from threadpoolctl import threadpool_limits

from benchmarks.nets import NETS
from benchmarks.ours import dataset_of, run_spec
from reportgen.engine.probes.probe_spec import ProbeSpec
from reportgen.runs import processes
from reportgen.runs.executors import Job, train_job
from reportgen.runs.processes import THREADS, has_lock, throughput
from reportgen.runs.store import Store
from reportgen.study.planning.plan import PlannedRun
from reportgen.workflow.request import make_request, plan_jobs

RUNS = 20
REPEATS = 5
MEASURED_EPOCHS = (60, 1)
CORES, RUN_SECONDS = 64, 0.05
STUDY = """\
title: Many short runs
question: How long does the parent take?
data: {name: blobs, samples: 40, features: 3, classes: 2}
network: {hidden: [4]}
training: {epochs: 1}
seeds: 100
"""


class TimedKernel:
    """A kernel that adds the processor time of its calls from Python to a total."""

    total = 0.0

    def __init__(self, kernel: Any) -> None:
        self.kernel = kernel

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["kernel"], name)

    def __call__(self, *arguments: Any) -> Any:
        """Call the kernel."""
        start = time.thread_time()
        try:
            return self.kernel(*arguments)
        finally:
            TimedKernel.total += time.thread_time() - start


def run_seconds(folder: Path) -> tuple[float, float]:
    """Return the processor time of a run of about 50 ms with its storing, in all and outside of kernels."""
    net = replace(NETS[-1], epochs=60)
    specs, dataset, store = [run_spec(net, ProbeSpec(), seed) for seed in range(RUNS)], dataset_of(net), Store(folder)
    jobs = [Job(PlannedRun("small", spec.seed, spec), spec.key("data"), "data") for spec in specs]

    def work() -> float:
        start = time.thread_time()
        for job in jobs:
            record = train_job(job, lambda: dataset, 1, None, None)
            if record.status != "ok":
                raise RuntimeError(record.error)
            store.save(record)
        return time.thread_time() - start

    work()
    kernels: dict[Any, TimedKernel] = {}
    modules = [module for name, module in sys.modules.items() if name.startswith("reportgen")]
    for module in modules:
        for name, value in list(vars(module).items()):
            if isinstance(value, Dispatcher):
                setattr(module, name, kernels.setdefault(value, TimedKernel(value)))
    whole = work()
    return whole / RUNS, (whole - TimedKernel.total) / RUNS


def thread_efficiency(workers: int, epochs: int) -> tuple[float, float]:
    """Return the seconds of a run alone, and the rate of many threads relative to so many times that of one."""
    net = replace(NETS[-1], epochs=epochs)
    dataset = dataset_of(net)
    specs = [run_spec(net, ProbeSpec(), seed) for seed in range(RUNS * workers)]
    jobs = [Job(PlannedRun("small", spec.seed, spec), spec.key("data"), "data") for spec in specs]

    def rate(threads: int, count: int) -> float:
        with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(threads) as pool:
            store, start = Store(Path(folder)), time.perf_counter()
            for record in pool.map(lambda job: train_job(job, lambda: dataset, threads, None, None), jobs[:count]):
                store.save(record)
            return count / (time.perf_counter() - start)

    rate(workers, workers)
    pairs = [(rate(1, RUNS), rate(workers, RUNS * workers)) for _ in range(REPEATS)]
    alone = 1 / statistics.median(one for one, _ in pairs)
    return alone, statistics.median(many / one for one, many in pairs) / workers


def parent_seconds(folder: Path) -> float:
    """Return the processor time of this process for each run that another process trains, without the start."""
    (folder / "short.yaml").write_text(STUDY, encoding="utf-8")
    jobs = plan_jobs(make_request(folder / "short.yaml", output=folder).plan)
    finished: list[float] = []
    processes.run_all(
        jobs,
        store=Store(folder / "runs"),
        finished=lambda job, record: finished.append(time.process_time()),
        folder=folder,
        workers=THREADS,
        processes=1,
    )
    return (finished[-1] - finished[0]) / (len(finished) - 1)


def main() -> None:
    """Measure and print the values."""
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as name, threadpool_limits(1):
        measured = [thread_efficiency(cores, epochs) for epochs in MEASURED_EPOCHS]
        parent = parent_seconds(Path(name))
        whole, inside = run_seconds(Path(name) / "kernels")
    alone = 1 / (RUN_SECONDS + inside)
    divided = min(CORES / THREADS * throughput(THREADS, RUN_SECONDS, inside), 1 / parent)
    print(f"a run               {whole * 1e3:8.2f} ms")
    print(f"outside of kernels  {inside * 1e3:8.2f} ms")
    print(f"parent              {parent * 1e3:8.3f} ms, {parent / RUN_SECONDS:.2%} of a run of 50 ms")
    print(f"64 cores, threads   {throughput(CORES, RUN_SECONDS, inside) / CORES / alone:8.1%} efficiency")
    print(f"64 cores, processes {divided / CORES / alone:8.1%} efficiency")
    print(f"lock                {'yes' if has_lock() else 'no, this is free-threaded Python':>8}")
    for seconds, efficiency in measured:
        print(f"{cores} threads, measured {efficiency:8.1%} efficiency with runs of {seconds * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
