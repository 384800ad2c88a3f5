"""The table of the kinds of layers: their shapes, parameters and kernels.

To add a kind, write its kernels in a module beside this one and a row at the end. `reportgen.engine.program` compiles
the kernels of a row for the networks that use it; the signatures are those of `reportgen.engine.layers.convolution`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from reportgen.engine.layers import convolution, pooling, scalars
from reportgen.engine.layers.geometry import LayoutError, Shape, place_windows
from reportgen.engine.math.convolution_layout import Geometry
from reportgen.engine.network_spec import WindowSpec
from reportgen.registry import Row, Table


@dataclass(frozen=True, kw_only=True)
class LayerKind(Row):
    """A row of the layer kinds; `node` is the specification of a layer, shapes are those of one example.

    Attributes
    ----------
    shape : returns (shape of the outputs, windows or None) from (node, shape of the inputs); raises LayoutError.
    fan_in : returns the number of inputs of a unit from (node, shape of the inputs), 0 without weights.
    shifts : returns the number of biases, or of other parameters that are not weights, without batch normalization.
    buffer : returns the size of the work buffer of the kernels from (windows, units).
    constants : returns the numbers that kernels find at `net.constants[layer, PHI:]` from the row's parameters, for a
        row whose layers have no activation.
    has_multiplier : whether the last of the shifts is a scalar multiplier.
    form : settings of the layer in studies: "units" of a dense layer, "filters" of a convolution, the "window" of a
        pooling, or the row's "parameters"; None for operations that studies do not name.
    mean_field : passes that mean-field theory describes at initialization: "both", where a layer without weights is
        the identity before its activation; "backward", since means depend on correlations; None for neither.
    has_weights : whether studies set the number of units, and reports count the layer.
    forward : kernel that computes the pre-activations of a layer; None for the product of a dense layer.
    backward : kernel that backpropagates to the inputs, and sets the gradients of parameters other than weights.
    gradient : kernel that computes the gradient of the weights.
    agreement : kernel that computes the sign agreement of single examples.
    """

    kind: ClassVar[str] = "layer"
    shape: Callable[[Any, Shape], tuple[Shape, Geometry | None]]
    fan_in: Callable[[Any, Shape], int] = lambda node, shape: 0
    shifts: Callable[[Any], int] = lambda operation: 0
    buffer: Callable[[Geometry, int], int] = lambda geometry, units: 0
    constants: Callable[[dict[str, Any]], tuple[float, ...]] = lambda parameters: ()
    has_multiplier: bool = False
    form: Literal["units", "filters", "window", "parameters"] | None = "parameters"
    mean_field: Literal["both", "backward"] | None = None
    has_weights: bool = False
    forward: Any = None
    backward: Any = None
    gradient: Any = None
    agreement: Any = None

    @property
    def has_filters(self) -> bool:
        """Whether a unit is a filter, with an output at each position of an image."""
        return self.form == "filters"


def _biases(operation: Any) -> int:
    return operation.width if operation.node.has_bias else 0


def _dense_shape(node: Any, shape: Shape) -> tuple[Shape, None]:
    return (node.units,), None


def _conv_shape(node: Any, shape: Shape) -> tuple[Shape, Geometry]:
    geometry = place_windows(node.window, _image(shape, "convolution"), "kernel")
    return (geometry.out_height, geometry.out_width, node.units), geometry


def _pool_shape(node: Any, shape: Shape) -> tuple[Shape, Geometry]:
    image = _image(shape, "pooling")
    whole = WindowSpec((image[0], image[1]), (image[0], image[1]))
    geometry = place_windows(node.window or whole, image, "pooling window")
    return (geometry.out_height, geometry.out_width, geometry.channels), geometry


def _same_shape(node: Any, shape: Shape) -> tuple[Shape, None]:
    return shape, None


def _image(shape: Shape, what: str) -> Shape:
    """Return the shape, which must be that of an image."""
    if len(shape) != 3:
        message = f"{what} needs an image, but the layer before has {shape[0]} outputs without positions"
        raise LayoutError("images-required", message, "put convolution and pooling before dense layers")
    return shape


def _pool(name: str, summary: str, formula: str, source: str, **more: Any) -> LayerKind:
    return LayerKind(
        name=name, summary=summary, formula=formula, source=source, shape=_pool_shape, form="window", **more
    )


def _without_weights(name: str, summary: str, formula: str, source: str, shifts: int) -> LayerKind:
    return LayerKind(
        name=name,
        summary=summary,
        formula=formula,
        source=source,
        shape=_same_shape,
        shifts=lambda operation: shifts,
        has_multiplier=shifts > 1,
        form=None,
        mean_field="both",
        forward=scalars.forward,
        backward=scalars.backward,
    )


LAYERS = Table(
    LayerKind,
    [
        LayerKind(
            name="dense",
            summary="Weighted sums of all inputs, followed by batch normalization, activation and dropout.",
            formula=r"a = \phi(x W + b)",
            source="Rumelhart, Hinton and Williams 1986",
            shape=_dense_shape,
            fan_in=lambda node, shape: math.prod(shape),
            shifts=_biases,
            form="units",
            mean_field="both",
            has_weights=True,
        ),
        LayerKind(
            name="conv",
            summary="Weighted sums of the windows of an image with the same weights at all positions.",
            formula=r"a_{ijf} = \phi\left(b_f + \sum_{u,v,c} W_{uvcf}\, x_{i s + u - p,\, j s + v - p,\, c}\right)",
            source="LeCun et al. 1989",
            shape=_conv_shape,
            fan_in=lambda node, shape: math.prod(node.window.size) * shape[2],
            shifts=_biases,
            buffer=convolution.buffer_size,
            form="filters",
            mean_field="both",
            has_weights=True,
            forward=convolution.forward,
            backward=convolution.backward,
            gradient=convolution.gradient,
            agreement=convolution.agreement,
        ),
        _pool(
            "max_pool",
            "The largest value of each channel in each window.",
            r"a_{ijc} = \max_{u,v} x_{i s + u,\, j s + v,\, c}",
            "Riesenhuber and Poggio 1999; Krizhevsky, Sutskever and Hinton 2012",
            aliases=("max",),
            forward=pooling.forward_max,
            backward=pooling.backward_max,
        ),
        _pool(
            "average_pool",
            "The mean of each channel in each window, or in the whole image.",
            r"a_{ijc} = \frac{1}{k^2} \sum_{u,v} x_{i s + u,\, j s + v,\, c}",
            "LeCun et al. 1998; for the whole image, Lin, Chen and Yan 2014",
            aliases=("average",),
            mean_field="backward",
            forward=pooling.forward_average,
            backward=pooling.backward_average,
        ),
        _without_weights(
            "pre_activation",
            "Batch normalization and activation before the first layer of a residual branch.",
            r"a = \phi(x)",
            "He et al. 2016, Identity Mappings in Deep Residual Networks",
            0,
        ),
        _without_weights(
            "shift",
            "A scalar bias before a layer or an activation, which Fixup needs.",
            r"a = \phi(x + b)",
            "Zhang, Dauphin and Ma 2019, section 3",
            1,
        ),
        _without_weights(
            "scale",
            "A scalar multiplier and bias at the end of a residual branch, which Fixup needs.",
            r"a = \phi(m x + b)",
            "Zhang, Dauphin and Ma 2019, section 3",
            2,
        ),
    ],
)
