"""Settings of batch normalization and dropout, and of dense layers, convolutions and poolings."""

from __future__ import annotations

import math
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from reportgen.engine.layers.table import LAYERS
from reportgen.engine.network_spec import BatchNormSpec, BranchDropSpec, DropoutSpec, WindowSpec
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.inits import INITS
from reportgen.engine.tables.norms import NORMS
from reportgen.registry import Component
from reportgen.study.model.components import (
    below,
    plain_value,
    problem,
    read_component,
    shown,
    suggest,
    whole_number,
)
from reportgen.study.model.section import Number, Section, Takes, reader

MOST_UNITS = 100_000
MOST_PIXELS = 1000
GLOBAL, SAME = "global", "same"
NAMES = "a name, or {name: ..., parameters}"
_SIZE = "integer, or [height, width]"

BY_LAYER = ("activation", "init", "bias", "batchnorm", "norm", "dropout", "lr_factor")
"""Settings that a network gives all its layers, and that each layer with weights can override."""

WITHOUT = ("batchnorm", "norm", "dropout")
"""Those of them that a layer can be without."""


def read_batchnorm(value: Any) -> Any:
    """Return the specification of batch normalization, or one for each hidden layer."""
    if isinstance(value, (list, tuple)):
        return tuple(below(index, partial(read_one_batchnorm, item)) for index, item in enumerate(value))
    return read_one_batchnorm(value)


def read_one_batchnorm(value: Any) -> BatchNormSpec | None:
    """Return the specification of one layer's batch normalization, None without."""
    if isinstance(value, BatchNormSpec) or value is None or value is False or value == "none":
        return value if isinstance(value, BatchNormSpec) else None
    if value is True:
        return BatchNormSpec()
    if not isinstance(value, dict):
        raise problem(
            "wrong-type", f"expected true, false or a mapping, found {shown(value)}", "such as {momentum: 0.9}"
        )
    return BatchNormSpec(**BatchNorm.model_validate(value).model_dump())


def read_norm(value: Any) -> Component | None:
    """Return the normalization of one layer's examples, None without."""
    return None if value is None or value is False or value == "none" else read_component(value, NORMS, "normalization")


class BatchNorm(Section):
    """Settings of batch normalization."""

    example: ClassVar[str] = "{momentum: 0.9}"
    momentum: Number = Field(
        default=0.9, ge=0, lt=1, description="weight of the previous running statistics in each update"
    )
    epsilon: Number = Field(
        default=1e-5, gt=0, le=1, description="constant added to the variance to avoid division by 0"
    )
    test_mode: Literal["running", "batch"] = Field(
        default="running",
        description="statistics for normalization at test time; `batch` (of each batch) demonstrates an error",
    )
    update_running: bool = Field(
        default=True, description="update the running statistics in training; false demonstrates an error"
    )


class Dropout(Section):
    """Settings of dropout; the rate is the fraction of units to drop."""

    example: ClassVar[str] = "{rate: 0.2}"
    rate: Number = Field(ge=0, lt=1, description="fraction of units to drop")
    mode: Literal["inverted", "scale_at_test", "unscaled"] = Field(
        default="inverted",
        description="compensation for dropped units: scaling in training, at test time, or none, "
        "which demonstrates an error",
    )


class StochasticDepth(Section):
    """Settings of stochastic depth; a number alone is the survival probability of the last residual block."""

    example: ClassVar[str] = "{survival: 0.5}"
    survival: Number = Field(default=0.5, gt=0, le=1, description="probability that the last residual branch is kept")
    rule: Literal["linear", "uniform"] = Field(
        default="linear",
        description="survival of the other blocks: from almost 1 in the first block down in equal steps, or equal",
    )
    by: Literal["batch", "example"] = Field(
        default="batch", description="draw once for a minibatch as in the paper, or for each example"
    )

    def of_block(self, block: int, blocks: int) -> BranchDropSpec | None:
        """Return the stochastic depth of a block, counted from 1; None if its branch is always kept."""
        share = block / blocks if self.rule == "linear" else 1.0
        survival = 1 - share * (1 - self.survival)
        return BranchDropSpec(survival, self.by) if survival < 1 else None


