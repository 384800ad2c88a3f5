"""Runs that all diverge: a complete report, and no warning of a library on standard error."""

from __future__ import annotations

import warnings
from pathlib import Path

from reportgen.cli.main import invoke

STUDY = """\
title: Nothing learns
question: Does anything learn?
data: {name: moons, samples: 60}
network: {hidden: {layers: 2, width: 4}, activation: relu}
training: {epochs: 3, batch_size: 10, lr: 1.0e+38, optimizer: adam}
probes: {looks: 4, singular_values: true, curvature: true, preconditioned_curvature: true, noise_scale: true}
evaluation: {predictions: true, class_losses: true}
vary:
  network.activation: [relu, elu]
seeds: 3
remedies: false
"""


def test_runs_that_diverge_print_no_warnings(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    Path("worst.yaml").write_text(STUDY, encoding="utf-8")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert invoke(["run", "worst.yaml", "-q", "-f", "html"]) == 0
    assert [str(one.message) for one in caught] == []
    assert "Warning" not in capfd.readouterr().err
    assert "diverged" in Path("reports/worst/results.json").read_text("utf-8")
