"""Training of many short runs in several processes of this machine, each with a few threads.

Setting up and storing a run holds Python's lock for some milliseconds, so that short runs keep only some cores busy in
one process. Each process prepares its data, trains runs and stores them. This process only assigns runs and receives
their results: it holds its own lock for a small fraction of a millisecond a run.
"""

from __future__ import annotations

import contextlib
import pickle
import queue
import subprocess
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reportgen.engine.jit.folders import are_compiled
from reportgen.engine.jit.python_process import start_module
from reportgen.errors import MissingError
from reportgen.runs.executors import GRACE_SECONDS, WAKE_SECONDS, Claim, Job, data_groups, granted
from reportgen.runs.identity import Identity, refuse_other_identity
from reportgen.runs.provenance import machine
from reportgen.runs.record import RunRecord, failed_record
from reportgen.runs.store import Store

THREADS = 2
"""Threads of a process: few enough that they seldom wait for its lock, even if runs are short."""

LOCK_SECONDS = 0.003
"""Time for which a run holds Python's lock, measured by `benchmarks.scaling`."""

START_SECONDS = 3.0
"""Time to start the processes, which load the libraries and kernels."""

QUEUED_PER_THREAD = 2
"""Runs that a process holds at a time for each of its threads: one in training and one that waits."""

DATASETS = 2
"""Data sets that a process keeps: its jobs come grouped by data."""

ATTEMPTS = 3
"""How often a run is given to a process, if processes that have it end."""

MODULE = "reportgen.runs.process_worker"

OWN_GROUP: dict[str, Any] = {"creationflags": 0x200} if sys.platform == "win32" else {"start_new_session": True}
"""Keeps Ctrl-C in a terminal from the processes; the number is CREATE_NEW_PROCESS_GROUP, which only Windows has."""

Finished = Callable[[Job, RunRecord], None]


def count_processes(seconds: Sequence[float], workers: int) -> int:
    """Return the number of processes in which runs of these lengths end soonest; 1 if threads of this process do.

    seconds : training time of each run on one core.
    """
    count = len(seconds)
    workers = min(workers, count)
    if workers <= THREADS or not sys.executable or not has_lock():
        return 1
    mean, processes = sum(seconds) / count, -(-workers // THREADS)
    alone = count / throughput(workers, mean)
    divided = START_SECONDS + count / (processes * throughput(THREADS, mean))
    return processes if divided < alone else 1


def has_lock() -> bool:
    """Return whether one thread at a time executes Python; free-threaded Python (PEP 703) has no such lock."""
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())


def throughput(threads: int, run_seconds: float, lock_seconds: float = LOCK_SECONDS) -> float:
    """Return the runs per second of the threads of one process, of which one at a time can hold Python's lock.

    Mean value analysis of a closed queue (Reiser and Lavenberg 1980): a run trains for `run_seconds` without the lock
    and holds it for `lock_seconds`, for which it waits behind the other threads.
    """
    waiting = rate = 0.0
    for number in range(1, threads + 1):
        locked = lock_seconds * (1 + waiting)
        rate = number / (run_seconds + locked)
        waiting = rate * locked
    return rate


