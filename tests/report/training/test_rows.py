"""The table of runs and the answer of a diagnosis."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.report.training.rows import HEIGHT, WIDTH, answer_of, rows_of
from tests.training_examples import SHORT, curve, diverged, finding, group, log


def test_rows_are_the_groups_with_the_worst_first() -> None:
    rows = rows_of([group("fine", abstained={"overfitting": SHORT}), diverged()])
    assert [row.group.name for row in rows] == ["diverged", "fine"]
    assert rows[0].roots == ("Learning rate too high",)
    assert (rows[1].judged, rows[1].unjudged) == (3, 1)


def test_notes_are_named_only_without_alarms() -> None:
    (row,) = rows_of([group(findings=[finding("undertrained", "info")])])
    assert row.roots == ("Training stopped too early",)


def test_the_answer_counts_verdicts_roots_and_diverged_runs() -> None:
    answer = answer_of([group("fine"), diverged("a"), diverged("b"), group("c", [finding("overfitting", "info")])])
    assert answer.counts == {"error": 2, "info": 1, "no finding": 1}
    assert answer.frequent == (("Learning rate too high", 2),)
    assert (answer.runs, answer.diverged) == (4, 2)


def test_a_score_is_the_mean_of_the_last_values_of_the_runs() -> None:
    runs = [log(curves=(curve("val_loss", [2, value]),)) for value in (1.0, 3.0)]
    (row,) = rows_of([group(runs=runs)])
    assert row.last == {"val_loss": 2.0}
    (lost,) = rows_of([group(runs=[*runs, log(curves=(curve("val_loss", [2, math.nan]),))])])
    assert math.isnan(lost.last["val_loss"])


def test_the_small_curve_shows_a_divergence_and_ends_there() -> None:
    spark = rows_of([diverged()])[0].spark
    assert spark is not None
    assert spark.role == "train_loss"
    assert spark.broken


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=2, max_size=80))
def test_the_small_curve_stays_in_its_box(values: list[float]) -> None:
    (row,) = rows_of([group(runs=[log(curves=(curve("val_loss", values),))])])
    if np.isfinite(values).sum() < 2:
        assert row.spark is None
        return
    assert row.spark is not None
    points = [point for piece in row.spark.pieces for point in piece]
    assert points
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)


@pytest.mark.parametrize("values", [[1.0, 1.0], [1e-5, 1e5], [-1.0, 1.0]])
def test_a_small_curve_has_no_gap(values: list[float]) -> None:
    spark = rows_of([group(runs=[log(curves=(curve("val_loss", values),))])])[0].spark
    assert spark is not None
    assert [len(piece) for piece in spark.pieces] == [2]
