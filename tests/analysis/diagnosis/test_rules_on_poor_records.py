"""Rules on steps and modes accept records that lack measurements."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from reportgen.analysis.diagnosis.rules import RULES
from reportgen.analysis.finding import Evidence
from reportgen.engine.network_spec import BatchNormSpec, DropoutSpec
from reportgen.study.planning.plan import Variant
from tests.analysis.diagnosis.rate_runs import run
from tests.engine.networks import activation, init

MINE = (
    "lr_too_high",
    "lr_too_low",
    "loss_oscillation",
    "update_ratio_high",
    "update_ratio_low",
    "undertrained",
    "bn_tiny_batch",
    "train_eval_mismatch",
)
RUNS: dict[str, dict[str, Any]] = {
    "too high": {"lr": 30.0},
    "diverged": {"lr": 1e5, "act": activation("relu"), "weights": init("he_normal")},
    "too low": {"lr": 1e-6},
    "short": {"lr": 0.01, "epochs": 2},
    "both modes": {"batchnorm": BatchNormSpec(update_running=False), "dropout": DropoutSpec(0.3), "batch_size": 3},
    "untrained": {"epochs": 0},
}


@pytest.mark.parametrize("rule", MINE)
@pytest.mark.parametrize("name", RUNS)
def test_a_missing_array_breaks_no_rule(name: str, rule: str) -> None:
    record = run(**RUNS[name])
    for missing in record.arrays:
        arrays = {key: values for key, values in record.arrays.items() if key != missing}
        poor = dataclasses.replace(record, arrays=arrays)
        RULES[rule].check(Evidence(Variant("v", "v", {}, {}), [poor]))
    bare = dataclasses.replace(record, arrays={"step_loss": record.arrays["step_loss"]})
    RULES[rule].check(Evidence(Variant("v", "v", {}, {}), [bare]))


@pytest.mark.parametrize("rule", MINE)
def test_an_empty_record_has_no_findings(rule: str) -> None:
    record = run(epochs=0)
    empty = dataclasses.replace(record, arrays={}, facts={}, final={})
    assert RULES[rule].check(Evidence(Variant("v", "v", {}, {}), [empty])) is None
