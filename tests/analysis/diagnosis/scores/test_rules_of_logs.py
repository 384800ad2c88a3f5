"""Rules that only logs can show: resumed runs, gradient spikes, and metrics that contradict the loss."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from reportgen.analysis.diagnosis.rules.generalization import metric_loss_mismatch
from reportgen.analysis.diagnosis.rules.optimization import gradient_spikes, resumed_run
from reportgen.analysis.finding import Abstention, Finding
from reportgen.runs.training_log import LostState
from tests.analysis.diagnosis.scores.curves import evidence, falling, healthy, log, noisy


def test_a_resumed_run_whose_loss_jumps_lost_its_state() -> None:
    jump = noisy(np.concatenate([falling(2.0, 0.5, 20), falling(1.4, 0.5, 20)]), 0.02)
    outcome = resumed_run.check(evidence(log(train_loss=jump, resumed_at=(20.0,))))
    assert isinstance(outcome, Finding)
    assert (outcome.severity, outcome.step) == ("warning", 20)


def test_a_resumed_run_that_continues_is_a_note_and_others_are_none() -> None:
    smooth = noisy(falling(2.0, 0.5, 40), 0.02)
    outcome = resumed_run.check(evidence(log(train_loss=smooth, resumed_at=(20.0,))))
    assert isinstance(outcome, Finding)
    assert outcome.severity == "info"
    assert resumed_run.check(evidence(log(train_loss=smooth))) is None
    rates = np.concatenate([np.linspace(0.1, 0.01, 20), np.full(20, 0.1)])
    again = resumed_run.check(evidence(log(train_loss=smooth, lr=rates, resumed_at=(20.0,))))
    assert isinstance(again, Finding)
    assert again.severity == "warning"


def spiked(jumps: bool) -> tuple[np.ndarray, np.ndarray]:
    norms, losses = noisy([1.0] * 60, 0.1), noisy(falling(2.0, 0.5, 60), 0.02)
    for at in (25, 40):
        norms[at] = 30.0
        losses[at + 1 : at + 6] += 1.5 * jumps
    return norms, losses


def test_gradient_spikes_count_if_the_loss_jumps_after_them() -> None:
    norms, losses = spiked(jumps=True)
    outcome = gradient_spikes.check(evidence(log(gradient_norm=norms, train_loss=losses)))
    assert isinstance(outcome, Finding)
    assert outcome.evidence["spikes"] == 2
    norms, losses = spiked(jumps=False)
    assert gradient_spikes.check(evidence(log(gradient_norm=norms, train_loss=losses))) is None


def test_gradient_spikes_need_twenty_values() -> None:
    outcome = gradient_spikes.check(evidence(log(gradient_norm=[1.0] * 19, train_loss=[1.0] * 30)))
    assert isinstance(outcome, Abstention)


def test_an_accuracy_too_low_for_its_loss_contradicts_it() -> None:
    loss = falling(1.0, 0.05, 12)
    outcome = metric_loss_mismatch.check(evidence(log(val_loss=loss, val_accuracy=[0.1] * 12)))
    assert isinstance(outcome, Finding)
    assert outcome.evidence["sign"] == metric_loss_mismatch.BOUND
    assert metric_loss_mismatch.check(evidence(healthy())) is None


def test_softmax_applied_twice_shows_in_the_lowest_loss() -> None:
    right = np.linspace(0.5, 0.98, 12)
    floor = math.log1p(9 / math.e)
    outcome = metric_loss_mismatch.check(evidence(log(val_loss=floor + 1 - right, val_accuracy=right)))
    assert isinstance(outcome, Finding)
    assert outcome.evidence["sign"] == metric_loss_mismatch.TWICE
    usual = metric_loss_mismatch.check(evidence(log(val_loss=falling(2.0, 1.3, 12), val_accuracy=[0.6] * 12)))
    assert usual is None


def test_contradictions_need_pairs_of_loss_and_accuracy() -> None:
    assert isinstance(metric_loss_mismatch.check(evidence(log(val_loss=[1.0] * 9))), Abstention)


def test_a_loss_that_returns_to_its_beginning_is_reported_where_it_does() -> None:
    anew = replace(log(train_loss=[2.0, 1.5, 1.0, 0.8]), lost_states=(LostState(12.0, 0.5, 2.0),))
    outcome = resumed_run.check(evidence(anew))
    assert isinstance(outcome, Finding)
    assert (outcome.severity, outcome.step) == ("warning", 12)


def test_curves_are_not_said_to_continue_without_values_before() -> None:
    outcome = resumed_run.check(evidence(log(train_loss=[2.0, 1.5, 1.0, 0.8], resumed_at=(0.5,))))
    assert isinstance(outcome, Finding)
    assert "continue" not in outcome.message


def test_a_rate_that_is_only_lowered_is_no_lost_state_but_one_that_begins_anew_is() -> None:
    smooth = noisy(falling(2.0, 0.5, 40), 0.02)
    lowered = log(train_loss=smooth, lr=[0.1] * 20 + [0.01] * 20, resumed_at=(20.0,))
    outcome = resumed_run.check(evidence(lowered))
    assert isinstance(outcome, Finding)
    assert outcome.severity == "info"
    anew = log(train_loss=smooth, lr=[*np.linspace(0.01, 0.1, 20), *np.linspace(0.01, 0.1, 20)], resumed_at=(20.0,))
    outcome = resumed_run.check(evidence(anew))
    assert isinstance(outcome, Finding)
    assert outcome.severity == "warning"


def test_a_jump_counts_at_once_in_either_loss_but_not_in_one_of_three_runs() -> None:
    smooth, recovers = noisy(falling(2.0, 0.5, 40), 0.02), noisy(falling(2.0, 0.5, 40), 0.02, 1)
    recovers[20] = 1.5
    jump = log(train_loss=smooth, val_loss=recovers, resumed_at=(20.0,))
    calm = log(train_loss=smooth, val_loss=noisy(falling(2.0, 0.5, 40), 0.02, 1), resumed_at=(20.0,))
    severities = [resumed_run.check(evidence(*logs)).severity for logs in ((jump,), (jump, calm, calm))]  # type: ignore[union-attr]
    assert severities == ["warning", "info"]


def test_one_spike_is_enough_if_the_loss_stays_far_higher() -> None:
    norms = np.exp(np.random.default_rng(0).standard_normal(80))
    losses = noisy(np.full(80, 0.1), 0.1)
    norms[40], losses[41:60] = 60.0, 1.0
    assert isinstance(gradient_spikes.check(evidence(log(gradient_norm=norms, train_loss=losses))), Finding)
    losses[41:60] = 0.12
    assert gradient_spikes.check(evidence(log(gradient_norm=norms, train_loss=losses))) is None


def test_a_loss_of_another_kind_is_followed_by_the_accuracy() -> None:
    squares = log(train_loss=falling(0.09, 0.04, 12), train_accuracy=np.linspace(0.1, 0.7, 12))
    assert metric_loss_mismatch.check(evidence(squares)) is None
    falls = log(train_loss=falling(0.09, 0.04, 12), train_accuracy=np.linspace(0.7, 0.1, 12))
    assert isinstance(metric_loss_mismatch.check(evidence(falls)), Finding)


def test_minibatch_losses_are_averaged_before_they_contradict_an_accuracy() -> None:
    few = log(
        train_loss=falling(1.0, 0.05, 12),
        train_accuracy=[0.1] * 12,
        resolution={"train_loss": "step"},
    )
    assert isinstance(metric_loss_mismatch.check(evidence(few)), Finding)
