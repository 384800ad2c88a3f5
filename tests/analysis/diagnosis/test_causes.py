"""Each finding has one root cause, and findings that yield to others are dropped."""

from __future__ import annotations

from typing import Any

from reportgen.analysis.diagnosis.causes import STAGES, with_causes
from reportgen.analysis.diagnosis.rules import RULES
from reportgen.analysis.finding import Finding, Rule


def rule(name: str, stage: Any = "optimization", **given: Any) -> Rule:
    return Rule(name, name, lambda evidence: None, ("a source",), stage, **given)


def finding(name: str, severity: Any = "warning", **given: Any) -> Finding:
    values = {"seeds": (0, 1, 2), "layers": (), "step": None, "evidence": {}, "message": "", "advice": ""} | given
    return Finding(rule=name, severity=severity, variant="v", sources=(), **values)


def traced(rules: list[Rule], findings: list[Finding]) -> dict[str, Finding]:
    return {f.rule: f for f in with_causes(findings, {r.id: r for r in rules})}


CAUSE = rule("input", "data")
SYMPTOM = rule("dead", causes=("input",))


def test_a_chain_is_followed_to_its_root() -> None:
    rules = [CAUSE, rule("signal", "initialization", causes=("input",)), rule("dead", causes=("signal",))]
    found = traced(rules, [finding(r.id) for r in rules])
    assert [found[name].consequence_of for name in ("input", "signal", "dead")] == [None, "input", "input"]


def test_the_earliest_stage_explains_first_then_the_order_of_the_row() -> None:
    rules = [
        CAUSE,
        rule("rate"),
        rule("other rate"),
        rule("dead", causes=("rate", "input")),
        rule("slow", causes=("other rate", "rate")),
    ]
    found = traced(rules, [finding(r.id) for r in rules])
    assert found["dead"].consequence_of == "input"
    assert found["slow"].consequence_of == "other rate"


def test_a_rule_that_did_not_fire_explains_nothing() -> None:
    assert traced([CAUSE, SYMPTOM], [finding("dead")])["dead"].consequence_of is None
    assert traced([rule("dead", causes=("no such rule",))], [finding("dead")])["dead"].consequence_of is None


def test_a_harmless_finding_does_not_explain_an_alarm() -> None:
    harmless = finding("input", "info")
    assert traced([CAUSE, SYMPTOM], [harmless, finding("dead")])["dead"].consequence_of is None
    assert traced([CAUSE, SYMPTOM], [harmless, finding("dead", "info")])["dead"].consequence_of == "input"


def test_a_cause_occurs_in_the_same_seeds() -> None:
    for seeds, explains in (((2,), False), ((1, 2), True), ((3, 4), False)):
        found = traced([CAUSE, SYMPTOM], [finding("input", seeds=seeds), finding("dead")])
        assert found["dead"].consequence_of == ("input" if explains else None)


def test_a_fault_of_training_does_not_explain_an_earlier_one() -> None:
    rules = [rule("rate"), rule("start", "initialization"), rule("dead", causes=("rate", "start"))]
    for step, root in ((0, "start"), (100, "start"), (None, "start")):
        assert (
            traced(rules, [finding("rate"), finding("start"), finding("dead", step=step)])["dead"].consequence_of
            == root
        )
    assert traced(rules, [finding("rate"), finding("dead", step=0)])["dead"].consequence_of is None
    assert traced(rules, [finding("rate"), finding("dead", step=9)])["dead"].consequence_of == "rate"


def test_causes_of_a_finding_replace_the_causes_of_its_rule() -> None:
    assert traced([CAUSE, SYMPTOM], [finding("input"), finding("dead", causes=())])["dead"].consequence_of is None
    rules = [CAUSE, rule("dead")]
    assert traced(rules, [finding("input"), finding("dead", causes=("input",))])["dead"].consequence_of == "input"


def test_a_cause_is_as_severe_as_its_consequences() -> None:
    found = traced([CAUSE, SYMPTOM], [finding("input", "warning"), finding("dead", "error")])
    assert found["input"].severity == "error"
    found = traced([CAUSE, SYMPTOM], [finding("input", "error"), finding("dead", "warning")])
    assert (found["input"].severity, found["dead"].severity) == ("error", "warning")


def test_a_finding_yields_to_the_alarm_of_a_similar_fault() -> None:
    rules = [rule("gradient", "initialization"), rule("rate", yields_to=("gradient",))]
    assert "rate" not in traced(rules, [finding("gradient"), finding("rate")])
    assert "rate" in traced(rules, [finding("gradient", "info"), finding("rate")])
    assert "rate" in traced(rules, [finding("gradient", seeds=(0,)), finding("rate")])


def test_an_alarm_that_may_follow_from_a_finding_does_not_drop_it() -> None:
    rules = [rule("flat", "initialization", causes=("rate",)), rule("rate", yields_to=("flat",))]
    later = traced(rules, [finding("flat", step=50), finding("rate")])
    assert later["flat"].consequence_of == "rate"
    assert "rate" not in traced(rules, [finding("flat", step=0), finding("rate")])


def test_one_of_two_mutual_causes_is_the_root() -> None:
    rules = [rule("a", causes=("b",)), rule("b", causes=("c",)), rule("c", causes=("a",))]
    found = traced(rules, [finding(r.id) for r in rules])
    (root,) = (f.rule for f in found.values() if f.consequence_of is None)
    assert {f.consequence_of for f in found.values()} == {None, root}
    assert traced([rule("a", causes=("a",))], [finding("a")])["a"].consequence_of is None


def test_no_rule_is_explained_by_a_later_stage_or_by_itself() -> None:
    for one in RULES.values():
        for cause in (*one.causes, *one.yields_to):
            assert cause != one.id
        for cause in one.causes:
            assert cause not in RULES or STAGES[RULES[cause].stage] <= STAGES[one.stage], (one.id, cause)
