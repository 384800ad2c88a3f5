"""Tables of several runs, which a column names."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.external.logs.collect import read_logs
from reportgen.runs.training_log import TrainingLog
from tests.external.logs.samples import EPOCHS, TRAIN, VAL, write_rows


def logs_of(path: Path) -> list[TrainingLog]:
    return [log for group in read_logs(path).values() for log in group]


def rows_of(names: list[str], interleaved: bool) -> list[tuple[object, ...]]:
    rows = [(name, epoch, TRAIN[epoch], VAL[epoch]) for name in names for epoch in range(EPOCHS)]
    return sorted(rows, key=lambda row: row[1]) if interleaved else rows


@pytest.mark.parametrize("interleaved", [False, True])
@pytest.mark.parametrize("column", ["run", "name", "experiment", "trial", "run_id", "Optimizer", "config"])
def test_a_column_of_text_names_the_runs(column: str, interleaved: bool, tmp_path: Path) -> None:
    rows = rows_of(["wide", "a b"], interleaved)
    logs = logs_of(write_rows(tmp_path / "runs.csv", (column, "epoch", "loss", "val_loss"), rows))
    assert [(log.name, log.end, log.resumed_at) for log in logs] == [
        ("runs wide", EPOCHS, ()),
        ("runs a b", EPOCHS, ()),
    ]


def test_runs_are_divided_by_name_and_seed(tmp_path: Path) -> None:
    rows = [(name, seed, e, TRAIN[e], VAL[e]) for name in "ab" for seed in (0, 1) for e in range(EPOCHS)]
    logs = logs_of(write_rows(tmp_path / "runs.csv", ("name", "seed", "epoch", "loss", "val_loss"), rows))
    assert [(log.name, log.seed) for log in logs] == [
        (f"runs {name} seed {seed}", seed) for name in "ab" for seed in (0, 1)
    ]


def test_a_text_that_changes_where_training_resumes_names_no_run(tmp_path: Path) -> None:
    rows = [("a", e, TRAIN[e], VAL[e]) for e in range(4)] + [("b", e, TRAIN[e], VAL[e]) for e in range(3, EPOCHS)]
    [log] = logs_of(write_rows(tmp_path / "log.csv", ("host", "epoch", "loss", "val_loss"), rows))
    assert log.end == EPOCHS


def test_a_text_that_changes_while_epochs_count_on_names_no_run(tmp_path: Path) -> None:
    rows = [("warmup" if e < 2 else "main", e, TRAIN[e], VAL[e]) for e in range(EPOCHS)]
    [log] = logs_of(write_rows(tmp_path / "log.csv", ("state", "epoch", "loss", "val_loss"), rows))
    assert log.end == EPOCHS
