"""A study with pruning, from its file to its report."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from reportgen.cli.main import invoke
from reportgen.study.loading.loader import load_study
from reportgen.workflow.request import make_request

STUDY = """
title: Winning tickets
question: Do initial weights matter?
data: {name: csv, path: own.csv, target: y, seed: 0}
network: {hidden: [6, 5]}
training: {epochs: 5, batch_size: 8, lr: 0.1, l2: 0.001, pruning: {sparsity: 0.5, rounds: 2}}
vary: {training.pruning.weights: [winning, random]}
seeds: 3
sanity: [regularized_loss, overfit_subset, gradient_check]
claims:
  - id: sparse
    says: A quarter of the weights is removed in a round.
    measure: {metric: round_sparsity, round: 1}
    where: {training.pruning.weights: random}
    expect: {below: 0.4}
  - id: layers
    says: Half of the weights of the hidden layers remain.
    measure: {metric: weights_remaining, layer: hidden}
    where: {training.pruning.weights: winning}
    expect: {near: 0.5}
  - id: dense
    says: Pruning costs no accuracy.
    measure: {metric: round_val_accuracy_difference}
    where: {training.pruning.weights: winning}
    expect: {above: -1.1}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a study and its data."""
    rows = "".join(f"{n % 7},{n % 5},{int(n % 7 > 3)}\n" for n in range(60))
    (tmp_path / "own.csv").write_text("a,b,y\n" + rows, encoding="utf-8")
    (tmp_path / "tickets.yaml").write_text(STUDY, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_study_with_pruning_has_a_report_that_verifies(folder: Path) -> None:
    assert invoke(["run", "tickets.yaml", "-f", "html", "-q"]) == 0
    results: dict[str, Any] = json.loads(Path("reports/tickets/results.json").read_text("utf-8"))
    assert [claim["verdict"] for claim in results["claims"]] == ["supported"] * 3
    assert "sparsity_accuracy" in [figure["id"] for figure in results["figures"]]
    assert {result["check"] for result in results["sanity"]} == {"regularized_loss", "overfit_subset", "gradient_check"}
    assert not any(run["status"] == "failed" for run in results["runs"])
    with Path("reports/tickets/tables/rounds.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 3 * 3
    assert [row["round"] for row in rows[:3]] == ["0", "1", "2"]
    assert [json.loads(row["weights"])[:2] for row in rows[:3]] == [[12, 30], [8, 21], [6, 15]]
    assert invoke(["verify", "reports/tickets"]) == 0


def test_the_study_that_was_run_can_be_run_again(folder: Path) -> None:
    assert invoke(["run", "tickets.yaml", "-f", "json", "-q"]) == 0
    again = load_study(folder / "reports/tickets/study.yaml")
    assert [run.spec.training for run in again.runs] == [
        run.spec.training for run in load_study(folder / "tickets.yaml").runs
    ]


def test_a_quick_run_trains_past_the_rewind_epoch(folder: Path) -> None:
    text = STUDY.replace("rounds: 2}", "rounds: 2, rewind: 3}").replace("[winning, random]", "[winning]")
    (folder / "tickets.yaml").write_text(text.partition("claims:")[0], encoding="utf-8")
    runs = make_request(folder / "tickets.yaml", output=folder, quick=True).plan.runs
    assert {run.spec.training.epochs for run in runs} == {4}
