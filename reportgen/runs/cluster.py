"""Training of runs on the workers of a Dask cluster, or of one that is started on this machine.

This process prepares the data and sends each data set once to each worker that trains on it, so that workers need
neither the folder of the study nor a download. Runs come back as the bytes that the store writes.
"""

from __future__ import annotations

import contextlib
import functools
import queue
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

from reportgen.data.dataset import Dataset
from reportgen.errors import MissingError
from reportgen.plugins.loading import require
from reportgen.runs.dask_client import WAIT_SECONDS, DaskClient
from reportgen.runs.executors import (
    WAKE_SECONDS,
    Claim,
    DataKey,
    Job,
    Keep,
    Progress,
    SharedData,
    by_data,
    data_key,
    granted,
    train_job,
)
from reportgen.runs.identity import Identity, check_identity, identity, refuse_other_identity, unknown_identity
from reportgen.runs.provenance import machine
from reportgen.runs.record import RunRecord, failed_record
from reportgen.runs.store import UNREADABLE, dump_record, parse_record

if TYPE_CHECKING:
    from distributed import Future

ATTEMPTS = 5
"""How often a run is given to a worker, if workers that hold its data end."""

REPORT_SECONDS = 0.5
"""Interval at which a worker reports the steps of a run."""

TASKS_PER_THREAD = 2
"""Tasks that a cluster holds at a time for each of its threads: one in training and one that waits."""

AWAITED_TASKS = 16
"""Tasks that a cluster without workers holds, so that an adaptive cluster starts some."""


@dataclass(frozen=True)
class RemoteRun:
    """A run that a worker trained: the contents of run.json and arrays.npz, and the identity of the worker."""

    head: bytes
    arrays: bytes
    identity: Identity


class Cluster:
    """A Dask cluster, which is connected when it is first needed and closed at the end of a `with` block.

    address : address of the scheduler, or "local" for a cluster of processes on this machine.
    workers : number of processes of a local cluster.
    wait : longest time in seconds to wait for the scheduler, for a first worker, and for a lost scheduler.
    """

    def __init__(self, address: str, workers: int, wait: float = WAIT_SECONDS) -> None:
        self._connect = functools.partial(DaskClient, address, workers, wait)
        self._client: DaskClient | None = None

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *error: object) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def run_all(
        self, jobs: Sequence[Job], *, keep: Keep, folder: Path, progress: Progress | None = None, claim: Claim = granted
    ) -> None:
        """Train every job and pass each record to `keep`; arguments and errors as for `executors.run_all`.

        Raises
        ------
        MissingError : Dask is not installed ("missing-library"); no worker comes ("no-workers"); the scheduler is lost
            ("cluster-lost"); a worker has another version of reportgen, NumPy or Numba ("worker-differs").
        UsageError : no scheduler answers at the address ("no-scheduler").
        """
        if self._client is None:
            self._client = self._connect()
        submission = _Submission(self._client, by_data(jobs), keep, folder, claim)
        with self._client.quiet(), self._client.listening(submission.forward(progress)) as topic:
            submission.finish(topic)


