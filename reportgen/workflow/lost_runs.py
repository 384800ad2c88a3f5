"""Results of a former report that need runs or measurements which are no longer stored.

The plan of a study does not say which remedies are tried, since this depends on the findings. A remedy or sanity check
is therefore needed if the report in the folder has its result, or if one of its runs is stored and damaged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reportgen.analysis import sanity
from reportgen.disk import read_json
from reportgen.paths import RESULTS, RUNS, SANITY
from reportgen.study.metrics.table import METRICS
from reportgen.workflow.analysing.remedies import remedy_purpose
from reportgen.workflow.analysing.sanity_checks import MEASURED_CHECKS, check_purpose
from reportgen.workflow.request import RunRequest, plan_jobs
from reportgen.workflow.stored_runs import StoredRuns, runs_missing


@dataclass(frozen=True)
class Lost:
    """A run or measurement that a result of the former report needs.

    Attributes
    ----------
    file : its path in the folder of the report.
    place : the variant, the seed and the purpose of a run; empty for a measurement.
    fault : what is wrong with it.
    damaged : whether it is stored and cannot be read.
    """

    file: str
    place: str
    fault: str
    damaged: bool = False

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.place, self.fault) if part)


def refuse_lost(request: RunRequest, runs: StoredRuns) -> None:
    """Raise UsageError ("runs-missing") if an analysis of stored runs lacks a result of the former report."""
    if lost := lost_records(request, runs):
        damaged = sum(one.damaged for one in lost)
        whole = f"the records of remedies and sanity checks of {request.plan.study.id}"
        raise runs_missing(request, whole, len(lost) - damaged, damaged, [str(one) for one in lost])


def lost_records(request: RunRequest, runs: StoredRuns) -> list[Lost]:
    """Return what an analysis of stored runs asked for in vain and the former report of the same runs needs."""
    former = read_json(request.folder / RESULTS)
    return [*_runs(request, runs, former), *_measurements(runs, former)]


def _runs(request: RunRequest, runs: StoredRuns, former: Mapping[str, Any]) -> Iterator[Lost]:
    stored, tried = request.store.keys(), _tried(request, former)
    labels = {variant.id: variant.label for variant in request.plan.variants}
    for job in runs.absent.values():
        is_damaged = job.key in stored
        if is_damaged or (job.run.variant, job.run.purpose) in tried:
            place = f"{labels[job.run.variant]}, seed {job.run.seed}, {job.run.purpose}"
            fault = str(request.store.fault(job.run, job.fingerprint))
            yield Lost(f"{RUNS}/{job.key}", place, fault, is_damaged)


def _tried(request: RunRequest, former: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return the variant and purpose of each remedy and sanity check in a report, for variants with the same runs."""
    known = {str(run.get("key")) for run in _parts(former, "runs")}
    same = {job.run.variant for job in plan_jobs(request.plan) if job.key in known}
    tried = {(str(check.get("variant")), check_purpose(str(check.get("check")))) for check in _measured(former)}
    for finding in _parts(former, "findings"):
        changes = [remedy.get("change") for remedy in _parts(finding, "remedies")]
        tried |= {(str(finding.get("variant")), remedy_purpose(one)) for one in changes if isinstance(one, dict)}
    return {(variant, purpose) for variant, purpose in tried if variant in same}


def _measurements(runs: StoredRuns, former: Mapping[str, Any]) -> Iterator[Lost]:
    checks = {str(check.get("check")) for check in _measured(former)}
    claims = [claim for claim in _parts(former, "claims") if claim.get("measured") is not None]
    places = {METRICS[name].place for claim in claims if (name := str(claim.get("metric"))) in METRICS}
    for name in sorted(runs.unmeasured):
        rows = ((check, row) for check, row in MEASURED_CHECKS.items() if name.startswith(row.file))
        if any(check in checks or row.place in places for check, row in rows):
            yield Lost(f"{SANITY}/{name}.json", "", "the measurement is missing")


def _measured(former: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the results of sanity checks in a report, without those that were not possible."""
    missing = sanity.not_measured("", None).note
    return [check for check in _parts(former, "sanity") if check.get("note") != missing]


def _parts(values: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the objects in a list of a results.json, which may have been edited."""
    parts = values.get(name)
    return [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
