"""Scores of the benchmark: recall, false alarms and right cause, by rule and in total, with exact intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy import stats

from benchmarks.diagnosis.alarms import Alarm
from benchmarks.diagnosis.cases import RULE_IDS, Case

NOTHING = "nothing"
Alarms = Mapping[str, Sequence[Alarm]]
"""Alarms by the name of the case."""


@dataclass(frozen=True)
class Share:
    """A count out of a total, with the 95% interval of Clopper and Pearson (1934)."""

    count: int
    of: int

    @property
    def value(self) -> float | None:
        """Share, None if the total is 0."""
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """Exact interval, from 0 to 1 if the total is 0."""
        if self.of == 0:
            return 0.0, 1.0
        found = stats.binomtest(self.count, self.of).proportion_ci(0.95, method="exact")
        return float(found.low), float(found.high)


@dataclass(frozen=True)
class RuleScore:
    """Scores of a rule.

    recall: faults that require it, for which it fires. false_alarms: controls for which it fires. elsewhere: other
    faults for which it fires although it is neither expected nor allowed.
    """

    rule: str
    recall: Share
    false_alarms: Share
    elsewhere: Share


@dataclass(frozen=True)
class Score:
    """Scores of a rule set.

    recall: faults with any alarm. false_alarms: controls with any alarm. right_cause: faults for which every rule that
    must fire does, and no rule that must not. strays: faults with an alarm that is neither expected nor allowed.
    """

    recall: Share
    false_alarms: Share
    right_cause: Share
    strays: Share
    by_rule: tuple[RuleScore, ...]


def score(cases: Sequence[Case], alarms: Alarms) -> Score:
    """Return the score of the alarms on the cases."""
    faults = [case for case in cases if case.faulty]
    controls = [case for case in cases if not case.faulty]
    return Score(
        recall=_share(faults, lambda case: bool(alarms[case.name])),
        false_alarms=_share(controls, lambda case: bool(alarms[case.name])),
        right_cause=_share(faults, lambda case: right_cause(case, alarms[case.name])),
        strays=_share(faults, lambda case: any(stray(case, alarm) for alarm in alarms[case.name])),
        by_rule=tuple(_by_rule(rule, faults, controls, alarms) for rule in RULE_IDS),
    )


def _share(cases: Sequence[Case], holds) -> Share:  # type: ignore[no-untyped-def]
    return Share(sum(bool(holds(case)) for case in cases), len(cases))


def right_cause(case: Case, alarms: Sequence[Alarm]) -> bool:
    """Return whether every rule that must fire does, and no alarm is a misdiagnosis."""
    named = frozenset().union(*(alarm.says for alarm in alarms))
    return case.must <= named and not any(misdiagnosis(case, alarm) for alarm in alarms)


def misdiagnosis(case: Case, alarm: Alarm) -> bool:
    """Return whether an alarm can only stand for rules that must not fire."""
    return bool(alarm.says & case.must_not) and not alarm.says & (case.must | case.may)


def stray(case: Case, alarm: Alarm) -> bool:
    """Return whether an alarm stands for no expected or allowed rule."""
    return not alarm.says & (case.must | case.may)


def _by_rule(rule: str, faults: Sequence[Case], controls: Sequence[Case], alarms: Alarms) -> RuleScore:
    def fires(case: Case) -> bool:
        return any(rule in alarm.says for alarm in alarms[case.name])

    def fires_alone(case: Case) -> bool:
        return any(rule in alarm.says and stray(case, alarm) for alarm in alarms[case.name])

    planted = [case for case in faults if rule in case.must]
    others = [case for case in faults if rule not in case.must | case.may]
    return RuleScore(rule, _share(planted, fires), _share(controls, fires), _share(others, fires_alone))


def confusion(cases: Sequence[Case], alarms: Alarms) -> dict[str, dict[str, int]]:
    """Return how often each rule fired, by the rules that must fire ("nothing" for a control)."""
    table: dict[str, dict[str, int]] = {}
    for case in cases:
        row = table.setdefault(" + ".join(sorted(case.must)) or NOTHING, {})
        for name in sorted({alarm.rule for alarm in alarms[case.name]}) or [NOTHING]:
            row[name] = row.get(name, 0) + 1
    return table
