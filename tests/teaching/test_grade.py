"""Grades of the reports that students hand in."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from reportgen.disk import checksum
from reportgen.engine import spec
from reportgen.errors import MissingError
from reportgen.runs.arrays import pack, unpack
from reportgen.study.model.student import student_seeds
from reportgen.teaching.grade import grade_folders
from reportgen.teaching.grades import PROBLEMS, Grade
from reportgen.teaching.key import Key, read_key
from tests.odd_files import ODD, sparse
from tests.teaching.course import OWN, edit, hand_in, hand_out, replace


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key and the reports of two students."""
    folder = tmp_path_factory.mktemp("course")
    assignment, _ = hand_out(folder, ["training.lr:low"])
    hand_in(assignment, folder, "ann")
    hand_in(assignment, folder, "bob", lr=0.5, own=OWN)
    return folder


@pytest.fixture
def handed_in(course: Path, tmp_path: Path) -> Path:
    """The folder of the reports, which a test may change."""
    shutil.copytree(course / "handed-in", tmp_path / "all")
    return tmp_path / "all"


@pytest.fixture
def key(course: Path) -> Key:
    return read_key(course / "key.yaml")


def grades(key: Key, *folders: Path, retrain: int = 0) -> dict[str, Grade]:
    found = grade_folders(folders, key, lambda line: None, retrain)
    names = [grade.student for grade in found]
    assert len(set(names)) == len(names)
    return dict(zip(names, found, strict=True))


def problems(grade: Grade) -> list[str]:
    found = [problem.name for problem in grade.problems]
    assert set(found) <= set(PROBLEMS)
    return found


def test_reports_get_points_for_each_part(handed_in: Path, key: Key) -> None:
    found = grades(key, handed_in)
    parts = ("report", "predictions", "right", "gaps", "own_claims")
    assert [found["ann"].part(part) for part in parts] == [2, 2, 1, 2, 0]
    assert [found["bob"].part(part) for part in parts] == [2, 2, 1, 2, 1]
    assert (found["ann"].points, found["ann"].most, found["bob"].points) == (7, 9, 8)
    assert problems(found["ann"]) == problems(found["bob"]) == []
    assert [claim.result.verdict for claim in found["ann"].claims] == ["supported", "contradicted"]


def test_the_seeds_are_those_of_the_student(handed_in: Path, key: Key) -> None:
    assert grades(key, handed_in / "ann")["ann"].seeds == set(student_seeds("ann", 3))


def test_weights_scale_the_points_of_a_claim(handed_in: Path, key: Key) -> None:
    heavy = key.claims[1].model_copy(update={"weight": 3.0})
    points = key.points.model_copy(update={"right": 0.5, "own_claims": 0, "report": 0.0})
    weighted = key.model_copy(update={"claims": [key.claims[0], heavy], "points": points})
    ann = grades(weighted, handed_in / "ann")["ann"]
    assert (ann.part("predictions"), ann.part("right"), ann.most) == (4, 0.5, 4 + 2 + 2)


def test_a_missing_prediction_costs_its_points(course: Path, handed_in: Path, key: Key) -> None:
    report = handed_in / "bob" / "act"
    study = report / "study.yaml"
    text = study.read_text(encoding="utf-8").replace("  predict: supported\n  why: Because.\n", "  why: Because.\n", 1)
    study.write_text(text, encoding="utf-8")
    edit(report / "results.json", lambda values: values["claims"][0].pop("predict"))
    bob = grades(key, handed_in / "bob")["bob"]
    assert (problems(bob), bob.part("predictions"), bob.part("right")) == ([], 1, 0)


def _edited_verdict(report: Path) -> None:
    edit(report / "results.json", lambda values: values["claims"][1].update(verdict="supported"))


def _edited_table(report: Path) -> None:
    replace(report / "tables" / "claims.csv", "contradicted", "supported")


def _edited_record(report: Path) -> None:
    edit(next((report / "runs").iterdir()) / "run.json", lambda values: values["final"].update(train_loss=0.0))


def _missing_record(report: Path) -> None:
    shutil.rmtree(next((report / "runs").iterdir()))


