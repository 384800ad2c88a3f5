"""Scores by epoch of a record that a user brings: rows that are missing, and columns that follow from others."""

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

COLUMNS = tuple(f"epoch_{name}" for name in EPOCH_COLUMNS)


def without_validation(arrays: Mapping[str, Array], facts: Mapping[str, Any]) -> dict[str, Array]:
    """Return the arrays without scores of a validation split that there is none of: they are NaN in every row."""
    if facts.get("val_n"):
        return dict(arrays)
    empty = [name for name in arrays if name.startswith("epoch_val_") and np.isnan(arrays[name]).all()]
    return {name: values for name, values in arrays.items() if name not in empty}


def with_first_row(arrays: Mapping[str, Array], epochs: Any, each: Sequence[int]) -> dict[str, Array]:
    """Return the arrays with a row for the network before training, where it is not there or its losses are unknown.

    Its losses are then that of the first minibatch, before its step; accuracies stay unknown. epochs: how many were
    planned, None where that is not known; each: how many steps one may have taken.
    """
    found = dict(arrays)
    columns = [name for name in COLUMNS if name in arrays]
    if columns and _lacks_first(arrays, len(arrays[columns[0]]), epochs, each):
        for name in columns:
            start = {"epoch_step": 0.0, "epoch_lr": arrays[name][0]}.get(name, math.nan)
            found[name] = np.concatenate([[start], arrays[name]])
        found.pop("epoch_epoch", None)
    for name in LOSSES:
        if name in found and np.isnan(found[name][0]):
            found[name] = np.concatenate([arrays["step_loss"][:1], found[name][1:]])
    return found


def _lacks_first(arrays: Mapping[str, Array], rows: int, epochs: Any, each: Sequence[int]) -> bool:
    """Return whether the first row is known to be of the network after an epoch."""
    if "epoch_step" in arrays:
        return bool(arrays["epoch_step"][0] > 0)
    if epochs in (rows, rows - 1):
        return bool(epochs == rows)
    steps = len(arrays["step_loss"])
    return any(steps == rows * one for one in each) and not any(steps == (rows - 1) * one for one in each)


def scores_by_epoch(arrays: Mapping[str, Array], steps: int, training: TrainingSpec) -> dict[str, Array]:
    """Return columns that follow from others where scores by epoch are there: epoch, step, lr, mean batch loss."""
    rows = next((len(arrays[f"epoch_{name}"]) for name in EPOCH_COLUMNS if f"epoch_{name}" in arrays), 0)
    if not rows:
        return {}
    at = arrays.get("epoch_step", np.linspace(0, steps, rows).round())
    parts = [arrays["step_loss"][int(a) : int(b)] for a, b in itertools.pairwise(at)]
    means = [float(np.mean(part)) if part.size else math.nan for part in parts]
    usual = {
        "epoch_epoch": np.arange(float(rows)),
        "epoch_step": np.asarray(at, np.float64),
        "epoch_lr": _rates(training, at),
        "epoch_batch_loss": np.array([math.nan, *means]),
    }
    return {name: values for name, values in usual.items() if name not in arrays}


def _rates(training: TrainingSpec, at: Array) -> Array:
    """Return the learning rate of the last step before each epoch's end, by the schedule; at: steps, the first row 0.

    Without a number of planned epochs, training is taken to have been planned for as many as there are.
    """
    done, steps = max(len(at) - 1, 1), np.maximum(at - 1, 0).astype(np.int64)
    each = max(round(float(at[-1]) / done), 1)
    return rates(training.schedule, training.lr, steps, each, max(training.epochs, done))
