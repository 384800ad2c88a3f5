"""Order of values: later values replace earlier ones, and other orders are sorted."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from reportgen.external.logs.ordering import ordered


def test_increasing_positions_are_kept_without_a_copy() -> None:
    positions = np.arange(5.0)
    assert ordered(positions, positions).positions is positions


def test_the_last_of_equal_positions_holds() -> None:
    found = ordered(np.array([1.0, 2, 2, 3]), np.array([1.0, 2, 3, 4]))
    assert (found.values.tolist(), found.duplicates, found.resumed_at) == ([1, 3, 4], 1, ())


def test_a_resumed_run_overwrites_what_follows_its_checkpoint() -> None:
    found = ordered(np.array([10.0, 20, 30, 40, 25, 35, 45]), np.arange(7.0))
    assert found.positions.tolist() == [10, 20, 25, 35, 45]
    assert (found.resumed_at, found.dropped, found.duplicates) == ((20.0,), 2, 0)


def test_a_new_run_in_the_same_log_replaces_the_earlier_one() -> None:
    found = ordered(np.array([*range(1, 6), *range(1, 6)], float), np.arange(10.0))
    assert (found.values.tolist(), found.resumed_at) == ([5, 6, 7, 8, 9], (0.0,))


def test_a_single_misplaced_value_does_not_replace_a_run() -> None:
    found = ordered(np.array([1.0, 2, 3, 4, 5, 6, 0]), np.arange(7.0))
    assert (found.positions.tolist(), found.sorted) == ([0, 1, 2, 3, 4, 5, 6], True)


def test_the_latest_first_is_reversed() -> None:
    found = ordered(np.array([3.0, 2, 1]), np.array([30.0, 20, 10]))
    assert (found.values.tolist(), found.sorted, found.resumed_at) == ([10, 20, 30], True, ())


@given(st.lists(st.integers(0, 30), min_size=1, max_size=60))
def test_positions_increase_and_values_stay_with_them(steps: list[int]) -> None:
    positions = np.array(steps, float)
    found = ordered(positions, positions * 10)
    assert (np.diff(found.positions) > 0).all()
    assert (found.values == 10 * found.positions).all()
    assert found.positions[-1] == positions.max() or found.resumed_at
