"""Tables with one value in each row."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportgen.external.logs.collect import read_logs
from reportgen.runs.training_log import TrainingLog
from tests.external.logs.samples import write_rows

CURVES = {"train_loss": [2.0, 1.5, 1.1, 0.9], "val_loss": [2.1, 1.7, 1.4, 1.3], "val_acc": [0.3, 0.4, 0.5, 0.55]}
ROWS = [(name, step, value) for name, values in CURVES.items() for step, value in enumerate(values)]


def one(path: Path) -> TrainingLog:
    [[log]] = read_logs(path).values()
    return log


def check(log: TrainingLog) -> None:
    for role, name in (("train_loss", "train_loss"), ("val_loss", "val_loss"), ("val_accuracy", "val_acc")):
        curve = log.curve(role)
        assert curve is not None
        np.testing.assert_allclose(curve.values, CURVES[name])
        assert (np.diff(curve.positions) > 0).all()
    assert log.format == "csv-long"
    assert not log.resumed_at


@pytest.mark.parametrize("names", [("metric", "step", "value"), ("key", "epoch", "value"), ("tag", "step", "val"),
                                   ("name", "step", "value"), ("what", "step", "number")])  # fmt: skip
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_columns_may_have_any_usual_names(tmp_path: Path, names: Sequence[str], separator: str) -> None:
    check(one(write_rows(tmp_path / "a.csv", names, ROWS, separator)))


def test_metrics_may_take_turns(tmp_path: Path) -> None:
    check(one(write_rows(tmp_path / "a.csv", ("metric", "step", "value"), sorted(ROWS, key=lambda row: row[1]))))


def test_times_beside_the_values_are_no_values(tmp_path: Path) -> None:
    rows = [(name, value, 1700000000 + step, step) for name, step, value in ROWS]
    check(one(write_rows(tmp_path / "a.csv", ("key", "value", "timestamp", "step"), rows)))


def test_a_column_may_name_the_split(tmp_path: Path) -> None:
    rows = [(*name.split("_"), step, value) for name, step, value in ROWS]
    check(one(write_rows(tmp_path / "a.csv", ("phase", "metric", "epoch", "value"), rows)))


def test_a_column_may_name_runs(tmp_path: Path) -> None:
    rows = [(run, *row) for run in ("wide", "deep") for row in ROWS]
    logs = read_logs(write_rows(tmp_path / "a.csv", ("run", "metric", "step", "value"), rows))
    assert sorted(log.name for [log] in logs.values()) == ["a deep", "a wide"]
    for [log] in logs.values():
        check(log)


def test_missing_values_are_left_out(tmp_path: Path) -> None:
    rows = [*ROWS[:2], ("train_loss", 2, ""), *ROWS[3:]]
    curve = one(write_rows(tmp_path / "a.csv", ("metric", "step", "value"), rows)).curve("train_loss")
    assert curve is not None
    assert curve.values.tolist() == [2.0, 1.5, 0.9]


def test_the_order_of_the_columns_is_stated(tmp_path: Path) -> None:
    notes = one(write_rows(tmp_path / "a.csv", ("metric", "step", "value"), ROWS)).notes
    assert "long-form" in {note.code for note in notes}


def test_a_table_with_scores_in_columns_is_not_in_long_form(tmp_path: Path) -> None:
    rows = [("train", step, 2.0 - step / 9) for step in range(6)]
    assert one(write_rows(tmp_path / "a.csv", ("phase", "step", "loss"), rows)).format == "csv"


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), columns=st.permutations(["metric", "step", "value"]))
def test_neither_the_order_of_metrics_nor_that_of_columns_matters(
    tmp_path: Path, seed: int, columns: Sequence[str]
) -> None:
    draw = random.Random(seed)
    left = {name: [row for row in ROWS if row[0] == name] for name in CURVES}
    rows = []
    while any(left.values()):
        rows.append(left[draw.choice([name for name, own in left.items() if own])].pop(0))
    places = [("metric", "step", "value").index(name) for name in columns]
    check(one(write_rows(tmp_path / "a.csv", columns, [[row[place] for place in places] for row in rows])))
