"""Lines about reports."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from reportgen.cli.output.reports import report_lines
from reportgen.workflow.outcomes import FailedRun, Report
from tests.figures.examples import analysis


def test_a_label_that_looks_like_an_error_does_not_hide_the_error() -> None:
    labels = ("slow, seed 7: no momentum", "fast")
    failed = tuple(FailedRun(label, seed, "MemoryError: too wide") for label in labels for seed in (0, 1))
    results = {"claims": [], "findings": [], "runs": []}
    report = Report(analysis([]).plan, Path("out"), (), results, 4, 0, failed)
    lines = [text.strip() for _, text in report_lines(report) if "failed: " in text]
    assert lines == ["failed: slow, seed 7: no momentum, seed 0, and 3 more runs: MemoryError: too wide"]
    assert report.failures[3] == "fast, seed 1: MemoryError: too wide"


def test_slides_and_quiz_are_named(tmp_path: Path) -> None:
    for name in ("slides/slides-beamer.tex", "quiz/quiz.html", "index.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    results = {"claims": [], "findings": [], "runs": []}
    plan = analysis([]).plan

    def files(*written: str) -> list[str]:
        report = Report(plan, tmp_path, tuple(tmp_path / name for name in written), results, 4, 0)
        lines = [text.strip().replace(f"{tmp_path}/", "") for _, text in report_lines(report)]
        return lines[lines.index(next(line for line in lines if line.startswith("report: "))) :]

    assert files("index.html", "slides", "quiz") == [
        "report: index.html", "slides: slides/slides-beamer.tex", "quiz: quiz/quiz.html"
    ]  # fmt: skip
    assert files("slides") == ["report: slides/slides-beamer.tex"]
    (tmp_path / "slides" / "slides.pdf").touch()
    assert files("quiz", "slides") == ["report: slides/slides.pdf", "quiz: quiz/quiz.html"]
    assert files("results.json") == ["report: results.json"]


def test_a_quick_look_with_an_answer_says_once_that_it_has_no_verdicts() -> None:
    plan = analysis([]).plan
    study: Any = SimpleNamespace(id="s", title="T", answer=object(), watermark="A quick look: no verdicts")
    results = {"claims": [], "findings": [], "runs": [], "answer": {"says": "A quick look gives no verdicts."}}
    lines = [text for _, text in report_lines(Report(replace(plan, study=study), Path("out"), (), results, 4, 0))]
    assert sum("no verdicts" in line for line in lines) == 1
