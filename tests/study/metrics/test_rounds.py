"""Metrics of the rounds of pruning, of records with known values."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from reportgen.analysis.metrics.measures import by_layer, value
from reportgen.runs.record import RunRecord
from reportgen.study.model.claims import Measure
from tests.analysis.studies import plan_of, record

ROUNDS = {
    "round_sparsity": np.array([0.0, 0.5, 0.75]),
    "round_val_accuracy": np.array([0.9, 0.95, 0.8]),
    "round_val_loss": np.array([0.4, 0.3, 0.7]),
    "round_best_epoch": np.array([7.0, 8.0, np.nan]),
    "round_weights": np.array([[100, 50, 20, 10], [50, 25, 15, 9], [25, 12, 11, 8]]),
}


@pytest.fixture
def run(tmp_path: Path) -> RunRecord:
    found = record(plan_of(tmp_path).runs[0])
    return dataclasses.replace(found, arrays={**found.arrays, **ROUNDS})


@pytest.mark.parametrize(
    ("metric", "number", "expected"),
    [
        ("round_sparsity", None, 0.75),
        ("round_sparsity", 1, 0.5),
        ("round_val_accuracy", "first", 0.9),
        ("round_val_accuracy", "last", 0.8),
        ("round_val_accuracy_difference", 1, 0.05),
        ("round_val_accuracy_difference", None, -0.1),
        ("round_val_loss_difference", None, 0.3),
        ("round_val_loss", 0, 0.4),
        ("round_best_epoch", 1, 8.0),
        ("round_best_epoch", 2, np.nan),
        ("round_val_accuracy", 3, np.nan),
        ("round_test_accuracy", None, np.nan),
    ],
)
def test_a_metric_has_the_value_of_its_round(
    run: RunRecord, metric: str, number: int | str | None, expected: float
) -> None:
    assert value(run, Measure(metric=metric, round=number)) == pytest.approx(expected, nan_ok=True)


def test_the_share_of_the_weights_that_remain(run: RunRecord) -> None:
    assert by_layer(run, Measure(metric="weights_remaining", layer=[1, 2, 3, 4])) == pytest.approx(
        [0.25, 0.24, 0.55, 0.8]
    )
    stopped = np.array([[100, 50, 20, 10], [50, 25, 15, 9], [0, 0, 0, 0]])
    diverged = dataclasses.replace(run, arrays={**run.arrays, "round_weights": stopped})
    assert value(diverged, Measure(metric="weights_remaining", layer=1)) == 0.5


def test_runs_without_pruning_have_no_rounds(tmp_path: Path) -> None:
    run = record(plan_of(tmp_path).runs[0])
    for metric in ("round_sparsity", "round_val_loss", "round_val_accuracy_difference", "weights_remaining"):
        assert np.isnan(value(run, Measure(metric=metric)))
