"""Rules fire on planted faults with the correct cause and not on healthy networks, in small real runs."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from reportgen.analysis.diagnosis.diagnose import diagnose
from reportgen.analysis.diagnosis.rules import RULES
from reportgen.analysis.finding import Finding
from reportgen.analysis.summary import variant_summary
from reportgen.data.dataset import Dataset
from reportgen.engine.network_spec import BatchNormSpec, DropoutSpec
from reportgen.engine.spec import RunSpec
from reportgen.engine.train import train
from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import Variant
from tests.engine.networks import activation, init, optimizer, spec

DEEP = (64,) * 10


@pytest.fixture(scope="module")
def digits() -> Dataset:
    x, y = load_digits(return_X_y=True)
    x = ((x - x.mean(axis=0)) / (x.std(axis=0) + 1e-9)).astype("float32")
    return Dataset(x[:1200], y[:1200].astype("int64"), x[1200:], y[1200:].astype("int64"), x[:0], y[:0], 10)


def run_of(seed: int, digits: Dataset, **given: Any) -> RunRecord:
    values = {"widths": (64, 64), "classes": 10, "bias": 0.0, "lr": 0.05, "epochs": 4, "batch_size": 32} | given
    run: RunSpec = spec(seed=seed, **values)
    outcome = train(run, digits)
    return RunRecord(
        f"{seed}", run, outcome.status, outcome.stopped_at_step, outcome.steps, 0.0, outcome.final, outcome.facts,
        outcome.arrays,
    )  # fmt: skip


def found(digits: Dataset, seeds: int = 3, **given: Any) -> dict[str, Finding]:
    records = [run_of(seed, digits, **given) for seed in range(seeds)]
    summary = variant_summary(Variant("v", "v", {}, {}), records)
    return {finding.rule: finding for finding in diagnose([summary])}


HEALTHY: dict[str, dict[str, Any]] = {
    "tanh": {"weights": init("xavier")},
    "relu": {"act": activation("relu"), "weights": init("he_normal")},
    "deep tanh": {"weights": init("xavier"), "widths": DEEP},
    "deep relu": {"act": activation("relu"), "weights": init("he_normal"), "widths": DEEP, "lr": 0.01},
    "deep narrow relu": {"act": activation("relu"), "weights": init("he_normal"), "widths": (16,) * 8, "lr": 0.05},
    "batch-norm": {"batchnorm": BatchNormSpec(), "weights": init("gaussian", std=0.01), "widths": (64,) * 4},
    "small weights, shallow": {"weights": init("gaussian", std=0.01), "widths": (64,), "epochs": 8},
    "sigmoid": {"act": activation("sigmoid"), "weights": init("xavier"), "widths": (64,), "lr": 0.5},
    "adam": {"act": activation("relu"), "weights": init("he_normal"), "optimizer": optimizer("adam"), "lr": 0.001},
    "batch of one": {"weights": init("xavier"), "batch_size": 1, "lr": 0.005, "epochs": 1},
    "long training": {"act": activation("relu"), "weights": init("he_normal"), "epochs": 60, "lr": 0.1},
    "no training": {"weights": init("orthogonal"), "epochs": 0},
    "softmax regression": {"widths": ()},
    "one unit": {"widths": (1, 1)},
}


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_networks_raise_no_alarm(name: str, digits: Dataset) -> None:
    alarms = {rule: f.message for rule, f in found(digits, **HEALTHY[name]).items() if f.severity != "info"}
    alarms.pop("undertrained", None)  # four epochs are too few for some
    if name == "one unit":  # cannot separate ten classes
        assert alarms.pop("underfitting", None)
    assert alarms == {}


FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "tiny weights, tanh": ("vanishing_activations", {"weights": init("gaussian", std=0.01), "widths": DEEP}),
    "tiny weights, relu": (
        "vanishing_activations",
        {"act": activation("relu"), "weights": init("gaussian", std=0.02), "widths": DEEP},
    ),
    "huge weights": ("saturation", {"weights": init("gaussian", std=2.0), "widths": (64,) * 4}),
    "zero weights": ("symmetric_init", {"weights": init("zero")}),
    "constant weights": ("symmetric_init", {"weights": init("constant", value=0.02)}),
    "negative bias": ("dead_relu", {"act": activation("relu"), "weights": init("he_normal"), "bias": -4.0}),
    "rate far too high": ("lr_too_high", {"act": activation("relu"), "weights": init("he_normal"), "lr": 1e5}),
}


@pytest.mark.parametrize("name", FAULTS)
def test_planted_faults_are_reported_with_their_cause(name: str, digits: Dataset) -> None:
    rule, given = FAULTS[name]
    findings = found(digits, **given)
    assert rule in findings, sorted(findings)
    finding = findings[rule]
    assert finding.severity in ("warning", "error")
    assert finding.seeds == (0, 1, 2)
    assert "3 of 3 seeds" in finding.message
    assert finding.consequence_of is None
    assert finding.advice
    assert finding.sources
    assert finding.proposals


CAUSES: dict[str, tuple[str, dict[str, Any], str]] = {
    "relu starved by depth": (
        "vanishing_activations",
        {"act": activation("relu"), "weights": init("xavier"), "widths": DEEP, "lr": 0.02},
        "network.init",
    ),
    "copies under dropout": (
        "symmetric_init",
        {"weights": init("constant", value=0.02), "dropout": DropoutSpec(0.3)},
        "network.init",
    ),
    "input too large, saturated": ("saturation", {"weights": init("xavier"), "scale": 40.0, "epochs": 1}, "preprocess"),
    "rate too high, saturated": ("saturation", {"weights": init("xavier"), "lr": 30.0}, "training.lr"),
    "input too large, dead": (
        "dead_relu",
        {"act": activation("relu"), "weights": init("he_normal"), "scale": 40.0},
        "preprocess",
    ),
    "weights too large, diverged": (
        "nan_divergence",
        {"act": activation("relu"), "weights": init("gaussian", std=1.0), "widths": (64,) * 6},
        "network.init",
    ),
    "rate too high, diverged": (
        "lr_too_high",
        {"act": activation("relu"), "weights": init("he_normal"), "lr": 1e5},
        "training.lr",
    ),
}


def _settings(path: str, value: Any) -> dict[str, Any]:
    """Return a proposed change as settings of the tests; preprocessing is applied to the data."""
    if path == "network.init":
        return {"weights": init(value)}
    return {"training.lr": {"lr": value}, "network.batchnorm": {"batchnorm": BatchNormSpec()}}.get(path, {})


@pytest.mark.parametrize("name", CAUSES)
def test_the_first_proposal_changes_the_faulty_setting_and_helps(name: str, digits: Dataset) -> None:
    rule, given, path = CAUSES[name]
    given = dict(given)
    scale = given.pop("scale", 1.0)
    faulty = dataclasses.replace(digits, x_train=scale * digits.x_train, x_val=scale * digits.x_val)
    findings = found(faulty, **given)
    assert rule in findings, sorted(findings)
    assert findings[rule].severity in ("warning", "error")
    root = findings[findings[rule].consequence_of or rule]
    assert (root.severity, root.consequence_of) in (("warning", None), ("error", None))
    ((changed, value),) = root.proposals[0].change.items()
    assert changed == path
    after = found(digits if path == "preprocess" else faulty, **(given | _settings(path, value)))
    assert rule not in {name for name, f in after.items() if f.severity != "info"}


def test_a_network_that_learned_nevertheless_is_for_information_only(digits: Dataset) -> None:
    large = dataclasses.replace(digits, x_train=6 * digits.x_train, x_val=6 * digits.x_val)
    finding = found(large, weights=init("xavier"), widths=(64,), epochs=15)["saturation"]
    assert finding.severity == "info"
    assert "3 of 3 seeds" in finding.message


def test_the_present_initialization_is_not_proposed(digits: Dataset) -> None:
    records = []
    for seed in range(3):
        healthy = run_of(seed, digits, weights=init("xavier"), widths=(64,) * 5, epochs=0)
        std = healthy.statistic("activation_std") * 0.1 ** np.arange(6)
        records.append(dataclasses.replace(healthy, arrays={**healthy.arrays, "probe_activation_std": std}))
    (finding,) = diagnose([variant_summary(Variant("v", "v", {}, {}), records)])
    assert [dict(proposal.change) for proposal in finding.proposals] == [{"network.batchnorm": True}]
    assert "xavier" in finding.advice


def test_a_decrease_is_compared_with_theory(digits: Dataset) -> None:
    given = {"weights": init("gaussian", std=0.01), "widths": DEEP, "epochs": 0}
    finding = found(digits, **given)["vanishing_activations"]
    assert finding.severity == "error"
    assert finding.evidence["fall"] == pytest.approx(finding.evidence["expected_fall"], rel=0.2)
    assert finding.evidence["expected_fall"] is not None


def test_units_killed_in_training_differ_from_units_dead_at_the_start(digits: Dataset) -> None:
    adam = {"optimizer": optimizer("adam"), "lr": 0.3, "epochs": 3}
    late = found(digits, act=activation("relu"), weights=init("he_normal"), widths=(16, 16, 16), **adam)["dead_relu"]
    assert late.step is not None
    assert late.step > 0
    assert {"network.activation": "leaky_relu"} in [proposal.change for proposal in late.proposals]
    early = found(digits, act=activation("relu"), weights=init("he_normal"), bias=-4.0)["dead_relu"]
    assert early.step == 0
    assert {"network.bias": 0.0} in [proposal.change for proposal in early.proposals]


def test_large_biases_are_reported_as_the_cause_of_saturation(digits: Dataset) -> None:
    finding = found(digits, act=activation("sigmoid"), weights=init("xavier"), bias=12.0, epochs=1)["saturation"]
    assert dict(finding.proposals[0].change) == {"network.bias": 0.0}
    assert "bias" in finding.advice


def test_one_bad_seed_of_three_is_no_finding(digits: Dataset) -> None:
    good = [run_of(seed, digits) for seed in (0, 1)]
    bad = run_of(2, digits, weights=init("gaussian", std=0.01), widths=DEEP)
    summary = variant_summary(Variant("v", "v", {}, {}), [*good, bad])
    assert "vanishing_activations" not in {finding.rule for finding in diagnose([summary])}


def test_every_rule_is_documented_by_its_file() -> None:
    import importlib

    for name, rule in RULES.items():
        function = rule.check or (rule.on_scores and rule.on_scores.check)
        module = importlib.import_module(function.__module__)
        assert rule.id == name
        assert module.__name__.endswith(f".{rule.stage}.{name}")
        for part in ("**Statistic.**", "**Reference.**", "**Advice.**"):
            assert part in (module.__doc__ or ""), name
        assert rule.sources


def test_failed_runs_are_ignored(digits: Dataset) -> None:
    broken = RunRecord("b", spec(seed=9), "failed", 0, 0, 0.0, {}, {}, {})
    summary = variant_summary(Variant("v", "v", {}, {}), [broken])
    assert diagnose([summary]) == ()


def test_rules_about_the_course_of_one_task_are_not_applied_to_several_tasks(digits: Dataset) -> None:
    """A network that learns shuffled labels looks like one that overfits, or that data without a signal would give."""
    run = spec(widths=(64,), classes=10, lr=0.2, epochs=20, batch_size=32, act=activation("relu"))

    def rules(data: Dataset, tasks: int) -> set[str]:
        own = dataclasses.replace(run, data=dataclasses.replace(run.data, tasks=tasks, new_task="shuffled_labels"))
        outcome = train(own, data)
        record = RunRecord(
            "0", own, outcome.status, outcome.stopped_at_step, outcome.steps, 0.0, outcome.final, outcome.facts,
            outcome.arrays,
        )  # fmt: skip
        summary = variant_summary(Variant("v", "v", {}, {}), [record])
        return {finding.rule for finding in diagnose([summary])}

    labels = np.random.default_rng(0).permutation(digits.y_train)
    assert any(RULES[name].one_task for name in rules(dataclasses.replace(digits, y_train=labels), 1))
    assert not any(RULES[name].one_task for name in rules(digits, 2))
