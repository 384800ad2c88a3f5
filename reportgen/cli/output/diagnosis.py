"""Output of `reportgen diagnose`: lines of text, and values for `--json`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from reportgen.analysis.diagnosis.partial import PartialDiagnosis, diagnose_partial
from reportgen.analysis.finding import Finding
from reportgen.cli.output.reports import Line
from reportgen.external.reader import ExternalRecord, read_records
from reportgen.report.results.results import finding_values
from reportgen.runs.record import RunRecord
from reportgen.runs.store import plain

STYLES = {"error": "red", "warning": "yellow", "info": ""}
INDENT = "  "

KINDS = {"probes": ("probe_", "unit_layer"), "facts": ("facts.",), "settings": ("network.", "training.")}
"""Kinds of missing quantities, by the beginning of their names; all others are scores."""


def diagnose_files(path: Path) -> tuple[list[ExternalRecord], tuple[PartialDiagnosis, ...]]:
    """Return the records of a file or folder, and the diagnosis of each variant."""
    records = read_records(path)
    variants: dict[str, list[RunRecord]] = {}
    unspecified: dict[str, tuple[str, ...]] = {}
    for one in records:
        variants.setdefault(one.variant, []).append(one.record)
        unspecified[one.variant] = (*unspecified.get(one.variant, ()), *one.unspecified)
    return records, diagnose_partial(variants, unspecified=unspecified)


def has_alarm(diagnoses: Sequence[PartialDiagnosis]) -> bool:
    """Return whether there is a warning or an error."""
    return any(finding.severity != "info" for one in diagnoses for finding in one.findings)


def diagnosis_lines(diagnoses: Sequence[PartialDiagnosis], records: Sequence[ExternalRecord]) -> Iterator[Line]:
    """Yield the findings of each variant, causes before their consequences, and the rules without a finding."""
    for place, one in enumerate(diagnoses):
        if place:
            yield "", ""
        seeds = sorted(b.record.spec.seed for b in records if b.variant == one.variant)
        yield "bold", f"{one.variant} (seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))})"
        for root in (f for f in one.findings if f.consequence_of is None):
            yield from _finding_lines(root, INDENT)
            for finding in one.findings:
                if finding.consequence_of == root.rule:
                    yield from _finding_lines(finding, 3 * INDENT, f", a consequence of {root.rule}")
        if one.passed:
            yield "", f"{INDENT}not found: {', '.join(one.passed)}"
        for rules, missing in _groups(one.not_judged):
            yield "", f"{INDENT}not tested (missing {', '.join(missing)}): {', '.join(rules)}"


def _groups(not_judged: Mapping[str, Sequence[str]]) -> list[tuple[list[str], list[str]]]:
    """Return groups of rules that need the same kinds of missing quantities, with these; large groups first."""
    groups: dict[tuple[str, ...], tuple[list[str], list[str]]] = {}
    for rule, names in not_judged.items():
        kinds = tuple(sorted({_kind(name) for name in names}))
        rules, missing = groups.setdefault(kinds, ([], []))
        rules.append(rule)
        missing += [name for name in names if name not in missing]
    return sorted(groups.values(), key=lambda group: -len(group[0]))


def _kind(name: str) -> str:
    return next((kind for kind, starts in KINDS.items() if name.startswith(starts)), "scores")


def _finding_lines(finding: Finding, indent: str, follows: str = "") -> Iterator[Line]:
    """Yield a finding; a consequence has no advice, since its cause must be fixed first."""
    yield STYLES[finding.severity], f"{indent}{finding.severity}: {finding.rule}{follows}"
    advice = [] if follows else [f"Try: {finding.advice}"]
    for text in (finding.message, *advice, f"See: {'; '.join(finding.sources)}"):
        yield "", f"{indent}{INDENT}{text}"


def diagnosis_values(diagnoses: Sequence[PartialDiagnosis], records: Sequence[ExternalRecord]) -> dict[str, Any]:
    """Return the values of `diagnose --json`; findings are as in results.json."""
    values: Mapping[str, Any] = {
        "records": [{"file": str(b.path), "variant": b.variant, "seed": b.record.spec.seed} for b in records],
        "findings": [finding_values(finding) for one in diagnoses for finding in one.findings],
        "not_found": {one.variant: one.passed for one in diagnoses},
        "not_judged": {one.variant: one.not_judged for one in diagnoses},
    }
    return dict(plain(values))