def _edited_prediction(report: Path) -> None:
    replace(report / "study.yaml", "predict: supported", "predict: contradicted")


def _other_engine(report: Path) -> None:
    for folder in (report / "runs").iterdir():
        edit(folder / "run.json", lambda values: values.update(engine=spec.ENGINE_VERSION - 1))


def _changed_study(report: Path) -> None:
    replace(report / "study.yaml", "batch_size: 16", "batch_size: 8")


def _other_student(report: Path) -> None:
    replace(report / "study.yaml", "student: ann", "student: cyd")


def _no_student(report: Path) -> None:
    replace(report / "study.yaml", "student: ann\n", "")


def _invalid_study(report: Path) -> None:
    replace(report / "study.yaml", "student: ann", "student: FILL-IN")


def _no_data(report: Path) -> None:
    shutil.rmtree(report / "data")


def _other_data(report: Path) -> None:
    replace(report / "data" / "own.csv", "3,3,a", "3,3,b")


def _damaged_results(report: Path) -> None:
    (report / "results.json").write_text("{", encoding="utf-8")


def _no_report(report: Path) -> None:
    (report / "results.json").unlink()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_edited_verdict, ["differs"]),
        (_edited_table, ["differs"]),
        (_edited_record, ["differs"]),
        (_missing_record, ["differs"]),
        (_edited_prediction, ["differs"]),
        (_other_engine, ["other-engine"]),
        (_changed_study, ["changed", "differs"]),
        (_other_student, ["other-seeds"]),
        (_no_student, ["no-student", "differs"]),
        (_invalid_study, ["not-readable"]),
        (_no_data, ["no-data"]),
        (_other_data, ["other-data", "differs"]),
        (_damaged_results, ["not-readable"]),
        (_no_report, ["no-report"]),
    ],
)
def test_a_report_with_a_problem_gets_no_points(
    handed_in: Path, key: Key, change: Callable[[Path], None], expected: list[str]
) -> None:
    change(handed_in / "ann" / "act")
    [ann] = grades(key, handed_in / "ann").values()
    assert problems(ann) == expected
    assert (ann.points, ann.most) == (0, 9)


def test_a_problem_does_not_stop_the_others(handed_in: Path, key: Key) -> None:
    _damaged_results(handed_in / "ann" / "act")
    (handed_in / "cyd").mkdir()
    found = grades(key, *handed_in.iterdir())
    assert {name: grade.points for name, grade in found.items()} == {"ann": 0, "bob": 8, "cyd": 0}


ODD_FILES = [
    ("study.yaml", "not-readable"),
    ("results.json", "not-readable"),
    ("tables/runs.csv", "differs"),
    ("data/own.csv", "no-data"),
    ("runs/*/run.json", "differs"),
    ("runs/*/arrays.npz", "differs"),
]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(("name", "expected"), ODD_FILES)
def test_a_file_that_cannot_be_read_does_not_stop_the_class(
    handed_in: Path, key: Key, name: str, expected: str, odd: Callable[[Path], None]
) -> None:
    odd(sorted((handed_in / "ann" / "act").glob(name))[0])
    found = grades(key, *handed_in.iterdir())
    is_absent = name == "results.json" and odd is not sparse
    assert problems(found["ann"]) == ["no-report" if is_absent else expected]
    assert found["bob"].points == 8


def test_an_error_inside_a_damaged_report_is_a_problem(handed_in: Path, key: Key, monkeypatch) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise KeyError("arrays")

    monkeypatch.setattr("reportgen.teaching.grade.verify_report", fail)
    assert problems(grades(key, handed_in / "ann")["ann"]) == ["not-readable"]


def test_data_that_the_lecturer_lacks_are_no_fault_of_the_report(handed_in: Path, key: Key, monkeypatch) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise MissingError("missing-data", "files of mnist are missing")

    monkeypatch.setattr("reportgen.teaching.grade.verify_report", fail)
    assert problems(grades(key, handed_in / "ann")["ann"]) == ["not-here"]


