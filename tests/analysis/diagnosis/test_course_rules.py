"""Rules on the course of training: too little training, oscillation, update ratios, and healthy runs."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from reportgen.data.dataset import Dataset
from reportgen.engine.network_spec import BatchNormSpec, DropoutSpec
from reportgen.registry import Component
from reportgen.runs.record import RunRecord
from tests.analysis.diagnosis.rate_runs import alarm, clouds, found, run, runs
from tests.engine.networks import activation, init, optimizer

RULES = ("undertrained", "loss_oscillation", "update_ratio_high", "update_ratio_low")
RELU = {"act": activation("relu"), "weights": init("he_normal")}
HARD = clouds(distance=2.5, classes=8)

HEALTHY: dict[str, dict[str, Any]] = {
    "sgd": {},
    "adam": {"optimizer": optimizer("adam"), "lr": 0.01},
    "batch of one": {"batch_size": 1, "lr": 0.01, "epochs": 3},
    "batch of one on noisy labels": {"data": clouds(noise=0.4), "batch_size": 1, "lr": 0.005, "epochs": 8},
    "a last batch of few": {"batch_size": 133, "epochs": 40, "batchnorm": BatchNormSpec()},
    "noisy labels at their limit": {"data": clouds(noise=0.5), "epochs": 25, "lr": 0.05},
    "pure noise": {"data": clouds(distance=0.0), "epochs": 4, "lr": 0.02},
    "dropout": {"dropout": DropoutSpec(0.5), "epochs": 15},
    "full batch at the edge of stability": {"batch_size": 0, "lr": 1.0, "epochs": 200},
    "decayed": {"data": clouds(noise=0.3), "schedule": Component.of("exponential", factor=0.5), "epochs": 15},
    "cosine": {"schedule": Component("cosine"), "epochs": 15},
    "warm restarts": {"schedule": Component.of("warm_restarts", cycle=4, factor=1.0), "epochs": 16, "lr": 0.3},
    "raised until it breaks": {"schedule": Component.of("range_test", low=1e-6, high=1e4), "epochs": 8, **RELU},
    "long after it fits": {"epochs": 80, **RELU},
    "stopped early": {"data": clouds(noise=0.3), "patience": 3, "epochs": 60, "lr": 0.05},
    "seven steps": {"batch_size": 0, "epochs": 7},
    "no training": {"epochs": 0},
}


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_training_raises_no_alarm(name: str) -> None:
    records = runs(**HEALTHY[name])
    assert {rule: alarm(rule, records) for rule in RULES} == dict.fromkeys(RULES)


SICK: dict[str, tuple[str, dict[str, Any]]] = {
    "two epochs": ("undertrained", {"lr": 0.03, "epochs": 2, "data": HARD}),
    "full batch, few steps": ("undertrained", {"lr": 0.1, "epochs": 30, "data": HARD, "batch_size": 0}),
    "adam, two epochs": ("undertrained", {"lr": 0.003, "epochs": 2, "optimizer": optimizer("adam"), "data": HARD}),
    "cosine too short": ("undertrained", {"lr": 0.1, "epochs": 3, "data": HARD, "schedule": Component("cosine")}),
    "rate too high, minibatches": ("loss_oscillation", {"lr": 5.0, "epochs": 15, "data": HARD}),
    "rate too high, full batch": ("loss_oscillation", {"lr": 60.0, "epochs": 60, "batch_size": 0, "data": HARD}),
    "momentum near 1": (
        "loss_oscillation",
        {"lr": 3.0, "optimizer": optimizer("sgd", momentum=0.99), "epochs": 60, "batch_size": 0, "data": HARD},
    ),
    "large updates": ("update_ratio_high", {"lr": 5.0, "epochs": 8, "data": HARD}),
    "large updates of adam": ("update_ratio_high", {"lr": 1.0, "optimizer": optimizer("adam"), "data": HARD}),
    "tiny updates": ("update_ratio_low", {"lr": 1e-5}),
    "huge weights": ("update_ratio_low", {"lr": 1e-4, "weights": init("gaussian", std=2.0), "epochs": 2}),
}


@pytest.mark.parametrize("name", SICK)
def test_planted_faults_are_found_with_seeds_and_proposals(name: str) -> None:
    rule, given = SICK[name]
    finding = found(rule, runs(**given))
    assert finding is not None
    assert finding.severity in ("warning", "error")
    assert finding.seeds == (0, 1, 2)
    assert "3 of 3 seeds" in finding.message
    assert finding.proposals
    assert finding.advice


def test_a_diverging_range_test_is_for_information_only() -> None:
    finding = found("nan_divergence", runs(**HEALTHY["raised until it breaks"]))
    assert finding is None or finding.severity == "info"


def _with(record: RunRecord, **arrays: Any) -> RunRecord:
    return dataclasses.replace(record, arrays={**record.arrays, **arrays})


@pytest.mark.parametrize(("right", "named"), [(0.5, True), (0.9, False)])
def test_a_fitting_network_below_simple_models_may_be_undertrained(right: float, named: bool) -> None:
    record = runs(**SICK["two epochs"][1])[0]
    seen = {f"baseline_{name}{part}": 0.9 for name in ("linear", "neighbours", "kernel") for part in ("", "_left_out")}
    final = {**record.final, "train_accuracy": 0.95, "val_accuracy": right}
    fitted = dataclasses.replace(record, final=final, facts={**record.facts, **seen})
    assert (alarm("undertrained", [fitted] * 3) is not None) == named


def test_advice_for_training_of_unknown_length_is_a_factor() -> None:
    record = runs(**SICK["two epochs"][1])[0]
    training = dataclasses.replace(record.spec.training, epochs=0)
    unknown = dataclasses.replace(record, spec=dataclasses.replace(record.spec, training=training))
    finding = found("undertrained", [unknown] * 3)
    assert finding is not None
    assert "4 times" in finding.advice
    assert finding.proposals == ()


def test_minibatch_losses_of_a_single_epoch_show_that_it_is_too_short() -> None:
    finding = found("undertrained", runs(lr=0.05, epochs=1, data=HARD, batch_size=4))
    assert finding is not None
    assert len(finding.seeds) >= 2  # of 3: a decrease within the noise does not count


def test_one_epoch_of_few_steps_is_too_short_if_simple_models_are_better() -> None:
    given = {"epochs": 1, "batch_size": 20, "lr": 0.1}

    def flat(data: Dataset) -> list[RunRecord]:
        """Return runs with constant minibatch losses."""
        records = runs(**given, data=data)
        return [_with(r, step_loss=np.full(20, 0.8) + np.array([0.1, -0.1] * 10)) for r in records]

    finding = found("undertrained", flat(clouds(distance=3.0)))
    assert finding is not None
    assert finding.evidence["promised_fall"] < finding.evidence["limit"]
    assert finding.evidence["steps"] == 20
    assert found("undertrained", flat(clouds(noise=1.0))) is None


def test_three_steps_are_too_few_if_simple_models_are_better() -> None:
    records = runs(epochs=3, batch_size=0, lr=0.01, data=clouds(distance=3.0))
    finding = found("undertrained", records)
    assert finding is not None
    assert finding.evidence["steps"] == 3
    assert found("undertrained", runs(epochs=3, batch_size=0, lr=0.01, data=clouds(noise=1.0))) is None


def test_longer_training_is_proposed_if_it_helps() -> None:
    given = SICK["two epochs"][1]
    records = runs(**given)
    finding = found("undertrained", records)
    assert finding is not None
    after = runs(**(given | {"epochs": finding.proposals[0].change["training.epochs"]}))
    was, now = (np.mean([r.final["train_loss"] for r in rs]) for rs in (records, after))
    assert was - now > finding.evidence["expected_gain"]


def test_a_decrease_within_minibatch_noise_is_not_reported() -> None:
    record = run(epochs=4, data=HARD)
    alone = {name: value for name, value in record.facts.items() if not name.startswith("baseline")}
    record = dataclasses.replace(record, facts=alone)  # no simple model as a reference
    steps = record.arrays["step_loss"].size
    fall = np.linspace(1.9, 1.3, steps)
    noise = np.random.default_rng(0).standard_normal(steps)
    poor = {**record.final, "train_accuracy": 0.4}
    steady = dataclasses.replace(_with(record, step_loss=fall + 0.05 * noise), final=poor)
    noisy = dataclasses.replace(_with(record, step_loss=fall + 4 * noise), final=poor)
    assert alarm("undertrained", [steady] * 3) is not None
    assert alarm("undertrained", [noisy] * 3) is None


def test_too_few_steps_are_reported_if_a_simple_model_is_better() -> None:
    record = run(epochs=4, data=HARD)
    steps = record.arrays["step_loss"].size
    noisy = np.linspace(1.9, 1.3, steps) + 4 * np.random.default_rng(0).standard_normal(steps)
    poor = dataclasses.replace(
        _with(record, step_loss=noisy), final={**record.final, "train_accuracy": 0.4, "val_accuracy": 0.4}
    )
    finding = found("undertrained", [poor] * 3)
    assert finding is not None
    assert finding.evidence["promised_fall"] < finding.evidence["limit"]


def test_longer_training_is_not_advised_if_validation_becomes_worse() -> None:
    record = runs(**SICK["two epochs"][1])
    rising = [_with(r, epoch_val_loss=np.linspace(2.0, 3.0, 3)) for r in record]
    assert alarm("undertrained", rising) is None


def test_minibatch_noise_is_not_oscillation_but_a_varying_mean_is() -> None:
    record = run(epochs=4, batch_size=4, data=HARD)
    steps = record.arrays["step_loss"].size
    noise = np.random.default_rng(1).standard_normal(steps)
    poor = {**record.final, "train_accuracy": 0.4}
    noisy = dataclasses.replace(_with(record, step_loss=1.5 + 0.8 * noise), final=poor)
    swinging = 1.5 + 0.1 * noise + 0.5 * np.sin(np.arange(steps) / 20)
    swings = dataclasses.replace(_with(record, step_loss=swinging), final=poor)
    assert alarm("loss_oscillation", [noisy] * 3) is None
    assert alarm("loss_oscillation", [swings] * 3) is not None


@pytest.mark.parametrize(("low", "severity"), [(0.88, "info"), (0.6, "warning")])
def test_a_harmless_oscillation_is_for_information_only(low: float, severity: str) -> None:
    record = run(epochs=24)
    odd = np.arange(25) % 2 == 0
    losses = np.repeat(np.where(odd[1:], 0.1, 0.4), record.arrays["step_loss"].size // 24)
    right = np.where(odd, 0.98, low)
    finding = found("loss_oscillation", [_with(record, step_loss=losses, epoch_train_accuracy=right)] * 3)
    assert finding is not None
    assert finding.severity == severity


@pytest.mark.parametrize(("right", "severity"), [(0.95, "info"), (0.6, "warning")])
def test_dead_units_of_a_fitting_network_are_for_information_only(right: float, severity: str) -> None:
    record = run(**RELU)
    dead = np.zeros_like(record.arrays["probe_unit_dead"])
    dead[1:, :8] = True
    final = {**record.final, "train_accuracy": right, "val_accuracy": right}
    finding = found("dead_relu", [dataclasses.replace(_with(record, probe_unit_dead=dead), final=final)] * 3)
    assert finding is not None
    assert (finding.severity, finding.layers) == (severity, (1,))


def test_dead_units_of_one_network_in_three_are_for_information_only() -> None:
    record = run(**RELU)
    dead = np.zeros_like(record.arrays["probe_unit_dead"])
    dead[1:, :8] = True
    ill = dataclasses.replace(
        _with(record, probe_unit_dead=dead), final={**record.final, "train_accuracy": 0.6, "val_accuracy": 0.6}
    )
    fitting = dataclasses.replace(ill, final={**record.final, "train_accuracy": 0.95, "val_accuracy": 0.95})
    for others, severity in ((fitting, "info"), (ill, "warning")):
        finding = found("dead_relu", [ill, others, dataclasses.replace(record)])
        assert finding is not None
        assert finding.severity == severity


@pytest.mark.parametrize(("before", "after", "reported"), [(6, 7, False), (2, 7, True), (7, 7, True)])
def test_units_dead_by_chance_are_no_units_killed_in_training(before: int, after: int, reported: bool) -> None:
    record = run(**RELU)
    dead = np.zeros_like(record.arrays["probe_unit_dead"])
    dead[0, :before], dead[1:, :after] = True, True
    ill = dataclasses.replace(
        _with(record, probe_unit_dead=dead), final={**record.final, "train_accuracy": 0.6, "val_accuracy": 0.6}
    )
    assert (found("dead_relu", [ill] * 3) is not None) == reported


def test_advice_does_not_repeat_the_initialization_in_use() -> None:
    record = run(**RELU)
    dead = np.zeros_like(record.arrays["probe_unit_dead"])
    dead[:, :8], dead[1:, 8:16] = True, True
    poor = {**record.final, "train_accuracy": 0.4, "val_accuracy": 0.4}
    finding = found("dead_relu", [dataclasses.replace(_with(record, probe_unit_dead=dead), final=poor)] * 3)
    assert finding is not None
    assert finding.evidence["dead_fraction_at_start"] == pytest.approx(0.5)
    assert finding.step == 0
    assert [dict(one.change) for one in finding.proposals] == [{"network.activation": "leaky_relu"}]


def test_high_update_ratios_of_a_healthy_network_are_for_information_only() -> None:
    record = run(epochs=10)
    ratios = np.full_like(record.arrays["probe_update_ratio"], 0.2)
    finding = found("update_ratio_high", [_with(record, probe_update_ratio=ratios)] * 3)
    assert finding is not None
    assert finding.severity == "info"


def test_low_update_ratios_after_convergence_are_not_reported() -> None:
    records = runs(data=clouds(noise=0.5), epochs=60, schedule=Component.of("exponential", factor=0.8))
    assert all(np.nanmedian(r.statistic("update_ratio")[-2:]) < 1e-4 for r in records)
    assert found("update_ratio_low", records) is None


def test_large_weights_are_distinguished_from_a_low_learning_rate() -> None:
    finding = found("update_ratio_low", runs(**SICK["huge weights"][1]))
    assert finding is not None
    assert finding.proposals[0].change == {"network.init": "xavier"}
    low = found("update_ratio_low", runs(**SICK["tiny updates"][1]))
    assert low is not None
    assert list(low.proposals[0].change) == ["training.lr"]


def test_updates_are_tiny_without_a_learning_rate() -> None:
    finding = found("update_ratio_low", runs(lr=0.0))
    assert finding is not None
    assert [proposal.change for proposal in finding.proposals] == [{"training.lr": 0.01}]
