"""Settings of the network: dense hidden layers in short form, or layers of any kind."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, InstanceOf, model_validator

from reportgen.engine.network_spec import BatchNormSpec, DropoutSpec
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.inits import INITS
from reportgen.registry import Component
from reportgen.study.model.components import below, problem, read_component, shown, whole_number
from reportgen.study.model.layer_settings import (
    BY_LAYER,
    MOST_UNITS,
    NAMES,
    WITHOUT,
    StochasticDepth,
    read_batchnorm,
    read_dropout,
    read_norm,
    read_stochastic_depth,
)
from reportgen.study.model.layers import MOST_LAYERS, RESIDUAL, Layer, read_layer
from reportgen.study.model.section import Number, Section, Takes


def _reader_by_layer(rows: Any, what: str) -> Any:
    """Return a validator for one component or a list with one for each hidden layer."""

    def read(value: Any) -> Any:
        if not isinstance(value, (list, tuple)):
            return read_component(value, rows, what)
        return tuple(below(index, partial(read_component, item, rows, what)) for index, item in enumerate(value))

    return BeforeValidator(read)


def _hidden(value: Any) -> tuple[int, ...] | None:
    if value in (None, "none"):
        return None
    if isinstance(value, dict):
        shape = Hidden.model_validate(value)
        return (shape.width,) * shape.layers
    if not isinstance(value, (list, tuple)):
        hint = "such as [500, 500] or {layers: 10, width: 500}"
        raise problem("wrong-type", f"expected a list of widths, found {shown(value)}", hint)
    widths = tuple(whole_number(width, "a width", 1, MOST_UNITS, (index,)) for index, width in enumerate(value))
    if len(widths) > MOST_LAYERS:
        raise problem("too-many", f"{len(widths)} hidden layers are too many", f"at most {MOST_LAYERS}")
    return widths


class Hidden(Section):
    """Hidden layers of one width."""

    example: ClassVar[str] = "{layers: 10, width: 500}"
    layers: int = Field(ge=0, le=MOST_LAYERS, description="number of hidden layers")
    width: int = Field(ge=1, le=MOST_UNITS, description="number of units in each hidden layer")


def _layers(value: Any) -> Any:
    if value in (None, "none"):
        return None
    if not isinstance(value, (list, tuple)):
        raise problem("wrong-type", f"expected a list of layers, found {shown(value)}", "such as [dense: 100]")
    return value


Entry = Annotated[InstanceOf[Layer], BeforeValidator(read_layer)]


def _output_init(value: Any) -> Component | None:
    return None if value in (None, "none") else read_component(value, INITS, "init")


def _norm(value: Any) -> Any:
    if not isinstance(value, (list, tuple)):
        return read_norm(value)
    return tuple(below(index, partial(read_norm, item)) for index, item in enumerate(value))


Factor = Annotated[Number, Field(ge=0)]


class Network(Section):
    """The layers; a list for a setting of layers, such as activation or init, has one entry for each hidden layer."""

    example: ClassVar[str] = "{hidden: [100, 100]}"
    hidden: Annotated[
        tuple[int, ...] | None, BeforeValidator(_hidden), Takes("{layers, width}, or a list of widths")
    ] = Field(
        default=None,
        description="dense hidden layers; an empty list makes a linear classifier. A network has either `hidden` or "
        "`layers`",
    )
    layers: Annotated[tuple[Entry, ...] | None, BeforeValidator(_layers), Takes("list of [layers](#layers)")] = Field(
        default=None,
        strict=False,
        description="layers of any kind before the output layer, each with one key, such as `conv` or `dense`",
    )
    activation: Annotated[
        Component | tuple[Component, ...], _reader_by_layer(ACTIVATIONS, "activation"), Takes(NAMES)
    ] = Field(
        default=Component("relu"),
        description="[activation](#activations) of the hidden layers, or a list with one for each layer",
    )
    init: Annotated[Component | tuple[Component, ...], _reader_by_layer(INITS, "init"), Takes(NAMES)] = Field(
        default=Component.of("he_normal", gain=1.0),
        description="[initialization](#initializations) of the weights, or a list with one for each hidden layer",
    )
    output_init: Annotated[Component | None, BeforeValidator(_output_init), Takes(NAMES)] = Field(
        default=None, description="initialization of the output layer, if it differs from the last hidden layer"
    )
    bias: Number | list[Number] = Field(
        default=0.0, description="initial value of the biases of the hidden layers, of their scalar biases with `fixup`"
    )
    batchnorm: Annotated[
        BatchNormSpec | tuple[BatchNormSpec | None, ...] | None,
        BeforeValidator(read_batchnorm),
        Takes("true, false, these settings, or a list"),
    ] = Field(default=None, description="batch normalization before the activation")
    norm: Annotated[Component | tuple[Component | None, ...] | None, BeforeValidator(_norm), Takes(NAMES)] = Field(
        default=None,
        description="[normalization](#normalizations) of each example before the activation, instead of batch "
        "normalization, or a list with one for each hidden layer",
    )
    dropout: Annotated[
        DropoutSpec | tuple[DropoutSpec | None, ...] | None,
        BeforeValidator(read_dropout),
        Takes("number, these settings, or a list"),
    ] = Field(default=None, description="dropout after the activation: the fraction of units to drop, or rate and mode")

    stochastic_depth: Annotated[
        StochasticDepth | None, BeforeValidator(read_stochastic_depth), Takes("number, these settings, or false")
    ] = Field(
        default=None,
        description="drop residual branches at random in training: the survival probability of the last one",
    )
    lr_factor: Factor | list[Factor] = Field(
        default=1.0,
        description="factor of the learning rate for the hidden layers, or a list with one for each layer; 0 freezes "
        "a layer",
    )
    output_lr_factor: Factor = Field(default=1.0, description="factor of the learning rate for the output layer")

    @property
    def has_hidden_weights(self) -> bool:
        """Whether the network has a layer with weights before the output layer."""
        return bool(self.hidden) or any(True for layer in self.layers or () for _ in layer.with_weights())

    @model_validator(mode="after")
    def _one_form(self) -> Network:
        if self.hidden is None and self.layers is None:
            hint = "such as hidden: [100], or layers: [dense: 100]"
            raise problem("missing-key", "the network has neither hidden nor layers", hint)
        if self.hidden is not None and self.layers is not None:
            message = "hidden and layers exclude each other"
            raise problem("conflicting-settings", message, "keep one of them", ("layers",), key=True)
        if sum(layer.count for layer in self.layers or ()) > MOST_LAYERS:
            count = sum(layer.count for layer in self.layers or ())
            raise problem("too-many", f"{count} layers are too many", f"at most {MOST_LAYERS}", ("layers",))
        return self

    @model_validator(mode="after")
    def _depth_of_blocks(self) -> Network:
        if self.stochastic_depth is not None and not any(layer.key == RESIDUAL for layer in self.layers or ()):
            message = "stochastic_depth applies to residual blocks, and the network has none"
            raise problem(
                "inapplicable-key", message, "remove it, or add a residual block", ("stochastic_depth",), True
            )
        return self

    @model_validator(mode="after")
    def _one_for_each_layer(self) -> Network:
        for name in BY_LAYER:
            value = getattr(self, name)
            if not isinstance(value, (tuple, list)):
                continue
            if self.hidden is None:
                message = f"a list for {name} applies to hidden only"
                hint = f"give one value, and {name} to the layers that differ"
                raise problem("conflicting-settings", message, hint, (name,))
            if len(value) != len(self.hidden):
                message = f"the length of {name} is {len(value)}, but the number of hidden layers is {len(self.hidden)}"
                hint = "give one entry for each hidden layer, or a single value for all layers"
                raise problem("wrong-length", message, hint, (name,))
        return self

    def own(self, layer: Layer) -> dict[str, Any]:
        """Return the settings BY_LAYER of a layer, its own or the network's."""
        settings = layer.settings
        given = {
            name
            for name in settings.model_fields_set
            if name in WITHOUT or getattr(settings, name, None) is not None  # null means the network's setting
        }
        return {name: getattr(settings if name in given else self, name) for name in BY_LAYER}
