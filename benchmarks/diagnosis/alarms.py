"""Alarms of a rule set for a case, translated to rule ids of this project."""

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
    """A rule that fired; says: rules of this project with a similar meaning, any of which it may stand for."""

    rule: str
    says: frozenset[str]


@dataclass(frozen=True)
class Published:
    """A published set of rules, re-implemented from its documentation.

    check: return the names of the rules that fire for a run. says: for each rule, the ids of this project's rules that
    it may stand for, chosen generously. source: documentation of rules and thresholds. cannot: rules that records do
    not allow to evaluate exactly.
    """

    name: str
    title: str
    source: str
    check: Callable[[RunRecord], Sequence[str]]
    says: Mapping[str, Sequence[str]]
    cannot: Sequence[str]

    def alarms(self, case: Measured) -> tuple[Alarm, ...]:
        """Return the rules that fire in more than half of the seeds."""
        fired = [set(self.check(record)) for record in case.own]
        often = [rule for rule in self.says if 2 * sum(rule in names for names in fired) > len(fired)]
        return tuple(Alarm(rule, frozenset(self.says[rule])) for rule in often)


def findings(case: Measured, rules: Mapping[str, Rule] = RULES) -> tuple[Finding, ...]:
    """Return the findings of this project's rules for the diagnosed variant, with its siblings as references.

    A finding about the whole sweep counts for the case, whichever variant it belongs to.
    """
    plan = case.prepared.plan
    summaries = [
        variant_summary(variant, [case.records[variant.id, seed] for seed in plan.study.seeds])
        for variant in plan.variants
    ]
    subject = case.prepared.subject.id
    return tuple(f for f in diagnose(summaries, rules) if f.variant == subject or f.rule in OF_SWEEPS)


OF_SWEEPS = ("lr_best_at_edge",)
"""Rules about all variants of a study together."""


def own_alarms(found: Sequence[Finding]) -> tuple[Alarm, ...]:
    """Return the alarms (warnings and errors) among the findings."""
    return tuple(Alarm(f.rule, frozenset({f.rule})) for f in found if f.severity != "info")
