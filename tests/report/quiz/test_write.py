"""The files of a quiz, and the format `quiz` of a report."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from reportgen.errors import MissingError
from reportgen.report.media import pdf
from reportgen.report.quiz import qti12
from reportgen.report.quiz.write import write_quiz
from reportgen.workflow.run import render_study
from tests.report.quiz.quizzes import QUIZ

WITHOUT_LIBRARY = ["quiz-moodle.xml", "quiz-qti-2.1.zip", "quiz.html", "quiz.json"]


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(qti12, "package", lambda quiz: b"")
    write_quiz(QUIZ, tmp_path)
    return (tmp_path / "quiz.html").read_text(encoding="utf-8")


def test_the_page_has_a_choice_and_a_folded_verdict_for_each_question(page: str) -> None:
    assert len(re.findall(r'<input type="radio"', page)) == 6
    assert re.findall(r'name="([^"]*)" value="([^"]*)" class="right"', page) == [
        ("claim-low", "supported"),
        ("claim-1-high", "contradicted"),
    ]
    assert page.count("<details>") == page.count("<fieldset") == 2
    assert page.count("<legend>") == 2


def test_the_page_needs_no_script_and_loads_nothing(page: str) -> None:
    assert "<script" not in page
    assert "src=" not in page
    assert "A &amp; B: &lt;b&gt;" in page
    assert "<i>" not in page


def missing(quiz: object) -> bytes:
    raise MissingError("missing-library", "no text2qti")


def test_without_text2qti_everything_else_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qti12, "package", missing)
    with pytest.raises(MissingError):
        write_quiz(QUIZ, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == WITHOUT_LIBRARY


@pytest.fixture
def report(finished_rates: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished_rates, tmp_path / "rates"))


def test_a_report_has_a_quiz_if_it_is_asked_for(report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qti12, "package", lambda quiz: b"archive")
    render_study(report / "study.yaml", formats=["json"])
    assert not (report / "quiz").exists()
    render_study(report / "study.yaml", formats=["quiz"])
    assert sorted(path.name for path in (report / "quiz").iterdir()) == sorted(["quiz-qti-1.2.zip", *WITHOUT_LIBRARY])
    assert not (report / "figures").exists()


def test_a_missing_library_is_part_of_the_outcome(report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qti12, "package", missing)
    found = render_study(report / "study.yaml", formats=["quiz"])
    assert found.missing is not None
    assert found.missing.code == "missing-library"
    assert sorted(path.name for path in (report / "quiz").iterdir()) == WITHOUT_LIBRARY


def test_two_missing_libraries_are_both_part_of_the_outcome(report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise MissingError("missing-library", "no Pango")

    monkeypatch.setattr(qti12, "package", missing)
    monkeypatch.setattr(pdf, "weasyprint", fail)
    found = render_study(report / "study.yaml", formats=["quiz", "slides"]).missing
    assert found is not None
    assert [error.message for error in (found, *found.others)] == ["no Pango", "no text2qti"]


def test_a_study_without_claims_has_no_quiz_and_says_so(report: Path) -> None:
    study = report / "study.yaml"
    text = study.read_text(encoding="utf-8")
    study.write_text(re.sub(r"claims:\n(- .*\n|  .*\n)+", "claims: []\n", text), encoding="utf-8")
    found = render_study(study, formats=["quiz"])
    assert len(found.left_out) == 1
    assert not (report / "quiz").exists()
