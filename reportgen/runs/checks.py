"""Checks of the values of a stored run: their types, and the shapes of its arrays.

Digests show that a run is as it was stored; these checks hold for a run that somebody else stored.
"""

from __future__ import annotations

import functools
import numbers
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from reportgen.data.readers.npy import Header
from reportgen.data.readers.npz_layout import Layout, StoredArrays
from reportgen.engine.probes.evenness import WEIGHT_SHAPES
from reportgen.engine.probes.probe_spec import REQUESTS
from reportgen.engine.spec import EPOCH_COLUMNS, STATISTICS
from reportgen.runs.record import RunRecord

SHAPES: dict[str, tuple[str, ...]] = {
    "step_loss": ("S",),
    "step_lr": ("S",),
    "step_top_share": ("S",),
    **{f"epoch_{name}": ("E + 1",) for name in EPOCH_COLUMNS},
    "probe_step": ("P",),
    **{f"probe_{name}": ("P", "L") for name in (*STATISTICS, *WEIGHT_SHAPES)},
    **{f"probe_{row.name}": ("P", "L") if row.by_layer else ("P",) for row in REQUESTS},
    "probe_unit_dead": ("P", "U"),
    "unit_layer": ("U",),
    **dict.fromkeys(("layer_has_gradient", "layer_in_optimizer", "layer_registrations"), ("L",)),
    "val_confusion": ("C", "C"),
    "train_confusion": ("C", "C"),
}
"""Shape of every array that diagnoses read."""

REQUIRED = ("step_loss", *(f"epoch_{name}" for name in ("epoch", "step", "train_loss", "val_loss")))
"""Arrays of every stored run."""


COUNTS = ("classes", "train_n", "val_n", "test_n", "features", "class_runs", "parameters", "probe_n")
"""Facts of a run that are whole numbers."""


def check_record(record: RunRecord) -> None:
    """Raise ValueError for the first value of a stored run that has another type or shape than training gives it."""
    counts = (record.steps, *(() if record.stopped_at_step is None else (record.stopped_at_step,)))
    if not all(type(count) is int and count >= 0 for count in counts):
        raise ValueError("a number of steps is not a whole number")
    if not _is_number(record.train_seconds) or not all(map(_is_number, record.final.values())):
        raise ValueError("a score or a time is not a number")
    if not (record.error is None or isinstance(record.error, str)) or not isinstance(record.data, str):
        raise ValueError("a text is not a text")
    if not isinstance(record.facts, Mapping) or not isinstance(record.provenance, Mapping):
        raise ValueError("the facts or the provenance are not a mapping")
    if not all(isinstance(value, str | int) or value is None for value in record.provenance.values()):
        raise ValueError("the provenance has values of other types")
    _check_facts(record.facts)
    if isinstance(record.arrays, StoredArrays):
        _check_layout(record.arrays.layout, record.layers)
    else:
        _check_shapes(record.arrays, record.layers)


def _check_facts(facts: Mapping[str, Any]) -> None:
    for name in COUNTS:
        if name in facts and not (type(facts[name]) is int and facts[name] >= 0):
            raise ValueError(f"the fact {name} is not a count")
    for name, value in facts.items():
        for one in value if isinstance(value, list) else [value]:
            if not (one is None or _is_number(one) or (name == "class_labels" and isinstance(one, str))):
                raise ValueError(f"the fact {name} is not a number")


@functools.lru_cache(maxsize=128)
def _check_layout(layout: Layout, layers: int) -> None:
    """Check the shapes of all runs with the same form of archive once."""
    _check_shapes({name: member.header for name, member in layout.members.items()}, layers)


def _check_shapes(arrays: Mapping[str, NDArray[Any] | Header], layers: int) -> None:
    """Raise ValueError for an array that is missing, has no numbers, or whose axes do not fit the other arrays."""
    if missing := [name for name in REQUIRED if name not in arrays]:
        raise ValueError(f"the array {missing[0]} is missing")
    sizes = {"L": layers}
    for name, array in arrays.items():
        if array.dtype.kind not in "biuf":
            raise ValueError(f"the array {name} has no numbers")
        shape = SHAPES.get(name)
        if shape is None or not array.size:  # a statistic that the study does not measure is empty
            continue
        if len(array.shape) != len(shape):
            raise ValueError(f"the array {name} has {len(array.shape)} axes")
        for axis, size in zip(shape, array.shape, strict=True):
            if sizes.setdefault(axis, size) != size:
                raise ValueError(f"the array {name} has {size} values on an axis of {sizes[axis]}")
    if "P" in sizes and ("probe_step" not in arrays or not arrays["probe_step"].size):
        raise ValueError("the steps of the probes are missing")


def _is_number(value: Any) -> bool:
    return type(value) in (float, int) or (isinstance(value, numbers.Real) and not isinstance(value, bool))