def test_the_report_of_another_study_is_named(course: Path, handed_in: Path, key: Key) -> None:
    claims = [claim.model_copy(update={"id": f"other-{claim.id}"}) for claim in key.claims]
    other = key.model_copy(update={"claims": claims, "gaps": [], "title": "Another"})
    ann = grades(other, handed_in / "ann")["ann"]
    assert problems(ann) == ["other-study"]
    assert "Another" in ann.problems[0].text


def test_a_quick_look_is_not_graded(course: Path, tmp_path: Path, key: Key) -> None:
    from reportgen.workflow.run import run_study
    from tests.teaching.course import fill_in

    shutil.copytree(course / "hw", tmp_path / "hw")
    fill_in(tmp_path / "hw" / "act.yaml", "ann")
    report = run_study(tmp_path / "hw" / "act.yaml", output=tmp_path, formats=["json"], quick=True).folder
    assert "quick" in problems(grades(key, report)["ann"])


def test_copied_records_are_named_for_the_lecturer_only(handed_in: Path, key: Key) -> None:
    shutil.copytree(handed_in / "ann", handed_in / "cyd")
    _other_student(handed_in / "cyd" / "act")
    found = grades(key, handed_in)
    assert problems(found["cyd"]) == ["other-seeds", "same-records"]
    assert problems(found["ann"]) == []
    assert "ann" in found["cyd"].problems[0].detail
    assert not any("ann" in problem.text for problem in found["cyd"].problems)


@pytest.mark.parametrize("place", ["again", "ann/x/again"])
def test_the_newest_report_of_a_student_counts(handed_in: Path, key: Key, place: str) -> None:
    older, newer = handed_in / "ann" / "act", handed_in / place
    shutil.copytree(older, newer)
    os.utime(older / "results.json", (1, 1))
    ann = grades(key, handed_in)["ann"]
    assert (problems(ann), ann.points, ann.folder, ann.not_counted) == ([], 7, newer, (older,))
    assert ann.note
    assert "again" not in ann.note


@pytest.mark.parametrize("change", [_edited_verdict, _damaged_results, _no_student, _other_engine])
def test_a_report_without_a_problem_counts_before_newer_ones(
    handed_in: Path, key: Key, change: Callable[[Path], None]
) -> None:
    shutil.copytree(handed_in / "ann" / "act", handed_in / "ann" / "x" / "again")
    change(handed_in / "ann" / "x" / "again")
    ann = grades(key, handed_in)["ann"]
    assert (problems(ann), ann.folder, len(ann.not_counted)) == ([], handed_in / "ann" / "act", 1)


def test_a_folder_with_the_reports_of_two_students_has_two_grades(handed_in: Path, key: Key) -> None:
    assert {name: grade.points for name, grade in grades(key, handed_in / "ann").items()} == {"ann": 7}
    shutil.move(handed_in / "bob" / "act", handed_in / "ann" / "bob")
    assert {name: grade.points for name, grade in grades(key, handed_in / "ann").items()} == {"ann": 7, "bob": 8}


def forge(report: Path, factor: float) -> None:
    """Change the losses of all runs, with checksums that agree."""
    for head in report.glob("runs/*/run.json"):
        arrays = {name: array.copy() for name, array in unpack((head.parent / "arrays.npz").read_bytes()).items()}
        arrays["step_loss"] *= factor
        content = pack(arrays)
        (head.parent / "arrays.npz").write_bytes(content)
        values = json.loads(head.read_text(encoding="utf-8"))
        values["arrays_sha256"] = hashlib.sha256(content).hexdigest()
        head.write_text(json.dumps(values | {"checksum": checksum(values)}), encoding="utf-8")


def test_training_again_finds_forged_records(handed_in: Path, key: Key) -> None:
    assert problems(grades(key, handed_in / "ann", retrain=2)["ann"]) == []
    forge(handed_in / "ann" / "act", 1.01)
    assert problems(grades(key, handed_in / "ann")["ann"]) == []
    assert problems(grades(key, handed_in / "ann", retrain=1)["ann"]) == ["not-reproduced"]


def test_the_docs_explain_every_problem() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "assignments.md").read_text(encoding="utf-8")
    table = text.partition("### Problems")[2].partition("### Gradescope")[0]
    assert [name for name in PROBLEMS if f"`{name}`" not in table] == []
