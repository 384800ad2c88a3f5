"""Remedies of the findings on a fault, tested as in a report with the same seeds."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.diagnosis.alarms import findings
from benchmarks.diagnosis.build import Measured, request
from benchmarks.diagnosis.score import Share
from reportgen.analysis.analyse import analyse
from reportgen.analysis.finding import Remedy
from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import PlannedRun
from reportgen.workflow.analysing.remedies import try_remedies
from reportgen.workflow.events import ProgressListener
from reportgen.workflow.request import plan_jobs, stored_records, unique
from reportgen.workflow.training import train_runs


@dataclass(frozen=True)
class Tried:
    """Tested remedy of a finding."""

    rule: str
    remedy: Remedy


def tried_remedies(case: Measured, folder: Path, workers: int) -> tuple[Tried, ...]:
    """Return the best remedy of each finding of a case; missing runs are trained and stored."""
    run_request = request(case.prepared, folder)

    def fetch(runs: Sequence[PlannedRun]) -> Mapping[int, RunRecord] | None:
        jobs = plan_jobs(case.prepared.plan, runs)
        stored = stored_records(run_request, jobs)
        train_runs(
            run_request, [job for job in unique(jobs) if job.key not in stored], workers, None, ProgressListener()
        )
        stored = stored_records(run_request, jobs)
        return {job.run.seed: stored[job.key] for job in jobs}

    analysis = dataclasses.replace(analyse(case.prepared.plan, case.records), findings=findings(case))
    found = try_remedies(analysis, fetch).findings
    return tuple(Tried(finding.rule, finding.remedy) for finding in found if finding.remedy is not None)


def helped(tried: Mapping[str, Sequence[Tried]]) -> Share:
    """Return the share of faults for which a tested remedy helps; without a tested remedy it does not count."""
    return Share(sum(any(t.remedy.verdict == "helped" for t in remedies) for remedies in tried.values()), len(tried))


def tested(tried: Mapping[str, Sequence[Tried]]) -> Share:
    """Return the share of faults with a tested remedy."""
    return Share(sum(bool(remedies) for remedies in tried.values()), len(tried))