def run_all(
    jobs: Sequence[Job],
    *,
    store: Store,
    finished: Finished,
    folder: Path,
    workers: int,
    processes: int,
    claim: Claim = granted,
) -> None:
    """Train every job and store its run; the results are the same bytes as those of `executors.run_all`.

    Parameters
    ----------
    store : the store of the runs, to which the processes write.
    finished : is called in this thread for each stored run, with its record without arrays and facts.
    folder : folder of the study, the base of relative paths.
    workers : number of runs to train at a time, divided among the processes.
    claim : as for `executors.run_all`; it is entered in this process.

    Raises
    ------
    MissingError : a process loaded other source code than this one ("worker-differs"), or ended before it could train
        ("no-workers").
    ReportgenError : as for `executors.run_all`. It and Ctrl-C stop all runs within a second.
    """
    threads = -(-min(workers, len(jobs)) // processes)
    task = Task(list(jobs), store.folder.resolve(), folder.resolve(), workers, threads)
    _Division(task, processes, store, finished, claim).finish()


@dataclass(frozen=True)
class Task:
    """What a process needs to train any of the jobs, whose numbers follow."""

    jobs: Sequence[Job]
    store: Path
    folder: Path
    workers: int
    threads: int


@dataclass(frozen=True)
class Answer:
    """The end of the run of a job, which is stored."""

    number: int
    status: str
    stopped_at_step: int | None
    steps: int
    train_seconds: float
    final: Mapping[str, float]
    error: str | None

    def record(self, job: Job) -> RunRecord:
        """Return the record of the run without its arrays and facts."""
        values = {name: value for name, value in vars(self).items() if name != "number"}
        return RunRecord(key=job.key, spec=job.run.spec, facts={}, arrays={}, data=job.fingerprint, **values)


@dataclass(eq=False)
class _Process:
    """A process that trains.

    held : claims of the jobs that it has, by their numbers. group : numbers of waiting jobs with the same data, which
    are the next ones for it; processes may share them. is_ready : whether it has the task.
    """

    popen: subprocess.Popen[bytes]
    held: dict[int, contextlib.ExitStack] = field(default_factory=dict)
    group: deque[int] = field(default_factory=deque)
    is_ready: bool = False

    def send(self, content: object) -> None:
        """Send a message; does nothing if the process has ended, which its reader notices."""
        stream = self.popen.stdin
        with contextlib.suppress(OSError, ValueError):
            if stream is not None:
                pickle.dump(content, stream, pickle.HIGHEST_PROTOCOL)
                stream.flush()

    def close(self) -> None:
        """Let the process end: it stops its runs when this side of the pipe closes."""
        with contextlib.suppress(OSError):
            if self.popen.stdin is not None:
                self.popen.stdin.close()

    def wait(self) -> None:
        """Wait for the end of a closed process, which has a second for it."""
        try:
            self.popen.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
        for claimed in self.held.values():
            claimed.close()


class _Division:
    """The jobs of one call: those that wait, and those that the processes hold."""

    def __init__(self, task: Task, processes: int, store: Store, finished: Finished, claim: Claim) -> None:
        self._task, self._count, self._jobs = task, processes, task.jobs
        self._store, self._finished, self._claim = store, finished, claim
        self._groups = deque(map(deque, data_groups(self._jobs)))
        self._attempts: Counter[int] = Counter()
        self._processes: list[_Process] = []
        self._answers: queue.SimpleQueue[tuple[_Process, object]] = queue.SimpleQueue()

    def finish(self) -> None:
        """Train all jobs; whatever happens, all processes have ended afterwards."""
        try:
            for _ in range(self._count if are_compiled() else 1):  # otherwise the first one compiles for all
                self._start()
            while any(self._groups) or any(process.held or process.group for process in self._processes):
                with contextlib.suppress(queue.Empty):
                    self._handle(*self._answers.get(timeout=WAKE_SECONDS))
        finally:
            for process in self._processes:
                process.close()
            for process in self._processes:
                process.wait()

    def _start(self) -> None:
        """Start a process, which Ctrl-C in a terminal does not reach: this process stops it."""
        process = _Process(start_module(MODULE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **OWN_GROUP))
        self._processes.append(process)
        threading.Thread(target=self._read, args=(process,), daemon=True).start()

    def _read(self, process: _Process) -> None:
        """Queue the answers of a process, and None when it has ended."""
        with contextlib.suppress(EOFError, OSError, pickle.UnpicklingError):
            while stream := process.popen.stdout:
                self._answers.put((process, pickle.load(stream)))
        self._answers.put((process, None))

    def _handle(self, process: _Process, answer: object) -> None:
        """Handle the identity of a new process, a finished run, an error, or None for the end of the process."""
        if isinstance(answer, BaseException):
            raise answer
        if answer is None:
            self._replace(process)
            return
        if isinstance(answer, Answer):
            job = self._jobs[answer.number]
            with process.held.pop(answer.number):
                self._finished(job, answer.record(job))
            while len(self._processes) < self._count:
                self._start()
        elif isinstance(answer, Identity):
            refuse_other_identity(answer)
            process.send(self._task)
            process.is_ready = True
        self._fill(process)

    def _fill(self, process: _Process) -> None:
        """Give jobs to a process; a job that another process on the folder trains is left out."""
        while process.is_ready and len(process.held) < QUEUED_PER_THREAD * self._task.threads:
            number = self._next(process)
            if number is None:
                return
            claimed = contextlib.ExitStack()
            if claimed.enter_context(self._claim(self._jobs[number])):
                process.held[number] = claimed
                process.send(number)
            else:
                claimed.close()

    def _next(self, process: _Process) -> int | None:
        """Return the number of a job on the data of the last one, on other data, or of the longest group of others."""
        if not process.group and self._groups:
            process.group = self._groups.popleft()
        elif not process.group:
            process.group = max((other.group for other in self._processes), key=len)
        return process.group.popleft() if process.group else None

    def _replace(self, ended: _Process) -> None:
        """Give the jobs of a process that ended to a new one; those that ended several processes count as failed."""
        if not ended.is_ready:
            message = "a process for short runs ended before it could train"
            raise MissingError("no-workers", message, hint=f"train with at most -j {THREADS}, which needs no processes")
        ended.close()
        ended.wait()
        self._processes.remove(ended)
        self._store.sweep()
        left = deque(ended.group)
        for number in ended.held:
            self._attempts[number] += 1
            if self._attempts[number] < ATTEMPTS:
                left.appendleft(number)
                continue
            job, error = self._jobs[number], "the processes that trained it ended, or ran out of memory"
            record = failed_record(job.key, job.run.spec, error, machine(self._task.workers, datetime.now(UTC)))
            self._store.save(record)
            self._finished(job, record)
        ended.group.clear()
        self._groups.append(left)
        self._start()
