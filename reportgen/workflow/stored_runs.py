"""The stored runs of a request, through all stages of its searches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reportgen import disk
from reportgen.errors import UsageError
from reportgen.paths import RUNS
from reportgen.runs.executors import Job
from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import Plan, PlannedRun
from reportgen.workflow.command_line import shell_command
from reportgen.workflow.request import RunRequest, plan_jobs, stored_records, unique
from reportgen.workflow.search_stages import by_variant, has_search, next_stage, projected_plan


@dataclass(frozen=True)
class CollectedRuns:
    """The runs of a request.

    Attributes
    ----------
    request : the request, whose plan has all stages of its searches.
    records : the records of the plan's runs, by key.
    trained : number of runs that were trained now.
    """

    request: RunRequest
    records: Mapping[str, RunRecord]
    trained: int = 0

    def by_variant(self) -> dict[tuple[str, int], RunRecord]:
        """Return the records by variant and seed."""
        return by_variant(plan_jobs(self.request.plan), self.records)


class StoredRuns:
    """Provides stored runs and trains nothing; `Trainer` also trains missing ones."""

    may_train = False
    fresh = False
    """Whether stored runs and measurements are made again."""

    def __init__(self) -> None:
        self.used: set[str] = set()
        """The keys of all runs that were provided."""
        self.trained: set[str] = set()
        """The keys of the runs that were trained for this purpose."""
        self.absent: dict[str, Job] = {}
        """The additional runs that were asked for and are not available, by key."""
        self.unmeasured: set[str] = set()
        """The names of the measurements that were asked for and are not available."""

    def collect(self, request: RunRequest) -> CollectedRuns:
        """Return all runs of a request; raises UsageError ("runs-missing") if any is not stored."""
        request, records = stored_stages(request)
        jobs = unique(plan_jobs(request.plan))
        if lacking := [job for job in jobs if job.key not in records]:
            damaged = damaged_runs(request, jobs, records)
            raise runs_missing(
                request,
                f"the {len(jobs)} runs of {request.plan.study.id}",
                len(lacking) - len(damaged),
                len(damaged),
                damaged,
            )
        disk.make_writable(request.folder)
        self.used.update(records)
        return CollectedRuns(request, records)

    def fetch(self, request: RunRequest, runs: Sequence[PlannedRun]) -> Mapping[int, RunRecord] | None:
        """Return the records of additional runs, such as those of a remedy, by seed; None if any is missing."""
        jobs = plan_jobs(request.plan, runs)
        records = stored_records(request, jobs)
        self.absent |= {job.key: job for job in jobs if job.key not in records}
        return self._by_seed(jobs, records)

    def _by_seed(self, jobs: Sequence[Job], records: Mapping[str, RunRecord]) -> Mapping[int, RunRecord] | None:
        if any(job.key not in records for job in jobs):
            return None
        self.used.update(job.key for job in jobs)
        return {job.run.seed: records[job.key] for job in jobs}


def runs_missing(request: RunRequest, whole: str, missing: int, damaged: int, faults: Sequence[str]) -> UsageError:
    """Return the error about missing and damaged runs of a request.

    Parameters
    ----------
    whole : the runs that are needed, such as "the 6 runs of rates".
    missing, damaged : number of runs that are not stored, and of those that cannot be read.
    faults : a text about each run to name.
    """
    counts = [(missing, "not stored"), (damaged, "damaged")]
    states = [f"{'is' if count == 1 else 'are'} {state}" for count, state in counts if count]
    numbers = [count for count, _ in counts if count]
    message = f"{numbers[0]} of {whole} {states[0]}"
    message += "".join(f", and {count} {state}" for count, state in zip(numbers[1:], states[1:], strict=True))
    message += f": {'; '.join(faults)}" if faults else ""
    folder = request.folder.parent
    output = "" if folder == Path("reports") else f" {shell_command('-o', folder)}"
    hint = f"train them first: {request.command}{output}"
    return UsageError("runs-missing", message, where=str(request.store.folder), hint=hint)


def damaged_runs(request: RunRequest, jobs: Sequence[Job], records: Mapping[str, RunRecord]) -> list[str]:
    """Return a text about each run of a request that is stored and cannot be read."""
    keys = request.store.keys()
    found = [job for job in jobs if job.key in keys and job.key not in records]
    return [f"{RUNS}/{job.key}: {request.store.fault(job.run, job.fingerprint)}" for job in found]


def stored_stages(request: RunRequest) -> tuple[RunRequest, dict[str, RunRecord]]:
    """Return the request with the stages of its searches that stored runs determine, and their records by key."""
    next_plan: Plan | None = request.plan
    records: dict[str, RunRecord] = {}
    while next_plan is not None:
        request = replace(request, plan=next_plan)
        jobs = plan_jobs(request.plan)
        records |= stored_records(request, [job for job in jobs if job.key not in records])
        next_plan = next_stage(request.plan, jobs, records)
    return request, records


def project_request(request: RunRequest) -> Plan:
    """Return the plan with all stages of its searches: those that stored runs determine, and a guess at the others."""
    if not has_search(request.plan):
        return request.plan
    request, records = stored_stages(request)
    return projected_plan(request.plan, plan_jobs(request.plan), records)
