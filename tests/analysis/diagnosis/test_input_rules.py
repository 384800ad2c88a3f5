"""Inputs that are not normalized are an alarm if they do harm; linear layers are found by their activations."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from reportgen.data.dataset import Dataset
from reportgen.engine.network_spec import BatchNormSpec
from tests.analysis.diagnosis.planted import changed, clouds, findings, record, records, unequal
from tests.engine.networks import activation, init, optimizer, spec

RELU, HE = activation("relu"), init("he_normal")
NET = {"act": RELU, "weights": HE}

HURT: dict[str, tuple[Dataset, dict[str, Any]]] = {
    "saturated tanh": (clouds(scale=80.0), {"lr": 0.01, "epochs": 2}),
    "far from zero": (clouds(shift=40.0), {**NET, "lr": 0.02}),
    "steps too large for it": (clouds(scale=100.0), {**NET, "lr": 0.02}),
    "far too small": (clouds(scale=1e-3), {**NET, "lr": 0.02}),
    "one feature drowns the others": (unequal(clouds(), 1000.0), {**NET, "lr": 0.01}),
}


@pytest.mark.parametrize("name", HURT)
def test_a_harmful_input_is_an_alarm_and_the_root_cause(name: str) -> None:
    data, given = HURT[name]
    found = findings(records(data, **given))
    finding = found["unnormalized_input"]
    assert finding.severity in ("warning", "error"), finding.message
    assert finding.consequence_of is None
    assert "seeds" in finding.message
    assert finding.proposals[0].change == {"preprocess": ["standardize"]}
    assert {f.consequence_of for f in found.values() if f.rule in ("saturation", "dead_relu")} <= {"unnormalized_input"}


HARMLESS: dict[str, tuple[Dataset, dict[str, Any]]] = {
    "large, with a rate that suits it": (clouds(scale=5.0), {**NET, "lr": 0.004, "epochs": 20}),
    "large, behind batch-norm": (clouds(scale=50.0), {**NET, "batchnorm": BatchNormSpec(), "epochs": 15}),
    "large, with Adam": (clouds(scale=6.0), {**NET, "optimizer": optimizer("adam"), "lr": 0.005, "epochs": 20}),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_a_harmless_input_is_for_information_only(name: str) -> None:
    data, given = HARMLESS[name]
    finding = findings(records(data, **given))["unnormalized_input"]
    assert finding.severity == "info", finding.message
    assert finding.layers == ()


@pytest.mark.parametrize(("accuracy", "severity"), [(0.5, "warning"), (0.94, "info")])
def test_a_small_input_is_harmful_if_simple_models_are_better(accuracy: float, severity: str) -> None:
    known = {"baseline_val_n": 200, "baseline_linear": 0.95, "baseline_neighbours": 0.9, "baseline_majority": 0.3}
    learns = [
        dataclasses.replace(
            changed(one, epoch_train_loss=np.linspace(1.4, 0.9, 7), step_loss=np.linspace(1.4, 0.9, one.steps)),
            final={**one.final, "train_accuracy": 0.5, "val_accuracy": accuracy},
            facts={**one.facts, **known},
        )
        for one in records(clouds(scale=0.01), **NET)
    ]
    finding = findings(learns)["unnormalized_input"]
    assert finding.severity == severity
    assert finding.layers == ((1,) if severity == "warning" else ())


def test_pixels_and_centred_data_are_not_reported() -> None:
    pixels = clouds(scale=0.25, shift=0.5)
    assert "unnormalized_input" not in findings(records(pixels, **NET))
    assert "unnormalized_input" not in findings(records(clouds(), **NET))


def test_a_learning_rate_too_high_for_any_input_is_not_blamed_on_the_input() -> None:
    found = findings(records(clouds(scale=4.0), **NET, lr=50.0))
    assert found["nan_divergence"].consequence_of != "unnormalized_input"
    assert "unnormalized_input" not in found or found["unnormalized_input"].severity == "info"


def test_records_without_facts_of_the_input_are_not_reported() -> None:
    one = record(clouds(scale=100.0), **NET)
    facts = {name: one.facts[name] for name in ("classes", "probe_n", "train_n", "features", "class_counts")}
    assert "unnormalized_input" not in findings([dataclasses.replace(one, facts=facts)], "unnormalized_input")


LINEAR = {
    "identity": activation("identity"),
    "leaky ReLU of slope 1": activation("leaky_relu", slope=1.0),
}


@pytest.mark.parametrize("name", LINEAR)
def test_linear_layers_are_reported(name: str) -> None:
    finding = findings(records(clouds(), act=LINEAR[name]), "missing_nonlinearity")["missing_nonlinearity"]
    assert finding.severity in ("warning", "error")
    assert finding.layers == (1, 2)
    assert "network.activation" in finding.proposals[0].change


def test_relu_units_that_are_always_active_are_linear() -> None:
    found = records(clouds(), act=RELU, weights=init("gaussian", std=0.05), bias=30.0, lr=1e-5)
    finding = findings(found, "missing_nonlinearity")["missing_nonlinearity"]
    assert dict(finding.proposals[0].change) == {"network.bias": 0.0}


def test_active_kinks_and_smooth_units_near_zero_are_not_reported() -> None:
    for given in (NET, {"weights": init("gaussian", std=1e-4)}, {"act": activation("leaky_relu"), "weights": HE}):
        assert findings(records(clouds(), seeds=1, epochs=1, **given), "missing_nonlinearity") == {}


@pytest.mark.parametrize(("width", "found"), [(24, True), (3, False)])
def test_a_linear_bottleneck_among_nonlinear_layers_is_not_reported(width: int, found: bool) -> None:
    given = {**NET, "widths": (24, width, 24), "epochs": 1}
    one = record(clouds(), **given)
    layers = list(one.spec.network.layers)
    layers[1] = dataclasses.replace(layers[1], activation=activation("identity"))
    arrays = {}
    for name in ("mean", "std"):
        values = np.array(one.statistic(f"activation_{name}"))
        values[:, 1] = one.statistic(f"preactivation_{name}")[:, 1]
        arrays[f"probe_activation_{name}"] = values
    linear = dataclasses.replace(
        changed(one, **arrays),
        spec=dataclasses.replace(one.spec, network=dataclasses.replace(one.spec.network, nodes=tuple(layers))),
    )
    assert ("missing_nonlinearity" in findings([linear], "missing_nonlinearity")) is found


def test_settings_alone_raise_no_alarm() -> None:
    bent = record(clouds(), **NET, epochs=1)
    says_identity = spec(widths=(24, 24), act=activation("identity"), weights=HE)
    assert findings([dataclasses.replace(bent, spec=says_identity)], "missing_nonlinearity") == {}
