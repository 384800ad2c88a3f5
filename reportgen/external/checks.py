"""Whether the arrays of a record that a user brings go together, and with what its settings say."""

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
ALWAYS = ("probe_weight_norm", "probe_weight_std")
"""Statistics that every layer has."""


def refusal(path: Path, name: str, found: str, right: str) -> StudyError:
    """Return the error on an array: what was found, and what would be right."""
    return StudyError("?", f"the array {name} {found}", str(path), right)


def check_together(path: Path, arrays: Mapping[str, Array], units: tuple[int, ...]) -> None:
    """Refuse arrays of which each could be, and not beside the others; raises StudyError at the first.

    units: of the hidden layers.
    """
    steps = len(arrays["step_loss"])
    for name in ("epoch_step", "probe_step"):
        if name in arrays and arrays[name][-1] > steps:
            found = f"ends at {arrays[name][-1]:g}, and step_loss has {steps} steps"
            raise refusal(path, name, found, "steps that were done")
    if "unit_layer" in arrays:
        _check_unit_layer(path, arrays["unit_layer"], units)
    low, high = (arrays.get(f"probe_activation_{end}") for end in ("min", "max"))
    if low is not None and high is not None and (low > high).any():
        place = np.argwhere(low > high)[0]
        found = f"holds {low[tuple(place)]:g} where probe_activation_max holds {high[tuple(place)]:g}"
        raise refusal(path, "probe_activation_min", found, "the least activation of each layer")


def _check_unit_layer(path: Path, layers: Array, units: tuple[int, ...]) -> None:
    found = np.bincount(layers, minlength=len(units) + 1)
    if found[0] or len(found) > len(units) + 1:
        wrong = layers[(layers < 1) | (layers > len(units))][0]
        raise refusal(path, "unit_layer", f"holds {wrong}", f"hidden layers, counted from 1 to {len(units)}")
    for number, (count, wanted) in enumerate(zip(found[1:], units, strict=True), 1):
        if count != wanted:
            text = f"gives layer {number} {count} units, and network.hidden {wanted}"
            raise refusal(path, "unit_layer", text, "the layer of each hidden unit")


def check_with_facts(path: Path, arrays: Mapping[str, Array], facts: Mapping[str, Any]) -> None:
    """Refuse confusions that count other examples than the facts do; raises StudyError at the first."""
    for split in ("val", "train"):
        name, counts = f"{split}_confusion", arrays.get(f"{split}_confusion")
        if counts is None:
            continue
        if not counts.sum():
            raise refusal(path, name, "counts no example", "leave it out where nothing was counted")
        if split == "val" and facts.get("val_n", counts.sum()) != counts.sum():
            found = f"counts {counts.sum()} examples, and facts.val_n is {facts['val_n']}"
            raise refusal(path, name, found, "every validation example once")
    if "train_confusion" in arrays and "class_counts" in facts:
        _check_rows(path, arrays["train_confusion"].sum(axis=1), np.asarray(facts["class_counts"]))


def _check_rows(path: Path, rows: Array, counts: Array) -> None:
    for place in np.flatnonzero(rows > counts)[:1]:
        found = f"has {rows[place]} examples of class {place}, and facts.class_counts {counts[place]}"
        raise refusal(path, "train_confusion", found, "true classes are its rows")


def lost_in(arrays: Mapping[str, Array]) -> str:
    """Return which loss or weight has left the finite numbers by the end, in words; empty where none has."""
    losses = arrays["step_loss"]
    if not np.isfinite(losses).all():
        step = int(np.flatnonzero(~np.isfinite(losses))[0])
        return f"step_loss holds {losses[step]:g} at step {step + 1}"
    for name in LOSSES:
        if name in arrays and not np.isfinite(arrays[name][-1]):
            return f"{name} ends with {arrays[name][-1]:g}"
    for name in ALWAYS:
        if name in arrays and not np.isfinite(arrays[name][-1]).all():
            return f"{name} holds a value that is not finite in the last look"
    return ""


def check_finite(path: Path, arrays: Mapping[str, Array]) -> None:
    """Refuse a score or weight of a run that ended well and is not finite; raises StudyError at the first."""
    for name in (*LOSSES, *ACCURACIES):
        rows = arrays.get(name, np.zeros(1))
        unknown = np.flatnonzero(np.isnan(rows[1:])) + 1  # the network before training need not be scored
        if unknown.size:
            found = f"holds {rows[unknown[0]]:g} in row {unknown[0]} of a run that did not diverge"
            right = "rows of epochs after which all was scored, with their steps in epoch_step; or without the array"
            raise refusal(path, name, found, right)
    for name in ALWAYS:
        if name in arrays and not np.isfinite(arrays[name]).all():
            look, layer = np.argwhere(~np.isfinite(arrays[name]))[0]
            found = f"holds {arrays[name][look, layer]:g} for layer {layer + 1} in look {look}"
            raise refusal(path, name, found, "a number for every layer, since all have weights")
