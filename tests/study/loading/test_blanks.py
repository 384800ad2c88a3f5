"""Blanks of an assignment are refused until they are filled in."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.errors import StudyError
from reportgen.study.loading.blanks import BLANK
from reportgen.study.loading.loader import load_study
from tests.study.texts import SOUND


def test_the_first_blank_is_an_error_that_counts_the_others(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(SOUND + f"student: {BLANK}\ntraining: {{lr: {BLANK}}}\nfigures: [{BLANK}]\n", encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        load_study(path)
    assert (caught.value.code, caught.value.where) == ("not-filled-in", f"{path}:5:10: student")
    assert "2 more" in str(caught.value.hint)


def test_an_override_fills_a_blank(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(SOUND + f"training: {{lr: {BLANK}}}\n", encoding="utf-8")
    assert load_study(path, {"training.lr": 0.5}).runs[0].spec.training.lr == 0.5
    with pytest.raises(StudyError) as caught:
        load_study(path, {"training.lr": 0.5, "title": BLANK})
    assert (caught.value.code, caught.value.where) == ("not-filled-in", "--set title")


def test_a_text_that_mentions_the_blank_is_no_blank(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(SOUND + f"introduction: Replace {BLANK}.\n", encoding="utf-8")
    assert BLANK in load_study(path).study.introduction


def test_blanks_hide_no_other_error(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    claim = f"{{id: a, says: A., predict: {BLANK}, why: {BLANK}, measure: {{metric: no_metric}}, expect: {{above: 1}}}}"
    path.write_text(SOUND + f"student: {BLANK}\ntraining: {{epochs: 1}}\nclaims: [{claim}]\n", encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        load_study(path)
    assert [error.code for error in (caught.value, *caught.value.others)] == ["not-filled-in", "unknown-name"]
