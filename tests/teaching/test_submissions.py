"""Folders that students handed in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reportgen.errors import StudyError, UsageError
from reportgen.teaching.submissions import find_submissions, paths_outside
from tests.odd_files import ODD


def report(folder: Path, study: str = "title: T\n") -> Path:
    folder.mkdir(parents=True)
    (folder / "results.json").write_text("{}", encoding="utf-8")
    (folder / "study.yaml").write_text(study, encoding="utf-8")
    return folder


def found(*arguments: Path) -> dict[str, list[Path]]:
    return {submission.folder.name: list(submission.reports) for submission in find_submissions(arguments)}


def test_a_folder_with_subfolders_of_students(tmp_path: Path) -> None:
    ann, bob = report(tmp_path / "ann" / "reports" / "act"), report(tmp_path / "bob")
    (tmp_path / "cyd").mkdir()
    (tmp_path / ".git").mkdir()
    assert found(tmp_path) == {"ann": [ann], "bob": [bob], "cyd": []}


def test_one_folder_for_each_student(tmp_path: Path) -> None:
    ann = report(tmp_path / "ann" / "deep" / "act")
    (tmp_path / "bob" / "data").mkdir(parents=True)
    assert found(tmp_path / "ann", tmp_path / "bob", tmp_path / "ann") == {"ann": [ann], "bob": []}


def test_a_report_itself_and_its_runs(tmp_path: Path) -> None:
    ann = report(tmp_path / "ann")
    report(ann / "runs" / "abc")
    assert found(ann) == {"ann": [ann]}


def test_several_reports_of_a_student(tmp_path: Path) -> None:
    first, second = report(tmp_path / "ann" / "x" / "one"), report(tmp_path / "ann" / "x" / "two")
    assert found(tmp_path / "ann") == {"ann": [first, second]}


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        found(tmp_path / "none")
    assert (caught.value.code, caught.value.where) == ("file-not-found", str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("study", "outside"),
    [
        ("data: {path: data/own.csv}", []),
        ("data: {path: ../own.csv}", ["../own.csv"]),
        ("data: {path: data/none.csv}", ["data/none.csv"]),
        ("data: {path: data/link.csv}", ["data/link.csv"]),
        ("vary: {data.path: [data/own.csv, {value: /x.csv, label: a.csv}]}", ["/x.csv"]),
        ("vary: {data.path: [{value: data/own.csv, label: one, id: y}]}", []),
        ("variants: {label: {data.path: ../l.csv}, id: {data.path: ../i.csv}}", ["../i.csv", "../l.csv"]),
        ("variants: {a: {data: {name: csv, path: ../b.csv}}}", ["../b.csv"]),
        ("search: {data.path: {choices: [data/own.csv, ../d.csv]}}", ["../d.csv"]),
        ("claims: [{where: {data.path: ../c.csv}}]", []),
        ("data: moons", []),
    ],
)
def test_paths_of_data_outside_of_a_report(tmp_path: Path, study: str, outside: list[str]) -> None:
    folder = report(tmp_path / "ann", study)
    (folder / "data").mkdir()
    for path in (tmp_path / "own.csv", folder / "data" / "own.csv"):
        path.write_text("a", encoding="utf-8")
    (folder / "data" / "link.csv").symlink_to(tmp_path / "own.csv")
    assert paths_outside(folder) == outside


@pytest.mark.parametrize("name", ["study.yaml", "results.json", "runs", "tables"])
def test_a_link_out_of_a_report_is_found_before_it_is_read(tmp_path: Path, name: str) -> None:
    folder = report(tmp_path / "ann")
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(tmp_path / "elsewhere")
    (folder / "inside.yaml").symlink_to(folder / "kept.txt")
    assert name in paths_outside(folder)


def test_a_report_without_a_study_is_an_error(tmp_path: Path) -> None:
    (report(tmp_path / "ann") / "study.yaml").unlink()
    with pytest.raises(StudyError) as caught:
        paths_outside(tmp_path / "ann")
    assert caught.value.code == "unreadable-file"


@pytest.mark.parametrize("odd", ODD)
def test_a_study_that_is_no_small_file_is_not_read(tmp_path: Path, odd: Callable[[Path], None]) -> None:
    odd(report(tmp_path / "ann") / "study.yaml")
    with pytest.raises(StudyError) as caught:
        paths_outside(tmp_path / "ann")
    assert caught.value.code == "unreadable-file"


@pytest.mark.parametrize("odd", ODD)
def test_data_that_are_no_small_file_are_no_copy(tmp_path: Path, odd: Callable[[Path], None]) -> None:
    folder = report(tmp_path / "ann", "data: {path: own.csv}")
    odd(folder / "own.csv")
    assert paths_outside(folder) == ["own.csv"]
