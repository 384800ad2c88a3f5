"""Rules on generalization fire on planted faults and not on similar healthy networks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from reportgen.analysis.diagnosis.diagnose import diagnose
from reportgen.analysis.diagnosis.evidence.held_out import examples
from reportgen.analysis.diagnosis.rules import RULES
from reportgen.data.spec import DataSpec
from reportgen.engine.network_spec import NetworkSpec
from reportgen.registry import Component
from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import Variant
from tests.analysis.diagnosis.held_out_runs import (
    BLIND,
    CLASSES,
    EPOCHS,
    LEARNED,
    RISING,
    alarm,
    falling,
    found,
    run,
    runs,
    with_spec,
)
from tests.engine.networks import spec

MINE = ("overfitting", "underfitting", "over_regularization", "no_signal", "class_imbalance")


@pytest.mark.parametrize("rule", MINE)
def test_a_healthy_network_raises_no_alarm(rule: str) -> None:
    assert found(rule, runs()) is None


@pytest.mark.parametrize("rule", MINE)
@pytest.mark.parametrize("lacking", ["validation", "training", "facts", "an end"])
def test_rules_without_their_facts_return_nothing(rule: str, lacking: str) -> None:
    record = run(curves={"val_loss": RISING, **LEARNED})
    without: dict[str, Any] = {
        "validation": {"final": {**record.final, "val_loss": np.nan, "val_accuracy": np.nan}},
        "training": {"steps": 0},
        "facts": {"facts": {}},
        "an end": {"status": "diverged"},
    }
    found(rule, [replace(record, **without[lacking])])  # must not raise
    if lacking != "facts":
        assert found(rule, [replace(record, **without[lacking])]) is None


POOR = {"train_accuracy": 0.5, "val_accuracy": 0.5, "train_loss": 1.1, "val_loss": 1.1, "batch_loss": 1.1}


def test_a_network_below_simple_models_in_training_too_underfits() -> None:
    finding = found("underfitting", runs(curves=POOR))
    assert finding is not None
    assert finding.severity == "warning"
    assert finding.evidence["reference"] == pytest.approx(0.82)
    assert dict(finding.proposals[0].change) == {"network.hidden": [32]}


@pytest.mark.parametrize(
    ("curves", "facts"),
    [
        (POOR, {"baseline_linear": 0.51, "baseline_neighbours": 0.49}),  # the best possible accuracy on these data
        (POOR | {"train_accuracy": 1.0}, {}),  # memorized
        (POOR | {"val_accuracy": 0.85}, {}),  # wrong labels in training only
        (
            POOR,
            {"baseline_linear_left_out": 0.25, "baseline_neighbours_left_out": 0.26},
        ),  # the reference is good by chance
        (POOR, {name: float("nan") for name in BLIND}),  # no reference
        (
            POOR,
            {"val_n": 12, "baseline_val_n": 12, "baseline_neighbours": 0.6, "baseline_linear": 0.6},
        ),  # too few examples
        (POOR | {"batch_loss": falling(3.0, 0.2, 20.0)}, {}),  # still learning
        (POOR | {"train_accuracy": 0.75, "val_accuracy": 0.72}, {"parameters": 5000}),  # enough capacity, not far below
        (POOR | {"train_accuracy": 1.0}, {"parameters": 5000}),  # enough capacity, memorized
    ],
)
def test_cases_that_resemble_underfitting_are_not_reported(curves: dict[str, Any], facts: dict[str, Any]) -> None:
    assert found("underfitting", runs(curves=curves, facts=facts)) is None


def test_a_large_network_that_underfits_gets_no_proposal_to_grow() -> None:
    finding = found("underfitting", runs(curves=POOR, facts={"parameters": 5000}))
    assert finding is not None
    assert finding.severity == "warning"
    assert not [p for p in finding.proposals if "network.hidden" in p.change]
    assert finding.proposals[0].change["training.lr"] == pytest.approx(10 * run().spec.training.lr)


def test_kernel_regression_counts_as_a_reference_for_underfitting() -> None:
    as_good = {"baseline_linear": 0.51, "baseline_neighbours": 0.49}
    better = {"baseline_kernel": 0.8, "baseline_kernel_left_out": 0.8}
    assert found("underfitting", runs(curves=POOR, facts=as_good)) is None
    finding = found("underfitting", runs(curves=POOR, facts=as_good | better))
    assert finding is not None
    assert finding.evidence["reference"] == pytest.approx(0.8)


def test_a_network_that_learned_nothing_underfits_without_a_simple_model() -> None:
    guessing = {name: 0.25 for name in ("train_accuracy", "val_accuracy")} | {"train_loss": 1.386, "batch_loss": 1.386}
    finding = found("underfitting", [without_baselines(record) for record in runs(curves=guessing)])
    assert finding is not None
    assert finding.severity == "warning"
    assert "reference" not in finding.evidence
    assert found("underfitting", [without_baselines(record) for record in runs()]) is None


def without_baselines(record: RunRecord) -> RunRecord:
    facts = {name: value for name, value in record.facts.items() if not name.startswith("baseline_")}
    return replace(record, facts=facts)


def test_a_wider_variant_is_a_reference_but_another_learning_rate_is_not() -> None:
    facts = {name: float("nan") for name in BLIND}
    own = runs(curves=POOR, facts=facts)
    better = runs(facts=facts)
    layers = own[0].spec.network.layers
    wider = [
        replace(r, spec=replace(r.spec, network=NetworkSpec((replace(layers[0], units=64), layers[1])))) for r in better
    ]
    finding = found("underfitting", own, {"wide": wider})
    assert finding is not None
    assert "64" in finding.message
    faster = [replace(r, spec=replace(r.spec, training=replace(r.spec.training, lr=1.0))) for r in better]
    assert found("underfitting", own, {"fast": faster}) is None
    assert found("underfitting", runs(facts=facts), {"wide": wider}) is None


def test_a_penalty_larger_than_the_loss_is_reported() -> None:
    finding = found("over_regularization", runs(curves=POOR | {"penalty": 0.5}, l2=0.3))
    assert finding is not None
    assert dict(finding.proposals[0].change) == {"training.l2": 0.003}


def test_weights_shrunk_to_nothing_indicate_a_penalty() -> None:
    shrunk = {"probe_weight_norm": np.array([[3.0, 3.0], [1e-3, 1e-3]])}
    assert alarm("over_regularization", runs(curves=POOR, arrays=shrunk, l2=1.0))


def test_a_layer_much_narrower_than_the_others_is_widened_first() -> None:
    narrow = [
        replace(record, spec=replace(record.spec, network=spec((12, 12, 2), CLASSES).network))
        for record in runs(curves=POOR)
    ]
    finding = found("underfitting", narrow)
    assert finding is not None
    assert dict(finding.proposals[0].change) == {"network.hidden": [12, 12, 12]}


def test_dropout_that_hides_the_signal_is_reported() -> None:
    finding = found("over_regularization", runs(curves=POOR | {"batch_loss": 1.35}, dropout=0.7))
    assert finding is not None
    assert dict(finding.proposals[0].change) == {"network.dropout": 0.0}


def test_dropout_that_multiplies_the_first_loss_is_reported() -> None:
    """Five times the loss without dropout, or twice that loss if nearly all units are dropped."""
    for first, rate, drowns in ((9.0, 0.5, True), (5.0, 0.5, False), (5.0, 0.8, True), (2.5, 0.8, False)):
        lost = runs(curves=POOR, arrays={"step_loss": np.geomspace(first, 1e9, 400)}, dropout=rate)
        lost = [replace(record, status="diverged") for record in lost]
        assert (found("over_regularization", lost) is not None) == drowns
        assert (found("lr_too_high", lost) is None) == drowns


def test_the_cost_of_dropout_in_a_single_epoch_is_measured_at_its_end() -> None:
    fell = {name: np.array([1.4, 1.1]) for name in ("epoch_train_loss", "epoch_val_loss")}
    fell |= {"epoch_batch_loss": np.array([np.nan, 1.3]), "epoch_step": np.array([0.0, 400.0])}
    for end, held in ((1.1, False), (1.5, True)):
        arrays = fell | {"step_loss": np.linspace(1.5, end, 400)}
        assert (found("over_regularization", runs(curves=POOR, arrays=arrays, dropout=0.3)) is not None) == held


def test_dropout_and_not_the_learning_rate_is_blamed_for_an_implausible_first_loss() -> None:
    wild = {"step_loss": np.geomspace(9e3, 1e9, 400)}
    finding = found("over_regularization", runs(curves=POOR, arrays=wild, dropout=0.9))
    assert finding is not None
    assert (finding.step, dict(finding.proposals[0].change)) == (0, {"network.dropout": 0.0})
    lost = [replace(record, status="diverged") for record in runs(curves=POOR, arrays=wild, dropout=0.9)]
    assert found("lr_too_high", lost) is None
    lost = [replace(record, status="diverged") for record in runs(curves=POOR, arrays=wild)]
    assert found("lr_too_high", lost) is not None


@pytest.mark.parametrize(
    ("curves", "given"),
    [
        (POOR, {}),  # no regularization
        (POOR | {"penalty": 0.001}, {"l2": 1e-4}),  # a negligible penalty
        ({"penalty": 0.5}, {"l2": 0.01}),  # a penalty without harm in validation
        (POOR | {"penalty": 0.5, "batch_loss": falling(3.0, 0.2, 20.0)}, {"l2": 0.3}),  # not yet at a minimum
        ({"batch_loss": falling(1.4, 0.6)}, {"dropout": 0.5}),  # healthy dropout
    ],
)
def test_cases_that_resemble_it_are_not_over_regularization(curves: dict[str, Any], given: dict[str, Any]) -> None:
    assert found("over_regularization", runs(curves=curves, **given)) is None


def test_a_better_variant_with_weaker_regularization_is_a_reference() -> None:
    facts = {name: float("nan") for name in BLIND}
    own = runs(curves=POOR | {"penalty": 0.5}, facts=facts, l2=0.3)
    assert found("over_regularization", own) is None
    assert found("over_regularization", own, {"weak": runs(facts=facts, l2=0.001)}) is not None
    assert found("over_regularization", own, {"strong": runs(facts=facts, l2=0.9)}) is None


BY_HEART = {"val_accuracy": 0.25, "val_loss": np.linspace(1.4, 4.0, EPOCHS + 1), **LEARNED}


def test_memorized_labels_without_generalization_are_no_signal() -> None:
    finding = found("no_signal", runs(curves=BY_HEART, facts=BLIND))
    assert finding is not None
    assert finding.severity == "error"


def test_no_signal_if_neither_network_nor_simple_models_generalize() -> None:
    finding = found("no_signal", runs(curves=BY_HEART | {"train_accuracy": 0.25}, facts=BLIND))
    assert finding is not None
    assert finding.evidence["train_accuracy"] == pytest.approx(0.25, abs=0.01)


def test_a_slightly_lucky_simple_model_does_not_prevent_no_signal() -> None:
    curves = BY_HEART | {"train_accuracy": 0.25}
    for neighbours, settled in ((0.32, True), (0.6, False)):
        facts = BLIND | {"baseline_linear_left_out": 0.22, "baseline_neighbours_left_out": neighbours}
        assert (found("no_signal", runs(curves=curves, facts=facts)) is not None) == settled


@pytest.mark.parametrize(
    ("curves", "facts"),
    [
        (BY_HEART | {"val_accuracy": 0.35}, BLIND),  # a weak signal
        (BY_HEART | {"val_loss": falling(1.4, 1.2)}, BLIND),  # a signal visible only in the loss
        (BY_HEART, {}),  # simple models find a signal
        (BY_HEART | {"train_accuracy": 0.25}, {name: float("nan") for name in BLIND}),  # a network that does not learn
        (BY_HEART, {name: float("nan") for name in BLIND} | {"val_n": 15}),  # too few examples
    ],
)
def test_cases_that_resemble_no_signal_are_not_reported(curves: dict[str, Any], facts: dict[str, Any]) -> None:
    assert found("no_signal", runs(curves=curves, facts=facts)) is None


def test_random_labels_are_the_root_cause_instead_of_overfitting() -> None:
    from reportgen.analysis.summary import variant_summary

    records = runs(curves=BY_HEART, facts=BLIND)
    alarms = {f.rule for f in diagnose([variant_summary(Variant("v", "v", {}, {}), records)])}
    assert "no_signal" in alarms
    assert not {"overfitting", "underfitting"} & alarms


def test_shared_validation_examples_count_once() -> None:
    records = runs()
    own, ordered, fixed = (
        DataSpec(Component("csv")),
        DataSpec(Component("csv"), shuffle=False),
        DataSpec(Component("npz")),
    )
    assert examples(with_spec(records, data=own)) == 3 * 300
    assert examples(with_spec(records, data=replace(own, seed=1))) == 300
    assert examples(with_spec(records, data=ordered)) == 300
    assert examples(with_spec(records, data=fixed)) == 300


def test_each_rule_has_sources_and_documentation() -> None:
    import importlib

    for name in MINE:
        assert RULES[name].sources
        words = importlib.import_module(RULES[name].check.__module__).__doc__
        assert all(part in words for part in ("**Statistic.**", "**Reference.**", "**Advice.**"))
