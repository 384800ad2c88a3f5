"""Tests the remedies that findings propose, by training the same seeds with one change.

Errors come before warnings. A finding that follows from another one is skipped, since its cause is treated. If the
first proposal does not help, the next one is tested until the study's budget is used up. A value beyond one that hurt
is not tested. With fewer than three seeds, only the first proposal is tested, since so few seeds cannot show an
improvement. The advice of a finding then follows from its tested remedies.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reportgen.analysis.diagnosis.bilingual import in_both_languages
from reportgen.analysis.diagnosis.remedies import compare_remedy
from reportgen.analysis.diagnosis.tested import changes_runs, is_refuted, with_tested_advice
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
        tested = finding
        if finding.consequence_of is None and finding.severity != "info":
            tested = _tested(analysis, finding, fetch, budget)
        budget -= len(tested.remedies)
        findings.append(tested)
    return dataclasses.replace(analysis, findings=tuple(findings))


def _tested(analysis: Analysis, finding: Finding, fetch: Fetch, budget: int) -> Finding:
    """Return the finding with at most `budget` tested remedies, and with advice that agrees with them."""
    spec = next(run.spec for run in analysis.plan.runs if run.variant == finding.variant)
    tested = finding
    for proposal in finding.proposals:
        tried = tested.remedies
        if len(tried) >= budget or (tried and tried[-1].verdict in FINAL_VERDICTS):
            break
        if not is_refuted(tested, proposal, spec) and (remedy := _try(analysis, finding, proposal, fetch)) is not None:
            tested = dataclasses.replace(tested, remedies=(*tried, remedy))
    (advised,) = in_both_languages(analysis.plan.study.lang, lambda: [with_tested_advice(tested, spec)])
    return advised


def _try(analysis: Analysis, finding: Finding, proposal: Proposal, fetch: Fetch) -> Remedy | None:
    """Return the tested remedy; None if the proposal changes nothing, is not valid, or its runs are not available."""
    summary = next(v for v in analysis.variants if v.variant.id == finding.variant)
    if not changes_runs(analysis.plan, finding.variant, proposal):
        return None
    runs = changed(analysis.plan, finding.variant, proposal.change, remedy_purpose(proposal.change))
    after = fetch(runs)
    if after is None:
        return None
    return compare_remedy(finding, proposal, summary.variant, summary.records, list(after.values()))


def remedy_purpose(change: Mapping[str, Any]) -> str:
    """Return the purpose of the runs that try a remedy, such as "remedy training.lr = 0.1"."""
    return f"remedy {', '.join(f'{path} = {setting(value)}' for path, value in change.items())}"
