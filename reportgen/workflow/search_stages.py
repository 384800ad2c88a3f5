"""Stages of searches: from the records of one stage to the plan of the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reportgen.runs.executors import Job
from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import Plan, make_plan
from reportgen.workflow.request import RunRequest, plan_jobs, stored_records


def next_stage(plan: Plan, jobs: Sequence[Job], records: Mapping[str, RunRecord]) -> Plan | None:
    """Return the plan with the next stage of its searches; None if there is none or runs are missing."""
    if not _has_search(plan):
        return None
    grown = _planned(plan, jobs, records)
    return grown if len(grown.runs) > len(plan.runs) else None


def stored_stages(request: RunRequest) -> tuple[RunRequest, dict[str, RunRecord]]:
    """Return the request with the stages that stored runs decide, and the records by key."""
    further: Plan | None = request.plan
    records: dict[str, RunRecord] = {}
    while further is not None:
        request = replace(request, plan=further)
        jobs = plan_jobs(request.plan)
        records |= stored_records(request, [job for job in jobs if job.key not in records])
        further = next_stage(request.plan, jobs, records)
    return request, records


def project_request(request: RunRequest) -> Plan:
    """Return the plan with all stages of its searches; without stored runs, the settings of a stage are a guess."""
    if not _has_search(request.plan):
        return request.plan
    request, records = stored_stages(request)
    return _planned(request.plan, plan_jobs(request.plan), records, projected=True)


def by_variant(jobs: Sequence[Job], records: Mapping[str, RunRecord]) -> dict[tuple[str, int], RunRecord]:
    """Return the available records by variant and seed."""
    return {(job.run.variant, job.run.seed): records[job.key] for job in jobs if job.key in records}


def _planned(plan: Plan, jobs: Sequence[Job], records: Mapping[str, RunRecord], projected: bool = False) -> Plan:
    from reportgen.analysis.search import trial_scores  # the analysis takes half a second to load

    return make_plan(plan.study, trial_scores(plan, by_variant(jobs, records)), projected)


def _has_search(plan: Plan) -> bool:
    return any(variant.trial for variant in plan.variants)
