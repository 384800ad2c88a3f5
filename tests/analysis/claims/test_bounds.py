"""Values of which only bounds may be known."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.analysis.claims.bounds import Bounds, typical


def test_the_values_of_two_sides_have_their_mean_ratio() -> None:
    one, other = Bounds.known(np.array([2.0, 8.0])), Bounds.known(np.array([1.0, 16.0]))
    first, second = typical(one, other)
    assert first / second == pytest.approx(np.exp(one.over(other).log().shown.mean()))


def test_sides_with_a_level_that_a_run_did_not_reach_have_no_values() -> None:
    reached = Bounds.known(np.array([20.0, 30.0]))
    assert typical(reached, Bounds(np.array([10.0, 40.0]), np.array([10.0, np.inf]))) == ()
