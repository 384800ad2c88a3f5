"""The table of the kinds of layers, with their numbers of parameters and operations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from reportgen.engine.spec import LayerSpec
from reportgen.engine.tables.activations import ACTIVATIONS, pieces_of
from reportgen.registry import Row, Table


@dataclass(frozen=True, kw_only=True)
class LayerKind(Row):
    """A row of the layer kinds.

    Attributes
    ----------
    width : returns the number of pre-activations of an example.
    parameters_of : returns the number of learned parameters from the number of inputs.
    products : returns the number of multiplications of an example in the forward pass from the number of inputs.
    mean_field : whether mean-field theory describes the layer, with the number of inputs as the fan-in of each unit.
    """

    kind: ClassVar[str] = "layer"
    width: Callable[[LayerSpec], int]
    parameters_of: Callable[[LayerSpec, int], int]
    products: Callable[[LayerSpec, int], int]
    mean_field: bool = False


def _dense_width(layer: LayerSpec) -> int:
    return layer.units * pieces_of(layer.activation)


def _dense_products(layer: LayerSpec, inputs: int) -> int:
    return inputs * _dense_width(layer)


def _dense_parameters(layer: LayerSpec, inputs: int) -> int:
    shifts = _dense_width(layer) * (2 if layer.batchnorm else 1)
    return _dense_products(layer, inputs) + shifts + layer.units * len(ACTIVATIONS[layer.activation.name].learned)


LAYERS = Table(
    LayerKind,
    [
        LayerKind(
            name="dense",
            summary="Weighted sums of all inputs, followed by batch normalization, activation and dropout.",
            formula=r"a = \phi(x W + b)",
            source="Rumelhart, Hinton and Williams 1986",
            width=_dense_width,
            parameters_of=_dense_parameters,
            products=_dense_products,
            mean_field=True,
        ),
    ],
)
