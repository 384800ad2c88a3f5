"""The advice of the shipped studies agrees with their runs, on small versions of those that sweep something."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from benchmarks.advice import contradictions, main, stated_contradictions
from reportgen.analysis.analyse import analyse
from reportgen.analysis.finding import Finding
from reportgen.analysis.results import Analysis
from reportgen.report.results.results import finding_values
from reportgen.workflow.events import ProgressListener
from reportgen.workflow.request import make_request
from reportgen.workflow.run import run_study, train_request

SWEEPS = ("batchnorm_at_test_time", "capacity", "update_ratio")
"""Shipped studies with rules that propose what the study varies; their small versions train in a second."""


def small(name: str, folder: Path) -> Analysis:
    return train_request(make_request(name, output=folder, quick=True), ProgressListener(), workers=1).analysis


def diagnosed_alone(analysis: Analysis, patch: pytest.MonkeyPatch) -> Analysis:
    """Return the analysis with the findings as the rules return them, without a comparison with the siblings."""

    def unchanged(finding: Finding, *_: Any) -> Finding:
        return finding

    patch.setattr(importlib.import_module("reportgen.analysis.diagnosis.diagnose"), "consistent", unchanged)
    return analyse(analysis.plan, {(v.variant.id, r.spec.seed): r for v in analysis.variants for r in v.records})


@pytest.mark.parametrize("name", SWEEPS)
def test_no_finding_of_a_sweep_contradicts_its_runs(name: str, tmp_path: Path) -> None:
    assert contradictions(small(name, tmp_path)) == []


def test_proposals_and_stated_remedies_that_contradict_the_runs_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysis = small("lr_range", tmp_path)
    stated = {"findings": [finding_values(finding) for finding in analysis.findings]}
    assert contradictions(analysis) == []
    assert stated_contradictions(analysis, stated) == []
    alone = diagnosed_alone(analysis, monkeypatch)
    stated = {"findings": [finding_values(finding) for finding in alone.findings]}
    assert any(line.startswith("1e-6: lr_too_low proposes {'training.lr': 0.1}") for line in contradictions(alone))
    assert stated_contradictions(alone, stated)


def test_the_reports_of_a_folder_are_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = run_study("regularization", output=tmp_path, quick=True, formats=("json",), workers=1)
    assert main([str(report.folder)]) == 0
    assert report.folder.name in capsys.readouterr().out
