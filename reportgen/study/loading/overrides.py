"""`--set a.b=v`: reading it, and setting a dotted path in a study's tree."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from reportgen.errors import StudyError, UsageError
from reportgen.registry import Component
from reportgen.study.model.ranges import KINDS, OPTIONS
from reportgen.study.model.settings import Network, Training
from reportgen.study.syntax.yaml12 import scalar

USUAL = {
    f"{section}.{name}": default.name
    for section, model in (("network", Network), ("training", Training))
    for name, field in model.model_fields.items()
    if isinstance(default := field.get_default(call_default_factory=True, validated_data={}), Component)
}
"""The components that a study has where it names none, by their paths."""


def parse_set(text: str) -> tuple[str, Any]:
    """Return (dotted path, value) of an argument such as training.lr=1e-3; the value is read as YAML 1.2.

    Raises
    ------
    UsageError : no `=`, no path, or a value that is not YAML.
    """
    path, sign, value = text.partition("=")
    path = path.strip()
    if not sign or not path or not all(path.split(".")):
        raise UsageError("?", f"--set {text}: expected a path and a value", hint="such as --set training.lr=0.1")
    try:
        read = scalar(value, f"--set {path}")
    except StudyError as error:
        raise UsageError("?", str(error)) from None
    if isinstance(read, dict) and any(":" in str(key) and item is None for key, item in read.items()):
        raise UsageError(
            "?", f"--set {text}: a colon without a blank", hint="such as {name: leaky_relu, slope: 0.3}, in quotes"
        )
    return path, read


def with_value(tree: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a tree with `value` at the dotted path; what the path does not lead through is shared with the given one.

    What was given as a name or a number alone, or left out, becomes a mapping where the path leads into it; a new
    component at the path's end replaces the old one with its parameters.

    Raises
    ------
    KeyError : the path leads through something that has no keys.
    """
    changed = tree.copy()  # a search makes thousands of these: of the rest of the tree nothing is copied
    at: Any = changed
    keys = _keys(tree, path)
    for count, key in enumerate(keys[:-1], 1):
        inner = copy.copy(_opened(_item(at, key), ".".join(keys[:count]), keys[count]))
        _put(at, key, inner)
        at = inner
    _put(at, keys[-1], copy.deepcopy(value))
    return changed


def _opened(value: Any, path: str, key: str) -> Any:
    """Return what stands at a path in the form that has keys, of which `key` is asked for."""
    if value is None and path in USUAL:
        return {"name": USUAL[path]}
    if value is None or isinstance(value, bool) or value == "none":
        return {}
    if path == "preprocess" and key.isdecimal() and not isinstance(value, list):
        return [value]
    if path == "network.dropout" and isinstance(value, (int, float)):
        return {"rate": value}
    return {"name": value} if isinstance(value, str) else value


def _keys(tree: dict[str, Any], path: str) -> list[str]:
    """Return the keys that a dotted path goes through; below `vary`, `variants` and `search` keys are such paths."""
    keys: list[str] = []
    at: Any = tree
    rest = path.split(".")
    while rest:
        count = next((n for n in range(len(rest), 1, -1) if isinstance(at, dict) and ".".join(rest[:n]) in at), 1)
        if ".".join(rest[:count]) not in _names(at) and (keys == ["vary"] or (keys[:1] == ["variants"] and keys[1:])):
            count = len(rest)
        elif keys == ["search"] and count == 1 and rest[0] not in OPTIONS:
            count = max(len(rest) - (rest[-1] in (*KINDS, "points")), 1)
        key = ".".join(rest[:count])
        keys, rest = [*keys, key], rest[count:]
        at = at.get(key) if isinstance(at, dict) else at[int(key)] if key in _names(at) else None
    return keys


def _names(at: Any) -> list[str]:
    """Return what a path may go on with: keys, or places in a list."""
    if isinstance(at, dict):
        return [str(name) for name in at]
    return [str(index) for index in range(len(at))] if isinstance(at, list) else []


def _item(at: Any, key: str) -> Any:
    if isinstance(at, dict):
        return at.get(key)
    return at[_index(at, key)]


def _put(at: Any, key: str, value: Any) -> None:
    if isinstance(at, dict):
        at[key] = value
    else:
        at[_index(at, key)] = value


def _index(at: Any, key: str) -> int:
    if isinstance(at, list) and key.isdecimal() and int(key) < len(at):
        return int(key)
    raise KeyError(key)


def with_values(tree: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of the tree with each dotted path set."""
    for path, value in changes.items():
        tree = with_value(tree, path, value)
    return tree
