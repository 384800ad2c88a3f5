"""The state of Hugging Face's trainer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.errors import StudyError
from reportgen.external.logs.formats import FORMATS
from reportgen.external.logs.search import find_logs
from reportgen.external.logs.structured.huggingface import find, read
from tests.external.logs.events import writers

ROWS: list[dict[str, Any]] = [
    {"epoch": 0.5, "grad_norm": 1.5, "learning_rate": 1e-4, "loss": 0.7, "step": 10},
    {"epoch": 1.0, "grad_norm": float("nan"), "learning_rate": 5e-5, "loss": None, "step": 20},
    {"epoch": 1.0, "eval_loss": 0.6, "eval_accuracy": 0.8, "eval_runtime": 1.0, "step": 20},
    {"epoch": 1.0, "step": 20, "train_loss": 0.65, "train_runtime": 9.0, "total_flos": 1e9},
]


def write(path: Path, rows: Any = ROWS, **state: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"global_step": 20, "log_history": rows, "max_steps": 40, **state}), encoding="utf-8")
    return path


def test_scores_have_steps_epochs_and_resolutions(tmp_path: Path) -> None:
    write(tmp_path / "trainer_state.json", logging_steps=10, num_train_epochs=2)
    assert find(tmp_path) == [tmp_path]
    log = read(tmp_path)
    columns = {column.name: column for column in log.columns}
    assert columns.keys() == {"loss", "grad_norm", "learning_rate", "eval_loss", "eval_accuracy"}
    assert (columns["loss"].resolution, columns["eval_loss"].resolution) == ("window", "epoch")
    np.testing.assert_array_equal(columns["loss"].values, [0.7, np.nan])
    np.testing.assert_array_equal(columns["loss"].steps, [10, 20])
    np.testing.assert_array_equal(columns["loss"].epochs, [0.5, 1])
    assert (log.planned_steps, log.log_every, log.settings["num_train_epochs"]) == (40, 10, 2)
    assert log.ignored.keys() == {"eval_runtime", "train_loss", "train_runtime", "total_flos"}


@pytest.mark.parametrize(
    ("logging_steps", "every", "resolution"), [(1, 1, "step"), (0.25, 10, "window"), ("x", None, "window")]
)
def test_the_interval_of_logging(tmp_path: Path, logging_steps: Any, every: int | None, resolution: str) -> None:
    log = read(write(tmp_path / "trainer_state.json", logging_steps=logging_steps))
    assert log.log_every == every
    assert next(column for column in log.columns if column.name == "loss").resolution == resolution


def test_the_checkpoint_with_most_steps_is_read(tmp_path: Path) -> None:
    write(tmp_path / "checkpoint-9" / "trainer_state.json", ROWS[:1], global_step=10)
    write(tmp_path / "checkpoint-10" / "trainer_state.json")
    assert find(tmp_path) == [tmp_path]
    assert len(read(tmp_path).columns) == 5


def test_a_damaged_checkpoint_is_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "checkpoint-20" / "trainer_state.json")
    path.write_text(path.read_text(encoding="utf-8")[:-9], encoding="utf-8")
    write(tmp_path / "checkpoint-10" / "trainer_state.json", ROWS[:1])
    log = read(tmp_path)
    assert [note.code for note in log.notes] == ["damaged"]
    assert len(log.columns) == 3


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"log_history": [', "invalid-json"),
        ('{"log_history": [{"loss": 1, "loss": 2}]}', "duplicate-key"),
        ("[1, 2]", "invalid-file"),
        ('{"log_history": 3}', "invalid-file"),
        ('{"log_history": [1, null]}', "empty-data"),
        ('{"log_history": [{"loss": "high", "step": 1}]}', "empty-data"),
        ("[" * 100_000, "nesting-too-deep"),
    ],
)
def test_a_state_without_scores_is_an_error(tmp_path: Path, text: str, code: str) -> None:
    path = tmp_path / "trainer_state.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as error:
        read(path)
    assert error.value.code == code


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)
NAMES = st.sampled_from(["loss", "step", "epoch", "eval_loss", "train_runtime", "x"])


@settings(max_examples=40, deadline=None)
@given(rows=VALUES | st.lists(st.dictionaries(NAMES, VALUES, max_size=5), max_size=4), other=VALUES)
def test_any_history_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, rows: Any, other: Any) -> None:
    path = tmp_path_factory.mktemp("any") / "trainer_state.json"
    write(path, rows, max_steps=other, logging_steps=other, global_step=other)
    try:
        assert read(path).columns
    except StudyError as error:
        assert error.code in {"invalid-file", "empty-data"}  # noqa: PT017


def test_events_in_the_folder_of_a_run_are_not_read_again(tmp_path: Path) -> None:
    write(tmp_path / "trainer_state.json")
    events = tmp_path / "runs" / "a" / "events.out.tfevents.1.host"
    writers.write_events(events, writers.event(1, writers.scalar("train/loss", 1)))
    assert [log.format.name for log in find_logs(tmp_path, list(FORMATS.values()))] == ["huggingface"]
    assert [log.format.name for log in find_logs(tmp_path / "runs", list(FORMATS.values()))] == ["tensorboard"]
