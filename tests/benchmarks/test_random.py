"""Networks drawn at random: the same for the same seed, all of them valid, and judged by scores alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.diagnosis import spoil
from benchmarks.diagnosis.at_random import Judged, harms, is_steady
from benchmarks.diagnosis.build import Measured, Prepared
from benchmarks.diagnosis.cases import Case
from benchmarks.diagnosis.draw import Study, draw
from benchmarks.diagnosis.plant import FAULTS
from benchmarks.diagnosis.random_score import LOOKED_AT, SINCE, section, updated
from benchmarks.diagnosis.remedies import tried_repairs
from benchmarks.diagnosis.spoil import spoiled_part
from reportgen.analysis.finding import Finding
from reportgen.runs.record import RunRecord
from reportgen.study.loading.loader import load_study
from reportgen.study.loading.overrides import with_values
from reportgen.study.planning.plan import Variant, changed
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
    for number in range(15):  # with twelve, each fault is planted
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


def test_an_accuracy_that_swings_at_the_end_is_not_steady() -> None:
    swinging = np.where(np.arange(EPOCHS + 1) % 2 == 0, 0.8, 0.9)
    assert is_steady(runs(curves={"val_accuracy": np.where(np.arange(EPOCHS + 1) < EPOCHS // 2, 0.5, 0.9)}))
    assert not is_steady(runs(curves={"val_accuracy": swinging}))


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
    scores |= {"helped_by_setting": [5, 7], "helped_by_repair": [2, 3]}
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
    assert "67% (2 of 3;" in text
    assert "2 (not healthy)" in text
    assert "| k | 1 | 1 | 0 | 0 |" in text
    assert f"{LOOKED_AT[-2]} and {LOOKED_AT[-1]}" in " ".join(text.split())
    assert SINCE.strip() not in " ".join(text.split())
    again = " ".join(section(found | {"seeds": [*LOOKED_AT[-2:]]}).split())
    assert f"{LOOKED_AT[-4]} and {LOOKED_AT[-3]} among them" in again
    assert SINCE.strip() in again
    page = f"# Page\n\n## Networks drawn at random\n\nold\n\n## Next\n\n{text}"
    assert updated(page, found) == f"# Page\n\n{text}\n## Next\n\n{text}"


def spoiling(kind: Any) -> tuple[Study, Study]:
    """Return a study and the same study with validation examples of this kind."""
    sound = {"data": {"name": "moons", "samples": 120, "validation": 0.3, "noise": 0.1}}
    return sound, with_values(
        sound, {"data": {"name": "npz", "path": spoil.data_file(np.random.default_rng(0), sound, kind)}}
    )


@pytest.mark.parametrize(("kind", "part"), [("raw", "inputs"), ("renumbered", "labels"), ("sorted", None)])
def test_the_spoiled_part_of_the_validation_examples_is_known(kind: str, part: str | None) -> None:
    assert spoiled_part(*spoiling(getattr(spoil, f"_{kind}"))) == part
    sound, _ = spoiling(spoil._raw)
    assert spoiled_part(sound, with_values(sound, {"data.keep": {0: 0}})) is None


@pytest.mark.parametrize(
    ("rule", "evidence", "cause", "helps"),
    [
        ("split_mismatch", {"mend": "labels"}, None, ["helped"]),
        ("split_mismatch", {"mend": "inputs"}, None, []),
        ("split_mismatch", {"mend": "labels"}, "absent_class", []),
        ("overfitting", {}, None, []),
    ],
    ids=["named", "another part", "a consequence", "another rule"],
)
def test_a_repair_of_data_counts_if_the_advice_names_the_spoiled_part(
    rule: str, evidence: dict[str, Any], cause: str | None, helps: list[str]
) -> None:
    found = dataclasses.replace(finding(rule, cause), evidence=evidence)
    ill, sound = (measured(runs(curves={"val_accuracy": right, "val_loss": loss})) for right, loss in BOTH)
    tried = tried_repairs(ill, [found], "labels", sound)
    assert [one.remedy.verdict for one in tried] == helps


BOTH = ((0.3, 2.0), (0.9, 0.3))
"""Validation accuracy and loss with and without a fault."""


def measured(records: Sequence[RunRecord]) -> Measured:
    """Return a case with these records."""
    variant = Variant("v", "v", {}, {})
    case = Case("c", "f", "p", "b", {"data": {"name": "moons"}}, ())
    plan: Any = None
    return Measured(Prepared(case, plan, variant, ()), {("v", r.spec.seed): r for r in records}, ())


def test_wrong_labels_make_no_class_absent() -> None:
    fault = next(fault for fault in FAULTS if fault.name.startswith("a class without"))
    study = {"data": {"name": "blobs", "classes": 3}}
    assert fault.change(np.random.default_rng(0), study) is not None
    assert fault.change(np.random.default_rng(0), with_values(study, {"data.label_noise": 0.1})) is None
