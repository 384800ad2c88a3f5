"""What the remedies are worth: those of a fault's findings, tried on the same seeds as a report tries them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.diagnosis.alarms import findings
from benchmarks.diagnosis.build import Measured, request
from benchmarks.diagnosis.score import Share
from reportgen.analysis import analyse
from reportgen.analysis.finding import Remedy
from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import PlannedRun
from reportgen.workflow.events import ProgressListener
from reportgen.workflow.remedies import try_remedies
from reportgen.workflow.request import plan_jobs, stored_records, unique
from reportgen.workflow.training import train_runs


@dataclass(frozen=True)
class Tried:
    """What became of one finding's remedy."""

    rule: str
    remedy: Remedy


def tried_remedies(case: Measured, folder: Path, workers: int) -> tuple[Tried, ...]:
    """Return the remedies of a case's findings, the best of each; runs that are missing are trained and stored."""
    asked = request(case.prepared, folder)

    def fetch(runs: Sequence[PlannedRun]) -> Mapping[int, RunRecord] | None:
        jobs = plan_jobs(case.prepared.plan, runs)
        stored = stored_records(asked, jobs)
        train_runs(asked, [job for job in unique(jobs) if job.key not in stored], workers, None, ProgressListener())
        stored = stored_records(asked, jobs)
        return {job.run.seed: stored[job.key] for job in jobs}

    analysis = dataclasses.replace(analyse(case.prepared.plan, case.records), findings=findings(case))
    found = try_remedies(analysis, fetch).findings
    return tuple(Tried(finding.rule, finding.remedy) for finding in found if finding.remedy is not None)


def helped(tried: Mapping[str, Sequence[Tried]]) -> Share:
    """Return in how many of the faults a tested remedy helps; a fault for which none was tried counts as not helped."""
    return Share(sum(any(one.remedy.verdict == "helped" for one in many) for many in tried.values()), len(tried))


def tested(tried: Mapping[str, Sequence[Tried]]) -> Share:
    """Return for how many of the faults a remedy was tested at all."""
    return Share(sum(bool(many) for many in tried.values()), len(tried))
