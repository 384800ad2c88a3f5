"""Small steps due to schedules, clipping or warm-up, and networks that no learning rate moves."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from reportgen.analysis.diagnosis.evidence.learning_rate import first_ratio, rounded, shorter_warmup, unfinished_warmup
from reportgen.registry import Component
from reportgen.study.model.components import plain
from tests.analysis.diagnosis.rate_runs import clouds, found, run, runs


def warmup(epochs: int) -> Component:
    return Component.of("warmup", epochs=epochs, then=Component("constant"))


def test_only_a_schedule_that_ends_training_too_early_is_reported() -> None:
    early = {"schedule": Component.of("step", every=1, factor=0.02), "epochs": 12, "lr": 0.01}
    finding = found("lr_too_low", runs(data=clouds(distance=2.5, classes=8), **early))
    assert finding is not None
    assert finding.evidence["promised_fall_late"] < finding.evidence["limit"]
    assert finding.proposals[0].change == {"training.schedule": "cosine"}
    assert found("lr_too_low", runs(schedule=Component.of("step", every=8, factor=0.02), epochs=24)) is None


@pytest.mark.parametrize(
    ("given", "change"),
    [
        ({"lr": 0.1, "clip_norm": 1e-6}, {"training.clip_norm": None}),
        ({"lr": 0.01, "schedule": warmup(4000)}, {"training.schedule": plain(warmup(1))}),
        ({"lr": 0.01, "schedule": warmup(20)}, {"training.schedule": plain(warmup(1))}),
        ({"lr": 0.01, "schedule": Component.of("warmup_cosine", epochs=20.0, floor=0.0)},
         {"training.schedule": {"name": "warmup_cosine", "epochs": 0.6, "floor": 0.0}}),
    ],
)  # fmt: skip
def test_the_schedule_or_clipping_is_changed_if_it_limits_steps(given: dict[str, Any], change: dict[str, Any]) -> None:
    finding = found("lr_too_low", runs(**given))
    assert finding is not None
    assert finding.proposals[0].change == change


@pytest.mark.parametrize("rule", ["lr_too_low", "update_ratio_low"])
def test_a_warm_up_that_did_not_end_is_the_cause_of_small_steps(rule: str) -> None:
    finding = found(rule, runs(lr=0.01, schedule=warmup(1000)))
    assert finding is not None
    assert [proposal.change for proposal in finding.proposals] == [
        {"training.schedule": plain(warmup(1))},
        {"training.schedule": "constant"},
    ]
    ended = found(rule, runs(lr=1e-5, schedule=warmup(2)))
    assert ended is not None
    assert "training.lr" in ended.proposals[0].change


def test_a_warm_up_of_whole_epochs_is_not_shortened_below_an_epoch() -> None:
    assert unfinished_warmup(run(epochs=2, schedule=warmup(2))) is None
    advice = shorter_warmup(run(epochs=1, schedule=warmup(2)))
    assert advice is not None
    assert [proposal.change for proposal in advice[1]] == [{"training.schedule": "constant"}]


def test_proposed_learning_rates_are_rounded() -> None:
    assert rounded(0.07 / 10) == 0.007
    assert rounded(0.02 * 0.1) == 0.002


def test_a_network_that_no_learning_rate_would_move_is_not_reported() -> None:
    record = run(lr=1e-5)
    still = {
        "probe_update_ratio": record.arrays["probe_update_ratio"] * 1e-9,
        "epoch_lr": np.full_like(record.arrays["epoch_lr"], 0.1),
    }
    training = dataclasses.replace(record.spec.training, lr=0.1)
    spec = dataclasses.replace(record.spec, training=training)
    moved = dataclasses.replace(record, spec=spec, arrays={**record.arrays, **still})
    assert found("lr_too_low", [record] * 3) is not None
    assert found("lr_too_low", [moved] * 3) is None


def test_the_advised_rate_keeps_the_first_step_small_relative_to_the_weights() -> None:
    records = runs(lr=1e-5)
    finding = found("lr_too_low", records)
    assert finding is not None
    times = finding.proposals[0].change["training.lr"] / 1e-5
    assert all(first_ratio(record) * times <= 0.03 for record in records)
