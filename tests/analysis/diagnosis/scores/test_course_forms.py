"""Forms on scores about the course of training and about validation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from reportgen.analysis.diagnosis.scores import (
    loss_oscillation,
    lr_best_at_edge,
    no_signal,
    overfitting,
    split_mismatch,
    train_eval_mismatch,
    undertrained,
)
from reportgen.analysis.finding import Abstention, Finding
from reportgen.runs.training_log import Task, TrainingLog
from tests.analysis.diagnosis.scores.curves import evidence, falling, healthy, log, noisy

GUESS = math.log(10)
UNTOLD = Task("classification", None, "the log has an accuracy")


def found(check, *logs) -> Finding:  # type: ignore[no-untyped-def]
    outcome = check(evidence(*logs))
    assert isinstance(outcome, Finding)
    return outcome


def overfitted(seed: int = 0, task: Task = Task("classification", 10, "")) -> TrainingLog:  # noqa: B008
    train = noisy(falling(2.0, 0.01, 30, 8.0), 0.03, seed)
    val = np.concatenate([falling(1.8, 0.9, 8), np.linspace(0.92, 2.1, 22)])
    return log(task, train_loss=train, val_loss=noisy(val, 0.02, seed + 1), val_accuracy=noisy([0.7] * 30, 0.01, seed))


def test_a_validation_loss_that_rises_while_training_improves_is_overfitting() -> None:
    finding = found(overfitting.check, overfitted())
    assert finding.severity == "warning"
    assert 6 <= (finding.step or 0) <= 14
    assert found(overfitting.check, *map(overfitted, range(3))).seeds == (0, 1, 2)


def test_the_stated_best_value_stands_in_the_log() -> None:
    run = overfitted()
    val = run.curve("val_loss")
    assert val is not None
    finding = found(overfitting.check, run)
    assert finding.evidence["best_val_loss"] == val.values.min()
    assert finding.step == val.positions[val.values.argmin()]
    assert f"epoch {finding.step} " in finding.message
    two = log(Task("classification", 2, ""), train_loss=falling(0.69, 0.1, 8), val_loss=[0.6934, 0.71, *[0.75] * 6])
    assert found(no_signal.check, two).evidence["lowest_val_loss"] == 0.6934


def test_overfitting_is_found_without_the_number_of_classes() -> None:
    assert found(overfitting.check, overfitted(task=UNTOLD)).severity == "warning"


def test_a_growing_gap_and_a_slight_rise_are_no_alarm() -> None:
    gap = log(train_loss=falling(2.0, 1e-4, 30, 10.0), val_loss=noisy(falling(1.8, 0.2, 30, 8.0), 0.02))
    val = np.concatenate([falling(1.8, 0.1, 10, 9.0), np.linspace(0.1, 0.13, 20)])
    rise = log(train_loss=falling(2.0, 1e-4, 30, 10.0), val_loss=noisy(val, 0.01))
    assert overfitting.check(evidence(gap)) is None
    assert found(overfitting.check, rise).severity == "info"


def test_a_validation_accuracy_that_falls_is_overfitting() -> None:
    right = np.concatenate([np.linspace(0.5, 0.85, 8), np.linspace(0.85, 0.68, 22)])
    log_ = log(train_loss=falling(2.0, 0.05, 30), val_accuracy=noisy(right, 0.005))
    assert found(overfitting.check, log_).severity == "warning"


def test_an_accuracy_that_falls_far_beyond_noise_needs_a_slight_rise_of_the_loss() -> None:
    right = noisy(np.concatenate([np.linspace(0.14, 0.87, 8), np.linspace(0.87, 0.77, 17)]), 0.005)
    curves = {"train_loss": falling(2.4, 0.5, 25), "val_accuracy": right}
    level = noisy(np.concatenate([falling(2.2, 0.67, 14), np.linspace(0.67, 0.72, 11)]), 0.005)
    assert found(overfitting.check, log(UNTOLD, val_loss=level, **curves)).severity == "warning"
    assert overfitting.check(evidence(log(UNTOLD, val_loss=falling(2.2, 0.4, 25), **curves))) is None


def test_a_rise_of_the_validation_loss_alone_is_reported_with_an_open_cause() -> None:
    rises = np.concatenate([falling(2.0, 0.8, 6), np.linspace(0.8, 1.42, 14)])
    finding = found(overfitting.check, log(UNTOLD, val_loss=noisy(rises, 0.01)))
    assert finding.severity == "warning"
    assert "training is not logged" in finding.message.lower()
    assert isinstance(overfitting.check(evidence(log(UNTOLD, val_loss=noisy(falling(2.0, 0.8, 20), 0.02)))), Abstention)


@pytest.mark.parametrize("task", [UNTOLD, Task("classification", 10, "")])
def test_healthy_runs_do_not_overfit(task: Task) -> None:
    alarms = 0
    for seed in range(200):
        run = healthy(12 + seed % 40, seed, task=task)
        val = run.curve("val_accuracy")
        assert val is not None
        rough = np.random.default_rng(seed).binomial(100, val.values) / 100
        rough_run = healthy(12 + seed % 40, seed, task=task, val_accuracy=rough)
        alarms += sum(isinstance(overfitting.check(evidence(one)), Finding) for one in (run, rough_run))
    assert alarms == 0


def test_losses_that_still_fall_are_undertrained() -> None:
    steep = {"train_loss": np.linspace(2.2, 1.2, 10), "val_loss": np.linspace(2.2, 1.3, 10)}
    assert found(undertrained.check, log(**steep)).severity == "warning"
    good = found(undertrained.check, log(val_accuracy=[0.92] * 10, **steep))
    assert good.severity == "info"
    assert undertrained.check(evidence(log(lr=np.geomspace(0.1, 0.01, 10), **steep))) is None
    assert undertrained.check(evidence(healthy())) is None


@pytest.mark.parametrize("task", [UNTOLD, Task("unknown")])
def test_the_forecast_is_a_loss_above_the_limit_of_the_curve(task: Task) -> None:
    limit = 1.0
    curve = falling(3.0, limit, 40, 2.5)
    finding = found(undertrained.check, log(task, train_loss=curve, val_loss=curve))
    assert limit - 0.02 <= finding.evidence["forecast"] < curve[-1]
    assert "guessing" not in finding.message


def test_a_rate_that_still_rises_is_a_warm_up_that_never_ended() -> None:
    short = log(train_loss=[1.10, 1.08, 1.03], val_loss=[1.09, 1.07, 1.0], lr=[4e-6, 8e-6, 12e-6])
    assert "warm-up" in found(undertrained.check, short).message
    peaked = log(train_loss=[1.10, 1.08, 1.03], val_loss=[1.09, 1.07, 1.0], lr=[4e-6, 8e-6, 7e-6])
    assert isinstance(undertrained.check(evidence(peaked)), Abstention)


def test_a_loss_that_swings_does_not_settle_but_one_that_rises_does_not_swing() -> None:
    swing = np.tile([1.2, 2.0], 10)
    assert found(loss_oscillation.check, log(train_loss=swing)).severity == "warning"
    assert loss_oscillation.check(evidence(log(train_loss=np.linspace(1.0, 2.0, 20)))) is None
    assert loss_oscillation.check(evidence(healthy())) is None


def test_restarts_of_the_rate_explain_jumps() -> None:
    rates = np.tile([0.1, 0.01], 10)
    assert loss_oscillation.check(evidence(log(train_loss=np.tile([2.0, 1.2], 10), lr=rates))) is None


def test_overfitting_is_not_called_oscillation() -> None:
    wild = np.random.default_rng(3).normal(0, 0.08, 24)
    val = np.concatenate([falling(0.7, 0.35, 8), np.linspace(0.4, 0.85, 16) + wild[8:]])
    unstable = log(UNTOLD, train_loss=falling(0.9, 0.1, 24), val_loss=val, val_accuracy=noisy([0.85] * 24, 0.01))
    assert found(overfitting.check, unstable).severity == "warning"
    assert loss_oscillation.check(evidence(unstable)) is None


def test_validation_that_never_beats_guessing_shows_no_signal() -> None:
    train = falling(2.2, 0.05, 12)
    random = log(train_loss=train, val_loss=np.linspace(GUESS, 5, 12), val_accuracy=noisy([0.1] * 12, 0.1))
    assert found(no_signal.check, random).severity == "error"
    assert no_signal.check(evidence(healthy())) is None
    unlearned = log(train_loss=[GUESS] * 12, val_loss=[GUESS] * 12)
    assert no_signal.check(evidence(unlearned)) is None


def test_a_batch_learned_by_heart_is_seen_by_accuracy_alone() -> None:
    one = log(Task("classification", 2, ""), train_accuracy=[0.5, 0.7, 0.9, 1.0, 1.0, 1.0],
              val_loss=[0.69, 0.7, 0.72, 0.75, 0.77, 0.8], val_accuracy=[0.52, 0.5, 0.48, 0.5, 0.5, 0.49])  # fmt: skip
    assert found(no_signal.check, one).severity == "error"
    assert found(overfitting.check, one).severity == "warning"


def test_a_validation_loss_off_from_the_start_is_a_mismatch_of_modes() -> None:
    train = falling(2.0, 0.1, 15)
    off = log(train_loss=train, val_loss=falling(30.0, 8.0, 15), val_accuracy=np.linspace(0.2, 0.6, 15))
    constant = log(train_loss=train, val_loss=np.linspace(2.3, 4.0, 15), val_accuracy=[0.1] * 15)
    assert found(train_eval_mismatch.check, off).evidence["sign"] == train_eval_mismatch.OFF
    assert found(train_eval_mismatch.check, constant).evidence["sign"] == train_eval_mismatch.ONE_CLASS
    assert train_eval_mismatch.check(evidence(healthy())) is None
    assert train_eval_mismatch.check(evidence(overfitted())) is None


def test_validation_that_does_not_share_the_gain_of_training_is_another_split() -> None:
    train = falling(2.0, 0.1, 15)
    other = log(train_loss=train, val_loss=np.full(15, 2.1), val_accuracy=noisy([0.35] * 15, 0.02))
    assert found(split_mismatch.check, other).severity == "warning"
    assert split_mismatch.check(evidence(healthy())) is None
    assert split_mismatch.check(evidence(overfitted())) is None


def sweep(losses: dict[float, float]) -> tuple[list[TrainingLog], dict[str, list[TrainingLog]]]:
    runs = {
        rate: [
            log(settings={"optimizer.lr": rate, "width": 8}, val_loss=noisy([loss] * 10, 0.01, seed))
            for seed in (1, 2, 3)
        ]
        for rate, loss in losses.items()
    }
    own = min(losses, key=lambda rate: losses[rate])
    return runs[own], {f"lr {rate}": logs for rate, logs in runs.items() if rate != own}


def test_the_best_rate_at_the_end_of_a_sweep_is_named() -> None:
    own, others = sweep({0.001: 1.5, 0.01: 1.0, 0.1: 0.6})
    assert isinstance(lr_best_at_edge.check(evidence(*own, siblings=others)), Finding)
    own, others = sweep({0.001: 1.5, 0.01: 0.6, 0.1: 1.0})
    assert lr_best_at_edge.check(evidence(*own, siblings=others)) is None
    own, others = sweep({0.001: 1.5, 0.01: 0.6, 0.1: 0.6})
    assert lr_best_at_edge.check(evidence(*own, siblings=others)) is None
    own, others = sweep({0.001: 1.5, 0.01: 0.6})
    assert isinstance(lr_best_at_edge.check(evidence(*own, siblings=others)), Abstention)


@pytest.mark.parametrize(
    "form",
    [overfitting, undertrained, loss_oscillation, no_signal, train_eval_mismatch, split_mismatch],
    ids=lambda form: form.__name__.rpartition(".")[2],
)
def test_thin_logs_are_not_judged(form) -> None:  # type: ignore[no-untyped-def]
    outcome = form.check(evidence(log(train_loss=[2.0, math.nan, 1.5], val_loss=[2.0, 1.9], val_accuracy=[0.2])))
    assert isinstance(outcome, Abstention)
    assert outcome.remedy.startswith("log ")


def test_a_single_run_far_above_guessing_overfits_although_its_accuracy_rises() -> None:
    curves = {"train_loss": falling(1.5, 0.01, 20), "val_accuracy": np.linspace(0.4, 0.5, 20)}
    far = log(val_loss=noisy(np.linspace(1.5, 2, 20) * GUESS, 0.01), **curves)
    assert found(overfitting.check, far).severity == "warning"
    near = log(val_loss=noisy(np.linspace(0.8, 1.1, 20) * GUESS, 0.01), **curves)
    assert found(overfitting.check, near).severity == "info"


def test_a_rise_without_a_training_score_needs_the_limits_of_the_loss_if_the_accuracy_is_known() -> None:
    rise = noisy([*falling(1.0, 0.2, 10), *np.linspace(0.2, 0.26, 10)], 0.002)
    assert isinstance(overfitting.check(evidence(log(val_loss=rise, val_accuracy=[0.9] * 20))), Abstention)
    assert isinstance(overfitting.check(evidence(log(val_loss=rise))), Finding)


def test_losses_that_fall_are_a_note_if_all_is_fitted_or_the_accuracy_has_settled() -> None:
    falls = {"train_loss": np.linspace(2.2, 0.9, 16), "val_loss": np.linspace(2.2, 1.0, 16)}
    rises = np.linspace(0.3, 0.75, 16)
    assert found(undertrained.check, log(val_accuracy=rises, **falls)).severity == "warning"
    settled = [*np.linspace(0.3, 0.7, 5), *[0.7] * 11]
    assert found(undertrained.check, log(val_accuracy=settled, **falls)).severity == "info"
    noisy_end = [*np.linspace(0.3, 0.68, 8), 0.62, 0.76, 0.66, 0.72, 0.63, 0.75, 0.72, 0.74]
    assert found(undertrained.check, log(val_accuracy=noisy_end, **falls)).severity == "info"
    fitted = log(val_accuracy=rises, train_accuracy=np.linspace(0.5, 1, 16), **falls)
    assert found(undertrained.check, fitted).severity == "info"


def test_a_wild_swing_of_the_validation_loss_is_a_warning_despite_a_good_accuracy() -> None:
    def swings(size: float) -> TrainingLog:
        return log(train_loss=[0.1] * 20, val_loss=[0.6, 0.6 + size] * 10, val_accuracy=[0.95] * 20)

    assert found(loss_oscillation.check, swings(GUESS)).severity == "warning"
    assert found(loss_oscillation.check, swings(0.25 * GUESS)).severity == "info"


def test_another_split_is_seen_by_running_means_of_few_minibatches() -> None:
    few = log(
        train_loss=falling(1.6, 0.1, 12),
        val_loss=np.full(20, 1.05 * GUESS),
        val_accuracy=[0.4] * 20,
        resolution={"train_loss": "step"},
        positions={"train_loss": np.linspace(1, 20, 12)},
    )
    assert isinstance(split_mismatch.check(evidence(few)), Finding)
