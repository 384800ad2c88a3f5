"""The id of a student, which determines the seeds, and predictions of claims."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from reportgen.errors import StudyError
from reportgen.study.loading.loader import dump_study, load_study
from reportgen.study.loading.overrides import parse_set
from reportgen.study.model.student import student_seeds
from reportgen.study.planning.plan import Plan
from tests.study.texts import SOUND

CLAIM = "claims: [{id: a, says: S, measure: {metric: val_loss}, expect: {above: 0}, %s}]\n"


def load(folder: Path, text: str, **overrides: Any) -> Plan:
    path = folder / "s.yaml"
    path.write_text(SOUND + text, encoding="utf-8")
    return load_study(path, overrides)


def error(folder: Path, text: str, **overrides: Any) -> StudyError:
    with pytest.raises(StudyError) as caught:
        load(folder, text, **overrides)
    return caught.value


def test_a_seed_is_a_hash_of_the_id_and_its_number() -> None:
    first, second = (
        int.from_bytes(hashlib.sha256(f"reportgen student ann {i}".encode()).digest()[:4], "big") for i in (0, 1)
    )
    assert student_seeds("ann", 2) == (first, second)
    assert student_seeds("Ann", 2) == (first, second)


def test_more_seeds_continue_the_list_and_students_share_none() -> None:
    assert student_seeds("ann", 9)[:3] == student_seeds("ann", 3)
    assert len(set(student_seeds("ann", 1000))) == 1000
    assert not {*student_seeds("ann", 500)} & {*student_seeds("bob", 500)}


def test_the_student_determines_the_seeds_of_a_study(tmp_path: Path) -> None:
    assert load(tmp_path, "student: ann\n").study.seeds == student_seeds("ann", 5)
    plan = load(tmp_path, "student: ann\nseeds: 2\n")
    assert [run.seed for run in plan.runs] == [*student_seeds("ann", 2)]
    assert load(tmp_path, "student: ann\nseeds: 2\n", seeds=3).study.seeds == student_seeds("ann", 3)


def test_a_whole_number_is_an_id(tmp_path: Path) -> None:
    study = load(tmp_path, "student: 20231234\n").study
    assert (study.student, study.seeds) == ("20231234", student_seeds("20231234", 5))


def test_without_a_student_nothing_changes(tmp_path: Path) -> None:
    study = load(tmp_path, "").study
    assert (study.student, study.seeds, study.copy_data) == (None, (0, 1, 2, 3, 4), True)
    assert "student" not in dump_study(study)


def test_a_dump_with_a_student_loads_as_the_same_study(tmp_path: Path) -> None:
    study = load(tmp_path, "student: ann\nseeds: 3\ncopy_data: false\n" + CLAIM % "predict: contradicted, why: W").study
    (tmp_path / "again.yaml").write_text(dump_study(study), encoding="utf-8")
    again = load_study(tmp_path / "again.yaml").study
    for name in ("student", "seeds", "copy_data", "claims"):
        assert getattr(again, name) == getattr(study, name)
    assert (again.claims[0].predict, again.claims[0].why) == ("contradicted", "W")


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("student: ''", "empty-value", "5:10: student"),
        ("student: a b", "invalid-name", "5:10: student"),
        ("student: ../a", "invalid-name", "5:10: student"),
        (f"student: {'a' * 101}", "invalid-name", "5:10: student"),
        ("student: true", "wrong-type", "5:10: student"),
        ("student: [a]", "wrong-type", "5:10: student"),
        ("student: ann\nseeds: [0, 1]", "conflicting-settings", "6:8: seeds"),
        ("student: ann\nseeds: 0", "out-of-range", "6:8: seeds"),
        ("copy_data: 1", "wrong-type", "5:12: copy_data"),
        (CLAIM % "predict: maybe", "unknown-value", "5:85: claims[0].predict"),
        (CLAIM % "why: ''", "empty-value", "5:81: claims[0].why"),
    ],
)
def test_wrong_values_are_errors_at_their_place(tmp_path: Path, text: str, code: str, place: str) -> None:
    found = error(tmp_path, text + "\n")
    assert (found.code, found.where) == (code, f"{tmp_path / 's.yaml'}:{place}")


def test_seeds_on_the_command_line_exclude_a_student(tmp_path: Path) -> None:
    found = error(tmp_path, "student: ann\n", seeds=[0, 1])
    assert (found.code, found.where) == ("conflicting-settings", "--set seeds")


def test_predictions_do_not_change_the_keys_of_runs(tmp_path: Path) -> None:
    plain, predicted = load(tmp_path, CLAIM % "note: N"), load(tmp_path, CLAIM % "predict: supported, why: W")
    assert [run.spec.key("f") for run in plain.runs] == [run.spec.key("f") for run in predicted.runs]


@pytest.mark.parametrize("text", ["0123", "007", "1e5", "0x1F", "0o17", "1.50", "0123456789"])
def test_an_id_is_the_text_in_the_file(tmp_path: Path, text: str) -> None:
    study = load(tmp_path, f"student: {text}\n").study
    assert (study.student, study.seeds) == (text, student_seeds(text, 5))
    copy = tmp_path / "copy.yaml"
    copy.write_text(dump_study(study), encoding="utf-8")
    assert load_study(copy).study.student == text
    path, value = parse_set(f"student={text}")
    assert load(tmp_path, "student: ann\n", **{path: value}).study.student == text
