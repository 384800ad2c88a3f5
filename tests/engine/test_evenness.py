"""How evenly a layer uses its weights, against cases that are known by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from reportgen.engine.evenness import weight_shapes
from reportgen.engine.network import FAN_IN, WEIGHTS, WIDTH
from reportgen.engine.setup import set_up
from reportgen.engine.train import train
from tests.engine.networks import data, spec


def shapes(*weights: object) -> np.ndarray:
    """The shapes of a network whose flat parameters begin, layer by layer, with these weights."""
    setup = set_up(spec(), data())
    for code, values in zip(setup.net.codes, weights, strict=False):
        count = code[FAN_IN] * code[WIDTH]
        flat = np.zeros(count, np.float32)
        given = np.asarray(values, np.float32).ravel()
        flat[: given.size] = given
        setup.state.params[code[WEIGHTS] : code[WEIGHTS] + count] = flat if given.size > 1 else given
    return weight_shapes(setup)


def test_weights_of_one_size_are_even_and_a_single_one_is_not() -> None:
    even, single = shapes([-0.25])[0], shapes([3.0, 0.0])[0]
    assert even == pytest.approx([0.25, 1.0])
    setup = set_up(spec(), data())
    code = setup.net.codes[0]
    assert single == pytest.approx([3.0, 1 / (code[FAN_IN] * code[WIDTH])])


def test_zero_weights_have_no_evenness_and_lost_ones_no_shape() -> None:
    zero, lost = shapes([0.0])[0], shapes([math.inf])[0]
    assert zero[0] == 0
    assert np.isnan(zero[1])
    assert np.isnan(lost).all()


def test_a_run_keeps_them_at_every_look_without_the_biases() -> None:
    found = train(spec(), data())
    looks, layers = found.arrays["probe_weight_std"].shape
    assert found.arrays["probe_weight_max"].shape == (looks, layers)
    assert (found.arrays["probe_weight_evenness"] > 0.3).all()
    assert (found.arrays["probe_weight_evenness"] <= 1).all()
    assert (found.arrays["probe_weight_max"] > found.arrays["probe_weight_std"]).all()
