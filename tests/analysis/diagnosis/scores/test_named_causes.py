"""Causes that forms on scores name: faults that look alike, and what tells them apart."""

from __future__ import annotations

import math

import numpy as np

from reportgen.analysis.diagnosis.on_scores import diagnose_logs
from reportgen.analysis.diagnosis.rules.optimization import no_learning
from reportgen.analysis.diagnosis.scores import (
    class_imbalance,
    lr_too_low,
    over_regularization,
    split_mismatch,
    wrong_init_loss,
)
from reportgen.analysis.finding import Finding
from reportgen.runs.training_log import Task, TrainingLog
from tests.analysis.diagnosis.scores.curves import evidence, falling, healthy, log, noisy

GUESS = math.log(10)
TWO = Task("classification", 2, "given")


def found(check, one: TrainingLog) -> Finding:  # type: ignore[no-untyped-def]
    outcome = check(evidence(one))
    assert isinstance(outcome, Finding)
    return outcome


def causes(check, one: TrainingLog) -> tuple[str, ...]:  # type: ignore[no-untyped-def]
    return found(check, one).causes or ()


def with_dropout(excess: float, first: float) -> TrainingLog:
    """A network whose training loss exceeds that of validation by a share of guessing, and starts at a multiple."""
    val = falling(0.6 * GUESS, 0.3 * GUESS, 12)
    return log(train_loss=[first * GUESS, *(val[:-1] + excess * GUESS)], val_loss=val, val_accuracy=[0.6] * 12)


def test_a_training_loss_far_above_validation_is_due_to_what_acts_in_training() -> None:
    assert found(over_regularization.check, with_dropout(0.5, 1.2)).severity == "warning"
    assert found(over_regularization.check, with_dropout(0.2, 3.0)).severity == "warning"
    assert over_regularization.check(evidence(with_dropout(0.3, 1.2))) is None
    assert over_regularization.check(evidence(healthy())) is None


def test_training_and_validation_losses_that_are_both_high_are_not_due_to_regularization() -> None:
    high = noisy([5 * GUESS] * 12, 0.3)
    assert over_regularization.check(evidence(log(train_loss=high, val_loss=high[::-1]))) is None


def test_a_first_loss_is_not_the_initial_one_if_regularization_explains_it() -> None:
    assert found(wrong_init_loss.check, log(train_loss=[20 * GUESS, *([1.5] * 11)], val_loss=[1.5] * 12))
    assert wrong_init_loss.check(evidence(with_dropout(0.2, 20.0))) is None


def one_class(train_accuracy: float, val_accuracy: float, loss: float) -> TrainingLog:
    start, rest = [0.6, 0.5], [loss] * 10
    return log(
        TWO, train_loss=[*start, *rest], train_accuracy=[0.7, *[train_accuracy] * 11], val_loss=[0.7, *[1.2] * 11],
        val_accuracy=[0.55, *[val_accuracy] * 11],
    )  # fmt: skip


def test_a_class_that_is_common_in_training_alone_shows_in_two_constant_accuracies() -> None:
    entropy = -0.9 * math.log(0.9) - 0.1 * math.log(0.1)
    rare = one_class(0.9, 0.5, entropy)
    assert found(class_imbalance.check, rare).evidence["val_accuracy"] == 0.5
    assert class_imbalance.check(evidence(one_class(0.9, 0.5, entropy / 3))) is None
    assert class_imbalance.check(evidence(one_class(0.9, 0.7, entropy))) is None


def test_a_class_that_is_rare_in_training_is_the_root_of_bad_validation() -> None:
    entropy = -0.96 * math.log(0.96) - 0.04 * math.log(0.04)
    [diagnosis] = diagnose_logs({"a": [one_class(0.96, 0.5, entropy)]})
    roots = {f.rule for f in diagnosis.findings if f.severity != "info" and f.consequence_of is None}
    assert roots == {"class_imbalance"}


def test_another_split_may_lack_a_class_unless_more_than_one_is_wrong() -> None:
    train = falling(2.0, 0.1, 15)
    few = log(train_loss=train, val_loss=np.full(15, 2.1), val_accuracy=noisy([0.85] * 15, 0.01))
    many = log(train_loss=train, val_loss=np.full(15, 2.1), val_accuracy=noisy([0.35] * 15, 0.01))
    assert {"class_imbalance", "absent_class"} <= set(causes(split_mismatch.check, few))
    assert not {"class_imbalance", "absent_class"} & set(causes(split_mismatch.check, many))


def test_a_training_loss_that_falls_alone_is_memorized_and_not_too_slow() -> None:
    val = noisy(np.linspace(1.0, 1.02, 10) * GUESS, 0.002)
    alone = log(train_loss=np.linspace(1.0, 0.95, 10) * GUESS, val_loss=val)
    shared = log(train_loss=np.linspace(1.0, 0.95, 10) * GUESS, val_loss=np.linspace(1.01, 0.96, 10) * GUESS)
    assert lr_too_low.check(evidence(alone)) is None
    assert "no_signal" in causes(no_learning.check, alone)
    assert "unnormalized_input" in causes(lr_too_low.check, shared)


def test_a_loss_that_creeps_down_at_guessing_names_slow_steps() -> None:
    times = np.sqrt(np.arange(1.0, 41.0))
    val = (1.01 - 0.001 * times) * GUESS
    creeping = log(train_loss=noisy(val, 0.002), val_loss=val, val_accuracy=noisy([0.12] * 40, 0.1))
    assert "lr_too_low" in causes(no_learning.check, creeping)


def test_equal_units_are_named_if_the_loss_starts_at_guessing_and_settles_a_little_below() -> None:
    def little(start: float) -> TrainingLog:
        curve = falling(start * GUESS, 0.92 * GUESS, 20, 20.0)
        return log(train_loss=noisy(curve, 0.001), val_loss=noisy(curve, 0.001, 1))

    assert "symmetric_init" in causes(no_learning.check, little(1.0))
    assert "symmetric_init" not in causes(no_learning.check, little(1.3))
