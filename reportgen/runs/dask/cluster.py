"""Training of runs on the workers of a Dask cluster, or of one that is started on this machine.

This process prepares the data and sends each data set once to each worker that trains on it, so that workers need
neither the folder of the study nor a download. Runs come back as the bytes that the store writes.
"""

from __future__ import annotations

import contextlib
import functools
import queue
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.errors import MissingError
from reportgen.runs.dask.client import WAIT_SECONDS, DaskClient
from reportgen.runs.dask.heartbeats import SILENT_SECONDS, Heartbeats
from reportgen.runs.dask.worker import RemoteRun, train_remotely
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
)
from reportgen.runs.identity import check_identity, identity, refuse_other_identity, unknown_identity
from reportgen.runs.provenance import machine
from reportgen.runs.record import RunRecord, failed_record
from reportgen.runs.store import UNREADABLE, parse_record

if TYPE_CHECKING:
    from distributed import Future

ATTEMPTS = 5
"""How often a run is given to a worker, if workers that hold its data end."""

TASKS_PER_THREAD = 2
"""Tasks that a cluster holds at a time for each of its threads: one in training and one that waits."""

AWAITED_TASKS = 16
"""Tasks that a cluster without workers holds, so that an adaptive cluster starts some."""


class Cluster:
    """A Dask cluster, which is connected when it is first needed and closed at the end of a `with` block.

    address : address of the scheduler, or "local" for a cluster of processes on this machine.
    workers : number of processes of a local cluster.
    wait : longest time in seconds to wait for the scheduler, for a first worker, for a lost scheduler, and for a
        heartbeat of a worker.
    """

    def __init__(self, address: str, workers: int, wait: float = WAIT_SECONDS) -> None:
        self._connect = functools.partial(DaskClient, address, workers, wait)
        self._wait = wait
        self._client: DaskClient | None = None

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *error: object) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def run_all(
        self,
        jobs: Sequence[Job],
        *,
        keep: Keep,
        folder: Path,
        progress: Progress | None = None,
        notice: Callable[[str], None] = lambda sentence: None,
        claim: Claim = granted,
    ) -> None:
        """Train every job and pass each record to `keep`; arguments and errors as for `executors.run_all`.

        notice : receives a sentence about each worker that counts as lost because it is silent.

        Raises
        ------
        MissingError : Dask is not installed ("missing-library"); no worker comes ("no-workers"); the scheduler is lost
            ("cluster-lost"); a worker has another version of reportgen, NumPy or Numba ("worker-differs").
        UsageError : no scheduler answers at the address ("no-scheduler").
        """
        if self._client is None:
            self._client = self._connect()
        heartbeats = Heartbeats(max(self._wait, SILENT_SECONDS))
        submission = _Submission(self._client, by_data(jobs), keep, folder, claim, heartbeats, notice)
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
    heartbeats: Heartbeats
    notice: Callable[[str], None]
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
                self._give_up_silent()
                if threads:
                    awaited = []
                elif not (self.held or awaited):
                    awaited = self.client.awaken(min(AWAITED_TASKS, len(self.jobs)))
                is_ready = not self.heartbeats.suspects  # a silent worker would get data, and not answer
                while is_ready and self._waiting and len(self.held) < TASKS_PER_THREAD * threads:
                    is_ready = self._submit(self._waiting.popleft(), threads, topic)
                with contextlib.suppress(queue.Empty):
                    self._handle(self._finished.get(timeout=WAKE_SECONDS), threads)
        finally:
            self.client.cancel(self.held)
            for _, claimed in self.held.values():
                claimed.close()

    def _give_up_silent(self) -> None:
        """Count silent workers as lost: the scheduler gives their tasks to others."""
        for worker, seconds in self.heartbeats.silent(self.client.last_heartbeats).items():
            since = datetime.now() - timedelta(seconds=seconds)
            self.notice(
                f"the worker {worker} has not answered since {since:%H:%M:%S}, for {seconds:.0f} s; it counts as lost, "
                "and its runs are given to other workers"
            )
            self.client.remove(worker)

    def _submit(self, job: Job, threads: int, topic: str) -> bool:
        """Give a job to the cluster; returns False if no worker receives its data, so that it waits again."""
        claimed = contextlib.ExitStack()
        if not claimed.enter_context(self.claim(job)):
            claimed.close()
            self._release(job)
            return True
        try:
            dataset = self._send(job)
            if dataset is None:
                claimed.close()
                self._waiting.appendleft(job)
                return False
            future = self.client.submit(train_remotely, job, dataset, threads, identity(), topic)
        except BaseException:
            claimed.close()
            raise
        self.held[future] = job, claimed
        future.add_done_callback(self._finished.put)
        return True

    def _send(self, job: Job) -> Future | None:
        """Return the data of a job on the cluster, which are sent again if no worker has them any more.

        Returns None if no worker receives them within the longest wait, as if one is silent; raises MissingError
        ("cluster-lost") if that happens again and again.
        """
        key = data_key(job.run.spec)
        if key not in self.sent or self.sent[key].status != "finished":
            sent = self.client.scatter(self._data.get(job))
            if sent is None:
                self.attempts[job.key] += 1
                if self.attempts[job.key] >= ATTEMPTS:
                    raise self.client.lost()
                return None
            self.sent[key] = sent
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
