"""Writes the course of a training as the log of another tool, at the resolution at which it logs by default."""

from __future__ import annotations

import csv
import functools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from benchmarks.diagnosis.logs.courses import Course

EVERY = 50
"""Steps between the logged minibatches of Lightning, by default."""

OFTEN = 5
"""Steps between the logged minibatches of a log with gradient norms."""

Row = Mapping[str, float]


@dataclass(frozen=True)
class Writer:
    """A kind of log. write: writes the log of consecutive courses into a new folder and returns its path."""

    name: str
    title: str
    write: Callable[[Sequence[Course], Path], Path]


def _write(path: Path, names: Sequence[str], rows: Sequence[Row]) -> Path:
    """Write a CSV file; cells without a value are empty."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(names)
        for row in rows:
            table.writerow([_cell(row[name]) if name in row else "" for name in names])
    return path


def _cell(value: float) -> str:
    return str(int(value)) if math.isfinite(value) and float(value).is_integer() else repr(float(value))


def keras(courses: Sequence[Course], folder: Path) -> Path:
    """Write the CSV file of Keras's CSVLogger: one row for each epoch, with the mean loss of its batches."""
    rows = [row for course in courses for row in _keras_rows(course)]
    names = ("epoch", "accuracy", "learning_rate", "loss", "val_accuracy", "val_loss")
    return _write(folder / "training.csv", tuple(name for name in names if name in rows[0]), rows)


def _keras_rows(course: Course) -> Iterator[dict[str, float]]:
    columns = {
        "epoch": course.epoch + np.arange(course.steps.size, dtype=np.float64),
        "accuracy": course.train_accuracy,
        "learning_rate": course.rates,
        "loss": course.batch_loss,
        "val_accuracy": course.val_accuracy,
        "val_loss": course.val_loss,
    }
    known = {name: values for name, values in columns.items() if values is not None}
    for index in range(course.steps.size):
        yield {name: float(values[index]) for name, values in known.items()}


def lightning(courses: Sequence[Course], folder: Path, every: int = EVERY) -> Path:
    """Write the files of Lightning's CSVLogger: a minibatch every so many steps, and validation by epoch."""
    rows = [row for course in courses for row in _lightning_rows(course, every)]
    names = [name for name in ("train_loss", "grad_norm", "lr-sgd", "epoch", "step", "val_loss", "val_acc", "train_acc")
             if any(name in row for row in rows)]  # fmt: skip
    path = _write(folder / "metrics.csv", names, rows)
    text = yaml.safe_dump(dict(courses[0].settings))
    (folder / "hparams.yaml").write_text(text, encoding="utf-8", newline="\n")
    return path


def _lightning_rows(course: Course, every: int) -> list[dict[str, float]]:
    rows, first = list[dict[str, float]](), course.first_step
    for step in range(first + (-first - 1) % every, first + course.losses.size, every):
        epoch = min(int(np.searchsorted(course.steps, step + 1)), course.steps.size - 1)
        row = {"epoch": course.epoch + epoch, "step": step, "train_loss": float(course.losses[step - first]),
               "lr-sgd": float(course.rates[epoch])}  # fmt: skip
        rows.append(row if course.norms is None else {**row, "grad_norm": float(course.norms[step - first])})
    for epoch, step in enumerate(course.steps):
        row = {"epoch": course.epoch + epoch, "step": int(step) - 1, "val_loss": float(course.val_loss[epoch]),
               "val_acc": float(course.val_accuracy[epoch])}  # fmt: skip
        right = course.train_accuracy
        rows.append(row if right is None else {**row, "train_acc": float(right[epoch])})
    return sorted(rows, key=lambda row: (row["step"], "val_loss" in row))


WRITERS = (
    Writer("epoch", "every epoch (Keras)", keras),
    Writer("steps", f"every {EVERY} steps (Lightning)", lightning),
)
"""The logs that are judged, both with the learning rate, as with Keras's schedules or Lightning's monitor of it."""

NORMS = Writer(
    "norms", f"every {OFTEN} steps with the gradient norm (Lightning)", functools.partial(lightning, every=OFTEN)
)
"""A log in which single steps of a large gradient are seen."""