@dataclass
class _Submission:
    """The jobs of one call: those that wait, and those that the cluster holds."""

    client: DaskClient
    jobs: Sequence[Job]
    keep: Keep
    folder: Path
    claim: Claim
    held: dict[Future, tuple[Job, contextlib.ExitStack]] = field(default_factory=dict)
    sent: dict[DataKey, Future] = field(default_factory=dict)
    attempts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._waiting = deque(self.jobs)
        self._data = SharedData(self.jobs, self.folder)
        self._finished: queue.SimpleQueue[Future] = queue.SimpleQueue()
        self._by_key = {job.key: job for job in self.jobs}

    def forward(self, progress: Progress | None) -> Callable[[Any], None]:
        """Return a function that passes the message of a worker to the progress display."""

        def handle(event: Any) -> None:
            _, (key, done, total) = event
            if progress is not None and key in self._by_key:
                progress(self._by_key[key], done, total)

        return handle

    def finish(self, topic: str) -> None:
        """Train all jobs; on an error, cancel those that the cluster holds."""
        try:
            awaited: list[Future] = []
            while self._waiting or self.held:
                threads = self.client.threads()
                if threads:
                    awaited = []
                elif not (self.held or awaited):
                    awaited = self.client.awaken(min(AWAITED_TASKS, len(self.jobs)))
                while self._waiting and len(self.held) < TASKS_PER_THREAD * threads:
                    self._submit(self._waiting.popleft(), threads, topic)
                with contextlib.suppress(queue.Empty):
                    self._handle(self._finished.get(timeout=WAKE_SECONDS), threads)
        finally:
            self.client.cancel(self.held)
            for _, claimed in self.held.values():
                claimed.close()

    def _submit(self, job: Job, threads: int, topic: str) -> None:
        claimed = contextlib.ExitStack()
        if not claimed.enter_context(self.claim(job)):
            claimed.close()
            self._release(job)
            return
        try:
            dataset = self._send(job)
            future = self.client.submit(train_remotely, job, dataset, threads, identity(), topic)
        except BaseException:
            claimed.close()
            raise
        self.held[future] = job, claimed
        future.add_done_callback(self._finished.put)

    def _send(self, job: Job) -> Future:
        """Return the data of a job on the cluster, which are sent again if no worker has them any more."""
        key = data_key(job.run.spec)
        if key not in self.sent or self.sent[key].status != "finished":
            self.sent[key] = self.client.scatter(self._data.get(job))
        return self.sent[key]

    def _handle(self, future: Future, threads: int) -> None:
        """Keep the run of a finished task, or give its job to another worker if that of the task has ended."""
        if future not in self.held:
            return
        job, claimed = self.held[future]
        result = self.client.result(future)
        del self.held[future]
        with claimed:
            if result is None and self.attempts[job.key] < ATTEMPTS - 1:
                self.attempts[job.key] += 1
                self.sent.pop(data_key(job.run.spec), None)  # perhaps lost, though the scheduler does not know yet
                self._waiting.appendleft(job)
                return
            self.keep(job, _record(job, result, threads))
            self._release(job)

    def _release(self, job: Job) -> None:
        if self._data.release(job.run.spec):
            self.sent.pop(data_key(job.run.spec), None)


def _record(job: Job, result: object, threads: int) -> RunRecord:
    """Return the record of a run that a worker returned, which proved its identity, or of a run that ended its workers.

    Raises MissingError ("worker-differs") for any other result, and the error of a task that raised one.
    """
    if result is None or isinstance(result, MemoryError):
        error = "the workers that trained it ended, or ran out of memory"
        return failed_record(job.key, job.run.spec, error, machine(threads, datetime.now(UTC)))
    if not isinstance(result, RemoteRun):
        check_identity(result)
        raise unknown_identity()
    refuse_other_identity(result.identity)
    try:
        return parse_record(job.run, job.fingerprint, result.head, result.arrays)
    except UNREADABLE as error:
        raise MissingError("worker-differs", f"a worker returned a damaged run: {error}") from error


def train_remotely(job: Job, dataset: Dataset, workers: int, expected: Identity, topic: str) -> RemoteRun:
    """Train one run in a worker of the cluster.

    Raises MissingError ("worker-differs") before training if the worker has not the expected identity.
    """
    refuse_other_identity(identity(), expected)
    require(job.plugins)
    threadpool_limits(limits=1)  # for good: another thread of the worker may train longer than this one
    is_wanted, report = _task(job, topic)
    record = train_job(job, lambda: dataset, workers, lambda: not is_wanted(), report)
    return RemoteRun(*dump_record(record), identity())


def _task(job: Job, topic: str) -> tuple[Callable[[], bool], Callable[[int, int], None]]:
    """Return functions of the current task: whether its result is wanted, and one that reports its steps."""
    from distributed import get_worker

    worker = get_worker()
    tasks: Mapping[Any, Any] = worker.state.tasks
    name, said = worker.get_current_task(), time.monotonic()

    def is_wanted() -> bool:
        task = tasks.get(name)
        return task is not None and task.state in ("executing", "long-running")

    def report(done: int, total: int) -> None:
        nonlocal said
        if time.monotonic() - said > REPORT_SECONDS:
            said = time.monotonic()
            worker.log_event(topic, (job.key, done, total))

    return is_wanted, report
