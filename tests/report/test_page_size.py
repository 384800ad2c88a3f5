"""The size of a page is bounded, whatever the number of variants and seeds."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen import run_study

MOST_BYTES = 1_500_000

STUDY = """\
title: A sweep
question: Which learning rate and width is best?
data: {name: digits, train: 120}
network: {hidden: [8, 8], activation: relu}
training: {epochs: 12, batch_size: 40, lr: 0.1}
vary:
  network.activation: [relu, tanh, sigmoid, elu, identity]
  training.lr: [0.001, 0.01, 0.03, 0.1, 0.3, 1]
  training.optimizer: [sgd, adam]
seeds: 10
remedies: false
"""


@pytest.mark.slow
def test_a_page_of_many_variants_and_seeds_has_a_bounded_size(tmp_path: Path) -> None:
    path = tmp_path / "sweep.yaml"
    path.write_text(STUDY, encoding="utf-8")
    report = run_study(path, formats=["html"], output=tmp_path / "reports")
    assert report.trained == 600
    assert (tmp_path / "reports" / "sweep" / "index.html").stat().st_size <= MOST_BYTES
