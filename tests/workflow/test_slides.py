"""The format "slides" of a report: written on request, and removed when it no longer fits the results."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.errors import MissingError, UsageError
from reportgen.report.media import pdf
from reportgen.workflow.request import DEFAULT_FORMATS, FORMATS, check_formats
from reportgen.workflow.run import run_study

FOLDER = Path("reports/rates")


def test_slides_are_written_on_request_only(finished) -> None:
    assert set(FORMATS) - set(DEFAULT_FORMATS) == {"slides", "quiz"}
    run_study("rates.yaml", formats=["slides"])
    assert {path.name for path in (FOLDER / "slides").iterdir()} == {
        "figures",
        "slides.pdf",
        "slides-quarto.qmd",
        "slides-beamer.tex",
    }
    assert not (FOLDER / "index.html").exists()


def test_slides_stay_until_the_results_differ(finished) -> None:
    run_study("rates.yaml", formats=["slides"])
    run_study("rates.yaml", formats=["json"])
    assert (FOLDER / "slides" / "slides-beamer.tex").is_file()
    run_study("rates.yaml", formats=["json"], overrides={"seeds": 2})
    assert not (FOLDER / "slides").exists()


def test_without_pango_only_the_pdf_of_the_slides_is_missing(finished, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise error

    error = MissingError("missing-library", "no PDF without Pango")
    monkeypatch.setattr(pdf, "weasyprint", fail)
    report = run_study("rates.yaml", formats=["slides", "html"])
    assert report.missing is error
    assert (FOLDER / "slides" / "slides-beamer.tex").is_file()
    assert (FOLDER / "index.html").is_file()
    assert not (FOLDER / "slides" / "slides.pdf").exists()


def test_a_diagnosis_has_no_slides() -> None:
    with pytest.raises(UsageError) as caught:
        check_formats(["slides"], DEFAULT_FORMATS)
    assert caught.value.code == "unknown-name"
