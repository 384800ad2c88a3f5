"""Runs every rule over every variant, orders what fired, and tells causes from consequences."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from reportgen.analysis.finding import Evidence, Finding, Rule
from reportgen.analysis.model import VariantSummary
from reportgen.analysis.rules import RULES
from reportgen.runs.record import RunRecord

_SEVERITY = {"error": 0, "warning": 1, "info": 2}
_STAGE = {"data": 0, "initialization": 1, "optimization": 2, "generalization": 3}


def diagnose(variants: Sequence[VariantSummary], rules: Mapping[str, Rule] = RULES) -> tuple[Finding, ...]:
    """Return all findings: errors first, then by the stage at which they arise; consequences name their cause.

    Runs that failed with an error of the program tell nothing about a network, and are left out.
    """
    records = {v.variant.id: _usable(v.records) for v in variants}
    found: list[Finding] = []
    for summary in variants:
        own = records[summary.variant.id]
        if own:
            siblings = {name: others for name, others in records.items() if name != summary.variant.id}
            found += _of_variant(Evidence(summary.variant, own, siblings), rules)
    return tuple(sorted(found, key=lambda f: (_SEVERITY[f.severity], f.consequence_of is not None)))


def _usable(records: Sequence[RunRecord]) -> list[RunRecord]:
    return sorted((r for r in records if r.status != "failed"), key=lambda r: r.spec.seed)


def _of_variant(evidence: Evidence, rules: Mapping[str, Rule]) -> list[Finding]:
    fired = [finding for rule in rules.values() if (finding := rule.check(evidence)) is not None]
    fired.sort(key=lambda finding: _STAGE[rules[finding.rule].stage])
    ids = {finding.rule for finding in fired}
    return [dataclasses.replace(f, consequence_of=_root(f.rule, rules, ids)) for f in fired]


def _root(rule: str, rules: Mapping[str, Rule], fired: set[str]) -> str | None:
    """Return the rule at the root of the causes that fired, None for a root itself; a circle ends where it closes."""
    seen = [rule]
    while (cause := next((c for c in rules[seen[-1]].causes if c in fired and c not in seen), None)) is not None:
        seen.append(cause)
    return seen[-1] if len(seen) > 1 else None
