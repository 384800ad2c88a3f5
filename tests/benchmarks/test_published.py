"""The published rule sets fire at their documented thresholds, and not short of them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.diagnosis.cases import RULE_IDS
from benchmarks.diagnosis.published import PUBLISHED, autotrainer, deepdiagnosis, sagemaker, umlaut
from reportgen.runs.record import RunRecord
from tests.analysis.studies import plan_of, record

HEALTHY: dict[str, Any] = {
    "weight_gradient_norm": 1.0,
    "preactivation_std": 1.0,
    "preactivation_mean": 0.0,
    "update_ratio": 1e-3,
    "dead_fraction": 0.0,
    "weight_norm": [[1.0] * 4, [1.1] * 4],
    "train_accuracy": [0.3, 0.8, 0.9],
    "val_accuracy": [0.3, 0.8, 0.85],
    "train_loss": [1.4, 0.5, 0.4],
    "val_loss": [1.4, 0.5, 0.41],
    "batch_loss": [1.4, 0.6, 0.5],
}


def made(tmp_path: Path, status: str = "ok", head: str = "", facts: dict[str, Any] | None = None, **given: Any):
    """A record of a small net on which no set fires, but for what is given."""
    plan = plan_of(tmp_path, **({"head": head} if head else {}))
    one = record(plan.runs[-1], status, **(HEALTHY | given))
    arrays = dict(one.arrays) | {"step_loss": np.linspace(2.0, 0.4, 21)}
    known = {"input_mean": 0.0, "input_std": 0.4, "class_counts": [40, 40, 40, 40]} | (facts or {})
    return dataclasses.replace(one, arrays=arrays, facts={**one.facts, **known})


def with_rate(one: RunRecord, lr: float) -> RunRecord:
    training = dataclasses.replace(one.spec.training, lr=lr)
    return dataclasses.replace(one, spec=dataclasses.replace(one.spec, training=training))


@pytest.mark.parametrize("rule_set", PUBLISHED, ids=lambda rule_set: rule_set.name)
def test_every_rule_is_translated_and_has_its_source(rule_set: Any) -> None:
    assert rule_set.source
    assert rule_set.cannot
    assert {rule for says in rule_set.says.values() for rule in says} <= set(RULE_IDS)


@pytest.mark.parametrize("rule_set", PUBLISHED, ids=lambda rule_set: rule_set.name)
def test_a_healthy_record_is_left_alone(tmp_path: Path, rule_set: Any) -> None:
    assert rule_set.check(with_rate(made(tmp_path), 0.005)) == []


@pytest.mark.parametrize("rule_set", PUBLISHED, ids=lambda rule_set: rule_set.name)
def test_divergence_is_named(tmp_path: Path, rule_set: Any) -> None:
    fired = rule_set.check(with_rate(made(tmp_path, "diverged"), 0.005))
    assert any("nan_divergence" in rule_set.says[name] for name in fired)


@pytest.mark.parametrize(("norm", "fires"), [(0.5e-7, True), (5e-6, False)])
def test_sagemaker_calls_a_gradient_below_1e_7_vanished(tmp_path: Path, norm: float, fires: bool) -> None:
    found = sagemaker.check(made(tmp_path, weight_gradient_norm=norm))
    assert ("VanishingGradient" in found) == fires


@pytest.mark.parametrize(("ratio", "fires"), [(11.0, True), (9.0, False), (1e-9, True)])
def test_sagemaker_watches_updates_between_1e_8_and_10(tmp_path: Path, ratio: float, fires: bool) -> None:
    assert ("WeightUpdateRatio" in sagemaker.check(made(tmp_path, update_ratio=ratio))) == fires


def test_sagemaker_wants_the_loss_to_fall_by_a_thousandth_every_ten_steps(tmp_path: Path) -> None:
    one = made(tmp_path)
    flat = dataclasses.replace(one, arrays={**one.arrays, "step_loss": np.full(21, 0.7) - 1e-5 * np.arange(21)})
    assert "LossNotDecreasing" in sagemaker.check(flat)
    assert "LossNotDecreasing" not in sagemaker.check(one)


@pytest.mark.parametrize(("val", "fires"), [(0.45, True), (0.43, False)])
def test_sagemaker_calls_a_loss_a_tenth_higher_overfitting(tmp_path: Path, val: float, fires: bool) -> None:
    one = made(tmp_path, train_loss=[1.4, 0.4, 0.4], val_loss=[1.4, val, val])
    assert ("Overfit" in sagemaker.check(one)) == fires


def test_autotrainer_names_problems_only_of_nets_that_do_not_train(tmp_path: Path) -> None:
    vanished = [[1e-6, 1.0, 1.0, 1.0]] * 2
    bad = made(tmp_path, weight_gradient_norm=vanished, train_accuracy=0.3, val_accuracy=0.3)
    assert autotrainer.check(bad) == ["vanishing gradient"]
    assert autotrainer.check(made(tmp_path, weight_gradient_norm=vanished)) == []


def test_autotrainer_counts_silent_units_as_zero_gradients(tmp_path: Path) -> None:
    one = made(tmp_path, dead_fraction=[[0.9, 0.9, 0.9, 0.0]] * 2, train_accuracy=0.3, val_accuracy=0.3)
    assert autotrainer.check(one) == ["dying ReLU"]


@pytest.mark.parametrize(("std", "fires"), [(20.0, True), (4.0, False)])
def test_deepdiagnosis_calls_inputs_beyond_5_saturated(tmp_path: Path, std: float, fires: bool) -> None:
    assert ("saturated activation" in deepdiagnosis.check(made(tmp_path, preactivation_std=std))) == fires


@pytest.mark.parametrize(("lr", "fires"), [(0.02, True), (0.01, False), (1e-8, True)])
def test_umlaut_wants_rates_up_to_a_hundredth(tmp_path: Path, lr: float, fires: bool) -> None:
    assert ("learning rate out of range" in umlaut.check(with_rate(made(tmp_path), lr))) == fires


def test_umlaut_wants_inputs_within_1(tmp_path: Path) -> None:
    assert "input exceeds limits" in umlaut.check(made(tmp_path, facts={"input_std": 1.0}))


def test_a_published_rule_counts_where_most_seeds_show_it(tmp_path: Path) -> None:
    class Three:
        own = (made(tmp_path), made(tmp_path, "diverged"), made(tmp_path, "diverged"))

    fired = {alarm.rule for alarm in sagemaker.RULE_SET.alarms(Three())}  # type: ignore[arg-type]
    assert "ExplodingTensor" in fired
    Three.own = (made(tmp_path), made(tmp_path), made(tmp_path, "diverged"))
    assert "ExplodingTensor" not in {alarm.rule for alarm in sagemaker.RULE_SET.alarms(Three())}  # type: ignore[arg-type]
