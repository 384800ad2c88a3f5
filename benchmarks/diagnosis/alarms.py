"""What a set of rules says of a case: alarms, in the words of the project's rule ids."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.diagnosis.build import Measured
from reportgen.analysis.diagnosis.diagnose import diagnose
from reportgen.analysis.diagnosis.rules import RULES
from reportgen.analysis.finding import Finding, Rule
from reportgen.analysis.summary import variant_summary
from reportgen.runs.record import RunRecord


@dataclass(frozen=True)
class Alarm:
    """A rule that fired; says: the project's rules that mean the same, any of which it may be taken for."""

    rule: str
    says: frozenset[str]


@dataclass(frozen=True)
class Published:
    """A published set of rules, re-implemented from its documentation.

    check: from one run to the names of the rules that fire on it. says: each rule's name to the ids of ours that it
    may be taken for, generously. source: where rules and thresholds are documented. cannot: what of it our records do
    not allow to evaluate, or only nearly.
    """

    name: str
    title: str
    source: str
    check: Callable[[RunRecord], Sequence[str]]
    says: Mapping[str, Sequence[str]]
    cannot: Sequence[str]

    def alarms(self, case: Measured) -> tuple[Alarm, ...]:
        """Return what fires in more than half of the seeds."""
        fired = [set(self.check(record)) for record in case.own]
        often = [rule for rule in self.says if 2 * sum(rule in names for names in fired) > len(fired)]
        return tuple(Alarm(rule, frozenset(self.says[rule])) for rule in often)


def findings(case: Measured, rules: Mapping[str, Rule] = RULES) -> tuple[Finding, ...]:
    """Return the findings of the project's rules on the variant that is diagnosed, its siblings in sight.

    A finding on the whole sweep counts for the case whichever variant it is attached to.
    """
    plan = case.prepared.plan
    summaries = [
        variant_summary(variant, [case.records[variant.id, seed] for seed in plan.study.seeds])
        for variant in plan.variants
    ]
    subject = case.prepared.subject.id
    return tuple(f for f in diagnose(summaries, rules) if f.variant == subject or f.rule in OF_SWEEPS)


OF_SWEEPS = ("lr_best_at_edge",)
"""Rules that speak of a study's variants together."""


def own_alarms(found: Sequence[Finding]) -> tuple[Alarm, ...]:
    """Return the alarms among findings: warnings and errors."""
    return tuple(Alarm(f.rule, frozenset({f.rule})) for f in found if f.severity != "info")
