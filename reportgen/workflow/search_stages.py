"""Stages of searches: from the records of one stage to the plan of the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reportgen.runs.executors import Job
from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import Plan, make_plan


def next_stage(plan: Plan, jobs: Sequence[Job], records: Mapping[str, RunRecord]) -> Plan | None:
    """Return the plan with the next stage of its searches; None if there is none or runs are missing."""
    if not has_search(plan):
        return None
    grown = _planned(plan, jobs, records)
    return grown if len(grown.runs) > len(plan.runs) else None


def projected_plan(plan: Plan, jobs: Sequence[Job], records: Mapping[str, RunRecord]) -> Plan:
    """Return the plan with all stages of its searches: those that records determine, and a guess at the others."""
    return _planned(plan, jobs, records, projected=True) if has_search(plan) else plan


def has_search(plan: Plan) -> bool:
    """Return whether a variant of the plan is a trial of a search."""
    return any(variant.trial for variant in plan.variants)


def by_variant(jobs: Sequence[Job], records: Mapping[str, RunRecord]) -> dict[tuple[str, int], RunRecord]:
    """Return the available records by variant and seed."""
    return {(job.run.variant, job.run.seed): records[job.key] for job in jobs if job.key in records}


def _planned(plan: Plan, jobs: Sequence[Job], records: Mapping[str, RunRecord], projected: bool = False) -> Plan:
    from reportgen.analysis.search import trial_scores  # the analysis takes half a second to load

    return make_plan(plan.study, trial_scores(plan, by_variant(jobs, records)), projected)
