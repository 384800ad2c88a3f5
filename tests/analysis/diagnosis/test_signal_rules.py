"""Signals that shrink or grow with depth: planted faults and similar healthy networks."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from reportgen.analysis.diagnosis.evidence.plateau import plateau
from reportgen.analysis.diagnosis.evidence.signal import backward, beyond_chance, discoveries
from reportgen.analysis.diagnosis.rules.initialization import vanishing_activations
from reportgen.analysis.diagnosis.rules.initialization.init_plateau import WEAK, strength
from reportgen.engine.network_spec import BatchNormSpec
from reportgen.engine.spec import STATISTICS
from tests.analysis.diagnosis.planted import changed, clouds, findings, record, records, small
from tests.engine.networks import activation, init, optimizer

RELU, SIGMOID, HE = activation("relu"), activation("sigmoid"), init("he_normal")
DEEP = (24,) * 8
SIGNAL = (
    "vanishing_activations",
    "vanishing_gradients",
    "exploding_activations",
    "exploding_gradients",
    "init_plateau",
    "wrong_init_loss",
)

FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "sigmoid, depth collapse": ("vanishing_gradients", {"act": SIGMOID, "widths": (24,) * 6, "lr": 0.3}),
    "sigmoid, Adam": (
        "vanishing_gradients",
        {"act": SIGMOID, "widths": (24,) * 7, "optimizer": optimizer("adam"), "lr": 0.001},
    ),
    "tiny tanh weights": ("vanishing_activations", {"weights": small(0.02), "widths": DEEP}),
    "He's scale doubled": (
        "exploding_activations",
        {"act": RELU, "weights": init("he_normal", gain=3.0), "widths": DEEP, "lr": 1e-4},
    ),
    "tanh in its chaotic phase": (
        "exploding_gradients",
        {"weights": init("xavier", gain=5.0), "widths": (32,) * 10, "lr": 0.02},
    ),
    "slow start": ("init_plateau", {"weights": small(0.02), "widths": (24, 24), "lr": 0.1, "epochs": 40}),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_an_alarm_with_its_numbers(name: str) -> None:
    rule, given = FAULTS[name]
    found = findings(records(clouds(), **given), *SIGNAL)
    assert rule in found, sorted(found)
    finding = found[rule]
    assert finding.severity in ("warning", "error"), finding.message
    assert "seeds" in finding.message
    assert "step 0" in finding.message
    assert finding.step == 0
    assert finding.advice
    assert finding.proposals


HEALTHY: dict[str, dict[str, Any]] = {
    "deep tanh": {"widths": (32,) * 12},
    "deep ReLU": {"act": RELU, "weights": HE, "widths": DEEP},
    "narrow and deep": {"act": RELU, "weights": HE, "widths": (12,) * 8, "lr": 0.03},
    "two sigmoid layers": {"act": SIGMOID, "lr": 0.5, "epochs": 12},
    "small weights behind batch-norm": {"weights": small(0.01), "widths": DEEP, "batchnorm": BatchNormSpec()},
    "deep batch-norm": {"act": RELU, "weights": HE, "widths": (24,) * 12, "batchnorm": BatchNormSpec()},
    "orthogonal": {"weights": init("orthogonal"), "widths": (32,) * 12},
    "SELU": {"act": activation("selu"), "weights": init("lecun_normal"), "widths": DEEP, "lr": 0.02},
    "long training, to a zero gradient": {"act": RELU, "weights": HE, "epochs": 80, "lr": 0.2},
}


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_networks_that_resemble_faults_raise_no_alarm(name: str) -> None:
    found = findings(records(clouds(), **HEALTHY[name]), *SIGNAL)
    assert {rule: f.message for rule, f in found.items() if f.severity != "info"} == {}


def test_vanishing_deltas_are_found_despite_equal_weight_gradients() -> None:
    found = records(clouds(), weights=small(0.02), widths=DEEP, epochs=0)
    norms = found[0].statistic("weight_gradient_norm")[0][1:-1]
    assert norms.max() / norms.min() < 10
    finding = findings(found, "vanishing_gradients", "vanishing_activations")["vanishing_gradients"]
    assert finding.evidence["fall"] == pytest.approx(finding.evidence["expected_fall"], rel=0.6)
    assert finding.consequence_of == "vanishing_activations"


def test_a_narrow_network_that_learns_nothing_is_reported_despite_theory() -> None:
    healthy = record(clouds(), act=RELU, weights=HE, widths=(6,) * 16, epochs=1, lr=1e-4)
    fall = np.geomspace(0.02, 1.0, 16)
    unlucky = changed(healthy, probe_gradient_std=healthy.statistic("gradient_std") * 0 + np.append(fall, 1.0))
    unlucky = changed(unlucky, probe_gradient_mean=unlucky.statistic("gradient_std") * 0)
    finding = findings([unlucky], "vanishing_gradients")["vanishing_gradients"]
    assert finding.severity == "error"
    assert finding.evidence["expected_fall"] < 3
    assert [dict(p.change) for p in finding.proposals] == [{"network.hidden": [24] * 16}, {"network.batchnorm": True}]


@pytest.mark.parametrize(("units", "reported"), [(1, False), (8, True)])
def test_the_gradients_that_a_single_narrow_layer_collects_do_not_explode(units: int, reported: bool) -> None:
    healthy = record(clouds(), widths=(units, 24), epochs=1, lr=1e-4)
    grown = np.zeros_like(healthy.statistic("gradient_std")) + np.array([30.0, 1.0, 1.0])
    steep = changed(healthy, probe_gradient_std=grown, probe_gradient_mean=np.zeros_like(grown))
    assert bool(findings([steep], "exploding_gradients")) == reported


def test_a_gradient_vanishing_in_training_requires_several_probes_and_a_stuck_run() -> None:
    healthy = record(clouds(), epochs=4, lr=1e-5)
    gone = np.array(healthy.statistic("gradient_std"))
    gone[-3:, 0] = 1e-9 * gone[-3:, 1]
    mean = np.zeros_like(gone)
    finding = findings([changed(healthy, probe_gradient_std=gone, probe_gradient_mean=mean)], "vanishing_gradients")
    assert finding["vanishing_gradients"].step == int(healthy.probe_steps[-3])
    gone[-2] = healthy.statistic("gradient_std")[-2]
    assert findings([changed(healthy, probe_gradient_std=gone, probe_gradient_mean=mean)], "vanishing_gradients") == {}


def test_a_warm_up_is_not_a_plateau() -> None:
    given = {"weights": small(0.02), "widths": (24, 24), "epochs": 40, "lr": 0.1}
    flat = record(clouds(), **given)
    found = plateau(flat)
    assert found is not None
    assert 0.1 < found.share < 0.9
    steps = flat.epochs("step")
    late = np.where(steps < 0.9 * found.end, 1e-6, 0.1)
    assert plateau(changed(flat, epoch_lr=late)) is None


def test_a_plateau_with_healthy_signals_is_not_reported() -> None:
    found = records(clouds(), epochs=20)
    late = 1 / (1 + np.exp((np.arange(found[0].steps) - found[0].steps / 2) / 8))
    waits = [changed(one, step_loss=1.4 * late.astype(np.float32)) for one in found]
    assert plateau(waits[0]) is not None
    assert findings(waits, "init_plateau") == {}


@pytest.mark.parametrize(("layers", "named"), [(2, False), (6, True)])
def test_a_few_sigmoid_layers_do_not_explain_a_plateau(layers: int, named: bool) -> None:
    found = records(clouds(), act=SIGMOID, widths=(24,) * layers, epochs=20)
    late = 1 / (1 + np.exp((np.arange(found[0].steps) - found[0].steps / 2) / 8))
    waits = [changed(one, step_loss=1.4 * late.astype(np.float32)) for one in found]
    assert plateau(waits[0]) is not None
    assert strength(waits[0]) < WEAK
    assert ("init_plateau" in findings(waits, "init_plateau")) == named


def test_selu_that_scales_up_a_small_input_does_not_explode() -> None:
    found = records(clouds(scale=1e-3), act=activation("selu"), weights=init("lecun_normal"), widths=(48,) * 12)
    assert min(one.statistic("activation_std")[0][-2] for one in found) > 10 * 1e-3
    assert findings(found, "exploding_activations") == {}
    larger = records(clouds(), act=activation("selu"), weights=init("lecun_normal", gain=4.0), widths=(48,) * 12)
    assert "exploding_activations" in findings(larger, "exploding_activations")


def test_an_output_layer_that_alone_is_too_large_is_the_cause() -> None:
    given = {"widths": (24,), "weights": HE, "act": RELU}
    plain = records(clouds(), **given)
    assert findings(plain, "wrong_init_loss") == {}
    finding = findings(records(clouds(), weights=small(3.0), widths=()), "wrong_init_loss")["wrong_init_loss"]
    assert finding.evidence["cause"] == "output"
    assert finding.evidence["chance"] == pytest.approx(np.log(4))
    assert dict(finding.proposals[0].change) == {"network.output_init": "xavier"}


def test_an_initial_loss_that_is_soon_unlearned_is_for_information_only() -> None:
    severities = []
    for epochs in (1, 60):
        found = records(clouds(), widths=(24,), weights=small(1.0), epochs=epochs, lr=0.1)
        severities.append(findings(found, "wrong_init_loss")["wrong_init_loss"].severity)
    assert severities == ["warning", "info"]
    for steps, bad, severity in ((10, 3, "warning"), (20, 1, "info")):  # three of ten steps are too many
        losses = np.where(np.arange(steps) < bad, 5.0, 0.01).astype(np.float32)
        soon = [changed(one, step_loss=losses) for one in found]
        assert findings(soon, "wrong_init_loss")["wrong_init_loss"].severity == severity


def test_fewer_layers_are_proposed_for_exploding_gradients_with_batch_normalization() -> None:
    given = {"act": RELU, "weights": HE, "batchnorm": BatchNormSpec(), "epochs": 2}
    found = findings(records(clouds(), widths=(24,) * 30, **given), "exploding_gradients")["exploding_gradients"]
    assert found.severity in ("warning", "error")
    assert [len(proposal.change["network.hidden"]) for proposal in found.proposals] == [12, 6]


def test_an_input_that_is_too_large_is_the_cause() -> None:
    found = records(clouds(scale=30.0), widths=(24,), weights=HE, act=RELU, lr=1e-5)
    finding = findings(found, "wrong_init_loss", "unnormalized_input")["wrong_init_loss"]
    assert finding.evidence["cause"] == "input"
    assert finding.consequence_of == "unnormalized_input"


def test_the_first_loss_with_batch_normalization_is_in_train_mode() -> None:
    found = records(clouds(scale=50.0), act=RELU, weights=HE, batchnorm=BatchNormSpec())
    assert found[0].epochs("train_loss")[0] > 20
    assert findings(found, "wrong_init_loss") == {}


def test_the_false_discovery_rate_holds_over_many_layers() -> None:
    rng = np.random.default_rng(0)
    variance = np.full(40, 2.0)
    luck = [beyond_chance(-0.5 + np.sqrt(2.0) / 2 * rng.standard_normal(40), variance).any() for _ in range(2000)]
    assert np.mean(luck) < 0.005
    assert beyond_chance(np.full(40, -4.0), variance).all()
    assert discoveries(np.array([1e-9, 0.5, 2e-4])).tolist() == [True, False, True]
    assert discoveries(np.zeros(0)).tolist() == []


def test_the_variation_of_narrow_layers_agrees_with_theory() -> None:
    data = clouds(n=60)
    drawn = [record(data, seed, act=RELU, weights=HE, widths=(30,) * 6, epochs=0, looks=1) for seed in range(60)]
    change = np.array([np.log(backward(one)[0] / backward(one)[-1]) for one in drawn])
    assert abs(change.mean()) < 0.5
    assert change.std() < 1.3 * 0.5 * np.sqrt(5 * 5 / 30)


@pytest.mark.parametrize("rule", [*SIGNAL, "unnormalized_input", "missing_nonlinearity", "saturation", "dead_relu"])
def test_a_record_without_numbers_is_not_reported(rule: str) -> None:
    one = record(clouds(), weights=small(0.02), widths=DEEP, epochs=1)
    nothing = {name: np.full_like(values, np.nan) for name, values in one.arrays.items() if _is_statistic(name)}
    assert findings([changed(one, **nothing)], rule) == {}
    without = {name: values for name, values in one.arrays.items() if not name.startswith(("epoch_", "step_"))}
    findings([dataclasses.replace(one, facts={}, arrays=without)], rule)


def _is_statistic(name: str) -> bool:
    return name.removeprefix("probe_") in STATISTICS


def test_no_theory_is_needed_to_call_a_network_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of deep networks that are born dead would take most of the analysis."""
    runs = records(clouds(), act=RELU, weights=HE, widths=(2,) * 30, epochs=0, seeds=8)
    dead = [run for run in runs if run.statistic("activation_std")[0][-2] == 0]
    assert len(dead) > 4
    monkeypatch.setattr(vanishing_activations, "_expected_fall", lambda record: pytest.fail("theory was asked"))
    assert not any(vanishing_activations._small(run).any() for run in dead)
