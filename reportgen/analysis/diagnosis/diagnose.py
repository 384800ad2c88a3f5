"""Runs every rule over every variant, tells causes from consequences, and puts what fired in order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

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
    records = {v.variant.id: usable(v.records) for v in variants}
    found: list[Finding] = []
    for summary in variants:
        own = records[summary.variant.id]
        if own and (subjects is None or summary.variant.id in subjects):
            siblings = {name: others for name, others in records.items() if name != summary.variant.id}
            found += _of_variant(Evidence(summary.variant, own, siblings), rules)
    return in_order(found)


def usable(records: Sequence[RunRecord]) -> list[RunRecord]:
    """Return the records that tell something about a network, by ascending seed."""
    return sorted((r for r in records if r.status != "failed"), key=lambda r: r.spec.seed)


def _of_variant(evidence: Evidence, rules: Mapping[str, Rule]) -> list[Finding]:
    return with_causes([found for rule in rules.values() if (found := rule.check(evidence)) is not None], rules)
