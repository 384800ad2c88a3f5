"""Executors of training runs: threads on this machine, or a Dask cluster.

Runs are independent and single-threaded, so each core gets one thread: the engine's kernels release the global
interpreter lock, threads share the data sets, and the results of a run do not depend on the number of threads.
"""

from __future__ import annotations

import functools
import os
import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from threadpoolctl import threadpool_limits

from reportgen import data
from reportgen.data.dataset import Dataset
from reportgen.data.spec import DataSpec
from reportgen.engine.spec import RunSpec
from reportgen.engine.train import Cancelled, train
from reportgen.errors import MissingError, ReportgenError, UsageError, data_errors_at
from reportgen.plugins.loading import require
from reportgen.registry import Component, Plugin
from reportgen.runs.identity import Identity, RemoteRun, identity, proven_record, refuse_other_identity
from reportgen.runs.provenance import machine
from reportgen.runs.record import RunRecord, failed_record
from reportgen.study.planning.plan import PlannedRun

GRACE_SECONDS = 0.8  # time that an interrupted study gives its runs to stop
WAKE_SECONDS = 0.2  # interval at which the waiting thread wakes up, since Windows delivers Ctrl-C only then

DataKey = tuple[DataSpec, tuple[Component, ...], int]
T = TypeVar("T")


@dataclass(frozen=True)
class Job:
    """A run to train, with its key in the store, the fingerprint and place of its data, and its plug-ins.

    data_place: place in the study at which errors of the data are reported.
    """

    run: PlannedRun
    key: str
    fingerprint: str
    data_place: str = ""
    plugins: tuple[Plugin, ...] = ()

    @classmethod
    def of(cls, run: PlannedRun, fingerprint: str, data_place: str = "") -> Job:
        """Return the job of a planned run on the data with this fingerprint."""
        return cls(run, run.spec.key(fingerprint), fingerprint, data_place, run.spec.plugins())


Progress = Callable[[Job, int, int], None]  # job, completed steps, total steps
Keep = Callable[[Job, RunRecord], None]
Claim = Callable[[Job], AbstractContextManager[bool]]


def granted(job: Job) -> AbstractContextManager[bool]:
    """Claim a run that no other process trains."""
    return nullcontext(True)


def default_workers() -> int:
    """Return the number of CPU cores available to this process."""
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
    claim: Claim = granted,
) -> None:
    """Train every job and pass each record to `keep`, which several threads may call at the same time.

    folder: folder of the study, the base of relative paths. claim: is entered around each run on this machine, and
    yields whether it is to be trained. A run that raises an exception gives a record of status "failed". A
    `ReportgenError` (such as a missing data set), an error in `keep` and Ctrl-C stop all runs within a second.
    """
    if dask is None:
        _run_locally(_by_data(jobs), keep, folder, workers, progress, claim)
    else:
        _run_on_dask(_by_data(jobs), keep, folder, dask)


