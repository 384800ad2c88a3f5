"""The rules on splits and batches report splits that differ and sorted batches, and no similar cases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from reportgen.data.dataset import facts_of
from reportgen.data.spec import DataSpec
from reportgen.registry import Component
from reportgen.runs.record import RunRecord
from tests.analysis.diagnosis.held_out_runs import found, runs, with_spec

EVEN = {"class_counts": [100] * 4, "val_class_counts": [75] * 4}


def blobs(n: int, seed: int, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Return n examples of separated classes, (n, 6), and their classes."""
    rng = np.random.default_rng(seed)
    y = rng.integers(classes, size=n)
    centres = np.random.default_rng(99).standard_normal((classes, 6)) * 3
    return centres[y] + rng.standard_normal((n, 6)), y


def records(x: np.ndarray, y: np.ndarray, x_val: np.ndarray, y_val: np.ndarray, val: float) -> list[RunRecord]:
    """Return records of a network with this validation accuracy on these data."""
    return runs(facts=facts_of(x, y, x_val, y_val), curves={"val_accuracy": val, "train_accuracy": 0.98})


VALIDATION: dict[str, Any] = {
    "not preprocessed": lambda x, y: (100 + 5 * x, y),
    "shuffled labels": lambda x, y: (x, np.random.default_rng(0).permutation(y)),
    "renumbered labels": lambda x, y: (x, (y + 1) % 4),
    "half of the labels shuffled": lambda x, y: (x, np.where(np.arange(len(y)) % 2, y, np.roll(y, 3))),
    "columns in another order": lambda x, y: (x[:, ::-1], y),
}


@pytest.mark.parametrize("kind", VALIDATION)
def test_validation_unlike_training_is_reported(kind: str) -> None:
    x, y = blobs(600, 0)
    finding = found("split_mismatch", records(x, y, *VALIDATION[kind](*blobs(200, 1)), val=0.4))
    assert finding is not None
    assert finding.severity != "info"
    assert finding.step == 0


def test_inputs_that_differ_and_labels_that_differ_get_different_advice() -> None:
    x, y = blobs(600, 0)
    raw, relabelled = (
        found("split_mismatch", records(x, y, *VALIDATION[kind](*blobs(200, 1)), val=0.3))
        for kind in ("not preprocessed", "renumbered labels")
    )
    assert raw is not None
    assert relabelled is not None
    assert raw.evidence["input_offset"] > 10 > 1 > relabelled.evidence["input_offset"]
    assert raw.advice != relabelled.advice
    assert [finding.evidence["mend"] for finding in (raw, relabelled)] == ["inputs", "labels"]


@pytest.mark.parametrize(("network", "reported"), [(0.27, True), (0.45, False)])
def test_fewer_examples_suffice_if_nothing_is_left_in_validation(network: float, reported: bool) -> None:
    names = ("baseline_linear", "baseline_neighbours")
    facts = {"val_class_counts": [25] * 4, "val_n": 100, "baseline_left_out_n": 83, "baseline_val_n": 100}
    facts |= {f"{name}_left_out": 0.53 for name in names} | dict.fromkeys(names, 0.27)
    shared = DataSpec(Component("npz"))
    shown = with_spec(runs(facts=EVEN | facts, curves={"val_accuracy": network}), data=shared)
    assert (found("split_mismatch", shown) is not None) == reported


@pytest.mark.parametrize("n_val", [3, 8, 20, 200])
@pytest.mark.parametrize("seed", range(6))
def test_splits_of_one_population_are_not_reported(n_val: int, seed: int) -> None:
    """Even if the network itself is bad in validation, or validation is very small."""
    x, y = blobs(300, seed)
    x, x_val = x + np.random.default_rng(seed).standard_normal(x.shape) * 4, blobs(n_val, seed + 50)[0]
    x_val = x_val + np.random.default_rng(seed + 1).standard_normal(x_val.shape) * 4
    assert found("split_mismatch", records(x, y, x_val, blobs(n_val, seed + 50)[1], val=0.3)) is None


def test_other_shares_of_the_classes_are_not_reported() -> None:
    """A model that hardly knows a class is worse where the class is common."""
    x, y = blobs(900, 0)
    kept = (y != 0) | (np.arange(900) % 40 == 0)
    x_val, y_val = blobs(300, 1)
    assert found("split_mismatch", records(x[kept], y[kept], x_val, y_val, val=0.75)) is None


