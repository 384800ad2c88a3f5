"""Forms on scores about the level of the loss: guessing, above guessing, slow falls, and the start."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from reportgen.analysis.diagnosis.on_scores import diagnose_logs
from reportgen.analysis.diagnosis.rules.optimization import no_learning
from reportgen.analysis.diagnosis.scores import (
    class_imbalance,
    init_plateau,
    lr_too_high,
    lr_too_low,
    nan_divergence,
    wrong_init_loss,
)
from reportgen.analysis.finding import Abstention, Finding
from reportgen.runs.training_log import Task
from tests.analysis.diagnosis.scores.curves import TEN, evidence, falling, healthy, log, noisy

GUESS = math.log(10)
UNTOLD = Task("classification", None, "the log has an accuracy")


def found(check, *logs) -> Finding:  # type: ignore[no-untyped-def]
    outcome = check(evidence(*logs))
    assert isinstance(outcome, Finding)
    return outcome


def test_a_loss_that_stays_at_guessing_is_no_learning() -> None:
    flat = log(train_loss=noisy([GUESS] * 8, 0.002), val_loss=noisy([GUESS] * 8, 0.002, 1))
    finding = found(no_learning.check, flat)
    assert finding.severity == "error"
    assert finding.causes


def test_one_of_three_runs_that_learns_nothing_is_a_warning() -> None:
    flat = log(train_loss=noisy([GUESS] * 8, 0.002), val_loss=noisy([GUESS] * 8, 0.002, 1))
    finding = found(no_learning.check, healthy(8), flat, healthy(8, seed=5))
    assert finding.severity == "warning"
    assert finding.seeds == (1,)


def test_the_course_at_guessing_narrows_the_causes() -> None:
    frozen = log(train_loss=noisy([GUESS] * 8, 1e-4), val_loss=[GUESS] * 8)
    stuck = log(train_loss=noisy([1.2 * GUESS] * 8, 1e-3), val_loss=noisy([1.2 * GUESS] * 8, 3e-3, 1))
    far = log(train_loss=[1e4, *[GUESS] * 7], val_loss=[GUESS] * 8)
    assert "dead_relu" in (found(no_learning.check, frozen).causes or ())
    assert "lr_too_low" in (found(no_learning.check, stuck).causes or ())
    assert "unnormalized_input" in (found(no_learning.check, far).causes or ())


def test_a_network_that_guesses_shows_its_number_of_classes() -> None:
    flat = {"train_loss": [GUESS] * 8, "val_loss": noisy([GUESS] * 8, 0.002), "val_accuracy": [0.1] * 8}
    assert isinstance(no_learning.check(evidence(log(UNTOLD, **flat))), Finding)
    assert no_learning.check(evidence(healthy(task=UNTOLD))) is None
    between = no_learning.check(evidence(log(UNTOLD, train_loss=[1.3] * 8, val_loss=[1.4] * 8)))
    assert isinstance(between, Abstention)


def test_a_loss_above_guessing_for_any_number_of_classes_is_no_learning() -> None:
    stays = {"train_loss": noisy([14.5] * 8, 0.01), "val_loss": [14.4] * 8, "val_accuracy": [0.1] * 8}
    falls = stays | {"train_loss": falling(40.0, 12.0, 8), "val_loss": falling(40.0, 12.0, 8)}
    assert "lr_too_high" in (found(no_learning.check, log(UNTOLD, **stays)).causes or ())
    assert isinstance(no_learning.check(evidence(log(UNTOLD, **falls))), Abstention)
    assert isinstance(no_learning.check(evidence(log(Task("unknown"), **stays))), Abstention)


def test_a_loss_at_the_limit_of_noisy_data_is_not_guessing() -> None:
    limit = log(Task("classification", 2, ""), train_loss=noisy(falling(0.69, 0.6, 12), 0.01),
                val_loss=noisy(falling(0.68, 0.6, 12), 0.01, 1))  # fmt: skip
    assert no_learning.check(evidence(limit)) is None
    assert lr_too_low.check(evidence(limit)) is None


@pytest.mark.parametrize("task", [Task("regression"), Task("likelihood"), Task("unknown")])
def test_rules_about_guessing_abstain_for_other_tasks(task: Task) -> None:
    other = log(task, train_loss=[-3.0, -4.0, -5.0, -6.0, -6.5, -7.0], val_loss=[-3.0, -4.0, -5.0, -6.0, -6.2, -6.4])
    for check in (no_learning.check, lr_too_low.check, wrong_init_loss.check, init_plateau.check):
        outcome = check(evidence(other))
        assert isinstance(outcome, Abstention)
        assert outcome.reason
        assert outcome.remedy


def test_only_what_is_missing_is_asked_for() -> None:
    between = {"train_loss": [1.3] * 8, "val_loss": [1.4] * 8}
    for task, asked in ((UNTOLD, False), (Task("unknown"), True)):
        outcome = no_learning.check(evidence(log(task, **between)))
        assert isinstance(outcome, Abstention)
        assert ("--task" in outcome.remedy) is asked
        assert "--classes" in outcome.remedy


def test_a_loss_above_guessing_that_swings_has_too_high_a_rate() -> None:
    wild = log(train_loss=noisy([9.0] * 12, 0.3), val_loss=noisy([8.0] * 12, 0.3, 1))
    assert found(lr_too_high.check, wild).severity == "error"
    assert lr_too_high.check(evidence(healthy())) is None


@pytest.mark.parametrize("task", [Task("unknown"), UNTOLD])
def test_a_loss_that_grows_without_swinging_is_said_to_grow(task: Task) -> None:
    grows = np.concatenate([np.linspace(2.0, 0.5, 15), np.exp(np.arange(1.0, 15.0))])
    finding = found(lr_too_high.check, log(task, train_loss=grows, val_loss=1.1 * grows))
    assert finding.step == 15
    assert "swing" not in finding.message
    assert "%" not in finding.message


def test_a_swing_of_many_times_its_scale_is_not_in_percent() -> None:
    wild = log(UNTOLD, train_loss=[1.0, *[5e4, 2e4] * 6], val_loss=[1.0, *[5e4, 2e4] * 6])
    assert "swing" in found(lr_too_high.check, wild).message
    assert "%" not in found(lr_too_high.check, wild).message


def test_a_noisy_minibatch_loss_is_not_a_swing() -> None:
    steps = {"train_loss": np.arange(50.0, 2050.0, 50.0)}
    batches = log(positions=steps, resolution={"train_loss": "step"}, train_loss=noisy(falling(2.3, 0.4, 40), 0.5))
    assert not isinstance(lr_too_high.check(evidence(batches)), Finding)


def test_a_steady_tiny_fall_has_too_low_a_rate_but_a_decayed_rate_has_not() -> None:
    slow = {"train_loss": noisy(np.linspace(2.4, 2.35, 10), 1e-4), "val_loss": noisy(np.linspace(2.4, 2.35, 10), 1e-4)}
    assert found(lr_too_low.check, log(**slow)).severity == "error"
    assert lr_too_low.check(evidence(log(lr=np.geomspace(0.1, 1e-4, 10), **slow))) is None
    assert lr_too_low.check(evidence(healthy())) is None


def test_a_first_loss_far_above_guessing_is_named_if_it_did_harm() -> None:
    start = log(train_loss=[60.0, 2.0, 1.5, 1.3, 1.2, 1.1], val_loss=[3.0, 2.0, 1.6, 1.4, 1.3, 1.3])
    harmless = log(train_loss=[5.0, 0.5, 0.2, 0.1, 0.1, 0.1], val_loss=[0.6, 0.4, 0.2, 0.2, 0.2, 0.2])
    assert found(wrong_init_loss.check, start).severity == "warning"
    assert found(wrong_init_loss.check, harmless).severity == "info"
    assert wrong_init_loss.check(evidence(healthy())) is None
    confident = {"train_loss": [5.0, 0.5, 0.2, 0.1, 0.1, 0.1], "val_loss": [1.6, 1.4, 1.2, 1.1, 1.0, 1.0]}
    for accuracy, severity in ((0.95, "info"), (0.6, "warning")):
        assert found(wrong_init_loss.check, log(**confident, val_accuracy=[accuracy] * 6)).severity == severity
    assert found(wrong_init_loss.check, log(**confident)).severity == "warning"


def test_a_first_mean_is_not_the_initial_loss() -> None:
    window = {"train_loss": np.arange(20.0, 180.0, 20.0)}
    means = log(positions=window, resolution={"train_loss": "window"}, train_loss=[1260.0, *[2.37] * 7],
                val_loss=[2.35] * 8, lr=[3.0] * 8)  # fmt: skip
    [diagnosis] = diagnose_logs({"run": [means]})
    roots = [finding.rule for finding in diagnosis.findings if finding.consequence_of is None]
    assert roots == ["lr_too_high"]
    mean = found(wrong_init_loss.check, means).message
    assert mean.index("log is 3") < mean.index("started")
    steps = {"train_loss": "step"}
    first = log(resolution=steps, train_loss=[60.0, 2.0, 1.5, 1.3, 1.2, 1.1], val_loss=[3.0, 2.0, 1.6, 1.4, 1.3, 1.3])
    first = replace(first, unit="step")
    assert "learning rate" not in found(wrong_init_loss.check, first).message


def test_a_log_that_begins_late_does_not_show_the_start() -> None:
    late = {"train_loss": np.arange(50.0, 300.0, 50.0)}
    begins = log(positions=late, resolution={"train_loss": "step"}, train_loss=[2.0, 1.0, 0.5, 0.4, 0.4])
    assert isinstance(wrong_init_loss.check(evidence(begins)), Abstention)


def test_a_flat_start_is_a_plateau_and_a_warm_up_is_not() -> None:
    flat = np.concatenate([[GUESS] * 8, falling(GUESS, 0.2, 12, 8.0)])
    assert found(init_plateau.check, log(train_loss=flat, val_loss=flat)).severity == "warning"
    rates = np.concatenate([np.full(8, 1e-6), np.full(12, 0.1)])
    assert init_plateau.check(evidence(log(train_loss=flat, val_loss=flat, lr=rates))) is None
    assert init_plateau.check(evidence(healthy())) is None


def test_divergence_is_named_where_it_begins_and_a_single_gap_is_a_warning() -> None:
    lost = found(
        nan_divergence.check, log(train_loss=[2.0, 1.5, math.nan, math.nan], val_loss=[2.0, 1.4, 3.0, math.nan])
    )
    assert (lost.severity, lost.step) == ("error", 3)
    gap = found(nan_divergence.check, log(train_loss=[2.0, math.inf, 1.4, 1.2]))
    assert gap.severity == "warning"
    assert nan_divergence.check(evidence(healthy())) is None
    assert isinstance(nan_divergence.check(evidence(log(lr=[0.1, 0.1]))), Abstention)


@pytest.mark.parametrize(
    "check", [no_learning.check, lr_too_high.check, lr_too_low.check, wrong_init_loss.check, init_plateau.check]
)
def test_thin_logs_are_not_judged(check) -> None:  # type: ignore[no-untyped-def]
    outcome = check(evidence(log(TEN, train_loss=[GUESS, GUESS], val_loss=[GUESS, GUESS])))
    assert isinstance(outcome, Abstention)
    assert "has 2" in outcome.reason


def test_a_loss_little_below_guessing_that_falls_no_more_is_a_warning() -> None:
    little = log(train_loss=noisy([0.93 * GUESS] * 8, 0.002), val_loss=noisy([0.92 * GUESS] * 8, 0.002, 1))
    assert found(no_learning.check, little).severity == "warning"
    falls = np.linspace(0.98, 0.8, 8) * GUESS
    assert no_learning.check(evidence(log(train_loss=falls, val_loss=falls))) is None


def test_a_first_validation_before_any_training_loss_shows_the_start() -> None:
    late: dict[str, Any] = {"positions": {"train_loss": np.arange(10.0, 21)}, "resolution": {"train_loss": "step"}}
    high = [9 * GUESS, 4 * GUESS, 2 * GUESS, *falling(1.5 * GUESS, GUESS / 2, 17)]
    curves = {"train_loss": [1.2 * GUESS, *falling(1.1 * GUESS, GUESS / 2, 10)], "val_loss": high}
    assert found(wrong_init_loss.check, log(**late, **curves)).evidence["first_loss"] == 9 * GUESS
    apart = {**curves, "train_loss": [0.1, *[0.05] * 10], "val_loss": [9 * GUESS] * 15 + [GUESS] * 5}
    assert isinstance(wrong_init_loss.check(evidence(log(**late, **apart))), Abstention)


def test_an_accuracy_that_never_changes_at_the_entropy_of_the_classes_is_of_one_class() -> None:
    two = Task("classification", 2, "given")
    entropy = -0.9 * math.log(0.9) - 0.1 * math.log(0.1)
    constant = {"val_accuracy": [0.8, *[0.9] * 11], "val_loss": falling(0.5, 1.03 * entropy, 12, 20)}
    assert found(class_imbalance.check, log(two, train_loss=falling(0.6, entropy, 12, 20), **constant))
    assert class_imbalance.check(evidence(log(two, train_loss=falling(0.6, entropy / 2, 12, 20), **constant))) is None
    changes = {**constant, "val_accuracy": [0.8, *[0.9] * 8, 0.91, 0.9, 0.9]}
    assert class_imbalance.check(evidence(log(two, train_loss=falling(0.6, entropy, 12, 20), **changes))) is None
