"""The `layers` of an external record: kinds, windows, activations and shortcuts, for other networks than chains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from reportgen.engine.layers.table import LAYERS
from reportgen.engine.network_spec import LayerSpec, NetworkSpec, WindowSpec
from reportgen.errors import StudyError
from reportgen.external.settings import key_error, refuse_unknown
from reportgen.study.loading.messages import study_error
from reportgen.study.model.network import Network

KEY = "layers"
LAYER_KEYS = ("kind", "module", "kernel", "stride", "padding", "activation", "adds")
EXAMPLE = 'such as {"kind": "conv", "kernel": [3, 3], "stride": [1, 1], "padding": [1, 1]}'


def with_layers(place: str, head: Mapping[str, Any], network: NetworkSpec) -> NetworkSpec:
    """Return the network with the layers that the settings describe; raises StudyError if the description is invalid.

    Without a description, the network is a chain of fully connected layers.
    """
    described = head.get(KEY)
    if described is None:
        return network
    layers = network.layers
    if not isinstance(described, list) or len(described) != len(layers):
        found = f"{len(described)} entries" if isinstance(described, list) else "no list"
        message = f"{found} for {len(layers)} layers"
        raise key_error("wrong-length", place, KEY, message, "one entry for each layer, the output layer last")
    found_layers = tuple(
        _layer(place, number, entry, layer) for number, (entry, layer) in enumerate(zip(described, layers, strict=True))
    )
    return NetworkSpec(found_layers, is_complete=False)


def _layer(place: str, index: int, entry: Any, layer: LayerSpec) -> LayerSpec:
    """Return a layer with the kind, window, shortcut and activation of its entry."""
    key = f"{KEY}.{index}"
    if not isinstance(entry, dict):
        raise key_error("wrong-type", place, key, f"expected a mapping, found {type(entry).__name__}", EXAMPLE)
    refuse_unknown(place, entry, LAYER_KEYS, f"{key}.")
    known = {name: value for name, value in entry.items() if value is not None}
    kind = known.get("kind", "dense")
    row = LAYERS.find(kind) if isinstance(kind, str) else None
    if row is None or not row.has_weights:
        hint = "one of " + ", ".join(name for name, one in LAYERS.items() if one.has_weights)
        raise key_error("unknown-value", place, f"{key}.kind", f"unknown kind {kind!r}", hint)
    if not isinstance(known.get("module", ""), str):
        raise key_error("wrong-type", place, f"{key}.module", "the name of a class is not text", 'such as "Conv2d"')
    adds = known.get("adds")
    if adds is not None and (not _is_count(adds, 0) or adds == index + 1):
        hint = "the number of the layer whose outputs are added, counted from 1, or 0 for the inputs"
        raise key_error("out-of-range", place, f"{key}.adds", f"{adds!r} is not another layer", hint)
    window = _window(place, key, known) if row.has_filters else None
    found = replace(layer, kind=kind, window=window, adds=None if adds is None else adds - 1)
    written = known.get("activation")
    return found if written is None else replace(found, activation=_activation(place, key, written))


def _window(place: str, key: str, entry: Mapping[str, Any]) -> WindowSpec | None:
    """Return the window of a convolution of images; None if it is unknown or of another kind."""
    sizes = {name: entry[name] for name in ("kernel", "stride", "padding") if name in entry}
    for name, value in sizes.items():
        if value != "same" or name != "padding":
            least = 0 if name == "padding" else 1
            if not isinstance(value, list) or not all(_is_count(size, least) for size in value):
                hint = f"a list of whole numbers of at least {least}, such as [3, 3]"
                raise key_error("out-of-range", place, f"{key}.{name}", f"invalid size {value!r}", hint)
    if len(sizes) < 3 or any(len(value) != 2 for value in sizes.values() if value != "same"):
        return None
    kernel, stride, padding = (value if value == "same" else tuple(value) for value in sizes.values())
    return WindowSpec(kernel, stride, padding)


def _activation(place: str, key: str, value: Any) -> Any:
    """Return the activation of a layer; raises StudyError as for the settings of a study."""
    tree = {"hidden": [1], "activation": value}
    try:
        found = Network.model_validate(tree).activation
    except ValidationError as error:
        raise study_error(error, tree, lambda path, _: f"{place}: {key}.{'.'.join(map(str, path))}") from error
    if isinstance(found, tuple):
        raise StudyError("wrong-type", "expected one activation", f"{place}: {key}.activation", 'such as "relu"')
    return found


def _is_count(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
