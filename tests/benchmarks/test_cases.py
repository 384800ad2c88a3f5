"""The families of cases are as they should be, and a case that is not what it says fails the command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import benchmarks.diagnosis.__main__ as command
from benchmarks.diagnosis.build import prepare, write_files
from benchmarks.diagnosis.cases import RULE_IDS, Case, load_cases
from benchmarks.diagnosis.result import run
from reportgen.analysis.diagnosis.checks import checks
from reportgen.analysis.diagnosis.rules import RULES
from reportgen.errors import StudyError
from tests.benchmarks.cases import case

ENTRY = "{name: a, plants: b, because: c, study: {data: digits}, shows: [{metric: val_accuracy, above: 0}]"


def test_there_are_as_many_faults_and_controls_as_promised() -> None:
    assert sum(c.faulty for c in load_cases()) >= 40
    assert sum(not c.faulty for c in load_cases()) >= 30


def test_every_rule_of_the_package_can_be_planted() -> None:
    assert {name for name in checks(RULES) if RULES[name].stage != "code"} <= set(RULE_IDS)


def test_cases_are_valid_studies(tmp_path: Path) -> None:
    """A fourth of the cases; `python -m benchmarks.diagnosis` prepares all."""
    write_files(tmp_path)
    for one in load_cases()[::4]:
        prepared = prepare(one, tmp_path)
        assert len(prepared.plan.study.seeds) == 3


@pytest.mark.parametrize(
    ("kind", "entry", "code", "name"),
    [
        ("fault", ENTRY + ", must: [vanishing_unicorns]}", "unknown-name", "vanishing_unicorns"),
        ("fault", ENTRY + "}", "missing-key", "must"),
        ("fault", ENTRY + ", must: [saturation], must_not: [saturation]}", "conflicting-settings", "must_not"),
        ("fault", ENTRY + ", must: [saturation], mst: 1}", "unknown-key", "mst"),
        ("control", ENTRY + ", may: [saturation]}", "unknown-key", "may"),
        ("control", "{name: a, plants: b}", "missing-key", "because"),
        ("illness", ENTRY + "}", "unknown-value", "illness"),
    ],
)
def test_an_invalid_case_is_an_error(tmp_path: Path, kind: str, entry: str, code: str, name: str) -> None:
    (tmp_path / "x.yaml").write_text(f"family: x\nkind: {kind}\ncases:\n  - {entry}\n", encoding="utf-8")
    with pytest.raises(StudyError, match=name) as caught:
        load_cases(tmp_path)
    assert caught.value.code == code


def small(name: str, must: str, *shows: dict[str, Any]) -> Case:
    return case(name, must=must, shows=shows, twin={"training.lr": 0.0})


def test_checks_hold_the_case_to_what_it_says(tmp_path: Path) -> None:
    true = small("true", "", {"metric": "val_accuracy", "above": 0.9, "near_twin": 0.0})
    false = small("false", "no_signal", {"metric": "val_accuracy", "worse_than_twin_by": 0.1})
    result = run([true, false], tmp_path)
    assert result.invalid == ("false",)
    assert [c.name for c in result.valid("both")] == ["true"]
    assert result.trained == 6


def test_nothing_is_trained_twice(tmp_path: Path) -> None:
    one = small("one", "", {"metric": "val_accuracy", "above": 0.5})
    assert run([one], tmp_path).trained == 6
    assert run([one], tmp_path).trained == 0


@pytest.mark.parametrize(("bound", "code"), [(0.5, 0), (1.5, 1)])
def test_an_invalid_case_fails_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], bound: float, code: int
) -> None:
    one = small("one", "", {"metric": "val_accuracy", "above": bound})
    monkeypatch.setattr(command, "load_cases", lambda: (one,))
    target = tmp_path / "out.json"
    assert command.main(["--folder", str(tmp_path / "runs"), "--json", str(target), "--jobs", "1"]) == code
    assert target.exists() == (code == 0)
    assert ("val_accuracy above" in capsys.readouterr().err) == (code == 1)


def test_a_check_without_its_twin_is_an_error(tmp_path: Path) -> None:
    lone = case("lone", shows=({"metric": "val_accuracy", "near_twin": 0.1},))
    with pytest.raises(StudyError) as caught:
        run([lone], tmp_path)
    assert (caught.value.code, caught.value.where) == ("missing-counterpart", "lone")


def test_what_is_published_comes_of_everything() -> None:
    with pytest.raises(SystemExit):
        command.main(["--publish", "--half", "tuning"])
