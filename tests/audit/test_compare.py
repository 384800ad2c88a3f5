"""Comparison of two reports: changes of all kinds, and scores paired by seed."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reportgen.audit.compare import changes, compare_reports
from reportgen.cli.output.comparison import change_lines
from reportgen.errors import ResultsError, UsageError
from reportgen.report.site.finished import read_results
from tests.cli.test_main import run
from tests.report.finished_reports import claim, report

SETTINGS = {"training.lr": 0.1, "network.init": {"name": "xavier"}, "data.name": "digits"}


def variant(name: str, **changed: Any) -> dict[str, Any]:
    """A variant as results.json has it."""
    return {"id": name, "label": name.title(), "settings": SETTINGS | changed}


def runs(name: str, scores: dict[int, float | None], key: str = "k") -> list[dict[str, Any]]:
    """Runs of a variant with their validation accuracies by seed."""
    return [
        {"seed": seed, "variant": name, "key": f"{key}{seed}", "status": "ok", "final": {"val_accuracy": score}}
        for seed, score in scores.items()
    ]


def finding(rule: str, name: str) -> dict[str, str]:
    return {"rule": rule, "variant": name, "severity": "error", "message": f"It {rule}s."}


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """A report, and the report of the study after a change of the learning rate in one variant."""
    before = report(
        tmp_path / "a",
        [claim("holds"), claim("stays"), claim("old")],
        variants=[variant("tanh"), variant("relu"), variant("gone")],
        runs=[*runs("tanh", {0: 0.5, 1: 0.6, 2: 0.7}), *runs("relu", {0: 0.8, 1: 0.8, 2: None}, "r")],
        findings=[finding("saturate", "tanh"), finding("die", "relu"), finding("fade", "gone")],
    )
    after = report(
        tmp_path / "b",
        [claim("holds", "contradicted", measured=0.05), claim("stays"), claim("new", "inconclusive")],
        variants=[variant("tanh"), variant("relu", **{"training.lr": 0.01}), variant("new")],
        runs=[*runs("tanh", {0: 0.5, 1: 0.6, 2: 0.7}), *runs("relu", {0: 0.9, 1: 0.7, 2: 0.9, 3: 0.9}, "s")],
        findings=[finding("die", "relu"), finding("explode", "relu")],
        provenance={"reportgen": "0.2.0", "train_seconds": 1.0},
    )
    return before, after


def test_all_changes_are_found_and_nothing_else(two: tuple[Path, Path]) -> None:
    found = compare_reports(*two)
    assert [(one.path, one.before, one.after, one.variants) for one in found.settings] == [
        ("training.lr", 0.1, 0.01, ("Relu",))
    ]
    assert (found.gone, found.new) == (("Gone",), ("New",))
    assert found.runs == (6, 3)
    assert [(one.id, one.same, one.lost) for one in found.claims] == [
        ("holds", False, True),
        ("stays", True, False),
        ("old", False, True),
        ("new", False, False),
    ]
    assert [one.rule for one in found.resolved] == ["saturate"]
    assert [one.rule for one in found.appeared] == ["explode"]
    assert dict(found.about) == {"reportgen": (None, "0.2.0")}


def test_scores_are_paired_by_the_seeds_with_a_score_in_both(two: tuple[Path, Path]) -> None:
    [score] = compare_reports(*two).scores
    assert (score.variant, score.score, score.n) == ("Relu", "val_accuracy", 2)
    assert (score.before, score.after) == (pytest.approx(0.8), pytest.approx(0.8))
    assert score.difference == pytest.approx(0, abs=1e-12)
    half = 12.706 * 0.1  # Student's t with one degree of freedom; the standard error of +0.1 and -0.1 is 0.1
    assert score.interval == (pytest.approx(-half, rel=1e-3), pytest.approx(half, rel=1e-3))


def test_runs_that_diverged_have_no_score_and_are_counted(two: tuple[Path, Path]) -> None:
    values = json.loads((two[1] / "results.json").read_text(encoding="utf-8"))
    values["runs"][3]["status"] = "diverged"
    (two[1] / "results.json").write_text(json.dumps(values), encoding="utf-8")
    found = compare_reports(*two)
    assert [(end.variant, end.before, end.after, end.n) for end in found.ends] == [("Relu", 0, 1, 3)]
    assert [(one.before, one.after, one.n) for one in found.scores] == [(0.8, 0.7, 1)]
    assert "    Relu: 0 -> 1 of 3 runs diverged or failed" in [text for _, text in change_lines(found)]


def test_one_seed_has_a_difference_and_no_interval(two: tuple[Path, Path]) -> None:
    before, after = (read_results(folder) for folder in two)
    one = before.model_copy(update={"runs": before.runs[:4]})
    [score] = changes(one, after).scores
    assert (score.n, score.difference) == (1, pytest.approx(0.1))
    assert all(map(math.isnan, score.interval))


def test_a_report_compared_with_itself_has_no_changes(
    two: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "compare", str(two[0]), str(two[0] / "results.json"), "--strict")
    assert code == 0
    assert "scores: 6 of 6 common runs identical" in out
    assert "->" not in out


def test_the_number_of_identical_runs_is_shown(two: tuple[Path, Path]) -> None:
    one = read_results(two[0])
    found = changes(one, one)
    texts = {(1, 1): "1 of 1 common run identical", (3, 2): "2 of 3 common runs identical"}
    for runs, text in texts.items():
        assert f"  scores: {text}" in [line for _, line in change_lines(replace(found, runs=runs))]


def test_reports_with_nothing_in_common_have_no_scores(two: tuple[Path, Path]) -> None:
    one, other = (read_results(folder) for folder in two)
    variants = [variant.model_copy(update={"id": f"{variant.id}-2"}) for variant in other.variants]
    other = other.model_copy(update={"variants": variants, "runs": [], "findings": [], "claims": []})
    lines = [line for _, line in change_lines(changes(one, other))]
    gone = next(line for line in lines if "removed variants" in line)
    assert gone.endswith("; ".join(variant.label for variant in one.variants))  # labels may hold commas
    assert "  findings: the reports have no common variant" in lines
    assert "  scores: the reports have no common run" in lines
    assert any("not claimed" in line for line in lines)


def test_compare_prints_the_changes_with_lost_claims_first(
    two: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "compare", *map(str, two))
    assert code == 0
    lines = [line.strip() for line in out.splitlines()]
    assert lines[2].startswith("supported -> contradicted: holds: 0.500 (0.250 to 0.750), n = 5 -> 0.0500")
    assert "training.lr: 0.1 -> 0.01 (Relu)" in lines
    assert any(line.startswith("Relu: validation accuracy 80.0% -> 80.0%, paired difference") for line in lines)
    assert "resolved: saturate in Tanh: It saturates." in lines
    assert "reportgen unknown -> 0.2.0" in lines
    assert run(capsys, "compare", *map(str, two), "--strict")[0] == 6
    assert run(capsys, "compare", *map(str, reversed(two)), "--strict")[0] == 0


def test_compare_prints_all_changes_as_json(two: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    values = json.loads(run(capsys, "compare", *map(str, two), "--json")[1])
    assert values["runs"] == {"both": 6, "same": 3}
    assert values["lost"] == ["holds", "old"]
    assert [one["id"] for one in values["claims"] if one["before"] is None] == ["new"]
    assert values["scores"][0]["n"] == 2
    assert values["variants"] == {"gone": ["Gone"], "new": ["New"]}
    assert [one["rule"] for one in values["findings"]["appeared"]] == ["explode"]


def test_verdicts_of_a_quick_look_are_not_compared(
    two: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    quick = report(tmp_path / "q", [claim("holds", "inconclusive")], study={"watermark": "A quick look"})
    code, out, _ = run(capsys, "compare", str(two[0]), str(quick), "--strict")
    assert code == 0
    assert "a quick look has no verdicts" in out
    assert "supported ->" not in out


def test_an_argument_must_be_a_single_report(two: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError) as ambiguous:
        compare_reports(two[0].parent, two[1])
    assert (ambiguous.value.code, ambiguous.value.where) == ("ambiguous-argument", str(two[0].parent))
    code, _, err = run(capsys, "compare", str(two[0]), str(two[0] / "nowhere"))
    assert (code, err.count("\n")) == (2, 1)
    (two[1] / "results.json").write_text("{", encoding="utf-8")
    with pytest.raises(ResultsError) as damaged:
        compare_reports(*two)
    assert (damaged.value.code, damaged.value.where) == ("invalid-results", str(two[1] / "results.json"))
    code, out, _ = run(capsys, "compare", *map(str, two), "--json")
    assert json.loads(out) == {"error": damaged.value.values}
    assert code == damaged.value.exit_code
