"""`--set a.b=v`: reading it, and setting a dotted path in a study's tree."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from reportgen.errors import StudyError, UsageError
from reportgen.study.yaml12 import scalar


def parse_set(text: str) -> tuple[str, Any]:
    """Return (dotted path, value) of an argument such as training.lr=1e-3; the value is read as YAML 1.2.

    Raises
    ------
    UsageError : no `=`, no path, or a value that is not YAML.
    """
    path, sign, value = text.partition("=")
    path = path.strip()
    if not sign or not path or not all(path.split(".")):
        raise UsageError(f"--set {text}: expected a path and a value", hint="such as --set training.lr=0.1")
    try:
        return path, scalar(value, f"--set {path}")
    except StudyError as error:
        raise UsageError(str(error)) from None


def with_value(tree: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a copy of the tree with `value` at the dotted path.

    A component that was given as its name alone becomes a mapping where the path leads into it; a new component at
    the path's end replaces the old one with its parameters.

    Raises
    ------
    KeyError : the path leads through something that has no keys.
    """
    changed = copy.deepcopy(tree)
    at: Any = changed
    parts = path.split(".")
    for part in parts[:-1]:
        inner = _item(at, part)
        if isinstance(inner, str):
            inner = {"name": inner}
        elif inner is None or inner is True:
            inner = {}
        _put(at, part, inner)
        at = inner
    _put(at, parts[-1], copy.deepcopy(value))
    return changed


def _item(at: Any, part: str) -> Any:
    if isinstance(at, dict):
        return at.get(part)
    return at[_index(at, part)]


def _put(at: Any, part: str, value: Any) -> None:
    if isinstance(at, dict):
        at[part] = value
    else:
        at[_index(at, part)] = value


def _index(at: Any, part: str) -> int:
    if isinstance(at, list) and part.isdigit() and int(part) < len(at):
        return int(part)
    raise KeyError(part)


def with_values(tree: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of the tree with each dotted path set."""
    for path, value in changes.items():
        tree = with_value(tree, path, value)
    return tree
