"""Sanity checks of a study: made once, stored and reused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reportgen.cli.main import invoke
from reportgen.engine.inspect import activation_cost
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.errors import StoreError
from reportgen.study.model.sanity import SANITY_CHECKS
from reportgen.workflow.analysing import sanity_checks as sanity
from tests.workflow.test_end_to_end import STUDY


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a study of all checks; only the larger learning rate can learn 20 examples."""
    monkeypatch.chdir(tmp_path)
    checks = f"sanity: [{', '.join(SANITY_CHECKS)}]\n"
    Path("rates.yaml").write_text(STUDY.replace("0.001", "1e-9") + checks, encoding="utf-8")
    monkeypatch.setattr(activation_cost, "REPEATS", 2)
    return tmp_path


def results() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(Path("reports/rates/results.json").read_text("utf-8"))["sanity"]
    return found


def passed(check: str) -> list[bool | None]:
    return [result["passed"] for result in results() if result["check"] == check]


def test_all_checks_are_made_stored_and_shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert invoke(["run", "rates.yaml", "-f", "html", "-q"]) == 0
    assert list(dict.fromkeys(result["check"] for result in results())) == list(SANITY_CHECKS)
    assert passed("regularized_loss") == [True, True]
    assert passed("overfit_subset") == [False, True]
    assert passed("gradient_check") == [True] * 4  # two layers in each of two variants
    assert [r["subject"] for r in results() if r["check"] == "activation_cost"] == list(ACTIVATIONS)
    first = results()
    assert 'id="sanity"' in Path("reports/rates/index.html").read_text("utf-8")

    def measure(*arguments: Any, **options: Any) -> None:
        raise AssertionError("repeats a stored measurement")

    monkeypatch.setattr(sanity.data, "load", measure)
    monkeypatch.setattr(sanity, "_activation_costs", measure)
    for verb in ("run", "render"):
        assert invoke([verb, "rates.yaml", "-f", "json", "-q"]) == 0
        assert results() == first


def test_render_and_verify_refuse_a_damaged_measurement_and_run_replaces_it(folder: Path, capsys) -> None:
    only = ["--set", "sanity=[activation_cost]"]
    assert invoke(["run", "rates.yaml", "-f", "json", "-q", *only]) == 0
    stored = Path("reports/rates/sanity/activation_cost.json")
    stored.write_text(stored.read_text("utf-8").replace('"forward": ', '"forward": 9'), encoding="utf-8")
    assert invoke(["render", "rates.yaml", "-f", "json", "-q", *only]) == StoreError.exit_code
    assert invoke(["verify", "reports/rates"]) == 3
    assert "sanity/activation_cost.json" in capsys.readouterr().out
    assert invoke(["run", "rates.yaml", "-f", "json", "-q", *only]) == 0
    assert len(results()) == len(ACTIVATIONS)


def test_every_activation_has_a_positive_cost() -> None:
    costs = activation_cost.activation_costs(repeats=1)
    assert [cost.name for cost in costs] == list(ACTIVATIONS)
    assert all(cost.forward > 0 and cost.backward > 0 and cost.product > 0 for cost in costs)


def test_a_claim_about_costs_is_measured_once_per_seed_and_reused(folder: Path) -> None:
    claim = "claims:\n  - {id: dear, says: s, measure: {metric: activation_over_product}, expect: {below: 1000}}\n"
    Path("rates.yaml").write_text(STUDY.replace("claims:\n", claim), encoding="utf-8")
    assert invoke(["run", "rates.yaml", "-f", "json", "-q", "--set", "seeds=3"]) == 0
    first = json.loads(Path("reports/rates/results.json").read_text("utf-8"))["claims"][0]
    assert (first["verdict"], first["n"]) == ("supported", 3)
    assert 0 < first["measured"] < 1000
    assert invoke(["render", "rates.yaml", "-f", "json", "-q", "--set", "seeds=3"]) == 0
    assert json.loads(Path("reports/rates/results.json").read_text("utf-8"))["claims"][0] == first


def test_a_claim_about_the_gradient_check_can_select_layers(folder: Path) -> None:
    claims = """claims:
  - {id: agree, says: s, measure: {metric: gradient_error}, holds_for: all, expect: {below: 1e-6}}
  - {id: first, says: s, measure: {metric: gradient_error, layer: 1}, where: {training.lr: 0.1}, expect: {below: 1e-6}}
  - {id: out, says: s, measure: {metric: gradient_error, layer: output}, where: {training.lr: 0.1}, expect: {above: 1}}
  - {id: every, says: s, measure: {metric: gradient_error}, where: {training.lr: 0.1}, expect: {below: 1e-6}}
"""
    text = STUDY.partition("claims:\n")[0] + claims + "sanity: [gradient_check]\n"
    Path("rates.yaml").write_text(text, encoding="utf-8")
    assert invoke(["run", "rates.yaml", "-f", "json", "-q"]) == 0
    found = json.loads(Path("reports/rates/results.json").read_text("utf-8"))
    assert [claim["verdict"] for claim in found["claims"]] == ["supported", "supported", "contradicted", "supported"]
    _, first, output, every = found["claims"]
    assert every["n"] == 3
    assert 0 < max(first["measured"], output["measured"]) <= every["measured"] < 1e-6
    assert len(list(Path("reports/rates/sanity").iterdir())) == 6  # two rates on three seeds
    assert invoke(["render", "rates.yaml", "-f", "json", "-q"]) == 0
    assert json.loads(Path("reports/rates/results.json").read_text("utf-8"))["claims"] == found["claims"]
