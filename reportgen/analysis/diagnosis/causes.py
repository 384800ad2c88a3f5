"""Which findings of a variant follow from which: one root cause, its consequences under it.

A rule declares on its row what may explain it, and needs to know nothing else of the others:

- `causes`: ids of rules whose fault brings this symptom about. Where one of them fires too, this finding is kept as a
  consequence of it. A check that knows better what it saw sets `causes` on its finding, which then replaces the row's:
  an empty tuple says that it is a fault of its own.
- `yields_to`: ids of rules whose fault looks like this one and is not (a gradient that vanished is no low learning
  rate). Where one of them raises an alarm in at least half of the seeds, this finding is dropped, unless that alarm
  may itself be a consequence of this finding (units that saturate late follow from a high rate).

Ids of rules that do not exist, or have not fired, explain nothing. A finding c explains f where f names it and

1. c is an alarm, or f is none: what does no harm explains no harm;
2. c was seen in at least half of the seeds in which f was seen;
3. f was first seen in training (not at step 0), or c belongs to the data or the initialization.

Of several causes the one of the earliest stage counts (data and static configuration, initialization, optimization,
generalization), then the one that f names first. Chains are followed to their root, which is what `consequence_of`
holds. A root is at least as grave as what follows from it, as long as that is an alarm.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from reportgen.analysis.finding import Finding, Rule

GRAVITY = {"error": 0, "warning": 1, "info": 2}
STAGES = {"data": 0, "initialization": 1, "optimization": 2, "generalization": 3}
_REACHES_BACK = ("data", "initialization")

Rules = Mapping[str, Rule]


def with_causes(findings: Sequence[Finding], rules: Rules) -> list[Finding]:
    """Return one variant's findings without misreadings, each with its root cause, roots as grave as their following.

    They come by stage; findings: at most one a rule.
    """
    kept = sorted(_without_misreadings(findings, rules), key=lambda f: STAGES[rules[f.rule].stage])
    parents = _parents(kept, rules)
    traced = [
        dataclasses.replace(f, consequence_of=_root(f.rule, parents) if f.rule in parents else None) for f in kept
    ]
    return [_as_grave(f, traced) for f in traced]


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings with the gravest first, root causes before consequences, and else as they came."""
    return tuple(sorted(findings, key=lambda f: (GRAVITY[f.severity], f.consequence_of is not None)))


def _without_misreadings(findings: Sequence[Finding], rules: Rules) -> list[Finding]:
    alarms = {f.rule: f for f in findings if f.severity != "info"}

    def misread(f: Finding) -> bool:
        resembled = [alarms[rule] for rule in rules[f.rule].yields_to if rule in alarms]
        return any(_same_seeds(alarm, f) and not _follows(alarm, f, rules) for alarm in resembled)

    return [f for f in findings if not misread(f)]


def _named(finding: Finding, rules: Rules) -> tuple[str, ...]:
    return rules[finding.rule].causes if finding.causes is None else finding.causes


def _follows(finding: Finding, cause: Finding, rules: Rules) -> bool:
    return cause.rule in _named(finding, rules) and _explains(cause, finding, rules)


def _parents(findings: Sequence[Finding], rules: Rules) -> dict[str, str]:
    """Return the likeliest cause of each finding that has one; two that name each other do so one way only."""
    found, parents = {f.rule: f for f in findings}, dict[str, str]()
    for last in reversed(findings):
        fired = [found[rule] for rule in _named(last, rules) if rule in found and _root(rule, parents) != last.rule]
        causes = [cause for cause in fired if _explains(cause, last, rules)]
        if causes:
            parents[last.rule] = min(causes, key=lambda cause: STAGES[rules[cause.rule].stage]).rule
    return parents


def _root(rule: str, parents: Mapping[str, str]) -> str:
    """Return the rule at the end of the chain of causes, a root itself."""
    while rule in parents:
        rule = parents[rule]
    return rule


def _explains(cause: Finding, finding: Finding, rules: Rules) -> bool:
    if cause.severity == "info" and finding.severity != "info":
        return False
    reaches = finding.step != 0 or rules[cause.rule].stage in _REACHES_BACK
    return reaches and _same_seeds(cause, finding)


def _same_seeds(cause: Finding, finding: Finding) -> bool:
    """Return whether at least half of the seeds that show the finding show the cause."""
    return 2 * len(set(cause.seeds) & set(finding.seeds)) >= len(set(finding.seeds))


def _as_grave(finding: Finding, findings: Sequence[Finding]) -> Finding:
    following = [f.severity for f in findings if f.consequence_of == finding.rule and f.severity != "info"]
    gravest = min((finding.severity, *following), key=GRAVITY.__getitem__)
    return dataclasses.replace(finding, severity=gravest)
