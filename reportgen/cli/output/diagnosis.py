"""What `reportgen diagnose` answers: lines for people, values for `--json`, and whether there was an alarm."""

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

KINDS = {"looks": ("probe_", "unit_layer"), "facts": ("facts.",), "settings": ("network.", "training.")}
"""What a record lacks, by the beginning of its name; all else is scores."""


def diagnose_files(path: Path) -> tuple[list[ExternalRecord], tuple[PartialDiagnosis, ...]]:
    """Return the records of a file or folder, and what the rules say of each variant."""
    found = read_records(path)
    variants: dict[str, list[RunRecord]] = {}
    untold: dict[str, tuple[str, ...]] = {}
    for brought in found:
        variants.setdefault(brought.variant, []).append(brought.record)
        untold[brought.variant] = (*untold.get(brought.variant, ()), *brought.untold)
    return found, diagnose_partial(variants, unstated=untold)


def alarms(judgements: Sequence[PartialDiagnosis]) -> bool:
    """Return whether there is a finding graver than a note."""
    return any(finding.severity != "info" for one in judgements for finding in one.findings)


def diagnosis_lines(judgements: Sequence[PartialDiagnosis], found: Sequence[ExternalRecord]) -> Iterator[Line]:
    """Yield each variant's findings, causes first with what follows from them, and what was not found or judged."""
    for place, one in enumerate(judgements):
        if place:
            yield "", ""
        seeds = sorted(b.record.spec.seed for b in found if b.variant == one.variant)
        yield "bold", f"{one.variant} (seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))})"
        for root in (f for f in one.findings if f.consequence_of is None):
            yield from _finding_lines(root, INDENT)
            for finding in one.findings:
                if finding.consequence_of == root.rule:
                    yield from _finding_lines(finding, 3 * INDENT, f", which follows from {root.rule}")
        if one.passed:
            yield "", f"{INDENT}not found: {', '.join(one.passed)}"
        for rules, lacking in _groups(one.not_judged):
            yield "", f"{INDENT}not judged for lack of {', '.join(lacking)}: {', '.join(rules)}"


def _groups(not_judged: Mapping[str, Sequence[str]]) -> list[tuple[list[str], list[str]]]:
    """Return rules that lack things of the same kinds, with all that one or the other lacks; large groups first."""
    groups: dict[tuple[str, ...], tuple[list[str], list[str]]] = {}
    for rule, missing in not_judged.items():
        kinds = tuple(sorted({_kind(name) for name in missing}))
        rules, lacking = groups.setdefault(kinds, ([], []))
        rules.append(rule)
        lacking += [name for name in missing if name not in lacking]
    return sorted(groups.values(), key=lambda group: -len(group[0]))


def _kind(name: str) -> str:
    return next((kind for kind, starts in KINDS.items() if name.startswith(starts)), "scores")


def _finding_lines(finding: Finding, indent: str, follows: str = "") -> Iterator[Line]:
    """Yield a finding; what follows from another comes without advice, since the cause is to be mended first."""
    yield STYLES[finding.severity], f"{indent}{finding.severity}: {finding.rule}{follows}"
    advice = [] if follows else [f"Try: {finding.advice}"]
    for text in (finding.message, *advice, f"See: {'; '.join(finding.sources)}"):
        yield "", f"{indent}{INDENT}{text}"


def diagnosis_values(judgements: Sequence[PartialDiagnosis], found: Sequence[ExternalRecord]) -> dict[str, Any]:
    """Return what `diagnose --json` says; findings are as in results.json."""
    values: Mapping[str, Any] = {
        "records": [{"file": str(b.path), "variant": b.variant, "seed": b.record.spec.seed} for b in found],
        "findings": [finding_values(finding) for one in judgements for finding in one.findings],
        "not_found": {one.variant: one.passed for one in judgements},
        "not_judged": {one.variant: one.not_judged for one in judgements},
    }
    return dict(plain(values))
