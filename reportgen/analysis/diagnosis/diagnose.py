"""Runs every rule over every variant, tells causes from consequences, and puts what fired in order."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence

from reportgen.analysis.diagnosis.advice import consistent
from reportgen.analysis.diagnosis.causes import in_order, with_causes
from reportgen.analysis.diagnosis.rules import RULES
from reportgen.analysis.finding import Evidence, Finding, Rule
from reportgen.analysis.results import VariantSummary
from reportgen.runs.record import RunRecord


def diagnose(
    variants: Sequence[VariantSummary], rules: Mapping[str, Rule] = RULES, subjects: Collection[str] | None = None
) -> tuple[Finding, ...]:
    """Return all findings: errors first, root causes before consequences, then by the stage at which they arise.

    Runs that failed with an error of the program tell nothing about a network, and are left out. subjects: ids of the
    variants that are diagnosed, all by default; the others are only compared with.
    """
    known = {v.variant.id: v.variant for v in variants}
    records = {v.variant.id: usable(v.records) for v in variants}

    def evidence(name: str) -> Evidence:
        return Evidence(known[name], records[name], {other: r for other, r in records.items() if other != name})

    @functools.cache
    def findings(name: str) -> list[Finding]:
        return _of_variant(evidence(name), rules)

    def alarms(name: str) -> set[str]:
        return {finding.rule for finding in findings(name) if finding.severity != "info"}

    diagnosed = [name for name, own in records.items() if own and (subjects is None or name in subjects)]
    return in_order(consistent(finding, evidence(name), alarms) for name in diagnosed for finding in findings(name))


def usable(records: Sequence[RunRecord]) -> list[RunRecord]:
    """Return the records that tell something about a network, by ascending seed."""
    return sorted((r for r in records if r.status != "failed"), key=lambda r: r.spec.seed)


def _of_variant(evidence: Evidence, rules: Mapping[str, Rule]) -> list[Finding]:
    return with_causes([found for rule in rules.values() if (found := rule.check(evidence)) is not None], rules)
