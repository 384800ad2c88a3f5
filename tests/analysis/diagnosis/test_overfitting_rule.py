"""The rule on overfitting fires on validation scores that become worse beyond noise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from reportgen.registry import Component
from tests.analysis.diagnosis.held_out_runs import EPOCHS, LEARNED, RISING, alarm, falling, found, run, runs

NO_BETTER = {"baseline_linear": 0.7, "baseline_neighbours": 0.68}
"""Simple models that are no better in validation than a network with an accuracy of 0.7."""


def test_a_validation_loss_far_above_its_minimum_is_overfitting() -> None:
    finding = found(
        "overfitting", runs(curves={"val_loss": RISING, "val_accuracy": falling(0.25, 0.7, 2.0), **LEARNED})
    )
    assert finding is not None
    assert (finding.severity, finding.seeds, finding.metric) == ("warning", (0, 1, 2), "val_loss")
    assert 8 <= finding.evidence["best_epoch"] <= 13
    assert dict(finding.proposals[0].change) == {"training.epochs": finding.evidence["best_epoch"]}


def test_a_falling_validation_accuracy_is_overfitting() -> None:
    accuracy = np.concatenate([np.linspace(0.25, 0.8, 11), np.linspace(0.8, 0.7, EPOCHS - 10)])
    finding = found("overfitting", runs(curves={"val_accuracy": accuracy, **LEARNED}))
    assert finding is not None
    assert (finding.severity, finding.metric) == ("warning", "val_accuracy")


@pytest.mark.parametrize(
    "curves",
    [
        LEARNED,  # the gap grows, but validation does not suffer
        {"val_loss": np.where(np.arange(EPOCHS + 1) > 10, 0.42, 0.4), **LEARNED},  # slightly overconfident
        {"val_loss": RISING, "train_loss": RISING},  # a failure of training, not of generalization
        {"val_loss": falling(1.4, 0.4) + 0.3 * (np.arange(EPOCHS + 1) == 20), **LEARNED},  # one bad epoch
    ],
)
def test_cases_that_resemble_overfitting_are_not_reported(curves: dict[str, Any]) -> None:
    assert not alarm("overfitting", runs(curves=curves))


def test_a_loss_of_few_examples_with_high_accuracy_is_for_information_only() -> None:
    severities = []
    for accuracy in (0.985, 0.9):
        curves = {"val_loss": RISING, "val_accuracy": falling(0.25, accuracy, 2.0), **LEARNED}
        finding = found("overfitting", runs(curves=curves))
        assert finding is not None
        severities.append(finding.severity)
    assert severities == ["info", "warning"]


@pytest.mark.parametrize(("end", "severity"), [(0.8, "info"), (1.2, "warning")])
def test_a_loss_that_loses_less_than_half_of_its_gain_is_for_information_only(end: float, severity: str) -> None:
    late = np.arange(EPOCHS + 1) > 10
    curves = {"val_loss": np.where(late, end, falling(1.4, 0.5, 2.0)), "val_accuracy": falling(0.25, 0.7, 2.0)}
    finding = found("overfitting", runs(curves={**curves, **LEARNED}, facts=NO_BETTER))
    assert finding is not None
    assert finding.severity == severity


def test_a_decline_within_the_error_of_few_examples_is_not_overfitting() -> None:
    accuracy = np.concatenate([np.linspace(0.25, 0.8, 11), np.linspace(0.8, 0.74, EPOCHS - 10)])
    curves = {"val_accuracy": accuracy, **LEARNED}
    assert not alarm("overfitting", runs(curves=curves, facts={"val_n": 12}))
    assert alarm("overfitting", runs(curves=curves, facts={"val_n": 1000}))


def test_seeds_with_unequal_declines_are_overfitting() -> None:
    """A t test over three seeds would not reject 0.2, 0.5 and 1.2 at 5%, but each is far beyond its own noise."""
    ends, flat = (0.75, 1.0, 2.0), {"val_accuracy": falling(0.25, 0.7, 2.0), **LEARNED}
    unequal = [
        run(seed, {"val_loss": np.r_[RISING[:11], np.linspace(0.6, end, EPOCHS - 10)], **flat})
        for seed, end in zip((0, 1, 2), ends, strict=True)
    ]
    assert alarm("overfitting", unequal)


def test_one_seed_of_three_is_not_enough() -> None:
    records = [run(0, {"val_loss": RISING, **LEARNED}), *(run(seed, LEARNED) for seed in (1, 2))]
    assert not alarm("overfitting", records)


def test_variation_between_epochs_counts_as_noise() -> None:
    late = np.arange(EPOCHS + 1) > 10
    steady = np.where(late, 1.1, falling(1.4, 0.5, 2.0))
    swinging = steady * np.where(late, np.where(np.arange(EPOCHS + 1) % 2, 2.2, 0.4), 1.0)
    flat = {"val_accuracy": falling(0.25, 0.7, 2.0), **LEARNED}
    assert alarm("overfitting", runs(curves={"val_loss": steady, **flat}))
    assert not alarm("overfitting", runs(curves={"val_loss": swinging, **flat}, facts=NO_BETTER))


def test_noise_alone_is_rarely_reported_as_overfitting() -> None:
    """At most 5% of 100 sets of three seeds with random variation and no trend raise an alarm."""

    def wandering(seed: int) -> dict[str, Any]:
        rng = np.random.default_rng(seed)
        correct = rng.binomial(50, 0.7, EPOCHS + 1) / 50
        return {"val_accuracy": correct, "val_loss": 0.8 * np.exp(0.1 * rng.standard_normal(EPOCHS + 1)), **LEARNED}

    alarms = [
        alarm(
            "overfitting",
            [run(3 * k + s, curves=wandering(3 * k + s), facts={**NO_BETTER, "val_n": 50}) for s in range(3)],
        )
        for k in range(100)
    ]
    assert sum(alarms) <= 5


def test_early_stopping_is_not_overfitting() -> None:
    assert found("overfitting", runs(curves={"val_loss": RISING, **LEARNED}, patience=3)) is None


def test_other_losses_use_their_own_loss_of_guessing() -> None:
    curves = {"val_loss": 0.2 * RISING, "val_accuracy": falling(0.25, 0.7, 2.0), **LEARNED}
    for record in runs(curves=curves, loss=Component("mse")):
        assert found("overfitting", [record]) is not None


def test_a_network_that_fits_wrong_labels_is_compared_with_simple_models() -> None:
    curves = {"val_accuracy": falling(0.25, 0.66, 2.0), "train_accuracy": falling(0.25, 0.995, 2.0)}
    finding = found("overfitting", runs(curves=curves))
    assert finding is not None
    assert (finding.severity, finding.metric, finding.evidence["reference"]) == ("warning", "val_accuracy", 0.82)
    assert not alarm("overfitting", runs(curves=curves, facts=NO_BETTER))
    assert not alarm("overfitting", runs(curves={**curves, "train_accuracy": 0.85}))
    assert not alarm("overfitting", runs(curves={**curves, "val_accuracy": falling(0.25, 0.8, 2.0)}))
    assert not alarm("overfitting", runs(curves=curves, facts={"val_n": 10, "baseline_val_n": 10}))