def read_stochastic_depth(value: Any) -> StochasticDepth | None:
    """Return the settings of stochastic depth, None without."""
    if value is None or value is False or value == "none":
        return None
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    settings = {"survival": value} if is_number else {} if value is True else value
    return StochasticDepth.model_validate(settings)


def read_dropout(value: Any) -> Any:
    """Return the specification of dropout, or one for each hidden layer."""
    if isinstance(value, (list, tuple)):
        return tuple(below(index, partial(read_one_dropout, item)) for index, item in enumerate(value))
    return read_one_dropout(value)


def read_one_dropout(value: Any) -> DropoutSpec | None:
    """Return the specification of one layer's dropout, None without."""
    if isinstance(value, DropoutSpec) or value in (None, "none"):
        return value if isinstance(value, DropoutSpec) else None
    if isinstance(value, dict):
        return DropoutSpec(**Dropout.model_validate(value).model_dump())
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise problem("wrong-type", f"expected a dropout rate, found {shown(value)}", "a number from 0 to below 1")
    if not math.isfinite(value):
        raise problem("not-finite", f"expected a finite number, found {shown(value)}", "a number from 0 to below 1")
    if not 0 <= value < 1:
        raise problem("out-of-range", f"expected a dropout rate from 0 to below 1, found {shown(value)}")
    return DropoutSpec(float(value)) if value > 0 else None


def _pair(what: str, low: int, word: str = "") -> BeforeValidator:
    """Return a validator of (height, width), given as one number for both, or of the word that replaces them."""

    def read(value: Any) -> Any:
        if word and value == word:
            return word
        if word and isinstance(value, str):
            message = f"expected {what} from {low} to {MOST_PIXELS}, or {word!r}, found {shown(value)}"
            raise problem("unknown-value", message, suggest(value, [word], f"such as {word}"))
        if not isinstance(value, (list, tuple)):
            return (number := whole_number(value, what, low, MOST_PIXELS), number)
        if len(value) != 2:
            raise problem("wrong-length", f"expected [height, width], found {shown(value)}", "such as [3, 5]")
        return tuple(whole_number(item, what, low, MOST_PIXELS, (index,)) for index, item in enumerate(value))

    return BeforeValidator(read)


def _dropout(value: Any) -> DropoutSpec | None:
    return None if value is False else read_one_dropout(value)


class OwnSettings(Section):
    """Settings of a layer that override those of the network."""

    activation: Annotated[Component | None, reader(ACTIVATIONS, "activation"), Takes(NAMES)] = Field(
        default=None, description="[activation](#activations) of the layer instead of the network's"
    )
    init: Annotated[Component | None, reader(INITS, "init"), Takes(NAMES)] = Field(
        default=None, description="[initialization](#initializations) of the weights instead of the network's"
    )
    bias: Number | None = Field(default=None, description="initial value of the biases instead of the network's")
    batchnorm: Annotated[
        BatchNormSpec | None, BeforeValidator(read_one_batchnorm), Takes("true, false, or settings as in the network")
    ] = Field(default=None, description="batch normalization before the activation, by channel in a convolution")
    norm: Annotated[Component | None, BeforeValidator(read_norm), Takes(NAMES)] = Field(
        default=None, description="[normalization](#normalizations) of each example instead of the network's"
    )
    dropout: Annotated[
        DropoutSpec | None, BeforeValidator(_dropout), Takes("number, false, or settings as in the network")
    ] = Field(default=None, description="dropout of single values after the activation")
    lr_factor: Annotated[Number, Field(ge=0)] | None = Field(
        default=None, description="factor of the learning rate for the layer instead of the network's; 0 freezes it"
    )

    @property
    def written(self) -> dict[str, Any]:
        """The settings as in a study file: all of the layer itself, and those that override the network's."""
        names = [name for name in type(self).model_fields if name not in BY_LAYER or name in self.model_fields_set]
        return {name: plain_setting(getattr(self, name)) for name in names}


