"""Groups of runs: their verdicts and their order."""

from __future__ import annotations

import pytest

from reportgen.analysis.diagnosis.outcome import Verdict
from reportgen.analysis.training_groups import worst_first
from tests.training_examples import SHORT, diverged, finding, group


@pytest.mark.parametrize(
    ("severities", "passed", "verdict"),
    [
        (["info", "error", "warning"], (), "error"),
        (["warning", "info"], (), "warning"),
        (["info"], ("overfitting",), "info"),
        ([], ("overfitting",), "no finding"),
        ([], (), "not judged"),
    ],
)
def test_the_worst_finding_is_the_verdict(severities: list[str], passed: tuple[str, ...], verdict: Verdict) -> None:
    found = [finding("overfitting", severity) for severity in severities]  # type: ignore[arg-type]
    assert group(findings=found, passed=passed).verdict == verdict


@pytest.mark.parametrize(("abstained", "verdict"), [(3, "no finding"), (4, "too little logged")])
def test_a_group_that_few_rules_could_judge_is_not_free_of_findings(abstained: int, verdict: Verdict) -> None:
    one = group(abstained={f"rule {k}": SHORT for k in range(abstained)})
    assert one.diagnosis.judged == 3
    assert one.verdict == verdict


def test_the_worst_groups_come_first_and_equal_ones_in_their_order() -> None:
    groups = [
        group("healthy"),
        group("thin", abstained={f"rule {k}": SHORT for k in range(4)}),
        group("unknown", passed=()),
        group("a", [finding("overfitting")]),
        group("b", [finding("overfitting"), finding("undertrained")]),
        diverged(),
        group("c", [finding("overfitting")]),
    ]
    assert [one.name for one in worst_first(groups)] == ["diverged", "b", "a", "c", "unknown", "thin", "healthy"]
