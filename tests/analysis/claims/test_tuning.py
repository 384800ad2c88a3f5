"""The choice of the best setting excludes the seed that it is used for."""

from __future__ import annotations

import math

import numpy as np
import pytest

from reportgen.analysis.claims.tuning import chosen_by_others, is_settled, widening


def test_a_seed_is_left_out_of_its_own_choice() -> None:
    scores = np.array([[9.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    assert chosen_by_others(scores) == [1, 0, 0]
    assert chosen_by_others(np.array([[1.0, 2.0]])) == [1]


def test_a_setting_that_diverged_or_was_not_measured_is_never_best() -> None:
    scores = np.array([[math.nan, 0.1], [5.0, 0.1], [5.0, 0.2]])
    assert chosen_by_others(scores) == [0, 1, 1]


def test_only_a_clear_best_is_settled() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(5, 3))
    assert is_settled(np.add(noise * 0.01, [0.0, 1.0, 0.5]))
    assert not is_settled(np.add(noise, [0.0, 0.1, 0.0]))
    assert is_settled(np.where([[False, False, True]] * 5, -math.inf, np.add(noise * 0.01, [0.0, 1.0, 0.0])))


def test_the_error_grows_by_what_cross_validation_adds() -> None:
    assert widening(5) == pytest.approx(1.5)
    assert widening(1) == 1.0
