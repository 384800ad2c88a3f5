"""Training of the missing runs of a request, stage by stage of its searches."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from reportgen import disk
from reportgen.engine.jit.folders import are_compiled
from reportgen.errors import StoreError
from reportgen.runs.executors import Job, default_workers, run_all
from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import Plan, PlannedRun
from reportgen.workflow.estimate import refuse_beyond_memory
from reportgen.workflow.events import ProgressListener
from reportgen.workflow.request import RunRequest, plan_jobs, stored_records, unique
from reportgen.workflow.search_stages import next_stage
from reportgen.workflow.stored_runs import CollectedRuns, StoredRuns


class Trainer(StoredRuns):
    """Provides runs and trains the missing ones; parameters as in `run_study`."""

    may_train = True

    def __init__(
        self, listener: ProgressListener, *, workers: int | None = None, dask: str | None = None, fresh: bool = False
    ) -> None:
        super().__init__()
        self._listener, self._dask, self.fresh = listener, dask, fresh
        self._workers = workers or default_workers()
        self._trained: set[str] = set()

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
            self._train(request, missing, len(unique(jobs)) - len(missing))
            records |= stored_records(request, missing)
            next_plan = next_stage(request.plan, jobs, records)
        _refuse_lost(request, records)
        self.used.update(records)
        return CollectedRuns(request, records, len(self._trained))

    def fetch(self, request: RunRequest, runs: Sequence[PlannedRun]) -> Mapping[int, RunRecord] | None:
        """Return the records of additional runs by seed after training the missing ones."""
        jobs = plan_jobs(request.plan, runs)
        needed = unique(jobs)
        known = [job for job in needed if job.key in self._trained] if self.fresh else needed
        records = self._stored(request, known)
        missing = [job for job in needed if job.key not in records]
        if missing:
            self._train(request, missing, len(needed) - len(missing))
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

    def _train(self, request: RunRequest, jobs: Sequence[Job], stored: int) -> None:
        if self._dask is None:
            refuse_beyond_memory(request.plan, jobs, self._workers)
        self._listener.training(request.plan, jobs, stored)
        if jobs and self._dask is None and not are_compiled():
            self._listener.compiling()
        train_runs(request, jobs, self._workers, self._dask, self._listener)
        self._trained.update(job.key for job in jobs)


def train_runs(
    request: RunRequest, jobs: Sequence[Job], workers: int, dask: str | None, listener: ProgressListener
) -> None:
    """Train jobs and store each run when it ends, so that an interrupted study keeps its finished runs."""
    store, folder = request.store, request.plan.study.folder
    store.sweep()

    def keep(job: Job, record: RunRecord) -> None:
        store.save(record)
        listener.finished(job, record)

    if jobs:
        run_all(jobs, keep=keep, folder=folder, workers=workers, dask=dask, progress=listener.progress)


def _refuse_lost(request: RunRequest, records: Mapping[str, RunRecord]) -> None:
    lost = [job.key for job in plan_jobs(request.plan) if job.key not in records]
    if lost:
        where = str(request.store.folder / lost[0])
        raise StoreError("run-unreadable", "cannot read a run that was just stored", where=where)
