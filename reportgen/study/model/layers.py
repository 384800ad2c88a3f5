"""The layers in `network.layers`: their keys, and residual blocks.

A layer is a mapping with one key. The rows of the engine's layer kinds determine the keys: a row has the settings that
its `form` names, and all rows of poolings share the key `pool`. A residual block contains other layers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import BeforeValidator, Field, InstanceOf

from reportgen.engine.layers.table import LAYERS, LayerKind
from reportgen.registry import Component
from reportgen.study.model.components import below, plain_value, problem, read_component, shown, suggest
from reportgen.study.model.layer_settings import GLOBAL, Conv, Dense, OwnSettings, Pool
from reportgen.study.model.section import Section, nested

MOST_LAYERS = 200
POOL, RESIDUAL = "pool", "residual"


@dataclass(frozen=True)
class Layer:
    """An entry of `network.layers`: its key, and its settings; a row with parameters alone has a component."""

    key: str
    settings: Any

    @property
    def written(self) -> dict[str, Any]:
        """The layer as in a study file."""
        if isinstance(self.settings, Component):
            return {self.key: {name: plain_value(value) for name, value in self.settings.params}}
        return {self.key: self.settings.written}

    def with_weights(self) -> Iterator[tuple[tuple[str | int, ...], Layer]]:
        """Yield the path below this layer and the layer, for each layer that can have its own init and so on."""
        if isinstance(self.settings, Residual):
            for index, inner in enumerate(self.settings.layers):
                yield (self.key, "layers", index, inner.key), inner
        elif isinstance(self.settings, OwnSettings):
            yield (self.key,), self

    @property
    def count(self) -> int:
        """Number of layers after repetitions."""
        return self.settings.repeat * len(self.settings.layers) if isinstance(self.settings, Residual) else 1


def is_weighted(key: str) -> bool:
    """Return whether the layers of a key have weights, so that residual blocks can contain them."""
    return key in LAYERS and LAYERS[key].has_weights


def _branch_layer(value: Any) -> Layer:
    layer = read_layer(value)
    if not is_weighted(layer.key):
        message = f"a residual block cannot contain {layer.key}"
        raise problem("invalid-value", message, "use convolutions and dense layers", (layer.key,), key=True)
    return layer


class Residual(Section):
    """Residual blocks: the sum of their input and of a branch of layers (He et al. 2016)."""

    example: ClassVar[str] = "{repeat: 2, layers: [{conv: {filters: 16, kernel: 3, padding: same}}]}"
    repeat: int = Field(default=1, ge=1, le=MOST_LAYERS, description="number of equal blocks in succession")
    layers: tuple[Annotated[InstanceOf[Layer], BeforeValidator(_branch_layer)], ...] = Field(
        strict=False, min_length=1, description="layers of the branch: convolutions and dense layers"
    )
    shortcut: Literal["identity", "projection"] = Field(
        default="identity",
        description="how the input is added; `projection` is a convolution of 1 x 1, or a linear map, where the "
        "branch changes the shape, and the identity elsewhere",
    )
    order: Literal["post", "pre"] = Field(
        default="post",
        description="activation of the sum (`post`, He et al. 2015), or normalization and activation before each "
        "layer of the branch (`pre`, He et al. 2016)",
    )

    @property
    def written(self) -> dict[str, Any]:
        """The settings as in a study file."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return values | {"layers": [layer.written for layer in self.layers]}


class Form(NamedTuple):
    """A form of the layer kinds: its settings, the setting that a value alone gives, and an example of its value.

    The example is formatted with the names of a row, aliases first.
    """

    model: type[Section]
    short: str | None
    example: str


FORMS: Mapping[str, Form] = {
    "units": Form(Dense, "units", "100"),
    "filters": Form(Conv, None, "{{filters: 16, kernel: 3, padding: same}}"),
    "window": Form(Pool, "size", "{{kind: {0}, size: 2}}"),
}
"""The forms by name, except "parameters", whose settings are the parameters of the row."""


