"""The files with the grades."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from reportgen.errors import UsageError
from reportgen.teaching.grades import Grade, Item, Problem
from reportgen.teaching.key import Key, read_key
from reportgen.teaching.write import folder_names, write_grades
from tests.teaching.course import hand_out

ITEMS = (Item("report", "", 2.0, 2.0, "agrees"), Item("right", "low", 0.0, 1.0, "predicted <b>, the verdict is c"))


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Key:
    return read_key(hand_out(tmp_path_factory.mktemp("key"))[1])


def test_the_table_has_a_row_for_each_student(tmp_path: Path, key: Key) -> None:
    refused = Grade("=2+2", Path("-x"), (Problem("differs", "differs", "@x"),), ITEMS)
    table = write_grades([Grade("ann", Path("in/ann"), (), ITEMS), refused], key, tmp_path / "grades")
    ann, other = list(csv.DictReader(table.open(encoding="utf-8", newline="")))
    assert (ann["student"], ann["points"], ann["most"], ann["report"], ann["problems"]) == (
        "ann",
        "2.0",
        "3.0",
        "2.0",
        "",
    )
    assert (other["student"], other["folder"], other["points"]) == ("'=2+2", "'-x", "0.0")
    assert other["problems"] == "differs: differs (@x)"


def test_gradescope_gets_the_points_of_each_part(tmp_path: Path, key: Key) -> None:
    write_grades([Grade("ann", Path("ann"), (), ITEMS)], key, tmp_path)
    results = json.loads((tmp_path / "ann" / "results.json").read_text(encoding="utf-8"))
    assert results["score"] == 2
    assert [(test["score"], test["max_score"], test["status"]) for test in results["tests"]] == [
        (2, 2, "passed"),
        (0, 1, "failed"),
    ]


def test_the_student_reads_problems_without_details(tmp_path: Path, key: Key) -> None:
    grade = Grade("ann", Path("ann"), (Problem("same-records", "another student", "bob in secret"),), ITEMS)
    write_grades([grade], key, tmp_path)
    for name in ("feedback.html", "results.json"):
        text = (tmp_path / "ann" / name).read_text(encoding="utf-8")
        assert "nother student" in text
        assert "secret" not in text
    assert json.loads((tmp_path / "ann" / "results.json").read_text(encoding="utf-8"))["score"] == 0


def test_texts_of_students_are_escaped_in_the_page(tmp_path: Path, key: Key) -> None:
    write_grades([Grade("<i>ann", Path("ann"), (), ITEMS)], key, tmp_path)
    text = (tmp_path / "i-ann" / "feedback.html").read_text(encoding="utf-8")
    assert "<i>" not in text
    assert "predicted &lt;b&gt;" in text


def test_folders_have_safe_names_that_differ() -> None:
    found = folder_names([Grade(name, Path(name)) for name in ("ann", "Ann", "..", "a/b", "é", "Grades.csv")])
    assert found == ["ann", "Ann-2", "folder", "a-b", "folder-2", "Grades.csv-2"]


def test_a_file_in_the_place_of_the_grades_is_an_error(tmp_path: Path, key: Key) -> None:
    (tmp_path / "grades").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        write_grades([], key, tmp_path / "grades")
    assert caught.value.code == "not-writable"
