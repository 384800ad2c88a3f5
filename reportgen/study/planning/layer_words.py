"""The layers of a network in words, for labels and tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic_core import PydanticCustomError

from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.inits import INITS
from reportgen.engine.tables.norms import NORMS
from reportgen.registry import Component, Row
from reportgen.study.model.components import plain_value, shown
from reportgen.study.model.layer_settings import GLOBAL, Conv, Dense, Pool
from reportgen.study.model.layers import Layer, Residual, read_layer

TABLES: Mapping[str, Mapping[str, Row]] = {"activation": ACTIVATIONS, "init": INITS, "norm": NORMS}
"""The rows of the components that a layer can override."""

LAYER_PATH = re.compile(r"network\.layers(\.\d+)?")
"""The paths of settings that are layers, or a list of them."""


def layers_in_words(value: Any) -> str | None:
    """Return layers, written as in a study, in words such as "conv 6 5x5, max pool 2, dense 120".

    Returns None for a value that is not a layer or a list of layers.
    """
    entries = value if isinstance(value, (list, tuple)) else [value]
    try:
        return ", ".join(_words(read_layer(entry)) for entry in entries) or None
    except PydanticCustomError:
        return None


def _words(layer: Layer) -> str:
    settings = layer.settings
    if isinstance(settings, Component):
        return " ".join([layer.key, *(f"{name} {shown(value)}" for name, value in settings.params)])
    if isinstance(settings, Residual):
        return _block(settings)
    if isinstance(settings, Pool):
        if settings.size == GLOBAL:
            return f"global {settings.kind} pool"
        stride = [] if settings.stride in (None, settings.size) else [f"stride {_pair(settings.stride)}"]
        return " ".join([f"{settings.kind} pool {_pair(settings.size)}", *stride])
    if isinstance(settings, Conv):
        return " ".join([f"{layer.key} {settings.filters} {_size(settings.kernel)}", *_details(settings)])
    return " ".join([f"{layer.key} {settings.units}", *_details(settings)])


def _block(settings: Residual) -> str:
    times = f"{settings.repeat} × " if settings.repeat > 1 else ""
    inside = ", ".join(map(_words, settings.layers))
    kind = [name for name in (settings.shortcut, settings.order) if name not in ("identity", "post")]
    return " ".join([f"{times}residual ({inside})", *kind])


def _details(settings: Conv | Dense) -> list[str]:
    """Return the settings that differ from their defaults or from those of the network."""
    details = []
    for name, field in type(settings).model_fields.items():
        if name in ("filters", "kernel", "units") or name not in settings.model_fields_set:
            continue
        value = getattr(settings, name)
        if name in ("stride", "padding"):
            if value != field.default:
                details.append(f"{name} {_pair(value)}")
        elif value is None:
            details.append(f"no {name}")
        else:
            details.append(_override(name, value))
    return details


def _override(name: str, value: Any) -> str:
    if isinstance(value, Component):
        defaults = {parameter.name: parameter.default for parameter in TABLES[name][value.name].parameters}
        changed = [str(plain_value(item)) for key, item in value.params if item != defaults[key]]
        return " ".join([value.name, *changed])
    default = type(value)() if name == "batchnorm" else None
    if value == default:
        return name
    written = plain_value(value)
    return f"{name} {written['rate'] if isinstance(written, dict) and 'rate' in written else shown(written)}"


def _pair(value: Any) -> str:
    if isinstance(value, str):
        return value
    return str(value[0]) if value[0] == value[1] else _size(value)


def _size(value: tuple[int, int]) -> str:
    return f"{value[0]}x{value[1]}"
