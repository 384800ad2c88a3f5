"""Parts of a report that were requested and are not possible are named."""

from __future__ import annotations

from pathlib import Path

from reportgen.workflow.run import run_study
from tests.rates import STUDY


def test_a_figure_that_the_study_names_and_that_has_no_data_is_named(training):
    text = STUDY.replace("[loss_curves]", "[loss_curves, decision_boundary]").replace("claims:\n", "claims: []\n")
    Path("rates.yaml").write_text(text, encoding="utf-8")  # three features have no boundary in a plane
    report = run_study("rates.yaml", formats=["html"])
    [sentence] = report.left_out
    assert "decision_boundary" in sentence
    assert run_study("rates.yaml", formats=["json"]).left_out == ()
