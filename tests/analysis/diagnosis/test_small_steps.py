"""What keeps steps small beside the rate itself: schedules, clipping, warm-ups, and nets that no rate moves."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from reportgen.analysis.diagnosis.evidence.learning_rate import rounded
from reportgen.registry import Component
from tests.analysis.diagnosis.rate_runs import clouds, found, run, runs


def test_a_schedule_that_ends_training_early_is_named_and_one_that_ends_it_when_it_is_done_is_not() -> None:
    early = {"schedule": Component.of("step", every=1, factor=0.02), "epochs": 12, "lr": 0.01}
    finding = found("lr_too_low", runs(data=clouds(distance=2.5, classes=8), **early))
    assert finding is not None
    assert finding.advice.startswith("Let the rate decay later")
    assert finding.proposals[0].change == {"training.schedule": "cosine"}
    assert found("lr_too_low", runs(schedule=Component.of("step", every=8, factor=0.02), epochs=24)) is None


@pytest.mark.parametrize(
    ("given", "change"),
    [
        ({"lr": 0.1, "clip_norm": 1e-6}, {"training.clip_norm": None}),
        ({"lr": 0.01, "schedule": Component.of("warmup", epochs=4000, then=Component("constant"))},
         {"training.schedule": "constant"}),
    ],
)  # fmt: skip
def test_what_keeps_steps_small_is_changed_and_not_the_rate(given: dict[str, Any], change: dict[str, Any]) -> None:
    finding = found("lr_too_low", runs(**given))
    assert finding is not None
    assert finding.proposals[0].change == change


def test_rates_that_are_proposed_have_no_digits_of_division() -> None:
    assert rounded(0.07 / 10) == 0.007
    assert rounded(0.02 * 0.1) == 0.002


def test_where_no_rate_would_move_the_net_a_low_rate_is_not_at_fault() -> None:
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
