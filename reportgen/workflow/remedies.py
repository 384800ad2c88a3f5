"""Tries what findings propose: the same seeds with one change, trained and stored like any other run.

Errors come first, then warnings; a finding that follows from another is left to its cause. Where the first proposal
does not help, the next one is tried, as long as the study's budget lasts; not so below three seeds, which show nothing.
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
"""From planned runs to their records by seed, trained where that is allowed; None where they are not to be had."""

SETTLED = ("helped", "too few seeds")
"""Verdicts after which no further proposal is tried: it helped, or no change could be shown to."""


def try_remedies(analysis: Analysis, fetch: Fetch) -> Analysis:
    """Return the analysis with the remedies of its findings tested, within the study's budget."""
    left = analysis.plan.study.remedies.limit
    findings: list[Finding] = []
    for finding in analysis.findings:
        tried: list[Remedy] = []
        if finding.consequence_of is None and finding.severity != "info":
            for proposal in finding.proposals:
                if left == 0 or (tried and tried[-1].verdict in SETTLED):
                    break
                remedy = _try(analysis, finding, proposal, fetch)
                if remedy is not None:
                    left -= 1
                    tried.append(remedy)
        findings.append(dataclasses.replace(finding, remedy=_best(tried)))
    return dataclasses.replace(analysis, findings=tuple(findings))


def _try(analysis: Analysis, finding: Finding, proposal: Proposal, fetch: Fetch) -> Remedy | None:
    """Return the tested remedy; None for a change that is no change, makes no valid settings, or cannot be had."""
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
    """Return the remedy that helped, else the first that was tried."""
    return next((remedy for remedy in tried if remedy.verdict == "helped"), tried[0] if tried else None)
