"""Tests the remedies that findings propose, by training the same seeds with one change.

Errors come before warnings. A finding that follows from another one is skipped, since its cause is treated. If the
first proposal does not help, the next one is tested until the study's budget is used up. With fewer than three seeds,
only the first proposal is tested, since so few seeds cannot show an improvement.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from reportgen.analysis.diagnosis.remedies import compare_remedy
from reportgen.analysis.finding import Finding, Proposal, Remedy
from reportgen.analysis.results import Analysis
from reportgen.analysis.words.names import setting
from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import PlannedRun, changed

Fetch = Callable[[Sequence[PlannedRun]], Mapping[int, RunRecord] | None]
"""Maps planned runs to their records by seed, and trains them if allowed; returns None if they are not available."""

FINAL_VERDICTS = ("helped", "too few seeds")
"""Verdicts after which no further proposal is tried: the remedy helped, or the seeds are too few to show it."""


def try_remedies(analysis: Analysis, fetch: Fetch) -> Analysis:
    """Return the analysis with the remedies of its findings tested, within the budget of the study."""
    budget = analysis.plan.study.remedies.limit
    findings: list[Finding] = []
    for finding in analysis.findings:
        tried: list[Remedy] = []
        if finding.consequence_of is None and finding.severity != "info":
            for proposal in finding.proposals:
                if budget == 0 or (tried and tried[-1].verdict in FINAL_VERDICTS):
                    break
                remedy = _try(analysis, finding, proposal, fetch)
                if remedy is not None:
                    budget -= 1
                    tried.append(remedy)
        findings.append(dataclasses.replace(finding, remedy=_best(tried)))
    return dataclasses.replace(analysis, findings=tuple(findings))


def _try(analysis: Analysis, finding: Finding, proposal: Proposal, fetch: Fetch) -> Remedy | None:
    """Return the tested remedy; None if the proposal changes nothing, is not valid, or its runs are not available."""
    summary = next(v for v in analysis.variants if v.variant.id == finding.variant)
    try:
        runs = changed(analysis.plan, finding.variant, proposal.change, f"remedy {_in_words(proposal.change)}")
    except (ValidationError, KeyError):
        return None
    own = {run.spec for run in analysis.plan.runs if run.variant == finding.variant}
    if all(run.spec in own for run in runs):
        return None
    after = fetch(runs)
    if after is None:
        return None
    return compare_remedy(finding, proposal, summary.variant, summary.records, list(after.values()))


def _in_words(change: Mapping[str, Any]) -> str:
    return ", ".join(f"{path} = {setting(value)}" for path, value in change.items())


def _best(tried: Sequence[Remedy]) -> Remedy | None:
    """Return the remedy that helped, otherwise the first one that was tried."""
    return next((remedy for remedy in tried if remedy.verdict == "helped"), tried[0] if tried else None)
