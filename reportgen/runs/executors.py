"""Training the runs that are missing: on this machine's cores, or on a Dask cluster.

Runs are independent and single-threaded, so one thread a core is the whole schedule: the engine's kernels release
Python's lock, data sets are shared, and a run's numbers do not depend on how many others train beside it.
"""

from __future__ import annotations

import functools
import os
import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from reportgen import data
from reportgen.data.dataset import Dataset
from reportgen.data.spec import DataSpec
from reportgen.engine.spec import EPOCH_COLUMNS, SCORES, STATISTICS, RunSpec
from reportgen.engine.train import Cancelled, train
from reportgen.errors import MissingError, ReportgenError, UsageError, data_errors_at
from reportgen.plugins.loading import require
from reportgen.registry import Component, Plugin
from reportgen.runs.provenance import machine
from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import PlannedRun

GRACE_SECONDS = 0.8  # how long an interrupted study waits for its runs to notice
LOOK_SECONDS = 0.2  # how often the waiting thread wakes up: Windows hands over a Ctrl-C only then

DataKey = tuple[DataSpec, tuple[Component, ...], int]
T = TypeVar("T")


@dataclass(frozen=True)
class Job:
    """A run to be trained, with its key, its data's fingerprint, where a study names the data, and its plug-ins."""

    run: PlannedRun
    key: str
    fingerprint: str
    data_place: str = ""
    plugins: tuple[Plugin, ...] = ()

    @classmethod
    def of(cls, run: PlannedRun, fingerprint: str, data_place: str = "") -> Job:
        """Return the job of a planned run on data of that fingerprint."""
        return cls(run, run.spec.key(fingerprint), fingerprint, data_place, run.spec.plugins())


Progress = Callable[[Job, int, int], None]  # a job, its steps done, its steps in all
Keep = Callable[[Job, RunRecord], None]


def default_workers() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def run_all(
    jobs: Sequence[Job],
    *,
    keep: Keep,
    folder: Path,
    workers: int,
    dask: str | None = None,
    progress: Progress | None = None,
) -> None:
    """Train every job and pass each record to `keep`, which several threads may call at the same time.

    folder: folder of the study, which relative paths start from. A run that raises becomes a record of status
    "failed". A `ReportgenError` (such as a missing data set), an error in `keep` and Ctrl-C end all runs within a
    second.
    """
    if dask is None:
        _run_locally(_by_data(jobs), keep, folder, workers, progress)
    else:
        _run_on_dask(_by_data(jobs), keep, folder, dask)


def in_thread(action: Callable[[], T]) -> T:
    """Return what an action returns, which a thread of its own carries out: a Ctrl-C is obeyed at once.

    In the main thread it would wait for the compiler, or break off in its midst and come out as another error.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="reportgen")
    try:
        [future] = _as_finished([pool.submit(action)])
        return future.result()
    finally:
        pool.shutdown(wait=False)


def _run_locally(jobs: Sequence[Job], keep: Keep, folder: Path, workers: int, progress: Progress | None) -> None:
    stop = threading.Event()
    shared = SharedData(jobs, folder)

    def work(job: Job) -> None:
        report = None if progress is None else functools.partial(progress, job)
        try:
            keep(job, _train(job, lambda: shared.get(job.run.spec), workers, stop.is_set, report))
        finally:
            shared.done(job.run.spec)

    pool = ThreadPoolExecutor(workers, thread_name_prefix="reportgen")
    with threadpool_limits(limits=1):  # a BLAS of several threads changes the bits, and gains nothing here
        futures: list[Future[None]] = []
        try:
            futures += [pool.submit(work, job) for job in jobs]
            for future in _as_finished(futures):
                future.result()
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            wait([future for future in futures if not future.cancelled()], timeout=GRACE_SECONDS)
            raise
        pool.shutdown()


def _run_on_dask(jobs: Sequence[Job], keep: Keep, folder: Path, address: str) -> None:
    """Train on the workers of a Dask cluster, which need the study's folder under the same path.

    Raises MissingError if Dask is not installed, UsageError if no scheduler answers at the address.
    """
    try:
        from distributed import Client
    except ImportError as error:
        found, hint = "--dask requires the package distributed", "pip install 'reportgen[dask]'"
        raise MissingError("missing-library", found, hint=hint) from error
    try:
        client = Client(address, timeout=10)
    except (OSError, ValueError) as error:
        found, hint = f"no Dask scheduler answers at {address}", "an address such as tcp://localhost:8786"
        raise UsageError("no-scheduler", found, hint=hint) from error
    with client, client.get_executor() as pool:
        workers = sum(client.nthreads().values())
        futures = {pool.submit(_train_remotely, job, folder, workers): job for job in jobs}
        try:
            for future in _as_finished(futures):
                keep(futures.pop(future), future.result())
        except BaseException:
            for future in futures:
                future.cancel()
            raise


def _train_remotely(job: Job, folder: Path, workers: int) -> RunRecord:
    """Train one run in a worker of the cluster, which remembers the last data sets it prepared."""
    require(job.plugins)
    with threadpool_limits(limits=1):
        return _train(job, lambda: _remembered(folder, *_data_key(job.run.spec)), workers, None, None)


@functools.lru_cache(maxsize=2)
def _remembered(folder: Path, spec: DataSpec, preprocess: tuple[Component, ...], seed: int) -> Dataset:
    return data.load(spec, preprocess, seed, folder)


def _train(
    job: Job,
    prepare: Callable[[], Dataset],
    workers: int,
    cancel: Callable[[], bool] | None,
    progress: Callable[[int, int], None] | None,
) -> RunRecord:
    """Return the trained run's record, or that of a run that failed."""
    started = datetime.now(UTC)
    try:
        with data_errors_at(job.data_place):
            dataset = prepare()
        outcome = train(job.run.spec, dataset, cancel, progress)
    except (Cancelled, ReportgenError):
        raise
    except Exception as error:  # one run's accident must not cost the others; the next study run tries it again
        return failed_record(job, f"{type(error).__name__}: {error}", machine(workers, started))
    return RunRecord(
        key=job.key,
        spec=job.run.spec,
        status=outcome.status,
        stopped_at_step=outcome.stopped_at_step,
        steps=outcome.steps,
        train_seconds=outcome.train_seconds,
        final=outcome.final,
        facts=outcome.facts,
        arrays=outcome.arrays,
        provenance=machine(workers, started),
    )


