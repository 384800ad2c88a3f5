"""Parses `--set a.b=v` and sets dotted paths in the tree of a study."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from typing import Any

from reportgen.errors import StudyError, UsageError
from reportgen.registry import Component
from reportgen.study.model.layers import opened_layer
from reportgen.study.model.network import Network
from reportgen.study.model.ranges import KINDS, OPTIONS
from reportgen.study.model.settings import Training
from reportgen.study.syntax.yaml12 import Path, read_value

USUAL = {
    f"{section}.{name}": default.name
    for section, model in (("network", Network), ("training", Training))
    for name, field in model.model_fields.items()
    if isinstance(default := field.get_default(call_default_factory=True, validated_data={}), Component)
}
"""The default components by dotted path."""

FORMS = {"network.hidden": "network.layers", "network.layers": "network.hidden"}
"""The two forms of a network, and the path of the other one."""

LAYER = re.compile(r"network\.layers(\.\d+\.residual\.layers)?\.\d+(\.[^.]+)?")
"""The paths of a layer, and of the settings of a layer."""


AS_WRITTEN = ("student",)
"""Settings whose value is the text in the file, even if it reads as a number: the id 0123 is not the number 123."""

BRACKETS = re.compile(r"\b(layers|preprocess)\[(\d+)\]")
"""An index after the name of a list, as in network.layers[0]."""


def dotted(path: str) -> str:
    """Return a path with indices such as [0] written as .0."""
    return BRACKETS.sub(r"\1.\2", path)


def indexed_hint(tree: Mapping[str, Any], path: str) -> str:
    """Return "did you mean ...?" with the index of a list's first entry that has the next key, "" if there is none.

    Such as network.layers.0.conv.filters for network.layers.conv.filters.
    """
    node: Any = tree
    keys: list[str] = []
    for key in path.split("."):
        if isinstance(node, list) and not key.isdecimal():
            index = next(
                (i for i, item in enumerate(node) if item == key or (isinstance(item, dict) and key in item)), -1
            )
            if index < 0:
                return ""
            keys, node = [*keys, str(index)], node[index]
        keys.append(key)
        node = node[int(key)] if key in _names(node) and isinstance(node, list) else _value(node, key)
    found = ".".join(keys)
    return "" if found == path else f"did you mean {found!r}? The first entry of a list is 0"


def _value(node: Any, key: str) -> Any:
    return node.get(key) if isinstance(node, dict) else None


def parse_set(text: str) -> tuple[str, Any]:
    """Return (dotted path, value) of an argument such as training.lr=1e-3; the value is parsed as YAML 1.2.

    Raises
    ------
    UsageError : the argument has no `=` or no path, or its value is not valid YAML.
    """
    if not text.isascii() and text.encode("utf-8", "replace").decode() != text:
        raise UsageError("not-text", "the argument is not UTF-8 text", "--set", "type it in UTF-8")
    path, sign, value = text.partition("=")
    path = dotted(path.strip())
    if not sign or not path or not all(path.split(".")):
        hint = "such as --set training.lr=0.1"
        raise UsageError("invalid-override", "expected a dotted path, = and a value", f"--set {text}", hint)
    try:
        document = read_value(value, f"--set {path}")
    except StudyError as error:
        raise UsageError(error.code, error.message, error.where, error.hint) from None
    read = document.texts.get((), document.value) if path in AS_WRITTEN else document.value
    if isinstance(read, dict) and any(":" in str(key) and item is None for key, item in read.items()):
        hint = "such as {name: leaky_relu, slope: 0.3}, in quotes"
        raise UsageError("invalid-override", "missing space after a colon", f"--set {text}", hint)
    return path, read


def with_value(tree: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a tree with `value` at the dotted path; the new tree shares all other values with the given one.

    A component given by its name or a number alone, or left out, becomes a mapping if the path continues into it. A new
    component at the end of the path replaces the old one and its parameters. A new value of `network.hidden` replaces
    `network.layers`, and the reverse.

    Raises
    ------
    KeyError : the path continues into a value that has no keys.
    """
    changed = tree.copy()  # the rest of the tree is shared, because a search makes thousands of copies
    node: Any = changed
    keys = _keys(tree, path)
    for count, key in enumerate(keys[:-1], 1):
        inner = copy.copy(_opened(_item(node, key), ".".join(keys[:count]), keys[count]))
        _put(node, key, inner)
        node = inner
    _put(node, keys[-1], copy.deepcopy(value))
    if len(keys) == 2 and path in FORMS and isinstance(node, dict):
        node.pop(FORMS[path].rpartition(".")[2], None)
    return changed


def _opened(value: Any, path: str, key: str) -> Any:
    """Return the value at a path as a mapping or list that can have the given key."""
    if value is None and path in USUAL:
        return {"name": USUAL[path]}
    if value is None or isinstance(value, bool) or value == "none":
        return {}
    if path == "preprocess" and key.isdecimal() and not isinstance(value, list):
        return [value]
    if LAYER.fullmatch(path):
        last = path.rpartition(".")[2]
        return {value: {}} if last.isdecimal() and isinstance(value, str) else opened_layer(last, value)
    if path.startswith("network.") and path.endswith(".dropout") and isinstance(value, (int, float)):
        return {"rate": value}
    return {"name": value} if isinstance(value, str) else value


def _keys(tree: dict[str, Any], path: str) -> list[str]:
    """Return the keys of a dotted path; below `vary`, `variants` and `search`, a key is a dotted path itself."""
    keys: list[str] = []
    node: Any = tree
    rest = path.split(".")
    while rest:
        count = next((n for n in range(len(rest), 1, -1) if isinstance(node, dict) and ".".join(rest[:n]) in node), 1)
        if ".".join(rest[:count]) not in _names(node) and (keys == ["vary"] or (keys[:1] == ["variants"] and keys[1:])):
            count = len(rest)
        elif keys == ["search"] and count == 1 and rest[0] not in OPTIONS:
            count = max(len(rest) - (rest[-1] in (*KINDS, "points")), 1)
        key = ".".join(rest[:count])
        keys, rest = [*keys, key], rest[count:]
        node = node.get(key) if isinstance(node, dict) else node[int(key)] if key in _names(node) else None
    return keys


def _names(node: Any) -> list[str]:
    """Return the possible next keys of a path: those of a mapping, or the indices of a list."""
    if isinstance(node, dict):
        return [str(name) for name in node]
    return [str(index) for index in range(len(node))] if isinstance(node, list) else []


def _item(node: Any, key: str) -> Any:
    if isinstance(node, dict):
        return node.get(key)
    return node[_index(node, key)]


def _put(node: Any, key: str, value: Any) -> None:
    if isinstance(node, dict):
        node[key] = value
    else:
        node[_index(node, key)] = value


def _index(node: Any, key: str) -> int:
    if isinstance(node, list) and key.isdecimal() and int(key) < len(node):
        return int(key)
    raise KeyError(key)


def with_values(tree: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of the tree with each dotted path set."""
    for path, value in changes.items():
        tree = with_value(tree, path, value)
    return tree


def without(tree: dict[str, Any], paths: Iterable[Path]) -> dict[str, Any]:
    """Return a copy of the tree without the keys at these paths."""
    changed = copy.deepcopy(tree)
    for path in paths:
        node: Any = changed
        for key in path[:-1]:
            node = node[key]
        node.pop(path[-1], None)
    return changed
