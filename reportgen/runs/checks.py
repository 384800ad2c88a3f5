"""Checks of the values of a stored run: its specification, their types, and the shapes of its arrays.

Digests show that a run is as it was stored; these checks hold for a run that somebody else stored. A stored
specification is read back with the types of `RunSpec`.
"""

from __future__ import annotations

import functools
import json
import numbers
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass, replace
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from numpy.typing import NDArray

from reportgen.data.readers.npy import Header
from reportgen.data.readers.npz_layout import Layout, StoredArrays
from reportgen.engine.probes.evenness import WEIGHT_SHAPES
from reportgen.engine.probes.probe_spec import REQUESTS
from reportgen.engine.spec import EPOCH_COLUMNS, STATISTICS, RunSpec
from reportgen.runs.record import RunRecord, run_key

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

LISTS = ("class_counts", "val_class_counts", "class_labels")
"""Facts of a run that are lists, with a value for each class."""


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
    for name in LISTS:
        if name in facts and not (isinstance(facts[name], list) and None not in facts[name]):
            raise ValueError(f"the fact {name} is not a list of values")
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


def typed_spec(stored: Any) -> RunSpec:
    """Return a specification in a run.json; raises ValueError, TypeError or KeyError for another form."""
    spec: RunSpec = _typed(RunSpec, stored)
    for index, node in enumerate(spec.network.nodes):
        sources = (getattr(node, "source", None), getattr(node, "adds", None))
        if any(source is not None and not -1 <= source < index for source in sources):
            raise ValueError("a node of the network follows no earlier node")
    return spec


def refuse_other_spec(stored: Any, key: str, fingerprint: str) -> None:
    """Raise ValueError unless a run with this specification, on data with this fingerprint, has this key.

    The path of its data may differ, and settings may be missing that later versions added. Raises also TypeError or
    KeyError for another form.
    """
    seed = stored["seed"]
    if type(seed) is not int:
        raise ValueError("the seed is not a whole number")
    spec = _without_seed(json.dumps({**stored, "seed": 0}))
    if run_key(replace(spec, seed=seed), fingerprint) != key:
        raise ValueError("the run has other settings than its key")


@functools.lru_cache(maxsize=512)
def _without_seed(text: str) -> RunSpec:
    """Return the specification of all seeds of a variant, whose parts have texts that `RunSpec.key` remembers."""
    return typed_spec(json.loads(text))


def _typed(kind: Any, value: Any) -> Any:
    """Return a JSON value converted to the given type."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        others = [k for k in arguments if k is not type(None)]
        return None if value is None else _typed(_kind_of(others, value), value)
    if origin is tuple:
        kinds = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else arguments
        return tuple(_typed(k, v) for k, v in zip(kinds, value, strict=True))
    if is_dataclass(kind) and isinstance(kind, type):
        hints = _hints(kind)
        return kind(**{f.name: _typed(hints[f.name], value[f.name]) for f in fields(kind) if f.name in value})
    if kind in PLAIN and (not isinstance(value, PLAIN[kind]) or (isinstance(value, bool) and kind is not bool)):
        raise ValueError(f"{value!r} is not of the type {kind.__name__}")
    return tuple(value) if isinstance(value, list) else value


@functools.cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    return get_type_hints(kind)


PLAIN: Mapping[Any, Any] = {int: int, float: (int, float), str: str, bool: bool}
"""The Python types of the JSON values of a plain type."""


def _kind_of(kinds: Sequence[Any], value: Any) -> Any:
    """Return the kind of a union that a JSON value has; of several dataclasses, the one with its fields."""
    if len(kinds) == 1 or not isinstance(value, dict):
        return kinds[0] if len(kinds) == 1 else Any
    for kind in filter(is_dataclass, kinds):
        required = {f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING}
        if required <= value.keys() <= {f.name for f in fields(kind)}:
            return kind
    raise ValueError("a mapping with other keys")
