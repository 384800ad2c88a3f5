"""Runs that follow each other in one log."""

from __future__ import annotations

from pathlib import Path

from reportgen.external.logs.collect import read_logs
from reportgen.runs.training_log import TrainingLog
from tests.external.logs.logs import codes
from tests.external.logs.samples import write_rows

FALLING = [2.3, 1.5, 1.0, 0.7, 0.5]


def logs_of(tmp_path: Path, epochs: list[int], losses: list[float]) -> list[TrainingLog]:
    rows = [(epoch, loss, loss + 0.1) for epoch, loss in zip(epochs, losses, strict=True)]
    groups = read_logs(write_rows(tmp_path / "log.csv", ("epoch", "loss", "val_loss"), rows))
    return [log for group in groups.values() for log in group]


def test_a_restart_from_scratch_is_another_run(tmp_path: Path) -> None:
    logs = logs_of(tmp_path, [0, 1, 2, 0, 1, 2, 3, 4], [*FALLING[:3], *FALLING])
    assert [(log.name, log.end, log.resumed_at) for log in logs] == [("log run 1", 3, ()), ("log run 2", 5, ())]
    assert all(codes(log) == {"several-runs"} for log in logs)


def test_a_restart_from_a_checkpoint_is_one_run(tmp_path: Path) -> None:
    [log] = logs_of(tmp_path, [0, 1, 2, 3, 2, 3, 4], [*FALLING[:4], *FALLING[2:]])
    assert (log.end, log.resumed_at) == (5, (2.0,))


def test_two_values_at_the_beginning_are_no_run(tmp_path: Path) -> None:
    [log] = logs_of(tmp_path, [0, 1, 0, 1, 2, 3, 4], [*FALLING[:2], *FALLING])
    assert log.end == 5


def test_a_restart_by_steps_divides_training_and_validation(tmp_path: Path) -> None:
    rows = [(10 * k, loss, loss if k % 2 else "") for _ in range(2) for k, loss in enumerate(FALLING, 1)]
    groups = read_logs(write_rows(tmp_path / "log.csv", ("step", "train_loss", "val_loss"), rows))
    logs = [log for group in groups.values() for log in group]
    assert [(log.end, [curve.values.size for curve in log.curves]) for log in logs] == [(50, [5, 3]), (50, [5, 3])]