def failed_record(job: Job, error: str, provenance: dict[str, Any]) -> RunRecord:
    """Return the record of a run that raised an error: every array is there, and empty."""
    layers = len(job.run.spec.network.layers)
    arrays: dict[str, Any] = {f"epoch_{name}": np.zeros(0) for name in EPOCH_COLUMNS}
    arrays |= {f"probe_{name}": np.zeros((0, layers), np.float32) for name in STATISTICS}
    arrays |= {"step_loss": np.zeros(0, np.float32), "probe_step": np.zeros(0, np.int64)}
    return RunRecord(
        key=job.key,
        spec=job.run.spec,
        status="failed",
        stopped_at_step=0,
        steps=0,
        train_seconds=0.0,
        final=dict.fromkeys(SCORES, np.nan),
        facts={},
        arrays=arrays,
        error=error,
        provenance=provenance,
    )


class SharedData:
    """The prepared data sets of the runs under way: each is prepared once, and dropped after its last run."""

    def __init__(self, jobs: Iterable[Job], folder: Path) -> None:
        self._folder = folder
        self._left = Counter(_data_key(job.run.spec) for job in jobs)
        self._preparing = {key: threading.Lock() for key in self._left}
        self._counting = threading.Lock()
        self._ready: dict[DataKey, Dataset] = {}

    def get(self, spec: RunSpec) -> Dataset:
        """Return the run's data; whoever asks first prepares it, and the others wait for that."""
        key = _data_key(spec)
        with self._preparing[key]:
            if key not in self._ready:
                self._ready[key] = data.load(*key, self._folder)
            return self._ready[key]

    def done(self, spec: RunSpec) -> None:
        """Note that a run needs its data no longer."""
        key = _data_key(spec)
        with self._counting:
            self._left[key] -= 1
            if self._left[key] == 0:
                self._ready.pop(key, None)


def _data_key(spec: RunSpec) -> DataKey:
    return (spec.data, spec.preprocess, spec.seed if spec.data.seed is None else spec.data.seed)


def _by_data(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs with those of one data set in a row, so that few data sets are held at a time."""
    groups: dict[DataKey, list[Job]] = {}
    for job in jobs:
        groups.setdefault(_data_key(job.run.spec), []).append(job)
    return [job for group in groups.values() for job in group]


def _as_finished(futures: Iterable[Future[T]]) -> Iterator[Future[T]]:
    """Yield the futures as they finish; the waiting thread stays open to a Ctrl-C, at a cost linear in their number."""
    finished: queue.SimpleQueue[Future[T]] = queue.SimpleQueue()
    waiting = list(futures)
    for future in waiting:
        future.add_done_callback(finished.put)
    for _ in waiting:
        while True:
            try:
                future = finished.get(timeout=LOOK_SECONDS)
                break
            except queue.Empty:
                continue
        yield future
