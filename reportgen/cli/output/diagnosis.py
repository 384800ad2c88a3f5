"""Output of `reportgen diagnose`: lines of text, and values for `--json`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reportgen.analysis.diagnosis.benchmark import published_by_rule
from reportgen.analysis.diagnosis.outcome import VERDICTS, PartialDiagnosis, missing_kind
from reportgen.analysis.finding import Abstention, Finding
from reportgen.cli.output.logs import log_lines, log_values, title
from reportgen.cli.output.reports import Line
from reportgen.report.results.results import finding_values, verdict_values
from reportgen.runs.store import plain
from reportgen.workflow.diagnose import DiagnosedTraining

STYLES = {"error": "red", "warning": "yellow", "info": ""}
WORDS: Mapping[str, str] = {"info": "note"}
"""Words for severities and verdicts that differ from their names in `--json`, as on the page."""

MOST_NAMES = 5
"""Largest number of groups that a line of the summary names."""

INDENT = "  "


def diagnosis_lines(diagnosed: DiagnosedTraining) -> Iterator[Line]:
    """Yield the findings of each variant, causes before their consequences, and the rules without a finding.

    Several variants have a summary before them, and what could not be judged in more than one of them after them.
    """
    counts = Counter(line for diagnosis in diagnosed.diagnoses for line in _unjudged_lines(diagnosis))
    several = [line for line, count in counts.items() if count > 1]
    if count := len(diagnosed.unreadable):
        what = "1 record or log" if count == 1 else f"{count} records or logs"
        yield "red", f"{what} could not be read and {'is' if count == 1 else 'are'} not part of this diagnosis"
    yield from _summary_lines(diagnosed)
    for index, diagnosis in enumerate(diagnosed.diagnoses):
        if index:
            yield "", ""
        if diagnosis.variant in diagnosed.logs:
            logs = diagnosed.logs[diagnosis.variant]
            yield "bold", title(diagnosis.variant, logs)
            yield from log_lines(logs, INDENT)
        else:
            variant = [record for record in diagnosed.records if record.variant == diagnosis.variant]
            seeds = sorted(record.record.spec.seed for record in variant)
            yield "bold", f"{diagnosis.variant} (seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))})"
        yield from _judgement_lines(diagnosis)
        yield from (("", INDENT + line) for line in _lines_by_scores(diagnosis))
        yield from (("", INDENT + line) for line in _unjudged_lines(diagnosis) if line not in several)
    if several:
        yield "", ""
        yield "bold", "not judged in more than one of them"
    for line in several:
        yield "", f"{INDENT}{line} [in {counts[line]} of {len(diagnosed.diagnoses)}]"


def _summary_lines(diagnosed: DiagnosedTraining) -> Iterator[Line]:
    """Yield the names of several variants by their verdict, the worst first."""
    diagnoses = diagnosed.diagnoses
    if len(diagnoses) < 2:
        return
    runs = len(diagnosed.records) + sum(len(logs) for logs in diagnosed.logs.values())
    yield "bold", f"{runs} runs" + (f" of {len(diagnoses)} settings" if runs > len(diagnoses) else "")
    for verdict in VERDICTS:
        names = [diagnosis.variant for diagnosis in diagnoses if diagnosis.verdict == verdict]
        if names:
            more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
            words = f"{WORDS.get(verdict, verdict)}: {len(names)} ({', '.join(names[:MOST_NAMES])}{more})"
            yield STYLES.get(verdict, ""), INDENT + words
    yield "", ""


def _judgement_lines(diagnosis: PartialDiagnosis) -> Iterator[Line]:
    """Yield the findings of a variant and the rules without a finding."""
    for root in (f for f in diagnosis.findings if f.consequence_of is None):
        yield from _finding_lines(root, INDENT)
        for finding in diagnosis.findings:
            if finding.consequence_of == root.rule:
                yield from _finding_lines(finding, 3 * INDENT, f", a consequence of {root.rule}")
    if diagnosis.verdict in ("not judged", "too little logged"):
        count = f"only {diagnosis.judged} of {diagnosis.judged + diagnosis.unjudged} rules could judge"
        yield "", f"{INDENT}{diagnosis.verdict}: {count}"
    if diagnosis.passed:
        yield "", f"{INDENT}not found: {', '.join(diagnosis.passed)}"


def _unjudged_lines(diagnosis: PartialDiagnosis) -> Iterator[str]:
    """Yield the rules that could not judge a variant, by what is missing."""
    for rules, missing in _groups(diagnosis.not_judged):
        yield f"not judged: {', '.join(rules)} (missing {', '.join(missing)})"
    for abstention, rules in _abstentions(diagnosis).items():
        remedy = f"To have {'it' if len(rules) == 1 else 'them'} judged: {abstention.remedy}"
        yield f"not judged: {', '.join(rules)} ({abstention.reason}). {remedy}"


def _lines_by_scores(diagnosis: PartialDiagnosis) -> Iterator[str]:
    """Yield the rules that judged a record by its scores alone, with the published figures of that form."""
    for rules, missing in _groups(diagnosis.by_scores):
        yield f"judged by scores alone: {', '.join(map(_with_figures, rules))} (missing {', '.join(missing)})"


def _with_figures(rule: str) -> str:
    figures = published_by_rule().get(rule)
    if figures is None:
        return rule
    (found, planted), (alarms, healthy) = figures.planted, figures.healthy
    return f"{rule} [finds {found} of {planted} faults, {alarms} false alarms in {healthy}]"


def _abstentions(diagnosis: PartialDiagnosis) -> dict[Abstention, list[str]]:
    """Return the rules that abstained, by reason and remedy."""
    rules: dict[Abstention, list[str]] = {}
    for rule, abstention in diagnosis.abstained.items():
        rules.setdefault(abstention, []).append(rule)
    return rules


def _groups(not_judged: Mapping[str, Sequence[str]]) -> list[tuple[list[str], list[str]]]:
    """Return groups of rules that need the same kinds of missing quantities, with these; large groups first."""
    groups: dict[tuple[str, ...], tuple[list[str], list[str]]] = {}
    for rule, names in not_judged.items():
        kinds = tuple(sorted({missing_kind(name) for name in names}))
        rules, missing = groups.setdefault(kinds, ([], []))
        rules.append(rule)
        missing += [name for name in names if name not in missing]
    return sorted(groups.values(), key=lambda group: -len(group[0]))


def _finding_lines(finding: Finding, indent: str, follows: str = "") -> Iterator[Line]:
    """Yield a finding; a consequence has no advice, since its cause must be fixed first."""
    yield STYLES[finding.severity], f"{indent}{WORDS.get(finding.severity, finding.severity)}: {finding.rule}{follows}"
    advice = [] if follows else [f"Try: {finding.advice}"]
    for text in (finding.message, *advice, f"See: {'; '.join(finding.sources)}"):
        yield "", f"{indent}{INDENT}{text}"


def diagnosis_values(diagnosed: DiagnosedTraining) -> dict[str, Any]:
    """Return the values of `diagnose --json`; findings are as in results.json."""
    values: Mapping[str, Any] = {
        "records": [
            {"file": str(record.path), "variant": record.variant, "seed": record.record.spec.seed}
            for record in diagnosed.records
        ],
        "findings": [finding_values(finding) for diagnosis in diagnosed.diagnoses for finding in diagnosis.findings],
        "verdicts": {diagnosis.variant: verdict_values(diagnosis) for diagnosis in diagnosed.diagnoses},
        "not_found": {diagnosis.variant: diagnosis.passed for diagnosis in diagnosed.diagnoses},
        "not_judged": {diagnosis.variant: diagnosis.not_judged for diagnosis in diagnosed.diagnoses},
        "judged_by_scores": {
            diagnosis.variant: {
                rule: {"missing": missing, **(vars(figures) if (figures := published_by_rule().get(rule)) else {})}
                for rule, missing in diagnosis.by_scores.items()
            }
            for diagnosis in diagnosed.diagnoses
        },
        "abstained": {
            diagnosis.variant: {rule: vars(abstention) for rule, abstention in diagnosis.abstained.items()}
            for diagnosis in diagnosed.diagnoses
        },
        "logs": [log_values(group, log) for group, logs in diagnosed.logs.items() for log in logs],
        "unreadable": [error.values for error in diagnosed.unreadable],
        "other_files": diagnosed.others,
    }
    return dict(plain(values))