def test_inputs_far_apart_are_reported_if_the_models_still_classify_them() -> None:
    known = {**EVEN, "val_input_offset": 0.1, "val_input_scale": 16.0}
    worse = {"val_loss": 1.5, "train_loss": 0.1}
    assert found("split_mismatch", runs(facts=known, curves=worse)) is not None
    assert found("split_mismatch", runs(facts=known, curves={"val_loss": 0.12, "train_loss": 0.1})) is None
    assert found("split_mismatch", runs(facts={**known, "val_input_scale": 1.5}, curves=worse)) is None
    assert found("split_mismatch", runs(facts={**known, "val_n": 12}, curves=worse)) is None


def test_simple_models_are_fitted_to_all_classes_of_sorted_examples() -> None:
    x, y = blobs(600, 0)
    order = np.argsort(y, kind="stable")
    facts = facts_of(x[order], y[order], *blobs(200, 1))
    assert facts["baseline_linear_left_out"] > 0.8
    assert facts["baseline_linear"] > 0.8
    assert found("split_mismatch", records(x[order], y[order], *blobs(200, 1), val=0.3)) is None


def test_a_class_without_training_examples_is_reported() -> None:
    facts = {"class_counts": [200, 200, 0, 0], "val_class_counts": [0, 0, 100, 200],
             "class_labels": ["ant", "bee", "cat", "dog"]}  # fmt: skip
    finding = found("absent_class", runs(facts=facts))
    assert finding is not None
    assert finding.severity == "error"
    assert finding.evidence["classes_without_training_examples"] == [2, 3]
    assert finding.evidence["classes_without_validation_examples"] == [0, 1]
    assert "cat and dog" in finding.message
    assert [dict(p.change) for p in finding.proposals] == []
    in_order = with_spec(runs(facts=facts), data=replace(runs()[0].spec.data, shuffle=False))
    finding = found("absent_class", in_order)
    assert finding is not None
    assert [dict(p.change) for p in finding.proposals] == [{"data.shuffle": True}]


@pytest.mark.parametrize(
    ("val", "reported"),
    [([75, 75, 75, 75], False), ([100, 100, 100, 0], True), ([3, 2, 3, 0], False)],
)
def test_a_class_absent_from_validation_is_reported_beyond_chance(val: list[int], reported: bool) -> None:
    facts = {**EVEN, "val_class_counts": val, "val_n": sum(val)}
    assert (found("absent_class", runs(facts=facts)) is not None) == reported


def test_a_class_absent_from_both_splits_is_not_reported() -> None:
    facts = {"class_counts": [200, 200, 0, 0], "val_class_counts": [150, 150, 0, 0]}
    assert found("absent_class", runs(facts=facts)) is None


def test_counts_of_validation_may_come_from_the_confusion_matrix() -> None:
    table = np.diag([100, 100, 0, 0])
    table[3, 0] = 100
    finding = found("absent_class", runs(facts={"class_counts": [200, 200, 0, 0]}, arrays={"val_confusion": table}))
    assert finding is not None
    assert finding.evidence["classes_without_training_examples"] == [3]


def batches(order: str, size: int = 10, epochs: int = 5) -> np.ndarray:
    """Return losses of batches of a network that adapts to the last classes it has seen, 40 batches per epoch."""
    rng = np.random.default_rng(0)
    losses = []
    for _ in range(epochs):
        block = np.array([3.0, 2.0, 1.2, 0.6, 0.3, 0.2, 0.1, 0.1, 0.1, 0.1])
        one = np.tile(block, 4) if order == "sorted" else np.full(40, 1.0)
        losses.append(one * np.exp(0.2 * rng.standard_normal(40)))
    return np.concatenate(losses)


def test_losses_that_jump_at_the_borders_of_classes_are_reported() -> None:
    facts, size = {"class_counts": [100] * 4}, {"batch_size": 10}
    assert found("sorted_batches", runs(facts=facts, arrays={"step_loss": batches("sorted")}, **size)) is not None
    assert found("sorted_batches", runs(facts=facts, arrays={"step_loss": batches("mixed")}, **size)) is None
    elsewhere = {"class_counts": [160, 80, 80, 80]}
    assert found("sorted_batches", runs(facts=elsewhere, arrays={"step_loss": batches("sorted")}, **size)) is None


def test_recorded_shares_of_a_class_decide() -> None:
    facts, size = {"class_counts": [100] * 4}, {"batch_size": 10}
    alone, mixed = np.full(200, 0.98), np.full(200, 0.45)
    finding = found("sorted_batches", runs(facts=facts, arrays={"step_top_share": alone}, **size))
    assert finding is not None
    assert finding.severity == "warning"
    arrays = {"step_top_share": mixed, "step_loss": batches("sorted")}
    assert found("sorted_batches", runs(facts=facts, arrays=arrays, **size)) is None
    common = {"class_counts": [390, 4, 3, 3]}
    assert found("sorted_batches", runs(facts=common, arrays={"step_top_share": alone}, **size)) is None
