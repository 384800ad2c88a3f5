"""Angles by which a step turns units: closed forms, the step of a run, and steps of PyTorch."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from reportgen.engine.probes.angles import mean_angle
from reportgen.engine.probes.probe_spec import ProbeSpec
from reportgen.engine.setup import set_up
from reportgen.engine.train import train
from reportgen.registry import Component
from tests import naive
from tests.engine.networks import data, optimizer, spec
from tests.engine.twins import Twin, groups


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


@pytest.mark.parametrize(
    ("o", "l2"), [(optimizer("sgd", momentum=0.9), 0.3), (optimizer("adamw", weight_decay=0.3), 0.0)], ids=str
)
def test_steps_of_pytorch_turn_units_by_the_same_angles(o: Component, l2: float) -> None:
    torch = pytest.importorskip("torch")
    run = spec(epochs=5, batch_size=0, lr=0.05, l2=l2, optimizer=o)
    run = dataclasses.replace(run, probes=ProbeSpec(4, 1000, update_angles=True))
    twin, expected = Twin(set_up(run, data(n=40))), []
    row, settings = {"sgd": (torch.optim.SGD, {"momentum": 0.9}), "adamw": (torch.optim.AdamW, {})}[o.name]
    made = row(groups(twin.parameters, 0.3), lr=0.05, **settings)

    def step() -> None:
        before = [weights.clone() for weights in twin.parameters[::2]]
        made.step()
        pairs = zip(before, twin.parameters[::2], strict=True)
        cosines = [torch.nn.functional.cosine_similarity(*pair, dim=0) for pair in pairs]
        expected.append([float(cosine.acos().mean()) for cosine in cosines])

    for _ in twin.train(step, 5):
        pass
    found = train(run, data(n=40)).arrays
    steps = found["probe_step"][1:]
    assert len(steps) == 3
    np.testing.assert_allclose(found["probe_update_angle"][1:], np.array(expected)[steps - 1], rtol=2e-5)
