"""How evenly a layer uses its weights, against cases that are known by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from reportgen.engine.jit.compile import kernel
from reportgen.engine.probes.evenness import weight_shape
from reportgen.engine.train import train
from tests.engine.networks import data, spec


@kernel
def fill(w, found):
    weight_shape(w, found)


def shape(weights: object) -> np.ndarray:
    """What is found of these weights."""
    found = np.full(2, np.nan)
    fill(np.asarray(weights, np.float32), found)
    return found


def test_evenness_of_equal_weights_and_of_a_single_weight() -> None:
    assert shape([-0.25, 0.25, 0.25]) == pytest.approx([0.25, 1.0])
    assert shape([0.0, 3.0, 0.0, 0.0]) == pytest.approx([3.0, 1 / 4])


def test_evenness_of_zero_weights_and_of_weights_that_are_not_finite_is_nan() -> None:
    zero = shape([0.0, 0.0])
    assert zero[0] == 0
    assert np.isnan(zero[1])
    assert np.isnan(shape([math.inf, 1.0])).all()
    assert np.isnan(shape([1.0, math.nan])).all()


def test_a_run_records_the_shape_of_weights_without_biases_at_every_probe() -> None:
    found = train(spec(), data())
    probes, layers = found.arrays["probe_weight_std"].shape
    assert found.arrays["probe_weight_max"].shape == (probes, layers)
    assert (found.arrays["probe_weight_evenness"] > 0.3).all()
    assert (found.arrays["probe_weight_evenness"] <= 1).all()
    assert (found.arrays["probe_weight_max"] > found.arrays["probe_weight_std"]).all()
