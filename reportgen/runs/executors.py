"""Training of runs in threads of this process.

Runs are independent and single-threaded, so each core gets one thread: the engine's kernels release the global
interpreter lock, threads share the data sets, and the results of a run do not depend on the number of threads.
"""

from __future__ import annotations

import functools
import os
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from reportgen import data
from reportgen.data.dataset import Dataset
from reportgen.data.spec import DataSpec
from reportgen.engine.spec import RunSpec
from reportgen.engine.train import Cancelled, train
from reportgen.errors import ReportgenError, data_errors_at
from reportgen.registry import Component, Plugin
from reportgen.runs.provenance import machine
from reportgen.runs.record import RunRecord, failed_record, run_key
from reportgen.study.planning.plan import PlannedRun

GRACE_SECONDS = 0.8  # time that an interrupted study gives its runs to stop
WAKE_SECONDS = 0.2  # interval at which the waiting thread wakes up, since Windows delivers Ctrl-C only then
CHECK_SECONDS = 1.0  # interval at which `within_seconds` calls its check
SUBMITTED_PER_WORKER = 4
"""Unfinished jobs that a thread pool has for each thread: enough that no thread waits, and few in memory."""

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
        return cls(run, run_key(run.spec, fingerprint), fingerprint, data_place, run.spec.plugins())


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
    progress: Progress | None = None,
    claim: Claim = granted,
) -> None:
    """Train every job in threads and pass each record to `keep`, which several threads may call at the same time.

    folder: folder of the study, the base of relative paths. claim: is entered around each run, and yields whether it is
    to be trained. A run that raises an exception gives a record of status "failed". A
    `ReportgenError` (such as a missing data set), an error in `keep` and Ctrl-C stop all runs within a second.
    """
    stop = threading.Event()
    jobs = by_data(jobs)
    datasets = SharedData(jobs, folder)

    def work(job: Job) -> None:
        report = None if progress is None else functools.partial(progress, job)
        try:
            with claim(job) as mine:
                if mine:
                    keep(job, train_job(job, lambda: datasets.get(job), workers, stop.is_set, report))
        finally:
            datasets.release(job.run.spec)

    pool = ThreadPoolExecutor(workers, thread_name_prefix="reportgen")
    with threadpool_limits(limits=1):  # several BLAS threads change the last bits and are not faster here
        unfinished: set[Future[None]] = set()
        try:
            submitted = (pool.submit(work, job) for job in jobs)
            for future in _as_finished(submitted, unfinished, SUBMITTED_PER_WORKER * workers):
                future.result()
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            wait([future for future in unfinished if not future.cancelled()], timeout=GRACE_SECONDS)
            raise
        pool.shutdown()


def in_thread(action: Callable[[], T]) -> T:
    """Run an action in a separate thread, so that Ctrl-C takes effect at once, and return its result.

    In the main thread, Ctrl-C would wait for the compiler, or interrupt it and surface as a different error.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="reportgen")
    try:
        [future] = _as_finished(iter([pool.submit(action)]), set(), 1)
        return future.result()
    finally:
        pool.shutdown(wait=False)


def within_seconds(action: Callable[[], T], seconds: float, check: Callable[[], None] = lambda: None) -> T:
    """Return the result of an action in a separate thread; raises TimeoutError if it takes longer.

    check : is called every second meanwhile, and may raise an error.
    """
    outcome: Future[T] = Future()

    def work() -> None:
        try:
            outcome.set_result(action())
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=work, daemon=True).start()  # a program waits for the end of any other thread
    end = time.monotonic() + seconds
    while not wait([outcome], max(0.0, min(CHECK_SECONDS, end - time.monotonic()))).done:
        check()
        if time.monotonic() >= end:
            raise TimeoutError
    return outcome.result()


def train_job(
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
        with np.errstate(all="ignore"):  # a run that diverges computes with infinities and NaN
            outcome = train(job.run.spec, dataset, cancel, progress)
    except (Cancelled, ReportgenError):
        raise
    except Exception as error:  # one failing run must not stop the others; it is trained again next time
        return failed_record(job.key, job.run.spec, f"{type(error).__name__}: {error}", machine(workers, started))
    return RunRecord.of(outcome, job.run.spec, key=job.key, data=job.fingerprint, provenance=machine(workers, started))


class SharedData:
    """Prepared data sets of the runs in progress; each is prepared once and released after its last run."""

    def __init__(self, jobs: Iterable[Job], folder: Path) -> None:
        self._folder = folder
        self._pending = Counter(data_key(job.run.spec) for job in jobs)
        self._preparing = {key: threading.Lock() for key in self._pending}
        self._counting = threading.Lock()
        self._ready: dict[DataKey, Dataset] = {}

    def get(self, job: Job) -> Dataset:
        """Return the data of a run; the first call prepares them, and concurrent calls wait.

        Raises StudyError ("data-changed") if they are not the data in the key of the run.
        """
        key = data_key(job.run.spec)
        with self._preparing[key]:
            if key not in self._ready:
                self._ready[key] = data.load(*key, self._folder, job.fingerprint)
            return self._ready[key]

    def release(self, spec: RunSpec) -> bool:
        """Release the data of a finished run; returns whether no other run needs them."""
        key = data_key(spec)
        with self._counting:
            self._pending[key] -= 1
            is_last = self._pending[key] == 0
            if is_last:
                self._ready.pop(key, None)
        return is_last


def data_key(spec: RunSpec) -> DataKey:
    return (spec.data, spec.preprocess, spec.seed if spec.data.seed is None else spec.data.seed)


def by_data(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs grouped by data set, so that few data sets are in memory at a time."""
    return [jobs[number] for group in data_groups(jobs) for number in group]


def data_groups(jobs: Sequence[Job]) -> list[list[int]]:
    """Return the numbers of the jobs of each data set."""
    groups: dict[DataKey, list[int]] = {}
    for number, job in enumerate(jobs):
        groups.setdefault(data_key(job.run.spec), []).append(number)
    return list(groups.values())


def _as_finished(submitted: Iterator[Future[T]], unfinished: set[Future[T]], most: int) -> Iterator[Future[T]]:
    """Yield futures as they finish, in linear time; Ctrl-C interrupts the waiting thread.

    submitted : the futures, each of which is submitted when it is asked for. unfinished : receives those that were
    submitted and not yielded, at most `most` at a time.
    """
    finished: queue.SimpleQueue[Future[T]] = queue.SimpleQueue()
    while True:
        for future in islice(submitted, most - len(unfinished)):
            unfinished.add(future)
            future.add_done_callback(finished.put)
        if not unfinished:
            return
        try:
            future = finished.get(timeout=WAKE_SECONDS)
        except queue.Empty:
            continue
        unfinished.remove(future)
        yield future