def spelled_out(form: str, value: Any) -> Any:
    """Return the settings of a layer as a mapping; a value alone gives the most important setting."""
    short = FORMS[form].short
    if short is None or value is None or isinstance(value, (dict, bool)):
        return value
    return {short: value} | ({"kind": "average"} if value == GLOBAL else {})


def _of_form(form: str) -> Callable[[str, Any], Any]:
    return lambda key, value: nested(FORMS[form].model, _mapping(key, spelled_out(form, value)), key)


def _mapping(key: str, value: Any) -> dict[str, Any]:
    """Return the settings of a layer; raises a validation error with an example if they are no mapping."""
    if not isinstance(value, dict):
        code = "missing-key" if value is None else "wrong-type"
        message = f"{key} needs settings" if value is None else f"expected a mapping (key: value), found {shown(value)}"
        raise problem(code, message, f"such as {key}: {example_of(key)}", (key,))
    return value


def example_of(key: str) -> str:
    """Return an example of the settings of a layer with a form, or of a residual block."""
    form = FORMS.get(forms().get(key, ""))
    if form is None:
        return Residual.example
    row = next(row for row in LAYERS.values() if key_of(row) == key)
    return form.example.format(*row.aliases, row.name)


def _parameters(key: str, value: Any) -> Component:
    if value is not None and not isinstance(value, dict):
        message = f"expected a mapping (key: value), found {shown(value)}"
        raise problem("wrong-type", message, f"such as {key}: {{}}", (key,))
    return below(key, partial(read_component, {**(value or {}), "name": key}, LAYERS, "layer"))


def forms() -> dict[str, str]:
    """Return the form of each key of a layer that is a row of the engine."""
    return {key_of(row): row.form for row in LAYERS.values() if row.form}


def key_of(row: LayerKind) -> str:
    """Return the key of a row in `network.layers`, which all poolings share."""
    return POOL if row.form == "window" else row.name


def layer_models() -> dict[str, type[Section]]:
    """Return the models of the settings of layers by key."""
    return {key: FORMS[form].model for key, form in forms().items() if form in FORMS} | {RESIDUAL: Residual}


def opened_layer(key: str, value: Any) -> Any:
    """Return the settings of a layer as a mapping, if the key is that of a layer with a short form."""
    form = forms().get(key)
    return value if form is None or form not in FORMS else spelled_out(form, value)


def layer_keys() -> dict[str, Callable[[str, Any], Any]]:
    """Return the keys of layers, with the functions that read their settings from (key, value)."""
    keys: dict[str, Callable[[str, Any], Any]]
    keys = {key: _parameters if form == "parameters" else _of_form(form) for key, form in forms().items()}
    return keys | {RESIDUAL: lambda key, value: nested(Residual, _mapping(key, value), key)}


def read_layer(value: Any) -> Layer:
    """Return an entry of `network.layers`; raises a validation error if it is invalid."""
    if isinstance(value, Layer):
        return value
    keys = layer_keys()
    entry = {value: None} if isinstance(value, str) else value
    if not isinstance(entry, dict):
        raise problem("wrong-type", f"expected a layer, found {shown(value)}", "such as dense: 100")
    if len(entry) > 1 and not keys.keys() & entry.keys():
        message = f"a layer has one key, which is its kind, found {', '.join(map(str, entry))}"
        raise problem("unknown-name", message, "such as dense: {units: 100} or pool: 2")
    for key in entry:
        if key not in keys:
            path = (key,) if entry is value else ()
            raise problem("unknown-name", f"unknown layer {shown(key)}", suggest(str(key), list(keys)), path, key=True)
    if len(entry) != 1:
        if not entry:
            raise problem("empty-value", "the layer is empty", f"one of {', '.join(keys)}")
        first, second, *_ = entry
        message = f"a layer has one kind, found {first} and {second}"
        raise problem("conflicting-settings", message, "start each layer with a hyphen", (second,), key=True)
    ((key, settings),) = entry.items()
    return Layer(key, keys[key](key, settings))
