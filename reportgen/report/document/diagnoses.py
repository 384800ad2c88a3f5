"""Diagnoses of a report: the findings of each rule, merged over variants, with their consequences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reportgen.analysis.finding import Finding, Guessing, Remedy
from reportgen.analysis.results import Analysis
from reportgen.analysis.words.names import setting, setting_name
from reportgen.languages.translate import _, translated
from reportgen.report.document.claim_view import MOST_VALUES, spread
from reportgen.report.document.merging import grouped, merged, template
from reportgen.study.planning.plan import Variant

SEVERITIES = ("error", "warning", "info")
"""Severities in the order of a report, the most severe first."""

MOST_ALONE = 3
"""Largest number of sentences that stay separate if they differ only in numbers; more are merged into ranges."""

MOST_LISTED = 12
"""Largest number of variants of a merged finding that are listed by name."""


@dataclass(frozen=True)
class Case:
    """A finding in one variant, with the findings that are its consequences."""

    finding: Finding
    variant: str
    title: str
    consequences: tuple[Case, ...]


@dataclass(frozen=True)
class TestedChange:
    """A change that was tested in one or several variants with the same verdict.

    Attributes
    ----------
    variants : the variants in words, empty if they are all variants of the finding
    before, after, difference : smallest and largest mean over these variants
    interval : 95% interval of the difference in a single variant, None for several
    best : whether it is the best of several changes tested for the same finding
    """

    variants: str
    best: bool
    change: Mapping[str, Any]
    metric: str
    verdict: str
    before: tuple[float, float]
    after: tuple[float, float]
    difference: tuple[float, float]
    interval: tuple[float, float] | None
    guessing: Guessing | None


@dataclass(frozen=True)
class Group:
    """Cases of one rule and severity whose messages differ at most in numbers.

    Attributes
    ----------
    variants : the variants in words, empty if they are all variants of the cause
    is_all : whether `variants` begins with "all"
    count : the number of variants
    advice : pairs of variants in words, empty for all, and the advice for them
    """

    rule: str
    title: str
    severity: str
    variants: str
    is_all: bool
    count: int
    message: str
    advice: tuple[tuple[str, str], ...]
    tested: tuple[TestedChange, ...]
    consequences: tuple[Group, ...]


@dataclass(frozen=True)
class Diagnosis:
    """A rule with findings in `count` variants; advice: None unless all of them have the same advice."""

    rule: str
    title: str
    severity: str
    groups: tuple[Group, ...]
    count: int
    advice: str | None
    sources: tuple[str, ...]


def diagnoses(analysis: Analysis) -> tuple[Diagnosis, ...]:
    """Return the diagnoses of the findings that are no consequences, the most severe first."""
    roots = root_cases(analysis.findings, {v.variant.id: v.variant.label for v in analysis.variants})
    every = [v.variant for v in analysis.variants]
    groups = [_diagnosis([root for root in roots if root.finding.rule == rule], every) for rule in _rules(roots)]
    return tuple(sorted(groups, key=lambda group: SEVERITIES.index(group.severity)))


def root_cases(findings: Sequence[Finding], labels: Mapping[str, str]) -> list[Case]:
    """Return the findings that are no consequences, with their consequences; labels: by id of the variant."""
    from reportgen.analysis.diagnosis.rules import RULES

    titles = {id_: rule.title for id_, rule in RULES.items()}

    def case(finding: Finding, above: tuple[str, ...] = ()) -> Case:
        """Return the case with its consequences, without rules that are already above it."""
        rules = (*above, finding.rule)
        below = [f for f in _consequences(finding, findings) if f.rule not in rules]
        title = titles.get(finding.rule, finding.rule)
        shown = replace(finding, message=translated(finding.message), advice=translated(finding.advice))
        label = labels.get(finding.variant, finding.variant)
        return Case(shown, label, _(title), tuple(case(f, rules) for f in below))

    return [case(finding) for finding in findings if _is_root(finding, findings)]


def _consequences(cause: Finding, findings: Sequence[Finding]) -> list[Finding]:
    return [f for f in findings if f.variant == cause.variant and f.consequence_of == cause.rule]


def _is_root(finding: Finding, findings: Sequence[Finding]) -> bool:
    """Return whether a finding has no cause among the findings of its variant."""
    return not any(f.rule == finding.consequence_of and f.variant == finding.variant for f in findings)


def _rules(cases: Iterable[Case]) -> list[str]:
    return list(dict.fromkeys(case.finding.rule for case in cases))


def _diagnosis(cases: Sequence[Case], every: Sequence[Variant]) -> Diagnosis:
    findings = [case.finding for case in cases]
    advice = {finding.advice for finding in findings}
    return Diagnosis(
        rule=findings[0].rule,
        title=cases[0].title,
        severity=min((finding.severity for finding in findings), key=SEVERITIES.index),
        groups=_groups(cases, every),
        count=len(cases),
        advice=advice.pop() if len(advice) == 1 else None,
        sources=tuple(dict.fromkeys(source for finding in findings for source in finding.sources)),
    )


def _groups(cases: Sequence[Case], every: Sequence[Variant], above: int = 0) -> tuple[Group, ...]:
    """Return the cases as groups: equal messages are merged, and messages of one template if more than a few remain.

    above: the number of variants of the cause, 0 without a cause.
    """
    keys = [(case.finding.rule, case.finding.severity, template(case.finding.message)) for case in cases]
    groups: list[Group] = []
    for alike in grouped(cases, keys):
        equal = grouped(alike, [case.finding.message for case in alike])
        together = equal if len(equal) <= MOST_ALONE and not above else [alike]
        groups += [_group(group, every, above) for group in together]
    return tuple(groups)


def _group(cases: Sequence[Case], every: Sequence[Variant], above: int) -> Group:
    first = cases[0]
    advice = grouped(cases, [case.finding.advice for case in cases])
    below = [consequence for case in cases for consequence in case.consequences]
    return Group(
        rule=first.finding.rule,
        title=first.title,
        severity=first.finding.severity,
        variants=(words := "" if len(cases) == above else in_words(cases, every)),
        is_all=words.startswith(_("all {count} variants").split("{")[0]),
        count=len(cases),
        message=merged([case.finding.message for case in cases]),
        advice=tuple((_own(own, cases, every), own[0].finding.advice) for own in advice),
        tested=_tested(cases, every),
        consequences=_groups(below, every, len(cases)),
    )


def _own(own: Sequence[Case], cases: Sequence[Case], every: Sequence[Variant]) -> str:
    return "" if len(own) == len(cases) else in_words(own, every)


def in_words(cases: Sequence[Case], every: Sequence[Variant]) -> str:
    """Return the variants of the cases in words: by a setting that only they share, as a grid, or by name."""
    own = [case.finding.variant for case in cases]
    if 2 < len(own) == len(every):
        return _("all {count} variants").format(count=len(own))
    varied = {(path, label) for variant in every for path, label in variant.varied.items()}
    for path, label in sorted(varied):
        if len(own) > 2 and {v.id for v in every if v.varied.get(path) == label} == set(own):
            text = _("all {count} variants with {setting} “{label}”")
            return text.format(count=len(own), setting=setting_name(path), label=label)
    variants = [variant for variant in every if variant.id in own]
    if len(own) > 2 and _is_short(variants) and (words := spread(variants)):
        return words
    names = [case.variant for case in cases]
    rest = len(names) - MOST_LISTED
    return "; ".join(names[:MOST_LISTED]) + (_("; and {count} more").format(count=rest) if rest > 0 else "")


def _is_short(variants: Sequence[Variant]) -> bool:
    """Return whether the labels of the variants are their settings, each with few enough values to list."""
    values = {(path, label) for variant in variants for path, label in variant.varied.items()}
    counts = Counter(path for path, _ in values)
    named = all(variant.label == ", ".join(variant.varied.values()) for variant in variants)
    return named and max(counts.values(), default=0) <= MOST_VALUES


def _tested(cases: Sequence[Case], every: Sequence[Variant]) -> tuple[TestedChange, ...]:
    """Return the tested changes, merged over variants with the same verdict."""
    tried = [(case, remedy) for case in cases for remedy in case.finding.remedies]
    keys = [(_written(r.change), r.metric, r.verdict, _is_best(case.finding, r)) for case, r in tried]
    return tuple(_trial(same, len(cases), every) for same in grouped(tried, keys))


def _is_best(finding: Finding, remedy: Remedy) -> bool:
    return len(finding.remedies) > 1 and remedy is finding.remedy and remedy.verdict == "helped"


def _written(change: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((path, setting(value)) for path, value in change.items())


def _trial(tried: Sequence[tuple[Case, Remedy]], count: int, every: Sequence[Variant]) -> TestedChange:
    cases, remedies = [case for case, _ in tried], [remedy for _, remedy in tried]
    first = remedies[0]
    return TestedChange(
        variants="" if len(cases) == count else in_words(cases, every),
        best=_is_best(cases[0].finding, first),
        change=first.change,
        metric=first.metric,
        verdict=first.verdict,
        before=_ends(remedy.before for remedy in remedies),
        after=_ends(remedy.after for remedy in remedies),
        difference=_ends(remedy.difference for remedy in remedies),
        interval=first.interval if len(remedies) == 1 else None,
        guessing=_guessing([remedy.guessing for remedy in remedies if remedy.guessing is not None]),
    )


def _ends(values: Iterable[float]) -> tuple[float, float]:
    ordered = sorted(values)
    return ordered[0], ordered[-1]


def _guessing(counts: Sequence[Guessing]) -> Guessing | None:
    """Return the numbers of runs that count as guessing over all variants, None if there are none."""
    if not counts:
        return None
    return Guessing(counts[0].score, sum(count.before for count in counts), sum(count.after for count in counts))
