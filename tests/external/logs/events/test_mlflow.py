"""MLflow's folders and databases."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.errors import StudyError
from reportgen.external.logs.collect import collect_logs
from reportgen.external.logs.events import mlflow_database, mlflow_folder
from tests.external.logs.events import writers

METRICS = {"loss": "1 0.5 0\n2 nan 100\n3 0.25 200\n", "val/loss": "1 0.7 100\n", "always": "1 1 0\n2 2 0\n"}


def write_run(folder: Path, metrics: dict[str, str] = METRICS, stage: str = "active") -> Path:
    for name, text in [*((f"metrics/{key}", text) for key, text in metrics.items()), ("params/lr", "0.1")]:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    meta = f"run_id: {folder.name}\nrun_name: brisk\nlifecycle_stage: {stage}\n"
    (folder / "meta.yaml").write_text(meta, encoding="utf-8")
    return folder


def test_a_folder_gives_metrics_parameters_and_the_name(tmp_path: Path) -> None:
    run = write_run(tmp_path / "mlruns" / "0" / "a1")
    assert mlflow_folder.find(run) == [run]
    assert mlflow_folder.find(run.parent) == []
    log = mlflow_folder.read(run)
    columns = {column.name: column for column in log.columns}
    assert (log.name, log.settings) == ("brisk", {"lr": 0.1})
    assert columns.keys() == {"loss", "val/loss", "always"}
    np.testing.assert_array_equal(columns["loss"].values, [0.5, np.nan, 0.25])
    np.testing.assert_array_equal(columns["loss"].steps, [0, 100, 200])
    assert columns["always"].steps is None


def test_deleted_runs_are_not_found(tmp_path: Path) -> None:
    assert mlflow_folder.find(write_run(tmp_path / "a1", stage="deleted")) == []


def test_damaged_lines_are_left_out(tmp_path: Path) -> None:
    log = mlflow_folder.read(write_run(tmp_path / "a1", {"loss": "1 0.5 0\nxyz\n2 0.4"}))
    assert log.columns[0].values.tolist() == [0.5, 0.4]
    assert [note.code for note in log.notes] == ["damaged"]


def test_a_folder_without_metrics_is_an_error(tmp_path: Path) -> None:
    for metrics in ({}, {"loss": "no numbers"}):
        with pytest.raises(StudyError) as error:
            mlflow_folder.read(write_run(tmp_path / "a1", metrics))
        assert error.value.code == "invalid-file"


RUNS = {
    "first": [("loss", 1.0, False, 0), ("loss", 0.0, True, 1), ("loss", 1.7976931348623157e308, False, 2)],
    "second": [("loss", 2.0, False, 0), ("val_loss", 3.0, False, 0)],
    "gone": [("loss", 4.0, False, 0)],
    "empty": [],
}


def test_a_database_gives_its_runs_but_not_deleted_ones(tmp_path: Path) -> None:
    path = writers.mlflow_database(tmp_path / "any name.db", RUNS)
    assert mlflow_database.find(path) == [path]
    first, second = mlflow_database.read(path)
    assert (first.name, second.name) == ("first", "second")
    np.testing.assert_array_equal(first.columns[0].values, [1, np.nan, np.inf])
    assert [column.name for column in second.columns] == ["loss", "val_loss"]
    assert first.settings == {"lr": 0.1}


def test_a_database_with_a_journal_mode_of_its_own_is_left_as_it_is(tmp_path: Path) -> None:
    path = writers.mlflow_database(tmp_path / "mlflow.db", RUNS)
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA journal_mode = WAL")
    database.close()
    before = sorted(tmp_path.iterdir()), path.read_bytes()
    assert len(mlflow_database.read(path)) == 2
    assert (sorted(tmp_path.iterdir()), path.read_bytes()) == before


def test_a_locked_database_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = writers.mlflow_database(tmp_path / "mlflow.db", RUNS)
    monkeypatch.setattr(mlflow_database, "LOCK_SECONDS", 0.05)
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StudyError) as error:
        mlflow_database.read(path)
    database.close()
    assert error.value.code == "invalid-file"


def test_other_databases_are_not_found(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE songs (name TEXT)")
    database.close()
    assert mlflow_database.find(path) == []
    with pytest.raises(StudyError) as error:
        mlflow_database.read(path)
    assert error.value.code == "invalid-file"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 100_000), st.integers(0, 255)), min_size=1, max_size=20), st.integers(0, 2))
def test_a_damaged_database_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]], cut: int
) -> None:
    path = writers.mlflow_database(tmp_path_factory.mktemp("flip") / "mlflow.db", RUNS)
    data = bytearray(path.read_bytes())
    for place, value in changes:
        data[place % len(data)] = value
    path.write_bytes(bytes(data[: len(data) // 2 if cut == 0 else len(data)]))
    try:
        assert mlflow_database.read(path)
    except StudyError as error:
        assert error.code in {"invalid-file", "empty-data"}  # noqa: PT017


def test_a_run_without_scores_does_not_hide_the_others(tmp_path: Path) -> None:
    runs = {"trained": [("loss", 1.0 / step, False, step) for step in range(1, 9)], "timed": [("speed", 1.0, False, 1)]}
    found = collect_logs(writers.mlflow_database(tmp_path / "mlflow.db", runs))
    assert [log.name for group in found.groups.values() for log in group] == ["trained"]
    assert [error.code for error in found.unreadable] == ["unknown-columns"]


def _refused(path: Path, code: str = "invalid-file") -> str:
    with pytest.raises(StudyError) as error:
        mlflow_database.read(path)
    assert error.value.code == code
    return str(error.value)


def _altered(folder: Path, *statements: str) -> Path:
    """Return a database of one run after some statements."""
    path = writers.mlflow_database(folder / "mlflow.db", {"a": [("loss", 1.0, False, 0)]})
    with contextlib.closing(sqlite3.connect(path)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()
    return path


def test_a_database_cannot_compute_values(tmp_path: Path) -> None:
    column = "ALTER TABLE runs ADD COLUMN more TEXT AS (hex(zeroblob(1000000))) VIRTUAL"
    assert "runs" in _refused(_altered(tmp_path, column))


def test_views_and_virtual_tables_are_no_tables_of_mlflow(tmp_path: Path) -> None:
    path = _altered(tmp_path, "ALTER TABLE metrics RENAME TO others", "CREATE VIEW metrics AS SELECT * FROM others")
    assert mlflow_database.find(path) == []
    assert "metrics" in _refused(path)


@pytest.mark.parametrize(
    ("limit", "value", "code"),
    [("MOST_SECONDS", -1.0, "too-large"), ("MOST_ROWS", 5, "too-large"), ("MOST_BYTES", 40, "invalid-file")],
    ids=["time", "rows", "bytes"],
)
def test_reading_a_database_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: float, code: str
) -> None:
    metrics = [("loss", 1.0, False, step) for step in range(20)]
    path = writers.mlflow_database(tmp_path / "mlflow.db", {"a": metrics})
    assert len(mlflow_database.read(path)) == 1
    monkeypatch.setattr(mlflow_database, limit, value)
    monkeypatch.setattr(mlflow_database, "STEPS", 1)
    _refused(path, code)
