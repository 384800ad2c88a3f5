"""Stored runs, read without their study; the settings get their types from the type hints of `RunSpec`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from reportgen.engine.spec import RunSpec
from reportgen.errors import StudyError
from reportgen.external.arrays import Array
from reportgen.runs.record import RunRecord


def stored_of(place: str, head: Mapping[str, Any], arrays: Mapping[str, Array]) -> tuple[str, RunRecord]:
    """Return the variant of a stored run (its settings without the seed, as text) and its record.

    Raises StudyError if the run's settings are invalid.
    """
    try:
        spec = _typed(RunSpec, head["spec"])
        final = {name: math.nan if value is None else float(value) for name, value in head["final"].items()}
        names = ("key", "status", "stopped_at_step", "steps", "train_seconds", "facts")
        record = RunRecord(spec=spec, final=final, arrays=arrays, **{name: head[name] for name in names})
        return replace(spec, seed=0).canonical(), record
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StudyError("invalid-record", "the stored run is damaged", place, "train it again") from error


def _typed(kind: Any, value: Any) -> Any:
    """Return a JSON value converted to the given type."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return None if value is None else _typed(next(k for k in arguments if k is not type(None)), value)
    if origin is tuple:
        kinds = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else arguments
        return tuple(_typed(k, v) for k, v in zip(kinds, value, strict=True))
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        return kind(**{f.name: _typed(hints[f.name], value[f.name]) for f in fields(kind) if f.name in value})
    return tuple(value) if isinstance(value, list) else value
