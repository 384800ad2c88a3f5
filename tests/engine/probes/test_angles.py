"""Angles by which a step turns units: closed forms, and the step of a run."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from reportgen.engine.probes.angles import mean_angle
from reportgen.engine.probes.probe_spec import ProbeSpec
from reportgen.engine.train import train
from tests import naive
from tests.engine.networks import data, spec


def test_the_angle_of_a_rotation_is_found_even_if_it_is_tiny() -> None:
    for angle in (1e-6, 0.3, 3.0):
        turned = np.array([[np.cos(angle), 2.0], [np.sin(angle), 0.0]])
        assert mean_angle(np.array([[1.0, 5.0], [0.0, 0.0]]), turned) == pytest.approx(angle / 2, rel=1e-9)


def test_units_without_weights_do_not_count() -> None:
    first, second = np.array([[0.0, 1.0], [0.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])
    assert mean_angle(first, second) == pytest.approx(np.pi / 2)
    assert np.isnan(mean_angle(np.zeros((2, 2)), second))
    assert np.isnan(mean_angle(first * np.nan, second))


def test_a_run_records_the_angles_of_its_steps() -> None:
    run = dataclasses.replace(spec(epochs=1, batch_size=0, lr=0.3), probes=ProbeSpec(2, 1000, update_angles=True))
    angles = train(run, data(n=40)).arrays["probe_update_angle"]
    reference = naive.Network(run, data(n=40))
    before = [layer.p["W"].copy() for layer in reference.layers]
    reference.backward(reference.forward(data(n=40).x_train, "train"), data(n=40).y_train)
    after = [layer.p["W"] - 0.3 * layer.grad["W"] for layer in reference.layers]
    assert np.isnan(angles[0]).all()
    np.testing.assert_allclose(angles[1], [mean_angle(*pair) for pair in zip(before, after, strict=True)], rtol=1e-4)
