"""Hugging Face's trainer: `trainer_state.json` of a run or of its checkpoints."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from reportgen import disk
from reportgen.errors import StudyError
from reportgen.external.logs.raw import LogFormat, RawColumn, RawLog
from reportgen.external.logs.structured.documents import number, read_json
from reportgen.languages.translate import N_
from reportgen.runs.training_log import LogNote, Resolution

NAME = "huggingface"
FILE = "trainer_state.json"
HISTORY = "log_history"
HEAD_BYTES = 2**16

COUNTERS = ("step", "epoch")
SPEED = ("_runtime", "_per_second", "_jit_compilation_time", "total_flos", "num_input_tokens_seen")
SUMMARY = "train_runtime"
"""A row with this key is the summary at the end of training."""

SETTINGS = ("num_train_epochs", "train_batch_size", "max_steps")


def find(path: Path) -> list[Path]:
    """Return a folder with the state of a trainer, in itself or in its checkpoints, or a file with a state."""
    if path.is_dir():
        return [path] if _state_files(path) else []
    return [path] if path.is_file() and (path.name == FILE or _has_history(path)) else []


def _state_files(folder: Path) -> list[Path]:
    try:
        return [path for path in (folder / FILE, *sorted(folder.glob(f"checkpoint-*/{FILE}"))) if path.is_file()]
    except OSError:
        return []


def _has_history(path: Path) -> bool:
    if path.suffix != ".json":
        return False
    try:
        with disk.open_regular(path) as file:
            return b'"log_history"' in file.read(HEAD_BYTES)
    except OSError:
        return False


def read(path: Path) -> RawLog:
    """Return the run of a trainer: the state with the most steps, since each state has the history before it.

    Raises
    ------
    StudyError
        If no state can be read.
    """
    files = _state_files(path) if path.is_dir() else [path]
    states, failures = [], []
    for file in files:
        try:
            states.append((file, _state(file)))
        except StudyError as error:
            failures.append(error)
    if not states:
        raise failures[0] if failures else StudyError("invalid-file", f"the folder has no {FILE}", str(path))
    file, state = max(states, key=lambda pair: _steps(pair[1]))
    notes = tuple(LogNote("damaged", N_("a state was left out: {error}").format(error=error)) for error in failures)
    return _raw_log(path, file, state, notes)


def _state(path: Path) -> dict[str, Any]:
    state = read_json(path)
    if not isinstance(state, dict) or not isinstance(state.get(HISTORY), list):
        raise StudyError("invalid-file", f"the file has no list {HISTORY!r}, as the state of a trainer has", str(path))
    if not any(isinstance(row, dict) for row in state[HISTORY]):
        raise StudyError("empty-data", "the trainer logged nothing", str(path))
    return state


def _steps(state: Mapping[str, Any]) -> float:
    steps = number(state.get("global_step"))
    rows = (number(row.get("step")) for row in state[HISTORY] if isinstance(row, dict))
    found = [value for value in (steps, *rows) if value is not None and math.isfinite(value)]
    return max(found, default=0.0)


def _raw_log(path: Path, file: Path, state: Mapping[str, Any], notes: tuple[LogNote, ...]) -> RawLog:
    rows = [row for row in state[HISTORY] if isinstance(row, dict)]
    planned = _whole(state.get("max_steps"))
    every = number(state.get("logging_steps"))
    if every is not None and 0 < every < 1 and planned:
        every = math.ceil(every * planned)  # the trainer accepts a share of all steps
    log_every = _whole(every)
    columns, ignored = _columns(rows, log_every)
    if not columns:
        raise StudyError("empty-data", "the trainer logged no scores", str(file))
    return RawLog(
        path=path,
        format=NAME,
        name=path.resolve().name if path.is_dir() else path.resolve().parent.name,
        columns=columns,
        settings={name: state[name] for name in SETTINGS if number(state.get(name)) is not None},
        first_epoch=1,
        log_every=log_every,
        planned_steps=planned,
        ignored=ignored,
        notes=notes,
    )


def _whole(value: Any) -> int | None:
    """Return a positive whole number, None for anything else."""
    found = number(value)
    return int(found) if found is not None and math.isfinite(found) and found >= 1 else None


def _columns(rows: list[dict[str, Any]], log_every: int | None) -> tuple[tuple[RawColumn, ...], dict[str, str]]:
    cells: dict[str, list[tuple[float, float, float]]] = {}
    ignored: dict[str, str] = {}
    for row in rows:
        if SUMMARY in row:
            ignored |= {name: N_("a summary of the whole training") for name in row if name not in COUNTERS}
            continue
        step, epoch = (value if (value := number(row.get(name))) is not None else math.nan for name in COUNTERS)
        for name, cell in row.items():
            value = math.nan if cell is None else number(cell)  # some programs write null for NaN
            if name in COUNTERS or (math.isnan(step) and math.isnan(epoch)):
                continue
            if value is None:
                ignored[name] = N_("not a number")
            elif name.endswith(SPEED):
                ignored[name] = N_("a speed or a size instead of a score")
            else:
                cells.setdefault(name, []).append((step, epoch, value))
    return tuple(_column(name, found, log_every) for name, found in cells.items()), ignored


def _column(name: str, cells: Iterable[tuple[float, float, float]], log_every: int | None) -> RawColumn:
    steps, epochs, values = np.array(list(cells), dtype=np.float64).T
    resolution: Resolution | None = None
    if name == "loss":
        resolution = "step" if log_every == 1 else "window"
    elif name.startswith("eval_"):
        resolution = "epoch"
    return RawColumn(
        name,
        values,
        steps=None if np.isnan(steps).any() else steps,
        epochs=None if np.isnan(epochs).any() else epochs,
        resolution=resolution,
    )


HUGGINGFACE = LogFormat(
    name=NAME,
    title="Hugging Face Trainer",
    files="`trainer_state.json`, also in `checkpoint-N`",
    find=find,
    read=read,
    parts=("runs",),  # TensorBoard's events of the same scores
)
