"""The curves of complete records."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reportgen.runs.record_log import log_of_record
from tests.figures.examples import record


def test_a_record_becomes_curves_over_steps() -> None:
    made = record(3, 2, 4)
    log = log_of_record(made, Path("a.npz"), "seed 3")
    assert log.unit == "step"
    assert log.seed == 3
    losses = log.curve("val_loss")
    assert losses is not None
    np.testing.assert_array_equal(losses.values, made.epochs("val_loss"))
    np.testing.assert_array_equal(losses.positions, made.epochs("step"))
    norms = log.curve("gradient_norm")
    assert norms is not None
    expected = np.sqrt((np.asarray(made.statistic("weight_gradient_norm"), float) ** 2).sum(axis=1))
    np.testing.assert_allclose(norms.values, expected)


def test_a_score_without_a_finite_value_is_no_curve() -> None:
    made = record(0, 2, 4)
    made.arrays["epoch_val_loss"][:] = np.nan  # type: ignore[index]
    assert log_of_record(made, Path("a.npz"), "seed 0").curve("val_loss") is None
