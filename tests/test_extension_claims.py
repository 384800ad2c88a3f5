"""Metrics and kinds of expectation from outside of the package work everywhere that those of the package do."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reportgen import registry
from reportgen.analysis.results import ClaimResult
from reportgen.analysis.words.measured import unit
from reportgen.cli.main import invoke
from reportgen.cli.reference.catalogue import find_entries
from reportgen.cli.reference.descriptions import describe
from reportgen.errors import ReportgenError, StudyError
from reportgen.plugins import loading
from reportgen.registry import registered
from reportgen.study.loading.loader import load_study
from reportgen.study.reference.explained import explained
from reportgen.study.reference.schema import study_schema
from tests import plugin_claims as example

STUDY = """
title: Claims of a plug-in
question: Do they work?
plugins: [rows.py]
data: {name: gaussian, samples: 200, features: 4, classes: 2}
network: {hidden: [8]}
training: {epochs: 3, batch_size: 10, lr: 0.1}
seeds: 5
figures: [claims_overview]
claims:
"""
DROP = "{id: drop, says: Loss falls., measure: {metric: loss_drop}, expect: {around: 0.5, width: 1.5}}"
NO_DROP = "{id: no-drop, says: Loss stays., measure: {metric: loss_drop}, expect: {around: 0.01, width: 0.001}}"
RANGE = (
    "{id: range, says: Activations differ., measure: {metric: activation_range, layer: 1, step: 0},"
    " expect: {around: 50, width: 99.9}}"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty working folder with the plug-in; its rows are removed after the test."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(Path(example.__file__), tmp_path / "rows.py")
    yield tmp_path
    loading.use_files(())


def write(*claims: str) -> Path:
    path = Path("study.yaml")
    path.write_text(STUDY + "".join(f"- {claim}\n" for claim in claims), encoding="utf-8")
    return path


def error_of(*claims: str) -> StudyError:
    with pytest.raises(StudyError) as error:
        load_study(write(*claims), allow_code=True)
    return error.value


@pytest.mark.parametrize(
    ("row", "kind", "word"),
    [
        (example.LOSS_DROP, "metrics", "percent"),
        (example.ACTIVATION_RANGE, "metrics", "units"),
        (example.AROUND, "expectations", "width"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_new_row_is_listed_and_described_while_it_is_registered(row: registry.Row, kind: str, word: str) -> None:
    with registered(row):
        [entry] = [one for one in find_entries(row.name) if one[0] == kind]
        lines = describe(*entry)
    assert row.summary in lines[1]
    assert any(word in line for line in lines[2:])
    assert any(row.name in line for line in lines if "example" in line)
    assert find_entries(row.name) == []


def test_the_schema_and_the_settings_know_new_rows() -> None:
    with registered(*example.ROWS):
        definitions = study_schema()["definitions"]
        assert "claims.expect.width" in [setting.path for setting in explained()]
    assert {"loss_drop", "activation_range"} <= set(definitions["Measure"]["properties"]["metric"]["enum"])
    assert {"required": ["around"]} in definitions["Expect"]["oneOf"]
    assert definitions["Expect"]["properties"]["width"]["anyOf"][0] == {"type": "number", "exclusiveMinimum": 0}
    assert "around" not in study_schema()["definitions"]["Expect"]["properties"]
    assert "claims.expect.width" not in [setting.path for setting in explained()]


def test_claims_on_new_rows_get_verdicts_in_a_report(folder: Path) -> None:
    write(DROP, NO_DROP, RANGE)
    assert invoke(["run", "study.yaml", "--allow-code", "-f", "html,kit", "-q"]) == 0
    report = folder / "reports" / "study"
    results = json.loads((report / "results.json").read_text(encoding="utf-8"))
    claims: dict[str, Any] = {claim["id"]: claim for claim in results["claims"]}
    assert {name: claim["verdict"] for name, claim in claims.items()} == {
        "drop": "supported",
        "no-drop": "contradicted",
        "range": "supported",
    }
    assert 0 < claims["drop"]["measured"] < 1
    assert claims["range"]["measured"] > 0
    page = (report / "index.html").read_text(encoding="utf-8")
    assert "around 1%, in a band of 0.1 points" in page
    assert f"{100 * claims['drop']['measured']:.0f}" in page
    with (report / "figures" / "claims_overview.csv").open(encoding="utf-8") as file:
        drawn = {row["claim"]: (row["region_from"], row["region_to"]) for row in csv.DictReader(file)}
    assert [float(x) for x in drawn["no-drop"]] == pytest.approx([0.0095, 0.0105])


def test_the_range_and_the_unit_of_a_new_metric_reach_the_report() -> None:
    facts: dict[str, Any] = {"sources": (), "lecture": None, "required": False, "n": 5, "expected": "", "variants": ()}
    with registered(example.ACTIVATION_RANGE):
        result = ClaimResult(
            id="a", says="s", verdict="supported", measured=1.0, interval=(0.0, 2.0), metric="activation_range",
            per_seed={k: x for k, x in enumerate([0.1, 0.1, 0.2, 0.2, 40.0])}, **facts,
        )  # fmt: skip
        assert unit("activation_range") == " units"
        assert result.quartiles is not None
    assert result.quartiles is None


@pytest.mark.parametrize(
    ("expect", "code", "place"),
    [
        ("{around: 0.5}", "missing-key", "expect"),
        ("{around: big, width: 1}", "wrong-type", "expect.around"),
        ("{around: 0.5, width: 0}", "out-of-range", "expect.width"),
        ("{around: 0.5, below: 1, width: 1}", "conflicting-settings", "expect.around"),
        ("{below: 0.5, width: 1}", "inapplicable-key", "expect.width"),
        ("{around: 50, width: 1}", "out-of-range", "expect.around"),
        ("{around: 0.5, breadth: 1}", "unknown-key", "expect.breadth"),
    ],
)
def test_an_invalid_value_of_a_new_kind_has_an_error_at_its_place(
    folder: Path, expect: str, code: str, place: str
) -> None:
    error = error_of(f"{{id: a, says: s, measure: {{metric: loss_drop}}, expect: {expect}}}")
    assert error.code == code
    assert str(error.where).endswith(f"claims[0].{place}")


@pytest.mark.parametrize(
    ("measure", "code", "place"),
    [
        ("{metric: loss_drop, layer: 1}", "inapplicable-key", "measure.layer"),
        ("{metric: activation_range, epoch: 1}", "inapplicable-key", "measure.epoch"),
        ("{metric: activation_range, layer: 9}", "out-of-range", "measure.layer"),
    ],
)
def test_a_new_metric_takes_the_keys_of_its_place(folder: Path, measure: str, code: str, place: str) -> None:
    error = error_of(f"{{id: a, says: s, measure: {measure}, expect: {{below: 1}}}}")
    assert (error.code, str(error.where).rpartition("claims[0].")[2]) == (code, place)


def test_the_needs_of_a_new_metric_are_checked(folder: Path) -> None:
    path = write(DROP)
    with pytest.raises(StudyError) as error:
        load_study(path, {"training.epochs": 0}, allow_code=True)
    assert (error.value.code, str(error.value.where).rpartition("claims[0].")[2]) == ("not-measured", "measure.metric")


def test_a_search_maximizes_what_is_better_when_higher(folder: Path) -> None:
    path = Path("study.yaml")
    search = "search: {training.lr: {log_uniform: [0.01, 0.1]}, samples: 2, metric: METRIC}\n"
    text = STUDY.replace("claims:\n", "").replace("[claims_overview]", "[search_scatter]") + search
    path.write_text(text.replace("METRIC", "loss_drop"), encoding="utf-8")
    plan = load_study(path, allow_code=True)
    assert {variant.trial.asked.maximize for variant in plan.variants if variant.trial} == {True}
    path.write_text(text.replace("METRIC", "activation_range"), encoding="utf-8")
    with pytest.raises(StudyError) as error:
        load_study(path, allow_code=True)
    assert error.value.code == "unclear-goal"


def test_a_name_that_is_taken_is_refused() -> None:
    taken = registry.table_of("metric")["val_loss"]
    with pytest.raises(ReportgenError) as error, registered(taken):
        pass
    assert error.value.code == "name-taken"
