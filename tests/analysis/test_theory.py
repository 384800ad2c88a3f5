"""Mean-field theory agrees with closed forms, and with measurements of a ten-layer network within 3%."""

from __future__ import annotations

import math

import numpy as np
import pytest

from reportgen.analysis import theory
from reportgen.engine.network_spec import BatchNormSpec
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.train import train
from reportgen.runs.record import RunRecord
from tests.engine.networks import activation, data, init, spec


def test_relu_with_he_keeps_its_scale_and_has_the_closed_form() -> None:
    found = theory.predict(spec((500,) * 10, act=activation("relu"), weights=init("he_normal"), bias=0.0), 1.0, 500)
    assert found is not None
    np.testing.assert_allclose(found["activation_mean"][:-1], math.sqrt(2) / math.sqrt(2 * math.pi), rtol=1e-5)
    np.testing.assert_allclose(found["activation_std"][:-1], math.sqrt(1 - 1 / math.pi), rtol=1e-5)


def test_linear_units_have_n_var_w_var_x() -> None:
    found = theory.predict(spec((300, 300), act=activation("identity"), weights=init("gaussian", std=0.1)), 2.0, 50)
    assert found is not None
    assert found["preactivation_std"][0] ** 2 == pytest.approx(50 * 0.01 * 2.0)


@pytest.mark.parametrize("name", [n for n in ACTIVATIONS if n not in ("maxout",)])
@pytest.mark.parametrize("weights", ["gaussian", "xavier", "he_normal"])
def test_theory_agrees_with_measurement_for_every_activation(name: str, weights: str) -> None:
    given = {"std": 0.08} if weights == "gaussian" else {}
    run = spec((400,) * 3, act=activation(name), weights=init(weights, **given), bias=0.0, epochs=0)
    outcome = train(run, data(n=600, features=400))
    record = RunRecord("k", run, "ok", None, 0, 0.0, outcome.final, outcome.facts, outcome.arrays)
    found = theory.of_record(record)
    assert found is not None
    np.testing.assert_allclose(found["activation_std"][:3], record.statistic("activation_std")[0][:3], rtol=0.1)
    np.testing.assert_allclose(found["gradient_std"][:3], record.statistic("gradient_std")[0][:3], rtol=0.2)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_tanh_network_of_the_lecture_within_three_percent(seed: int) -> None:
    run = spec((500,) * 10, weights=init("gaussian", std=0.01), bias=0.0, classes=10, epochs=0, seed=seed)
    outcome = train(run, data(n=1000, features=500, classes=10, val=0, seed=seed))
    record = RunRecord("k", run, "ok", None, 0, 0.0, outcome.final, outcome.facts, outcome.arrays)
    found = theory.of_record(record)
    assert found is not None
    np.testing.assert_allclose(found["activation_std"][:10], record.statistic("activation_std")[0][:10], rtol=0.03)
    np.testing.assert_allclose(found["activation_std"][:3], [0.2131, 0.0476, 0.0106], rtol=0.02)


def test_theory_returns_nothing_for_networks_without_a_prediction() -> None:
    assert theory.predict(spec(act=activation("maxout")), 1.0, 5) is None
    assert theory.predict(spec(weights=init("lsuv")), 1.0, 5) is None
    found = theory.predict(spec(batchnorm=BatchNormSpec()), 1.0, 5)
    assert found is not None
    assert found["gradient_std"] == []


def test_the_initial_loss_is_ln_c() -> None:
    assert theory.initial_loss(10) == pytest.approx(math.log(10))
    logits = np.random.default_rng(0).normal(0, 0.5, (20000, 10))
    loss = np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[:, 0])
    assert theory.initial_loss(10, 0.25) == pytest.approx(loss, rel=0.01)
