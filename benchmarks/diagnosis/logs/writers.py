"""Writes a record as the log of another tool, at the resolution at which it logs by default."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from reportgen.analysis.diagnosis.layers import dropouts, normalizations
from reportgen.runs.record import RunRecord

EVERY = 50
"""Steps between the logged minibatches of Lightning, by default."""

Row = Mapping[str, float]


@dataclass(frozen=True)
class Writer:
    """A kind of log. write: writes the log of a record into a new folder and returns its path."""

    name: str
    title: str
    write: Callable[[RunRecord, Path], Path]


def _accuracies(record: RunRecord) -> NDArray[np.float64] | None:
    """Return the training accuracy of each epoch as a training loop measures it, None if records do not show it.

    A training loop averages over the batches of an epoch in train mode. Without dropout, batch normalization and
    augmentation, this is about the mean of the accuracies at both ends of the epoch.
    """
    network = record.spec.network
    if dropouts(network) or normalizations(network) or record.spec.training.augment is not None:
        return None
    right = np.asarray(record.epochs("train_accuracy"), np.float64)
    return (right[1:] + right[:-1]) / 2


def _epochs(record: RunRecord) -> int:
    return max(len(record.arrays.get("epoch_val_loss", ())) - 1, 0)


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


def keras(record: RunRecord, folder: Path) -> Path:
    """Write the CSV file of Keras's CSVLogger: one row for each epoch, with the mean loss of its batches."""
    columns = {
        "epoch": np.arange(_epochs(record), dtype=np.float64),
        "accuracy": _accuracies(record),
        "learning_rate": np.asarray(record.epochs("lr"), np.float64)[1:],
        "loss": np.asarray(record.epochs("batch_loss"), np.float64)[1:],
        "val_accuracy": np.asarray(record.epochs("val_accuracy"), np.float64)[1:],
        "val_loss": np.asarray(record.epochs("val_loss"), np.float64)[1:],
    }
    known = {name: values for name, values in columns.items() if values is not None}
    rows = [{name: float(values[epoch]) for name, values in known.items()} for epoch in range(_epochs(record))]
    return _write(folder / "training.csv", tuple(known), rows)


def lightning(record: RunRecord, folder: Path) -> Path:
    """Write `metrics.csv` and `hparams.yaml` of Lightning's CSVLogger: every 50th minibatch, validation by epoch."""
    steps = np.asarray(record.epochs("step"), np.int64)[1:]
    losses = np.asarray(record.arrays.get("step_loss", ()), np.float64)
    rates = np.asarray(record.epochs("lr"), np.float64)[1:]
    accuracies, rows = _accuracies(record), list[dict[str, float]]()
    for step in range(EVERY - 1, losses.size, EVERY):
        epoch = min(int(np.searchsorted(steps, step + 1)), len(steps) - 1)
        rows.append({"epoch": epoch, "step": step, "train_loss": float(losses[step]), "lr-sgd": float(rates[epoch])})
    for epoch, step in enumerate(steps):
        row = {"epoch": epoch, "step": int(step) - 1, "val_loss": float(record.epochs("val_loss")[epoch + 1]),
               "val_acc": float(record.epochs("val_accuracy")[epoch + 1])}  # fmt: skip
        rows.append(row if accuracies is None else {**row, "train_acc": float(accuracies[epoch])})
    rows.sort(key=lambda row: (row["step"], "val_loss" in row))
    names = [name for name in ("train_loss", "lr-sgd", "epoch", "step", "val_loss", "val_acc", "train_acc")
             if any(name in row for row in rows)]  # fmt: skip
    path = _write(folder / "metrics.csv", names, rows)
    settings = {"lr": record.spec.training.lr, "batch_size": record.spec.training.batch_size}
    (folder / "hparams.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8", newline="\n")
    return path


WRITERS = (
    Writer("epoch", "every epoch (Keras)", keras),
    Writer("steps", f"every {EVERY} steps (Lightning)", lightning),
)
"""The logs that are judged, both with the learning rate, as with Keras's schedules or Lightning's monitor of it."""
