"""Training of the missing runs of a request, stage by stage of its searches."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial

from reportgen import disk
from reportgen.engine.jit.folders import are_compiled
from reportgen.errors import StoreError
from reportgen.runs import processes
from reportgen.runs.claims import Claims
from reportgen.runs.dask.client import WAIT_SECONDS, check_wait
from reportgen.runs.dask.cluster import Cluster
from reportgen.runs.executors import Job, default_workers, run_all
from reportgen.runs.identity import identity
from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import Plan, PlannedRun
from reportgen.workflow.costs.address_space import refuse_small_limit
from reportgen.workflow.costs.estimate import helpful_processes, refuse_beyond_memory
from reportgen.workflow.events import ProgressListener
from reportgen.workflow.request import RunRequest, plan_jobs, stored_records, unique
from reportgen.workflow.search_stages import next_stage
from reportgen.workflow.stored_runs import CollectedRuns, StoredRuns

LOOK_SECONDS = 0.5
"""Interval at which runs of another process are looked for."""


class Trainer(StoredRuns):
    """Provides runs and trains the missing ones; parameters as in `run_study`.

    cluster : the Dask cluster to train on instead of this machine.
    """

    may_train = True

    def __init__(
        self,
        listener: ProgressListener,
        *,
        workers: int | None = None,
        cluster: Cluster | None = None,
        fresh: bool = False,
    ) -> None:
        super().__init__()
        self._listener, self._cluster, self.fresh = listener, cluster, fresh
        self._workers = workers or default_workers()
        self._former: Mapping[str, object] | None = None

    def collect(self, request: RunRequest) -> CollectedRuns:
        """Return all runs of a request after training the missing ones.

        Failed runs are trained again. A study without a search has one stage.
        """
        disk.make_writable(request.folder)
        try:
            return self._collect(request)
        except BaseException:
            with contextlib.suppress(OSError):  # a folder with content stays
                request.folder.rmdir()
            raise

    def _collect(self, request: RunRequest) -> CollectedRuns:
        records: dict[str, RunRecord] = {}
        next_plan: Plan | None = request.plan
        while next_plan is not None:
            request = replace(request, plan=next_plan)
            jobs = plan_jobs(request.plan)
            new = [job for job in unique(jobs) if job.key not in records]
            records |= {} if self.fresh else self._stored(request, new)
            missing = [job for job in new if job.key not in records or records[job.key].status == "failed"]
            self.train(request, missing, len(unique(jobs)) - len(missing))
            records |= stored_records(request, missing)
            next_plan = next_stage(request.plan, jobs, records)
        _refuse_lost(request, records)
        self.used.update(records)
        return CollectedRuns(request, records, len(self.trained))

    def fetch(self, request: RunRequest, runs: Sequence[PlannedRun]) -> Mapping[int, RunRecord] | None:
        """Return the records of additional runs by seed after training the missing ones."""
        jobs = plan_jobs(request.plan, runs)
        needed = unique(jobs)
        known = [job for job in needed if job.key in self.trained] if self.fresh else needed
        records = self._stored(request, known)
        missing = [job for job in needed if job.key not in records]
        if missing:
            self.train(request, missing, len(needed) - len(missing))
            records |= stored_records(request, missing)
        return self._by_seed(jobs, records)

    def _stored(self, request: RunRequest, jobs: Sequence[Job]) -> dict[str, RunRecord]:
        """Return the stored records of jobs, and name the damaged ones, which are trained again."""
        records, keys = stored_records(request, jobs), request.store.keys()
        for job in unique(jobs):
            if job.key in keys and job.key not in records:
                fault = request.store.fault(job.run, job.fingerprint)
                self._listener.notice(f"{request.store.folder / job.key}: {fault}; the run is trained again")
        return records

    def train(self, request: RunRequest, jobs: Sequence[Job], stored: int) -> None:
        """Train and store jobs; `stored` is the number of those that need no training."""
        if self._cluster is None:
            refuse_beyond_memory(request.plan, jobs, self._workers)
        self._listener.training(request.plan, jobs, stored)
        if jobs and self._cluster is None and not are_compiled():
            self._listener.compiling()
        if self._former is None:
            self._former = request.store.stamps(request.store.keys()) if self.fresh else {}
        self.trained |= train_runs(request, jobs, self._workers, self._cluster, self._listener, self._former)


def cluster_at(dask: str | None, workers: int | None, wait: float | None) -> AbstractContextManager[Cluster | None]:
    """Return the Dask cluster at an address, for a `with` block; None without an address.

    wait : longest wait in seconds, None for the default. Raises UsageError ("out-of-range") for an impossible one.
    """
    wait = WAIT_SECONDS if wait is None else wait
    check_wait(wait)
    return nullcontext() if dask is None else Cluster(dask, workers or default_workers(), wait)


def train_runs(
    request: RunRequest,
    jobs: Sequence[Job],
    workers: int,
    cluster: Cluster | None,
    listener: ProgressListener,
    former: Mapping[str, object] = {},
) -> set[str]:
    """Train jobs and return their keys; each run is stored when it ends, so that an interrupted study keeps it.

    Runs train in threads of this process, in several processes if many short ones have many cores, or on the cluster. A
    run that another process on the same folder trains or has just stored is taken from there.

    Parameters
    ----------
    former : the stamps of stored runs that are trained again. A run with another stamp was stored since: it is not
        replaced, because the process that stored it may have analysed it.

    Raises MissingError ("worker-differs") if the source code changed while this process loaded it.
    """
    store, folder = request.store, request.plan.study.folder
    store.sweep()
    trained: set[str] = set()

    def stored_meanwhile(job: Job) -> bool:
        record = None if store.is_unchanged(job.key, former) else store.load(job.run, job.fingerprint)
        if record is None or record.status == "failed":
            return False
        listener.finished(job, record)
        return True

    def finished(job: Job, record: RunRecord) -> None:
        trained.add(job.key)
        listener.finished(job, record)

    def keep(job: Job, record: RunRecord) -> None:
        if not stored_meanwhile(job):
            store.save(record)
            finished(job, record)

    @contextlib.contextmanager
    def claim(job: Job) -> Iterator[bool]:
        with claims.of(job.key) as mine:
            if not mine:
                postponed.append(job)
            yield mine and not stored_meanwhile(job)

    train = _executor(request, jobs, workers, cluster, listener, keep, finished) if jobs else None
    waiting, is_said = list(jobs), False
    with Claims(store.folder) as claims:
        while train and waiting:
            postponed: list[Job] = []
            train(waiting, folder=folder, claim=claim)
            waiting = postponed
            if waiting:
                if not is_said:
                    listener.notice(f"another process trains {len(waiting)} of these runs; waiting for it")
                is_said = True
                time.sleep(LOOK_SECONDS)
    return trained


def _executor(
    request: RunRequest,
    jobs: Sequence[Job],
    workers: int,
    cluster: Cluster | None,
    listener: ProgressListener,
    keep: Callable[[Job, RunRecord], None],
    finished: Callable[[Job, RunRecord], None],
) -> Callable[..., None]:
    """Return the function that trains the jobs: on the cluster, in several processes, or in threads of this one."""
    refuse_small_limit()
    identity()  # loads all code that trains, so that a run never mixes two versions of it
    if cluster is not None:
        return partial(cluster.run_all, keep=keep, progress=listener.progress, notice=listener.notice)
    if (count := helpful_processes(request.plan, jobs, workers)) > 1:
        return partial(processes.run_all, store=request.store, finished=finished, workers=workers, processes=count)
    return partial(run_all, keep=keep, progress=listener.progress, workers=workers)


def _refuse_lost(request: RunRequest, records: Mapping[str, RunRecord]) -> None:
    lost = [job.key for job in plan_jobs(request.plan) if job.key not in records]
    if lost:
        where = str(request.store.folder / lost[0])
        raise StoreError("run-unreadable", "cannot read a run that was just stored", where=where)
