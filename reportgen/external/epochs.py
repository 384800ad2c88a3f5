"""Scores by epoch of an external record: completion of missing rows and of derived columns."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from reportgen.engine.spec import EPOCH_COLUMNS, TrainingSpec
from reportgen.engine.tables.schedules import rates
from reportgen.external.arrays import Array
from reportgen.external.checks import LOSSES
from reportgen.external.recording.convert import array

COLUMNS = tuple(f"epoch_{name}" for name in EPOCH_COLUMNS)


def without_validation(arrays: Mapping[str, Array], facts: Mapping[str, Any]) -> dict[str, Array]:
    """Return the arrays without the NaN validation scores of a record that has no validation examples."""
    if facts.get("val_n"):
        return dict(arrays)
    empty = [name for name in arrays if name.startswith("epoch_val_") and np.isnan(arrays[name]).all()]
    return {name: values for name, values in arrays.items() if name not in empty}


def with_first_row(arrays: Mapping[str, Array], epochs: Any, steps_per_epoch: Sequence[int]) -> dict[str, Array]:
    """Return the arrays with a first row for the network before training.

    If this row is missing or has no losses, its losses are set to the loss of the first minibatch; its accuracies stay
    unknown.

    Parameters
    ----------
    epochs : planned number of epochs, None if unknown.
    steps_per_epoch : possible numbers of steps per epoch.
    """
    completed = dict(arrays)
    columns = [name for name in COLUMNS if name in arrays]
    if columns and _is_first_row_missing(arrays, len(arrays[columns[0]]), epochs, steps_per_epoch):
        for name in columns:
            start = {"epoch_step": 0.0, "epoch_lr": arrays[name][0]}.get(name, math.nan)
            completed[name] = np.concatenate([[start], arrays[name]])
        completed.pop("epoch_epoch", None)
    for name in LOSSES:
        if name in completed and np.isnan(completed[name][0]):
            completed[name] = np.concatenate([arrays["step_loss"][:1], completed[name][1:]])
    return completed


def _is_first_row_missing(arrays: Mapping[str, Array], rows: int, epochs: Any, steps_per_epoch: Sequence[int]) -> bool:
    """Return whether the first row is known to belong to the network after an epoch."""
    if "epoch_step" in arrays:
        return bool(arrays["epoch_step"][0] > 0)
    if epochs in (rows, rows - 1):
        return bool(epochs == rows)
    steps = len(arrays["step_loss"])
    return any(steps == rows * n for n in steps_per_epoch) and not any(steps == (rows - 1) * n for n in steps_per_epoch)


def scores_by_epoch(arrays: Mapping[str, Array], steps: int, training: TrainingSpec) -> dict[str, Array]:
    """Return the missing columns that follow from others: epoch, step, learning rate and mean batch loss.

    Returns an empty mapping for a record without scores by epoch.
    """
    rows = next((len(arrays[f"epoch_{name}"]) for name in EPOCH_COLUMNS if f"epoch_{name}" in arrays), 0)
    if not rows:
        return {}
    ends = arrays.get("epoch_step", np.linspace(0, steps, rows).round())
    parts = [arrays["step_loss"][int(a) : int(b)] for a, b in itertools.pairwise(ends)]
    means = [float(np.mean(part)) if part.size else math.nan for part in parts]
    derived = {
        "epoch_epoch": np.arange(float(rows)),
        "epoch_step": np.asarray(ends, np.float64),
        "epoch_lr": _rates(training, ends),
        "epoch_batch_loss": np.array([math.nan, *means]),
    }
    return {name: values for name, values in derived.items() if name not in arrays}


def _rates(training: TrainingSpec, ends: Array) -> Array:
    """Return the scheduled learning rate of the last step of each epoch.

    ends: step at the end of each epoch, 0 in the first row. If the planned number of epochs is unknown, the recorded
    number is used.
    """
    done, steps = max(len(ends) - 1, 1), np.maximum(ends - 1, 0).astype(np.int64)
    steps_per_epoch = max(round(float(ends[-1]) / done), 1)
    return rates(training.schedule, training.lr, steps, steps_per_epoch, max(training.epochs, done))


def top_share(labels: Any) -> float:
    """Return the largest share of one class among the examples of a minibatch; labels: (n,)."""
    counts = np.unique(array(labels), return_counts=True)[1]
    return float(counts.max() / counts.sum()) if counts.size else 0.0