class _DenseSize(Section):
    units: int = Field(ge=1, le=MOST_UNITS, description="number of units")


class Dense(OwnSettings, _DenseSize):
    """A dense layer; a number alone is the number of units."""

    @property
    def window(self) -> None:
        """No window."""


class _ConvSize(Section):
    filters: int = Field(ge=1, le=MOST_UNITS, description="number of filters, which is the number of output channels")
    kernel: Annotated[tuple[int, int], _pair("a kernel size", 1), Takes(_SIZE)] = Field(
        description="height and width of the filters"
    )
    stride: Annotated[tuple[int, int], _pair("a stride", 1), Takes(_SIZE)] = Field(
        default=(1, 1), description="step of the filters over the image"
    )
    padding: Annotated[tuple[int, int] | Literal["same"], _pair("a padding", 0, SAME), Takes(f"{_SIZE}, or `same`")] = (
        Field(
            default=(0, 0),
            description="zeros on each side of the image; `same` keeps the size of the image at stride 1",
        )
    )


class Conv(OwnSettings, _ConvSize):
    """A convolution of an image with zero padding."""

    @property
    def units(self) -> int:
        """Number of filters."""
        return self.filters

    @property
    def window(self) -> WindowSpec:
        """The window of the filters."""
        return WindowSpec(self.kernel, self.stride, self.padding)


def _pool_kind(value: Any) -> str:
    """Return the short name of a pooling."""
    row = LAYERS.find(value) if isinstance(value, str) else None
    if row is None or row.form != "window":
        raise problem("unknown-name", f"unknown pooling {shown(value)}", suggest(str(value), pool_kinds()))
    return (*row.aliases, row.name)[0]


def pool_kinds() -> list[str]:
    """Return the names that `pool.kind` accepts, without longer forms."""
    return [(*row.aliases, row.name)[0] for row in LAYERS.values() if row.form == "window"]


class Pool(Section):
    """A pooling of an image; a number alone is the size, and `global` averages each channel."""

    kind: Annotated[str, BeforeValidator(_pool_kind), Takes("`max`, `average`")] = Field(
        default="max", description="output of a window: its largest value, or its mean"
    )
    size: Annotated[tuple[int, int] | Literal["global"], _pair("a size", 1, GLOBAL), Takes(f"{_SIZE}, or `global`")] = (
        Field(description="height and width of the windows; `global` is the whole image")
    )
    stride: Annotated[tuple[int, int] | None, _pair("a stride", 1), Takes(_SIZE)] = Field(
        default=None, description="step of the windows; by default their size"
    )

    @model_validator(mode="after")
    def _no_stride_of_the_whole(self) -> Pool:
        if self.size == GLOBAL and self.stride is not None:
            message = "a pooling of the whole image has no stride"
            raise problem("inapplicable-key", message, "remove stride", ("stride",), key=True)
        return self

    @property
    def row(self) -> str:
        """Name of the row of the engine's layer kinds."""
        return LAYERS.aliases.get(self.kind, self.kind)

    @property
    def window(self) -> WindowSpec | None:
        """The window of the pooling, None for the whole image."""
        return None if isinstance(self.size, str) else WindowSpec(self.size, self.stride or self.size)

    @property
    def written(self) -> dict[str, Any]:
        """The settings as in a study file."""
        values = {name: plain_setting(getattr(self, name)) for name in type(self).model_fields}
        return {name: value for name, value in values.items() if value is not None}


def plain_setting(value: Any) -> Any:
    """Return a value as in a study file; a pair of equal numbers as one number."""
    is_pair = isinstance(value, tuple) and len(value) == 2
    return value[0] if is_pair and value[0] == value[1] else plain_value(value)
