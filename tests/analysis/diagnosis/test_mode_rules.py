"""Rules on train mode and test mode of batch normalization and dropout."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from reportgen.engine.network_spec import BatchNormSpec, DropoutSpec
from tests.analysis.diagnosis.rate_runs import alarm, clouds, found, run, runs
from tests.engine.networks import activation, init, optimizer

MODES = ("bn_tiny_batch", "train_eval_mismatch")
RELU = {"act": activation("relu"), "weights": init("he_normal")}
NORM = {"batchnorm": BatchNormSpec(), "batch_size": 32, "lr": 0.05}

HEALTHY: dict[str, dict[str, Any]] = {
    "plain": {},
    "batch of one, no batch-norm": {"batch_size": 1, "lr": 0.01, "epochs": 2},
    "batch-norm": NORM,
    "batch-norm, batches of 8": NORM | {"batch_size": 8},
    "batch-norm, full batch": NORM | {"batch_size": 0, "epochs": 40},
    "batch-norm, slow running values, long enough": NORM | {"batchnorm": BatchNormSpec(momentum=0.99), "epochs": 40},
    "batch-norm, tested by batches, of all examples": NORM | {"batchnorm": BatchNormSpec(test_mode="batch")}
    | {"batch_size": 0},
    "dropout": {"dropout": DropoutSpec(0.5), "epochs": 15},
    "dropout, scaled at test time": {"dropout": DropoutSpec(0.5, "scale_at_test"), "epochs": 15},
    "much dropout, many layers": {"dropout": DropoutSpec(0.5), "widths": (24,) * 4, "epochs": 15, **RELU},
    "both": NORM | {"dropout": DropoutSpec(0.2)},
    "a rate too high": {"dropout": DropoutSpec(0.2), "lr": 30.0},
    "no training": NORM | {"epochs": 0},
    "one step": NORM | {"epochs": 1, "batch_size": 0},
}  # fmt: skip


@pytest.mark.parametrize("name", HEALTHY)
def test_consistent_modes_raise_no_alarm(name: str) -> None:
    records = runs(**HEALTHY[name])
    assert {rule: alarm(rule, records) for rule in MODES} == dict.fromkeys(MODES)


SICK: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "dropout not scaled": (
        "train_eval_mismatch",
        {"dropout": DropoutSpec(0.5, "unscaled"), "epochs": 10},
        {"network.dropout": {"rate": 0.5, "mode": "inverted"}},
    ),
    "a little dropout not scaled, relu": (
        "train_eval_mismatch",
        {"dropout": DropoutSpec(0.2, "unscaled"), "epochs": 10, **RELU},
        {"network.dropout": {"rate": 0.2, "mode": "inverted"}},
    ),
    "running values never updated": (
        "train_eval_mismatch",
        NORM | {"batchnorm": BatchNormSpec(update_running=False)},
        {
            "network.batchnorm": {
                "momentum": 0.9, "epsilon": 1e-5, "test_mode": "running", "update_running": True,
            }
        },
    ),
    "tested by batch statistics": (
        "train_eval_mismatch",
        NORM | {"batchnorm": BatchNormSpec(test_mode="batch", momentum=0.8)},
        {
            "network.batchnorm": {
                "momentum": 0.8, "epsilon": 1e-5, "test_mode": "running", "update_running": True,
            }
        },
    ),
    "running values far behind": (
        "train_eval_mismatch",
        NORM | {"batchnorm": BatchNormSpec(momentum=0.9999), "widths": (24,) * 5, **RELU},
        {
            "network.batchnorm": {
                "momentum": 0.9, "epsilon": 1e-5, "test_mode": "running", "update_running": True,
            }
        },
    ),
    "batches of one": ("bn_tiny_batch", NORM | {"batch_size": 1, "epochs": 2}, {"training.batch_size": 16}),
    "batches of two": ("bn_tiny_batch", NORM | {"batch_size": 2, "epochs": 3}, {"training.batch_size": 16}),
    "batches of three, adam": (
        "bn_tiny_batch",
        NORM | {"batch_size": 3, "optimizer": optimizer("adam"), "lr": 0.003, "data": clouds(distance=3.0)},
        {"training.batch_size": 16},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SICK)
def test_inconsistent_modes_are_reported_with_remedies(name: str) -> None:
    rule, given, change = SICK[name]
    finding = found(rule, runs(**given))
    assert finding is not None
    assert finding.severity in ("warning", "error")
    assert finding.seeds == (0, 1, 2)
    assert "3 of 3 seeds" in finding.message
    assert finding.proposals[0].change == change


def test_the_scale_of_dropout_is_measured() -> None:
    unscaled = runs(**SICK["dropout not scaled"][1])
    for record in unscaled:
        assert 0.15 < record.facts["train_mode_scale"] < 0.45  # about a quarter, because tanh is not linear
    scaled = [dataclasses.replace(r, facts={**r.facts, "train_mode_scale": 1.0}) for r in unscaled]
    assert alarm("train_eval_mismatch", scaled) is None


def test_proposals_keep_the_settings_of_each_layer() -> None:
    record = run(**SICK["dropout not scaled"][1])
    first, second, last = record.spec.network.layers
    layers = (first, dataclasses.replace(second, dropout=None), last)
    network = dataclasses.replace(record.spec.network, nodes=layers)
    changed = dataclasses.replace(record, spec=dataclasses.replace(record.spec, network=network))
    finding = found("train_eval_mismatch", [changed])
    assert finding is not None
    assert finding.layers == (1,)
    assert finding.proposals[0].change == {"network.dropout": [{"rate": 0.5, "mode": "inverted"}, 0]}


def test_a_batch_of_one_is_an_error_and_the_root_of_the_mismatch() -> None:
    from reportgen.analysis.diagnosis.diagnose import diagnose
    from reportgen.analysis.summary import variant_summary
    from reportgen.study.planning.plan import Variant

    records = runs(**SICK["batches of one"][1])
    findings = {f.rule: f for f in diagnose([variant_summary(Variant("v", "v", {}, {}), records)])}
    assert findings["bn_tiny_batch"].severity == "error"
    assert findings["bn_tiny_batch"].consequence_of is None
    assert findings["train_eval_mismatch"].consequence_of == "bn_tiny_batch"


def test_cost_in_train_mode_counts_only_for_small_batches() -> None:
    record = run(**NORM)
    dear = {"epoch_batch_loss": record.arrays["epoch_train_loss"] + 1.0}
    dear["epoch_batch_loss"][0] = np.nan
    large = dataclasses.replace(record, arrays={**record.arrays, **dear})
    training = dataclasses.replace(record.spec.training, batch_size=3)
    small = dataclasses.replace(large, spec=dataclasses.replace(record.spec, training=training))
    assert found("bn_tiny_batch", [large]) is None
    assert alarm("bn_tiny_batch", [small]) is not None


@pytest.mark.parametrize(("last", "reported"), [(0.0, False), (1.0, True)])
def test_the_cost_of_a_single_epoch_is_measured_at_its_end(last: float, reported: bool) -> None:
    record = run(**NORM | {"epochs": 1, "batch_size": 4})
    tested = float(record.arrays["epoch_train_loss"][-1])
    falling = np.linspace(tested + 2.0, tested + last, record.steps)
    arrays = {**record.arrays, "step_loss": falling, "epoch_batch_loss": np.array([np.nan, falling.mean()])}
    final = {**record.final, "train_accuracy": 0.6, "val_accuracy": 0.6}
    finding = found("bn_tiny_batch", [dataclasses.replace(record, arrays=arrays, final=final)])
    assert (finding is not None) == reported


@pytest.mark.parametrize(
    ("size", "right", "severity"),
    [(3, 1.0, "warning"), (4, 1.0, "info"), (4, 0.6, "warning"), (8, 0.6, "info")],
)
def test_the_cost_of_small_batches_in_train_mode_is_for_information(size: int, right: float, severity: str) -> None:
    record = run(**NORM)
    training = dataclasses.replace(record.spec.training, batch_size=size)
    dear = record.arrays["epoch_train_loss"] + np.r_[np.nan, np.ones(training.epochs)]
    final = {**record.final, "train_accuracy": right, "val_accuracy": right}
    spec, arrays = dataclasses.replace(record.spec, training=training), {**record.arrays, "epoch_batch_loss": dear}
    finding = found("bn_tiny_batch", [dataclasses.replace(record, spec=spec, arrays=arrays, final=final)])
    assert finding is not None
    assert finding.severity == severity
