"""Networks drawn at random: the same for the same seed, all of them valid, and judged by scores alone."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.diagnosis.at_random import Judged, harms
from benchmarks.diagnosis.draw import draw
from benchmarks.diagnosis.plant import FAULTS
from benchmarks.diagnosis.random_score import LOOKED_AT, SINCE, section
from reportgen.analysis.finding import Finding
from reportgen.study.loading.loader import load_study
from reportgen.study.loading.overrides import with_values
from reportgen.study.planning.plan import changed
from tests.analysis.diagnosis.held_out_runs import EPOCHS, runs

FAST = next(fault for fault in FAULTS if fault.name.startswith("a rate thirty"))


def drawn(number: int) -> dict[str, Any]:
    return draw(np.random.default_rng([3, number]))


def test_a_number_always_gives_the_same_network() -> None:
    assert drawn(5) == drawn(5)
    assert drawn(5) != drawn(6)


def test_every_network_and_every_fault_is_a_valid_study(tmp_path: Path) -> None:
    import yaml

    planted = set()
    for number in range(60):
        study, rng = drawn(number), np.random.default_rng(number)
        path = tmp_path / "drawn.yaml"
        path.write_text(yaml.safe_dump({"title": "t", "question": "q", **study}), encoding="utf-8")
        plan = load_study(path)
        for fault in FAULTS:
            change = fault.change(rng, study)
            if change is not None:
                assert changed(plan, plan.variants[0].id, change, "fault")[0].spec != plan.runs[0].spec
                assert with_values(study, change) != study
                planted.add(fault.name)
    assert planted == {fault.name for fault in FAULTS}


@pytest.mark.parametrize(
    ("after", "found"),
    [
        ({"val_accuracy": 0.80, "val_loss": 0.5}, True),
        ({"val_accuracy": 0.87, "val_loss": 0.5}, False),
        ({"val_accuracy": 0.90, "val_loss": 0.8}, True),
    ],
    ids=["less accurate", "a little less accurate", "dearer"],
)
def test_harm_is_seen_in_scores_on_held_out_examples(after: dict[str, float], found: bool) -> None:
    assert harms(runs(curves={"val_accuracy": 0.9, "val_loss": 0.5}), runs(curves=after)) == found


def test_a_last_epoch_that_is_good_by_luck_makes_no_network_healthy() -> None:
    steady = runs(curves={"val_accuracy": 0.9})
    lucky = np.where(np.arange(EPOCHS + 1) == EPOCHS, 0.9, 0.7)
    assert harms(steady, runs(curves={"val_accuracy": lucky}))
    assert not harms(steady, runs(curves={"val_accuracy": np.where(np.arange(EPOCHS + 1) < EPOCHS // 2, 0.7, 0.9)}))


def finding(rule: str, cause: str | None = None) -> Finding:
    return Finding(rule, "warning", "v", (0,), (), None, {}, "", "", (), consequence_of=cause)


@pytest.mark.parametrize(
    ("found", "right"),
    [
        ([finding("lr_too_high"), finding("dead_relu", "lr_too_high")], True),
        ([finding("dead_relu"), finding("lr_too_high")], True),
        ([finding("underfitting"), finding("lr_too_high")], False),
        ([finding("unnormalized_input"), finding("lr_too_high", "unnormalized_input")], False),
        ([dataclasses.replace(finding("lr_too_high"), severity="info")], False),
        ([], False),
    ],
    ids=["named", "led by what follows", "led by another", "blamed on another", "a note", "silent"],
)
def test_the_cause_is_named_by_a_root_that_the_report_leads_with(found: list[Finding], right: bool) -> None:
    case: Any = None
    assert Judged(case, FAST, tuple(found)).right == right


def test_the_page_states_what_was_drawn() -> None:
    scores = {"recall": [9, 10], "false_alarms": [1, 10], "right_cause": [8, 10], "helped": [7, 10]}
    found = {
        "date": "d",
        "engine_version": 1,
        "seeds": [4, 5],
        "scores": scores,
        "thrown": {"not healthy": 2},
        "kinds": {"k": [1, 1, 0, 0]},
    }
    text = section(found)
    assert "--random 5 --seed 4 5" in text
    assert "90% (9 of 10;" in text
    assert "2 (not healthy)" in text
    assert "| k | 1 | 1 | 0 | 0 |" in text
    assert f"{LOOKED_AT[-2]} and {LOOKED_AT[-1]}" in " ".join(text.split())
    assert SINCE.strip() not in " ".join(text.split())
    again = " ".join(section(found | {"seeds": [*LOOKED_AT[-2:]]}).split())
    assert f"{LOOKED_AT[-4]} and {LOOKED_AT[-3]} among them" in again
    assert SINCE.strip() in again
