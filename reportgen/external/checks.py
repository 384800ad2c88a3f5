"""Consistency checks of an external record: its arrays with each other and with its settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.errors import StudyError

Array = NDArray[Any]

LOSSES = ("epoch_train_loss", "epoch_val_loss")
ACCURACIES = ("epoch_train_accuracy", "epoch_val_accuracy")
FINITE_STATISTICS = ("probe_weight_norm", "probe_weight_std")
"""Statistics that are finite for every layer of a completed run."""


def array_error(code: str, path: Path, name: str, message: str, hint: str) -> StudyError:
    """Return the error for an array of a record; its place is the file and the name of the array."""
    return StudyError(code, message, f"{path}: {name}", hint)


def inconsistent(path: Path, name: str, message: str, hint: str) -> StudyError:
    """Return the error for an array that contradicts other arrays or the settings."""
    return array_error("inconsistent-record", path, name, message, hint)


def check_together(path: Path, arrays: Mapping[str, Array], units: tuple[int, ...]) -> None:
    """Raise StudyError for the first array that contradicts the others.

    units: number of units of each hidden layer.
    """
    steps = len(arrays["step_loss"])
    for name in ("epoch_step", "probe_step"):
        if name in arrays and arrays[name][-1] > steps:
            message = f"the last step is {arrays[name][-1]:g}, but step_loss has {steps} steps"
            raise inconsistent(path, name, message, f"at most {steps}")
    if "unit_layer" in arrays:
        _check_unit_layer(path, arrays["unit_layer"], units)
    low, high = (arrays.get(f"probe_activation_{end}") for end in ("min", "max"))
    if low is not None and high is not None and (low > high).any():
        index = tuple(np.argwhere(low > high)[0])
        message = f"{low[index]:g} is above probe_activation_max, {high[index]:g}"
        raise inconsistent(path, "probe_activation_min", message, "the smallest activation of each layer")


def _check_unit_layer(path: Path, layers: Array, units: tuple[int, ...]) -> None:
    counts = np.bincount(layers, minlength=len(units) + 1)
    if counts[0] or len(counts) > len(units) + 1:
        wrong = layers[(layers < 1) | (layers > len(units))][0]
        raise array_error("out-of-range", path, "unit_layer", f"no hidden layer {wrong}", f"1 to {len(units)}")
    for number, (count, expected) in enumerate(zip(counts[1:], units, strict=True), 1):
        if count != expected:
            text = f"layer {number} has {count} units, but {expected} in network.hidden"
            raise inconsistent(path, "unit_layer", text, "the layer of each hidden unit")


def check_with_facts(path: Path, arrays: Mapping[str, Array], facts: Mapping[str, Any]) -> None:
    """Raise StudyError for the first confusion matrix whose counts contradict the facts."""
    for split in ("val", "train"):
        name, counts = f"{split}_confusion", arrays.get(f"{split}_confusion")
        if counts is None:
            continue
        if not counts.sum():
            raise array_error("empty-value", path, name, "all counts are 0", "remove the array")
        if split == "val" and facts.get("val_n", counts.sum()) != counts.sum():
            message = f"the counts add up to {counts.sum()}, but facts.val_n is {facts['val_n']}"
            raise inconsistent(path, name, message, "each validation example counted once")
    if "train_confusion" in arrays and "class_counts" in facts:
        _check_rows(path, arrays["train_confusion"].sum(axis=1), np.asarray(facts["class_counts"]))


def _check_rows(path: Path, rows: Array, counts: Array) -> None:
    for label in np.flatnonzero(rows > counts)[:1]:
        message = f"row {label} has {rows[label]} examples, but facts.class_counts has {counts[label]}"
        raise inconsistent(path, "train_confusion", message, "one row per true class")


def nonfinite_value(arrays: Mapping[str, Array]) -> str:
    """Return a description of the first loss or weight that is not finite at the end; empty if all are finite."""
    losses = arrays["step_loss"]
    if not np.isfinite(losses).all():
        step = int(np.flatnonzero(~np.isfinite(losses))[0])
        return f"step_loss is {losses[step]:g} at step {step + 1}"
    for name in LOSSES:
        if name in arrays and not np.isfinite(arrays[name][-1]):
            return f"{name} ends with {arrays[name][-1]:g}"
    for name in FINITE_STATISTICS:
        if name in arrays and not np.isfinite(arrays[name][-1]).all():
            return f"{name} is not finite in the last probe"
    return ""


def check_finite(path: Path, arrays: Mapping[str, Array]) -> None:
    """Raise StudyError for the first score or weight norm of a completed run that is not finite."""
    for name in (*LOSSES, *ACCURACIES):
        rows = arrays.get(name, np.zeros(1))
        unknown = np.flatnonzero(np.isnan(rows[1:])) + 1  # scores of the network before training are optional
        if unknown.size:
            message = f"{rows[unknown[0]]:g} in row {unknown[0]} of a run that did not diverge"
            hint = "remove the array, or keep only scored epochs and give their steps in epoch_step"
            raise array_error("not-finite", path, name, message, hint)
    for name in FINITE_STATISTICS:
        if name in arrays and not np.isfinite(arrays[name]).all():
            probe, layer = np.argwhere(~np.isfinite(arrays[name]))[0]
            message = f"{arrays[name][probe, layer]:g} for layer {layer + 1} in probe {probe}"
            raise array_error("not-finite", path, name, message, "a number for every layer")
