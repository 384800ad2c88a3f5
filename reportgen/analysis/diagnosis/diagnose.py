"""Runs all rules on all variants, and orders the findings by cause and severity."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence

from reportgen.analysis.diagnosis.advice import consistent
from reportgen.analysis.diagnosis.causes import in_order, with_causes
from reportgen.analysis.diagnosis.checks import checks
from reportgen.analysis.diagnosis.evidence.memoize import forget
from reportgen.analysis.diagnosis.rules import RULES
from reportgen.analysis.finding import Evidence, Finding, Rule
from reportgen.analysis.results import VariantSummary
from reportgen.runs.record import RunRecord

MOST_WITH_EVIDENCE = 2000
"""Runs of a study up to which the evidence of rules stays in memory for all variants, instead of for one at a time.

Rules seldom need the evidence of a variant again when it is diagnosed, except to write findings in a second language.
"""


def diagnose(
    variants: Sequence[VariantSummary], rules: Mapping[str, Rule] = RULES, subjects: Collection[str] | None = None
) -> tuple[Finding, ...]:
    """Return all findings: errors first, root causes before consequences, then by stage.

    Runs that failed with an error of the program are ignored. subjects: ids of the diagnosed variants, all by default;
    other variants are only used for comparison.
    """
    known = {v.variant.id: v.variant for v in variants}
    records = {v.variant.id: usable(v.records) for v in variants}

    def evidence(name: str) -> Evidence:
        return Evidence(known[name], records[name], {other: r for other, r in records.items() if other != name})

    is_large = sum(map(len, records.values())) > MOST_WITH_EVIDENCE

    @functools.cache
    def findings(name: str) -> list[Finding]:
        found = _of_variant(evidence(name), rules)
        if is_large:
            forget(records[name])
        return found

    def alarms(name: str) -> set[str]:
        return {finding.rule for finding in findings(name) if finding.severity != "info"}

    diagnosed = [name for name, own in records.items() if own and (subjects is None or name in subjects)]
    return in_order(consistent(finding, evidence(name), alarms) for name in diagnosed for finding in findings(name))


def usable(records: Sequence[RunRecord]) -> list[RunRecord]:
    """Return the records of runs that did not fail, by ascending seed."""
    return sorted((r for r in records if r.status != "failed"), key=lambda r: r.spec.seed)


def _of_variant(evidence: Evidence, rules: Mapping[str, Rule]) -> list[Finding]:
    has_tasks = any(record.spec.data.tasks > 1 for record in evidence.records)
    applied = {id_: rule for id_, rule in rules.items() if not (has_tasks and rule.one_task)}
    return with_causes([found for check in checks(applied).values() if (found := check(evidence)) is not None], rules)
