"""The verbs assignment and grade."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from reportgen.runs import executors
from tests.cli.test_main import run
from tests.teaching.course import fill_in, hand_in, write_course


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_course(tmp_path / "course")
    return tmp_path


def test_from_the_assignment_to_the_grades(here: Path, capsys) -> None:
    code, out, _ = run(
        capsys, "assignment", "course/act.yaml", "-o", "hw", "--key", "key.yaml", "--gap", "training.lr:low"
    )
    assert code == 0
    assert out.splitlines() == ["hw/act.yaml", "hw/README.md", "hw/data/own.csv", "key: key.yaml"]
    code, _, err = run(capsys, "check", "hw/act.yaml")
    assert (code, err.count("\n")) == (3, 1)
    hand_in(Path("hw"), here, "ann")
    (here / "handed-in" / "bob").mkdir()
    code, out, _ = run(capsys, "grade", "handed-in/ann", "handed-in/bob", "--key", "key.yaml")
    assert code == 3  # for bob, without a report
    assert out.splitlines()[0] == "ann: 7 of 9 points"
    assert out.splitlines()[-1] == "grades: grades/grades.csv"
    rows = list(csv.DictReader(Path("grades/grades.csv").read_text(encoding="utf-8").splitlines()))
    assert [(row["student"], row["points"]) for row in rows] == [("ann", "7.0"), ("bob", "0.0")]
    assert Path("grades/ann/feedback.html").is_file()
    assert json.loads(Path("grades/ann/results.json").read_text(encoding="utf-8"))["score"] == 7


def test_grades_as_json(here: Path, capsys) -> None:
    run(capsys, "assignment", "course/act.yaml", "-o", "hw", "--key", "key.yaml")
    (here / "bob").mkdir()
    code, out, _ = run(capsys, "grade", "bob", "--key", "key.yaml", "--json")
    [bob] = json.loads(out)
    assert (code, bob["student"], bob["points"]) == (3, "bob", 0)
    assert [problem["name"] for problem in bob["problems"]] == ["no-report"]


def test_check_accepts_the_filled_in_study(here: Path, capsys) -> None:
    run(capsys, "assignment", "course/act.yaml", "-o", "hw", "--key", "key.yaml")
    fill_in(Path("hw/act.yaml"), "ann")
    assert run(capsys, "check", "hw/act.yaml")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("assignment", "nothing.yaml"), 3, "file-not-found"),
        (("grade", "none", "--key", "course/act.yaml", "--json"), 3, "invalid-key"),
        (("grade", "none", "--key", "none.yaml", "--json"), 3, "file-not-found"),
        (("grade", "course", "--json"), 2, "invalid-usage"),
    ],
)
def test_wrong_arguments_are_errors_of_one_line(here: Path, capsys, arguments, code: int, error: str) -> None:
    found, out, err = run(capsys, *arguments)
    assert found == code
    if "--json" in arguments:
        assert json.loads(out)["error"]["code"] == error
    else:
        assert err.count("\n") == 1


def test_nothing_is_trained_by_assignment_and_grade(here: Path, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    run(capsys, "assignment", "course/act.yaml", "-o", "hw", "--key", "key.yaml")
    hand_in(Path("hw"), here, "ann")

    def fail(*arguments: object) -> None:
        raise AssertionError("a run is trained")

    monkeypatch.setattr(executors, "train", fail)
    assert run(capsys, "grade", "handed-in", "--key", "key.yaml")[0] == 0