def in_thread(action: Callable[[], T]) -> T:
    """Run an action in a separate thread, so that Ctrl-C takes effect at once, and return its result.

    In the main thread, Ctrl-C would wait for the compiler, or interrupt it and surface as a different error.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="reportgen")
    try:
        [future] = _as_finished([pool.submit(action)])
        return future.result()
    finally:
        pool.shutdown(wait=False)


def _run_locally(
    jobs: Sequence[Job], keep: Keep, folder: Path, workers: int, progress: Progress | None, claim: Claim
) -> None:
    stop = threading.Event()
    datasets = SharedData(jobs, folder)

    def work(job: Job) -> None:
        report = None if progress is None else functools.partial(progress, job)
        try:
            with claim(job) as mine:
                if mine:
                    keep(job, _train(job, lambda: datasets.get(job), workers, stop.is_set, report))
        finally:
            datasets.release(job.run.spec)

    pool = ThreadPoolExecutor(workers, thread_name_prefix="reportgen")
    with threadpool_limits(limits=1):  # several BLAS threads change the last bits and are not faster here
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
    """Train on the workers of a Dask cluster, which must find the study's folder under the same path.

    Raises MissingError if Dask is not installed, UsageError if no scheduler answers at the address.
    """
    try:
        from distributed import Client
    except ImportError as error:
        message, hint = "--dask requires the package distributed", "pip install 'reportgen[dask]'"
        raise MissingError("missing-library", message, hint=hint) from error
    try:
        client = Client(address, timeout=10)
    except (OSError, ValueError) as error:
        message, hint = f"no Dask scheduler answers at {address}", "an address such as tcp://localhost:8786"
        raise UsageError("no-scheduler", message, hint=hint) from error
    with client, client.get_executor() as pool:
        workers = sum(client.nthreads().values())
        futures = {pool.submit(_train_remotely, job, folder, workers, identity()): job for job in jobs}
        try:
            for future in _as_finished(futures):
                keep(futures.pop(future), proven_record(future))
        except BaseException:
            for future in futures:
                future.cancel()
            raise


def _train_remotely(job: Job, folder: Path, workers: int, expected: Identity) -> RemoteRun:
    """Train one run in a worker of the cluster, which caches the last data sets that it prepared.

    Raises MissingError ("worker-differs") before training if the worker has not the expected identity.
    """
    refuse_other_identity(identity(), expected)
    require(job.plugins)
    with threadpool_limits(limits=1):
        load = functools.partial(_cached_data, folder, job.fingerprint, *_data_key(job.run.spec))
        return RemoteRun(_train(job, load, workers, None, None), identity())


@functools.lru_cache(maxsize=2)
def _cached_data(
    folder: Path, fingerprint: str, spec: DataSpec, preprocess: tuple[Component, ...], seed: int
) -> Dataset:
    return data.load(spec, preprocess, seed, folder, fingerprint)


def _train(
    job: Job,
    prepare: Callable[[], Dataset],
    workers: int,
    cancel: Callable[[], bool] | None,
    progress: Callable[[int, int], None] | None,
) -> RunRecord:
    """Return the record of the trained run, of status "failed" after an unexpected exception."""
    started = datetime.now(UTC)
    try:
        with data_errors_at(job.data_place):
            dataset = prepare()
        outcome = train(job.run.spec, dataset, cancel, progress)
    except (Cancelled, ReportgenError):
        raise
    except Exception as error:  # one failing run must not stop the others; it is trained again next time
        return failed_record(job.key, job.run.spec, f"{type(error).__name__}: {error}", machine(workers, started))
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
        data=job.fingerprint,
        provenance=machine(workers, started),
    )


class SharedData:
    """Prepared data sets of the runs in progress; each is prepared once and released after its last run."""

    def __init__(self, jobs: Iterable[Job], folder: Path) -> None:
        self._folder = folder
        self._pending = Counter(_data_key(job.run.spec) for job in jobs)
        self._preparing = {key: threading.Lock() for key in self._pending}
        self._counting = threading.Lock()
        self._ready: dict[DataKey, Dataset] = {}

    def get(self, job: Job) -> Dataset:
        """Return the data of a run; the first call prepares them, and concurrent calls wait.

        Raises StudyError ("data-changed") if they are not the data in the key of the run.
        """
        key = _data_key(job.run.spec)
        with self._preparing[key]:
            if key not in self._ready:
                self._ready[key] = data.load(*key, self._folder, job.fingerprint)
            return self._ready[key]

    def release(self, spec: RunSpec) -> None:
        """Release the data of a finished run."""
        key = _data_key(spec)
        with self._counting:
            self._pending[key] -= 1
            if self._pending[key] == 0:
                self._ready.pop(key, None)


def _data_key(spec: RunSpec) -> DataKey:
    return (spec.data, spec.preprocess, spec.seed if spec.data.seed is None else spec.data.seed)


def _by_data(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs grouped by data set, so that few data sets are in memory at a time."""
    groups: dict[DataKey, list[Job]] = {}
    for job in jobs:
        groups.setdefault(_data_key(job.run.spec), []).append(job)
    return [job for group in groups.values() for job in group]


def _as_finished(futures: Iterable[Future[T]]) -> Iterator[Future[T]]:
    """Yield the futures as they finish, in linear time; Ctrl-C interrupts the waiting thread."""
    finished: queue.SimpleQueue[Future[T]] = queue.SimpleQueue()
    waiting = list(futures)
    for future in waiting:
        future.add_done_callback(finished.put)
    for _ in waiting:
        while True:
            try:
                future = finished.get(timeout=WAKE_SECONDS)
                break
            except queue.Empty:
                continue
        yield future
