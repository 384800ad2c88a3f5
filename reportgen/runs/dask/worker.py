"""The code that the workers of a cluster execute."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from threadpoolctl import threadpool_limits

from reportgen.data.dataset import Dataset
from reportgen.plugins.loading import require
from reportgen.runs.executors import Job, train_job
from reportgen.runs.identity import Identity, identity, refuse_other_identity
from reportgen.runs.store import dump_record

REPORT_SECONDS = 0.5
"""Interval at which a worker reports the steps of a run."""


@dataclass(frozen=True)
class RemoteRun:
    """A run that a worker trained: the contents of run.json and arrays.npz, and the identity of the worker."""

    head: bytes
    arrays: bytes
    identity: Identity


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
