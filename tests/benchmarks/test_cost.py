"""What diagnosing costs: measured on every run of a study, and stated beside what training costs."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from benchmarks.diagnosis.cost import CASES, Cost, lines, of_plan, published, section
from reportgen.study.loading.loader import load_study

STUDY = """
title: Rates
question: Which?
data: {name: blobs, samples: 60, validation: 0.2}
network: {hidden: [4]}
training: {epochs: 2, batch_size: 20}
vary: {training.lr: [0.1, 0.2]}
seeds: 2
"""


def test_all_runs_of_a_study_are_trained_and_diagnosed(tmp_path: Path) -> None:
    path = tmp_path / "rates.yaml"
    path.write_text(STUDY, encoding="utf-8")
    cost = of_plan("rates", load_study(path))
    assert (cost.name, cost.runs) == ("rates", 4)
    assert cost.steps == 4 * 2 * 3
    assert cost.training > 0 < cost.diagnosing
    assert list(tmp_path.iterdir()) == [path]


def test_the_text_states_what_was_measured() -> None:
    study, cases = Cost("init", 100, 0, 40.0, 0.2), Cost(CASES, 450, 9000, 30.0, 0.9)
    assert study.share == 0.005
    assert study.each == 2.0
    assert "0.5%   2.00 ms a run" in next(lines([study]))
    found = published([study, cases])
    assert found["costs"] == [dataclasses.asdict(study), dataclasses.asdict(cases)]
    text = section(found)
    assert "--cost init --publish" in text
    assert "| `init` | 100 | 0 | 40.0 s | 0.20 s | 0.5% | 2.0 ms |" in text
    assert f"| {CASES} | 450 | 9000 | 30.0 s | 0.90 s | 3.0% | 2.0 ms |" in text
