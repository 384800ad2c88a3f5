"""The arithmetic of the scores, by hand; wrong sets of rules come out wrong."""

from __future__ import annotations

import pytest

from benchmarks.diagnosis.alarms import Alarm
from benchmarks.diagnosis.score import Share, confusion, misdiagnosis, right_cause, score, stray
from tests.benchmarks.cases import alarms, case

FAULTS = (
    case("low", must="lr_too_low", may="undertrained", must_not="vanishing_gradients"),
    case("dead", must="dead_relu", must_not="lr_too_low"),
    case("both", must="saturation exploding_gradients"),
)
CONTROLS = (case("fine"), case("noisy"))
CASES = (*FAULTS, *CONTROLS)


def by_case(**given: str) -> dict[str, tuple[Alarm, ...]]:
    return {c.name: alarms(given.get(c.name, "")) for c in CASES}


def test_the_interval_is_that_of_clopper_and_pearson() -> None:
    assert Share(19, 20).interval == pytest.approx((0.7513, 0.9987), abs=1e-4)
    assert Share(0, 20).interval == pytest.approx((0.0, 0.1684), abs=1e-4)
    assert Share(20, 20).interval == pytest.approx((0.8316, 1.0), abs=1e-4)


def test_a_share_of_nothing_is_unknown() -> None:
    assert Share(0, 0).value is None
    assert Share(0, 0).interval == (0.0, 1.0)


def test_right_rules_score_full_marks() -> None:
    found = score(
        CASES, by_case(low="lr_too_low undertrained", dead="dead_relu", both="saturation exploding_gradients")
    )
    assert (found.recall, found.right_cause, found.false_alarms, found.strays) == (
        Share(3, 3),
        Share(3, 3),
        Share(0, 2),
        Share(0, 3),
    )


def test_silent_rules_find_nothing_and_alarm_nowhere() -> None:
    found = score(CASES, by_case())
    assert (found.recall.count, found.right_cause.count, found.false_alarms.count) == (0, 0, 0)


def test_a_rule_that_always_fires_has_recall_but_neither_cause_nor_silence() -> None:
    found = score(CASES, {c.name: alarms("no_signal") for c in CASES})
    assert found.recall == Share(3, 3)
    assert found.right_cause == Share(0, 3)
    assert found.false_alarms == Share(2, 2)
    assert found.strays == Share(3, 3)


def test_rules_that_take_every_fault_for_a_low_rate_are_scored_wrong() -> None:
    found = score(CASES, by_case(low="lr_too_low", dead="lr_too_low dead_relu", both="lr_too_low"))
    assert found.right_cause == Share(1, 3)
    row = next(row for row in found.by_rule if row.rule == "lr_too_low")
    assert (row.recall, row.elsewhere, row.false_alarms) == (Share(1, 1), Share(2, 2), Share(0, 2))


def test_one_of_two_expected_rules_is_not_the_right_cause() -> None:
    assert not right_cause(FAULTS[2], alarms("saturation"))


def test_a_misdiagnosis_spoils_the_right_cause() -> None:
    assert not right_cause(FAULTS[0], alarms("lr_too_low vanishing_gradients"))


def test_an_alarm_that_may_mean_what_is_expected_is_no_misdiagnosis() -> None:
    vague = Alarm("LossNotDecreasing", frozenset({"lr_too_low", "vanishing_gradients"}))
    assert not misdiagnosis(FAULTS[0], vague)
    assert not stray(FAULTS[0], vague)
    assert right_cause(FAULTS[0], (vague,))


def test_a_note_on_nothing_expected_is_a_stray() -> None:
    assert stray(FAULTS[1], alarms("overfitting")[0])


def test_the_confusion_counts_each_rule_once_a_case_and_silence_as_nothing() -> None:
    table = confusion(CASES, by_case(low="lr_too_low", dead="lr_too_low"))
    assert table["lr_too_low"] == {"lr_too_low": 1}
    assert table["dead_relu"] == {"lr_too_low": 1}
    assert table["exploding_gradients + saturation"] == {"nothing": 1}
    assert table["nothing"] == {"nothing": 2}
