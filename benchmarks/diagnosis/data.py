"""Result of the benchmark as plain data: the JSON file, and the numbers that every report quotes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.diagnosis.build import SEEDS
from benchmarks.diagnosis.cases import Case
from benchmarks.diagnosis.halves import SCORING, TUNING
from benchmarks.diagnosis.remedies import Tried, helped, tested
from benchmarks.diagnosis.result import OWN, Result
from benchmarks.diagnosis.score import Share, confusion, right_cause, score
from reportgen.engine.spec import ENGINE_VERSION
from reportgen.runs.provenance import package_version
from reportgen.runs.store import plain

FORMAT, VERSION = "reportgen-diagnosis-benchmark", 1  # 1: the first

Remedies = Mapping[str, Sequence[Tried]]
"""Tested remedies by case; empty without --remedies."""


def share(found: Share) -> dict[str, Any]:
    """Return a share as plain data."""
    low, high = found.interval
    return {"count": found.count, "of": found.of, "value": found.value, "interval": [low, high]}


def everything(result: Result, tried: Remedies) -> dict[str, Any]:
    """Return the complete result."""
    parts = (TUNING, SCORING, "both")
    own = result.alarms.get(OWN, {})
    return plain(
        {
            "format": FORMAT,
            "version": VERSION,
            **_head(result),
            "scores": {
                half: {name: _score(result.valid(half), alarms) for name, alarms in result.alarms.items()}
                for half in parts
            },
            "confusion": {half: confusion(result.valid(half), own) for half in parts} if own else {},
            "remedies": _remedies(tried),
            "diagnose_seconds": result.diagnose_seconds,
            "invalid": result.invalid,
            "cases": [_case(result, case, tried) for case in result.cases],
        }
    )


def figures(result: Result, tried: Remedies) -> dict[str, Any]:
    """Return the numbers for reports: our rules on each half, remedies on the scoring half, date and versions."""
    halves = {}
    for half in (TUNING, SCORING):
        found = score(result.valid(half), result.alarms[OWN])
        names = ("recall", "false_alarms", "right_cause")
        halves[half] = {name: _counted(getattr(found, name)) for name in names}
    remedies = {"remedies_helped": _counted(helped(tried))} if tried else {}
    return plain({"format": FORMAT, "version": VERSION, **_head(result), **halves, **remedies})


def _counted(found: Share) -> dict[str, Any]:
    whole = share(found)
    return {name: whole[name] for name in ("count", "of", "interval")}


def _head(result: Result) -> dict[str, Any]:
    faults = sum(case.faulty for case in result.valid("both"))
    return {
        "date": result.date,
        "reportgen": package_version("reportgen"),
        "engine_version": ENGINE_VERSION,
        "seeds": SEEDS,
        "faults": faults,
        "controls": len(result.valid("both")) - faults,
    }


def _score(cases: Sequence[Case], alarms: Mapping[str, Any]) -> dict[str, Any]:
    found = score(cases, alarms)
    overall = {name: share(getattr(found, name)) for name in ("recall", "false_alarms", "right_cause", "strays")}
    names = ("recall", "false_alarms", "elsewhere")
    rows = [{"rule": row.rule, **{name: share(getattr(row, name)) for name in names}} for row in found.by_rule]
    return {**overall, "by_rule": rows}


def _remedies(tried: Remedies) -> dict[str, Any] | None:
    return {"half": SCORING, "tested": share(tested(tried)), "helped": share(helped(tried))} if tried else None


def _case(result: Result, case: Case, tried: Remedies) -> dict[str, Any]:
    alarms = {name: [alarm.rule for alarm in found[case.name]] for name, found in result.alarms.items()}
    own = result.alarms.get(OWN)
    return {
        "name": case.name,
        "family": case.family,
        "half": result.half_of[case.name],
        "fault": case.faulty,
        "must": sorted(case.must),
        "may": sorted(case.may),
        "must_not": sorted(case.must_not),
        "checks": [{"check": c.words, "values": c.values, "holds": c.holds} for c in result.checks[case.name]],
        "alarms": alarms,
        "right_cause": right_cause(case, own[case.name]) if own and case.faulty else None,
        "remedies": [
            {"rule": t.rule, "change": dict(t.remedy.change), "metric": t.remedy.metric, "verdict": t.remedy.verdict}
            for t in tried.get(case.name, ())
        ],
    }
