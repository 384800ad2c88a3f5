"""Specifications in stored runs: read back with the types of `RunSpec`, and compared with the keys of their runs.

The settings get their types from the type hints of `RunSpec`.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass, replace
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from reportgen.engine.spec import RunSpec
from reportgen.runs.record import run_key


def typed_spec(stored: Any) -> RunSpec:
    """Return a specification in a run.json; raises ValueError, TypeError or KeyError for another form."""
    spec: RunSpec = _typed(RunSpec, stored)
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
