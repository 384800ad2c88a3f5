"""An input that is not normalized is an alarm where it hurts, and layers without a bend are found by what they do."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from reportgen.data.dataset import Dataset
from reportgen.engine.spec import BatchNormSpec
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
def test_it_is_an_alarm_and_the_root_cause_where_it_hurts(name: str) -> None:
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
def test_it_is_worth_a_sentence_where_it_does_not(name: str) -> None:
    data, given = HARMLESS[name]
    finding = findings(records(data, **given))["unnormalized_input"]
    assert finding.severity == "info", finding.message
    assert "no harm" in finding.message


@pytest.mark.parametrize(("accuracy", "severity"), [(0.5, "warning"), (0.94, "info")])
def test_a_small_input_hurts_where_simple_models_that_standardize_it_are_better(accuracy: float, severity: str) -> None:
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
    assert ("simple models" in finding.message) == (severity == "warning")


def test_pixels_and_centred_data_are_no_case() -> None:
    pixels = clouds(scale=0.25, shift=0.5)
    assert "unnormalized_input" not in findings(records(pixels, **NET))
    assert "unnormalized_input" not in findings(records(clouds(), **NET))


def test_a_rate_that_no_input_would_stand_is_not_blamed_on_the_input() -> None:
    found = findings(records(clouds(scale=4.0), **NET, lr=50.0))
    assert found["nan_divergence"].consequence_of != "unnormalized_input"
    assert "unnormalized_input" not in found or found["unnormalized_input"].severity == "info"


def test_records_without_facts_of_the_input_say_nothing_of_it() -> None:
    one = record(clouds(scale=100.0), **NET)
    facts = {name: one.facts[name] for name in ("classes", "probe_n", "train_n", "features", "class_counts")}
    assert "unnormalized_input" not in findings([dataclasses.replace(one, facts=facts)], "unnormalized_input")


LINEAR = {
    "identity": activation("identity"),
    "leaky ReLU of slope 1": activation("leaky_relu", slope=1.0),
}


@pytest.mark.parametrize("name", LINEAR)
def test_layers_without_a_bend_are_found(name: str) -> None:
    finding = findings(records(clouds(), act=LINEAR[name]), "missing_nonlinearity")["missing_nonlinearity"]
    assert finding.severity in ("warning", "error")
    assert finding.layers == (1, 2)
    assert "network.activation" in finding.proposals[0].change


def test_relu_units_that_never_bend_are_linear_too() -> None:
    found = records(clouds(), act=RELU, weights=init("gaussian", std=0.05), bias=30.0, lr=1e-5)
    finding = findings(found, "missing_nonlinearity")["missing_nonlinearity"]
    assert dict(finding.proposals[0].change) == {"network.bias": 0.0}


def test_bends_that_are_used_and_smooth_units_near_zero_are_no_case() -> None:
    for given in (NET, {"weights": init("gaussian", std=1e-4)}, {"act": activation("leaky_relu"), "weights": HE}):
        assert findings(records(clouds(), seeds=1, epochs=1, **given), "missing_nonlinearity") == {}


@pytest.mark.parametrize(("width", "found"), [(24, True), (3, False)])
def test_a_linear_bottleneck_among_bent_layers_is_somebody_s_wish(width: int, found: bool) -> None:
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
        spec=dataclasses.replace(one.spec, network=dataclasses.replace(one.spec.network, layers=tuple(layers))),
    )
    assert ("missing_nonlinearity" in findings([linear], "missing_nonlinearity")) is found


def test_the_settings_alone_decide_nothing() -> None:
    bent = record(clouds(), **NET, epochs=1)
    says_identity = spec(widths=(24, 24), act=activation("identity"), weights=HE)
    assert findings([dataclasses.replace(bent, spec=says_identity)], "missing_nonlinearity") == {}
