"""Runs that all diverge: a complete report, and no warning of a library on standard error."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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


def test_runs_that_diverge_print_no_warnings(tmp_path):
    Path(tmp_path, "worst.yaml").write_text(STUDY, encoding="utf-8")
    command = [sys.executable, "-W", "always", "-m", "reportgen", "run", "worst.yaml", "-q", "-f", "html"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    assert "diverged" in (tmp_path / "reports/worst/results.json").read_text("utf-8")
