"""Causes and consequences among the findings of a variant.

A rule declares which rules may explain it:

- `causes`: ids of rules whose fault may cause this one. If one of them fires, this finding is shown as its consequence.
  A check can set `causes` on its finding, which replaces the causes of the rule; an empty tuple means that the finding
  is a fault of its own.
- `yields_to`: ids of rules whose fault may be mistaken for this one (a vanishing gradient is not a low learning rate).
  If one of them raises an alarm in at least half of the seeds, this finding is dropped, unless that alarm may itself be
  a consequence of this finding (saturation late in training may follow from a high learning rate).

A fault in the code of the training loop may cause any finding of the later stages; rules need not name it.

Ids of rules that do not exist or have not fired have no effect. A finding c explains a finding f that names it if

1. c is an alarm, or f is for information only;
2. c occurs in at least half of the seeds of f;
3. f first occurs in training (not at step 0), or c belongs to the data or the initialization.

Of several causes, the one of the earliest stage applies (code of the training loop, data and static configuration,
initialization, optimization, generalization), then the first that f names. Chains are followed to their root, which
`consequence_of` contains. A root is at least as severe as its consequences if it is an alarm.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from reportgen.analysis.finding import Finding, Rule

SEVERITY_ORDER = {"error": 0, "warning": 1, "info": 2}
STAGES = {"code": 0, "data": 1, "initialization": 2, "optimization": 3, "generalization": 4}
_REACHES_BACK = ("data", "initialization")

Rules = Mapping[str, Rule]


def with_causes(findings: Sequence[Finding], rules: Rules) -> list[Finding]:
    """Return the findings of one variant with their root causes, in order of stages.

    Findings that yield to others are dropped, and roots become at least as severe as their consequences. findings: at
    most one per rule.
    """
    remaining = sorted(_without_mistaken(findings, rules), key=lambda f: STAGES[rules[f.rule].stage])
    parents = _parents(remaining, rules)
    traced = [
        dataclasses.replace(f, consequence_of=_root(f.rule, parents) if f.rule in parents else None) for f in remaining
    ]
    return [_with_severity(f, traced) for f in traced]


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings ordered by severity, then root causes before consequences (a stable sort)."""
    return tuple(sorted(findings, key=lambda f: (SEVERITY_ORDER[f.severity], f.consequence_of is not None)))


def _without_mistaken(findings: Sequence[Finding], rules: Rules) -> list[Finding]:
    alarms = {f.rule: f for f in findings if f.severity != "info"}

    def mistaken(f: Finding) -> bool:
        resembled = [alarms[rule] for rule in rules[f.rule].yields_to if rule in alarms]
        return any(_same_seeds(alarm, f) and not _follows(alarm, f, rules) for alarm in resembled)

    return [f for f in findings if not mistaken(f)]


def _named(finding: Finding, rules: Rules) -> tuple[str, ...]:
    """Return the rules that may explain a finding: those it names, and faults of the code for later stages."""
    own = rules[finding.rule].causes if finding.causes is None else finding.causes
    if rules[finding.rule].stage in ("code", "data"):
        return own
    return (*own, *(id_ for id_, rule in rules.items() if rule.stage == "code"))


def _follows(finding: Finding, cause: Finding, rules: Rules) -> bool:
    return cause.rule in _named(finding, rules) and _explains(cause, finding, rules)


def _parents(findings: Sequence[Finding], rules: Rules) -> dict[str, str]:
    """Return the rule that causes each finding, without cycles."""
    found, parents = {f.rule: f for f in findings}, dict[str, str]()
    for last in reversed(findings):
        fired = [found[rule] for rule in _named(last, rules) if rule in found and _root(rule, parents) != last.rule]
        causes = [cause for cause in fired if _explains(cause, last, rules)]
        if causes:
            parents[last.rule] = min(causes, key=lambda cause: STAGES[rules[cause.rule].stage]).rule
    return parents


def _root(rule: str, parents: Mapping[str, str]) -> str:
    """Return the root of a rule's chain of causes."""
    while rule in parents:
        rule = parents[rule]
    return rule


def _explains(cause: Finding, finding: Finding, rules: Rules) -> bool:
    if cause.severity == "info" and finding.severity != "info":
        return False
    reaches = finding.step != 0 or rules[cause.rule].stage in _REACHES_BACK
    return reaches and _same_seeds(cause, finding)


def _same_seeds(cause: Finding, finding: Finding) -> bool:
    """Return whether the cause occurs in at least half of the finding's seeds."""
    return 2 * len(set(cause.seeds) & set(finding.seeds)) >= len(set(finding.seeds))


def _with_severity(finding: Finding, findings: Sequence[Finding]) -> Finding:
    following = [f.severity for f in findings if f.consequence_of == finding.rule and f.severity != "info"]
    gravest = min((finding.severity, *following), key=SEVERITY_ORDER.__getitem__)
    return dataclasses.replace(finding, severity=gravest)
