"""Groups of runs: their verdicts, their order, and the curves of records."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reportgen.analysis.diagnosis.outcome import Verdict
from reportgen.analysis.training_groups import log_of_record, worst_first
from tests.figures.examples import record
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


def test_a_record_becomes_curves_over_steps() -> None:
    made = record(3, 2, 4)
    log = log_of_record(made, Path("a.npz"), "seed 3")
    assert log.unit == "step"
    assert log.seed == 3
    losses = log.curve("val_loss")
    assert losses is not None
    np.testing.assert_array_equal(losses.values, made.epochs("val_loss"))
    np.testing.assert_array_equal(losses.positions, made.epochs("step"))
    norms = log.curve("gradient_norm")
    assert norms is not None
    expected = np.sqrt((np.asarray(made.statistic("weight_gradient_norm"), float) ** 2).sum(axis=1))
    np.testing.assert_allclose(norms.values, expected)


def test_a_score_without_a_finite_value_is_no_curve() -> None:
    made = record(0, 2, 4)
    made.arrays["epoch_val_loss"][:] = np.nan  # type: ignore[index]
    assert log_of_record(made, Path("a.npz"), "seed 0").curve("val_loss") is None
