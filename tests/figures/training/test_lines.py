"""Lines of the figures of training: thinned without losing a spike, and named and styled by role."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.figures.training.lines import COLUMNS, MOST_POINTS, lines_of, look, rows_of, window_means
from reportgen.figures.training.points import thinned
from tests.training_examples import curve, log, steps_log


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), min_size=1, max_size=300), st.integers(4, 80))
def test_thinning_keeps_the_ends_and_the_extremes(values: list[float], most: int) -> None:
    y = np.array(values, float)
    x, kept = thinned(np.arange(float(y.size)), y, most)
    assert x[0] == 0
    assert x[-1] == y.size - 1
    assert (np.diff(x) > 0).all()
    assert x.size <= most + 4
    finite = y[np.isfinite(y)]
    if finite.size:
        assert np.nanmin(kept) == finite.min()
        assert np.nanmax(kept) == finite.max()


def test_a_short_curve_is_drawn_in_full() -> None:
    x, y = thinned(np.arange(5.0), np.array([1, np.inf, 2, np.nan, 3.0]), 100)
    np.testing.assert_array_equal(x, np.arange(5.0))
    np.testing.assert_array_equal(y, [1, np.nan, 2, np.nan, 3])


def test_a_million_values_become_few_points_with_their_spike() -> None:
    values = np.ones(1_000_000)
    values[654_321] = 50
    (line,) = lines_of([log(curves=(curve("train_loss", values, resolution="step"),))], ("train_loss",))
    assert line.y.size <= MOST_POINTS + 4
    assert line.y.max() == 50
    assert line.smooth_y.size


def test_window_means_ignore_values_that_are_not_finite() -> None:
    x, y = window_means(np.arange(4.0), np.array([1, np.nan, 3, 5]), 2)
    np.testing.assert_array_equal(x, [0, 2.5])
    np.testing.assert_array_equal(y, [1, 4])


def test_a_curve_without_finite_values_is_not_drawn() -> None:
    assert lines_of([log(curves=(curve("train_loss", [np.nan, np.inf]),))], ("train_loss",)) == []


def test_minibatches_beside_epochs_have_a_style_of_their_own() -> None:
    both = log(curves=(curve("train_loss", [1, 2]), curve("train_loss", [1, 2], resolution="step")))
    styles = [look(both, one) for one in both.curves]
    assert styles[0] != styles[1]
    assert "minibatches" in styles[1][0]
    alone = log(curves=both.curves[1:])
    assert look(alone, alone.curves[0]) == styles[0]


def test_other_scores_are_named_by_their_columns() -> None:
    run = log(curves=(curve("val_score", [1, 2], column="f1"), curve("val_score", [3, 4], column="bleu")))
    labels, styles = zip(*(look(run, one) for one in run.curves), strict=True)
    assert labels == ("f1", "bleu")
    assert styles[0] != styles[1]


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "@x", "-run"])
def test_names_in_the_csv_file_are_no_formulas(name: str) -> None:
    rows = list(rows_of(lines_of([steps_log(name)], ("train_loss",))))
    assert {row[0] for row in rows} == {f"'{name}"}
    assert all(len(row) == len(COLUMNS) for row in rows)
