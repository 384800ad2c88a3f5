"""Lines about reports."""

from __future__ import annotations

from pathlib import Path

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
