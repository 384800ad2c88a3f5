"""Findings as a report shows them: one diagnosis a rule, its cases by variant, consequences below their cause."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reportgen.analysis.finding import Finding
from reportgen.analysis.results import Analysis

SEVERITIES = ("error", "warning", "info")
"""From the gravest to the lightest: the order of a report."""


@dataclass(frozen=True)
class Case:
    """A finding in one variant, by the variant's label, with the findings that follow from it."""

    finding: Finding
    variant: str
    title: str
    consequences: tuple[Case, ...]


@dataclass(frozen=True)
class Diagnosis:
    """A rule that fired; advice: the one that all its cases share, None where they differ."""

    rule: str
    title: str
    severity: str
    cases: tuple[Case, ...]
    advice: str | None
    sources: tuple[str, ...]


def diagnoses(analysis: Analysis) -> tuple[Diagnosis, ...]:
    """Return the diagnoses whose findings follow from no other, the gravest first."""
    from reportgen.analysis.diagnosis.rules import RULES

    labels = {v.variant.id: v.variant.label for v in analysis.variants}
    titles = {id_: rule.title for id_, rule in RULES.items()}

    def case(finding: Finding, above: tuple[str, ...] = ()) -> Case:
        """Return the case with its consequences; a rule already above it is not shown again."""
        seen = (*above, finding.rule)
        below = [f for f in _following(finding, analysis.findings) if f.rule not in seen]
        title = titles.get(finding.rule, finding.rule)
        return Case(finding, labels.get(finding.variant, finding.variant), title, tuple(case(f, seen) for f in below))

    roots = [case(finding) for finding in analysis.findings if _is_root(finding, analysis.findings)]
    groups = [_diagnosis([root for root in roots if root.finding.rule == rule]) for rule in _rules(roots)]
    return tuple(sorted(groups, key=lambda group: SEVERITIES.index(group.severity)))


def _following(cause: Finding, findings: Sequence[Finding]) -> list[Finding]:
    return [f for f in findings if f.variant == cause.variant and f.consequence_of == cause.rule]


def _is_root(finding: Finding, findings: Sequence[Finding]) -> bool:
    """Return whether nothing explains a finding; a cause that did not fire in its variant explains nothing."""
    return not any(f.rule == finding.consequence_of and f.variant == finding.variant for f in findings)


def _rules(cases: Iterable[Case]) -> list[str]:
    return list(dict.fromkeys(case.finding.rule for case in cases))


def _diagnosis(cases: Sequence[Case]) -> Diagnosis:
    findings = [case.finding for case in cases]
    advice = {finding.advice for finding in findings}
    return Diagnosis(
        rule=findings[0].rule,
        title=cases[0].title,
        severity=min((finding.severity for finding in findings), key=SEVERITIES.index),
        cases=tuple(cases),
        advice=advice.pop() if len(advice) == 1 else None,
        sources=tuple(dict.fromkeys(source for finding in findings for source in finding.sources)),
    )
