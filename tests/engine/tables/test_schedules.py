"""Every schedule is its closed form at each step."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.engine.tables.schedules import SCHEDULES, rates
from reportgen.registry import Component

STEPS = np.arange(100)  # 10 epochs of 10 steps
T = STEPS / 10


def at(name: str, **parameters: object) -> np.ndarray:
    defaults = {parameter.name: parameter.default for parameter in SCHEDULES[name].parameters}
    return rates(Component.of(name, **(defaults | parameters)), 0.1, STEPS, 10, 10)


@pytest.mark.parametrize(
    ("name", "parameters", "expected"),
    [
        ("constant", {}, 0.1 + 0 * T),
        ("step", {"every": 3, "factor": 0.5}, 0.1 * 0.5 ** (STEPS // 30)),
        ("exponential", {"factor": 0.9}, 0.1 * 0.9 ** (STEPS // 10)),
        ("inverse_time", {"decay": 2.0}, 0.1 / (1 + 2 * T)),
        ("cosine", {}, 0.05 * (1 + np.cos(np.pi * T / 10))),
        ("warm_restarts", {"cycle": 5}, 0.05 * (1 + np.cos(np.pi * (STEPS % 50) / 50))),
        ("range_test", {"low": 1e-4, "high": 1.0}, 1e-4 * 1e4 ** (T / 10)),
    ],
)
def test_closed_forms(name: str, parameters: dict[str, object], expected: np.ndarray) -> None:
    np.testing.assert_allclose(at(name, **parameters), expected, rtol=1e-12)


def test_restarts_grow_by_the_factor() -> None:
    lr = at("warm_restarts", cycle=1, factor=2.0)  # cycles begin at epochs 0, 1, 3, 7
    starts = [0, 10, 30, 70]
    assert [k for k in range(1, 100) if lr[k] > lr[k - 1]] == starts[1:]
    np.testing.assert_allclose(lr[starts], 0.1)


def test_warm_up_rises_in_a_line_and_then_follows_the_other_schedule() -> None:
    lr = at("warmup", epochs=2, then=Component("cosine"))
    np.testing.assert_allclose(lr[:20], 0.1 * np.arange(1, 21) / 20)
    np.testing.assert_allclose(lr[20:], 0.05 * (1 + np.cos(np.pi * np.arange(80) / 80)))


def test_warm_up_and_cosine_are_one_schedule() -> None:
    both = at("warmup", epochs=2, then=Component("cosine"))
    np.testing.assert_allclose(at("warmup_cosine", epochs=2.0), both, rtol=1e-12)
    lr = at("warmup_cosine", epochs=0.5, floor=0.1)
    np.testing.assert_allclose(lr[:5], 0.1 * np.arange(1, 6) / 5)
    np.testing.assert_allclose(lr[5:], 0.01 + 0.045 * (1 + np.cos(np.pi * np.arange(95) / 95)))


def test_a_warm_up_longer_than_training_only_rises() -> None:
    np.testing.assert_allclose(at("warmup_cosine", epochs=20.0), 0.1 * np.arange(1, 101) / 200)


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_rate_of_a_step_does_not_depend_on_the_other_steps(name: str) -> None:
    given = {parameter.name: parameter.default for parameter in SCHEDULES[name].parameters}
    given |= {"epochs": 3} if name == "warmup" else {}
    some = np.array([0, 9, 19, 99])
    np.testing.assert_array_equal(rates(Component.of(name, **given), 0.1, some, 10, 10), at(name, **given)[some])


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_is_finite_and_not_negative_for_any_length(name: str) -> None:
    defaults = {parameter.name: parameter.default for parameter in SCHEDULES[name].parameters}
    for epochs, per_epoch in ((1, 1), (1, 7), (50, 1)):
        lr = rates(Component.of(name, **defaults), 0.1, np.arange(epochs * per_epoch), per_epoch, epochs)
        assert np.isfinite(lr).all()
        assert (lr >= 0).all()
