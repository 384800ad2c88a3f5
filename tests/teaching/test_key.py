"""The key of an assignment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reportgen.errors import StudyError
from reportgen.teaching.key import read_key, write_key
from tests.odd_files import ODD
from tests.teaching.course import hand_out, replace, write_course


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return hand_out(tmp_path, ["training.lr:low"])[1]


def error(path: Path) -> StudyError:
    with pytest.raises(StudyError) as caught:
        read_key(path)
    return caught.value


def test_a_written_key_reads_as_the_same_key(key: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.yaml"
    again.write_text(write_key(read_key(key)), encoding="utf-8")
    assert read_key(again) == read_key(key)
    assert again.read_bytes() == key.read_bytes()


def test_the_lecturer_changes_points_and_weights(key: Path) -> None:
    replace(key, "report: 2.0", "report: 5")
    replace(key, "weight: 1.0", "weight: 0.5")
    assert (read_key(key).points.report, read_key(key).claims[0].weight) == (5, 0.5)


def test_a_changed_part_that_grading_needs_is_refused(key: Path) -> None:
    replace(key, "seeds: 3", "seeds: 4")
    assert error(key).code == "invalid-key"


def test_files_that_are_no_key(key: Path, tmp_path: Path) -> None:
    assert error(tmp_path / "none.yaml").code == "file-not-found"
    assert error(tmp_path).code == "unreadable-file"
    assert error(write_course(tmp_path / "other")).code == "invalid-key"
    key.write_bytes(b"\xff")
    assert error(key).code == "invalid-key"
    key.write_text("[", encoding="utf-8")
    assert error(key).code == "invalid-yaml"


@pytest.mark.parametrize("odd", ODD)
def test_a_key_that_is_no_small_file_is_not_read(tmp_path: Path, odd: Callable[[Path], None]) -> None:
    odd(tmp_path / "key.yaml")
    assert error(tmp_path / "key.yaml").code == "unreadable-file"


@pytest.mark.parametrize(
    ("old", "new", "code", "place"),
    [
        ("version: 1", "version: 2", "unknown-value", "version"),
        ("report: 2.0", "report: -1", "out-of-range", "points.report"),
        ("report: 2.0", "reports: 2.0", "unknown-key", "points.reports"),
        ("claims: [low]", "claims: [lowest]", "unknown-name", "gaps[0].claims[0]"),
        ("seeds: 3", "seeds: three", "wrong-type", "seeds"),
    ],
)
def test_wrong_values_are_errors_at_their_place(key: Path, old: str, new: str, code: str, place: str) -> None:
    replace(key, old, new)
    found = error(key)
    assert (found.code, str(found.where).rpartition(": ")[2]) == (code, place)
