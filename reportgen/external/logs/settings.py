"""Hyperparameters in files beside a log, such as hparams.yaml; nothing that such a file says is executed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from reportgen import disk
from reportgen.languages.translate import N_
from reportgen.runs.training_log import LogNote

MOST_BYTES = 2**18
MOST_DEPTH = 6
MOST_SETTINGS = 2000
MOST_TEXT = 200


class _Loader(yaml.SafeLoader):
    """A loader that takes a Python object for its text or for its mapping, without making it."""


def _plain_node(loader: _Loader, _: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return node.value
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_mapping(node, deep=True) if isinstance(node, yaml.MappingNode) else None


_Loader.add_multi_constructor("", _plain_node)


def settings_in(folder: Path, *names: str) -> tuple[dict[str, Any], tuple[LogNote, ...]]:
    """Return the hyperparameters in the first of these YAML or JSON files that exists in a folder, by dotted name.

    A file that cannot be read gives a note: the log can be judged without it.
    """
    for name in names:
        path = folder / name
        if path.is_file():
            try:
                return _read(path), ()
            except (OSError, ValueError, TypeError, RecursionError, yaml.YAMLError):
                text = N_("the hyperparameters in {file} cannot be read").format(file=name)
                return {}, (LogNote("settings-unreadable", text),)
    return {}, ()


def _read(path: Path) -> dict[str, Any]:
    with disk.open_regular(path) as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError("too large")
    text = content.decode("utf-8-sig")
    tree = json.loads(text) if path.suffix == ".json" else yaml.load(text, _Loader)
    return flat_settings(tree)


def flat_settings(tree: Any) -> dict[str, Any]:
    """Return the numbers, texts and truth values of nested mappings by dotted name; short lists become texts."""
    found: dict[str, Any] = {}
    for name, value in _leaves(tree, "", 0):
        if len(found) == MOST_SETTINGS:
            break
        found[name] = value
    return found


def _leaves(tree: Any, name: str, depth: int) -> Iterator[tuple[str, Any]]:
    if isinstance(tree, Mapping):
        if depth < MOST_DEPTH:
            for key, value in tree.items():
                yield from _leaves(value, f"{name}.{key}" if name else str(key), depth + 1)
    elif isinstance(tree, bool | int | float):
        yield name, tree
    elif isinstance(tree, str):
        yield name, tree[:MOST_TEXT]
    elif isinstance(tree, Sequence) and all(isinstance(item, bool | int | float | str) for item in tree[:20]):
        yield name, ", ".join(str(item)[:MOST_TEXT] for item in tree[:20])[:MOST_TEXT]
