"""The operations of a network with their shapes, numbers of parameters and costs.

A node is one operation, except in networks with scalar biases (Fixup), where shifts and scales are operations of their
own. Images are stored by row, column and channel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reportgen.engine.layers.geometry import LayoutError, Shape
from reportgen.engine.layers.table import LAYERS, LayerKind
from reportgen.engine.math.convolution_layout import Geometry
from reportgen.engine.network_spec import (
    ActivationSpec,
    BatchNormSpec,
    BranchDropSpec,
    DropoutSpec,
    LayerSpec,
    NetworkSpec,
    Node,
    PoolSpec,
    normalizes,
    works_on_images,
)
from reportgen.engine.tables.activations import ACTIVATIONS, pieces_of
from reportgen.engine.tables.init import Place
from reportgen.engine.tables.inits import INITS
from reportgen.engine.tables.norms import NORMS
from reportgen.registry import Component

IDENTITY = Component("identity")
INPUT = -1
"""The index of the network's inputs, as that of an operation."""


@dataclass(frozen=True)
class Operation:
    """An operation of a network; shapes are (height, width, channels) or (units,) of one example.

    Attributes
    ----------
    kind : row of the table of layers.
    node : the node of the specification, with the activation, batch normalization and dropout of this operation.
    layer : index of the layer with weights that the operation belongs to, None for pooling.
    owns_weights, owns_units : whether probes take the layer's weights, or its activations, from this operation.
    source, adds : indices of the operations whose outputs are the inputs, and are added; INPUT for the network's
        inputs, None for nothing to add.
    geometry : windows of the operation, None if it has none.
    fan_in, units, pieces : inputs of a unit, or 0 without weights; units (channels); linear pieces of a unit.
    is_output : whether the operation belongs to the output layer.
    source_units : units or channels of the inputs, None if no layer with weights comes before.
    branch_drop : stochastic depth of the branch that ends with this operation, None without.
    """

    kind: LayerKind
    node: Node
    layer: int | None
    owns_weights: bool
    owns_units: bool
    source: int
    adds: int | None
    input_shape: Shape
    output_shape: Shape
    geometry: Geometry | None
    fan_in: int
    units: int
    pieces: int
    is_output: bool
    source_units: int | None = None
    branch_drop: BranchDropSpec | None = None

    @property
    def activation(self) -> Component:
        """The activation, which is the identity for pooling."""
        return IDENTITY if isinstance(self.node, PoolSpec) else self.node.activation

    @property
    def batchnorm(self) -> BatchNormSpec | None:
        """The batch normalization, None without."""
        return None if isinstance(self.node, PoolSpec) else self.node.batchnorm

    @property
    def norm(self) -> Component | None:
        """The normalization of examples, None without."""
        return None if isinstance(self.node, PoolSpec) else self.node.norm

    @property
    def normalizes(self) -> bool:
        """Whether pre-activations are normalized, by batches or by examples."""
        return normalizes(self.node)

    @property
    def dropout(self) -> DropoutSpec | None:
        """The dropout, None without."""
        return None if isinstance(self.node, PoolSpec) else self.node.dropout

    @property
    def is_scalar(self) -> bool:
        """Whether the bias is a scalar."""
        return not self.normalizes and not self.owns_weights

    @property
    def has_multiplier(self) -> bool:
        """Whether the last of the shifts is a scalar multiplier."""
        return not self.normalizes and self.kind.has_multiplier

    @property
    def positions(self) -> int:
        """Number of positions of a channel, 1 for vectors."""
        return math.prod(self.output_shape[:-1])

    @property
    def width(self) -> int:
        """Number of pre-activations of a position."""
        return self.units * self.pieces

    @property
    def weights(self) -> int:
        """Number of weights."""
        return self.fan_in * self.width

    @property
    def shifts(self) -> int:
        """Number of biases, and of gammas, of normalization or scalar biases and multipliers."""
        return 2 * self.width if self.normalizes else self.kind.shifts(self)

    @property
    def place(self) -> Place:
        """The place of the weights, as initializations take it."""
        if not isinstance(self.node, LayerSpec):
            name = self.activation.name
            return Place(self.fan_in, self.width, activation=name, source_units=self.source_units, pieces=self.pieces)
        kernel = math.prod(self.node.window.size) if self.node.window else 1
        name, branch = self.node.activation.name, self.node.branch
        return Place(self.fan_in, self.width, kernel, name, branch, self.is_output, self.source_units, self.pieces)

    @property
    def parameters(self) -> int:
        """Number of learned parameters."""
        return self.weights + self.shifts + self.units * len(ACTIVATIONS[self.activation.name].learned)

    @property
    def products(self) -> int:
        """Number of multiplications of an example in the forward pass."""
        return self.weights * self.positions


def lay_out(
    network: NetworkSpec, features: int, image_shape: tuple[int, int, int] | None, *, is_planned: bool = False
) -> tuple[Operation, ...]:
    """Return the operations of a network for inputs of `features` numbers, or images (channels, height, width).

    Raises LayoutError if a node does not fit its inputs or, in a plan with known positions, normalizes single values.
    """
    images = image_shape if network.needs_images else None
    if network.needs_images and images is None:
        place = next(i for i, node in enumerate(network.nodes) if works_on_images(node))
        message = f"convolution and pooling need images, but the examples have {features} features"
        hint = "use dense layers, or data with images such as digits"
        raise LayoutError("images-required", message, hint, place)
    shape: Shape = (features,) if images is None else (images[1], images[2], images[0])
    return tuple(_Layout(network, shape, is_planned).operations)


class _Layout:
    """Appends the operations of each node."""

    def __init__(self, network: NetworkSpec, shape: Shape, is_planned: bool) -> None:
        self.shape, self.layers, self.is_planned = shape, len(network.layers), is_planned
        self.operations: list[Operation] = []
        self.last: list[int] = []  # the last operation of each node
        layers = 0
        for index, node in enumerate(network.nodes):
            self.number = layers + 1  # of this layer, or of the next one if the node has no weights
            try:
                self._append_node(node, layers)
            except LayoutError as error:
                raise error.at(index) from None
            layers += isinstance(node, LayerSpec)
            self.last.append(len(self.operations) - 1)

    def _append_node(self, node: Node, layer: int) -> None:
        source = getattr(node, "source", None)
        before = len(self.operations) - 1 if source is None else self._operation_of(source)
        if not isinstance(node, LayerSpec):
            self._append(node, None, before)
            return
        adds = None if node.adds is None else self._operation_of(node.adds)
        if not has_scalars(node):
            self._append(node, layer, before, adds, drop=node.branch_drop)
            return
        shift = ActivationSpec(IDENTITY, 0.0, kind="shift", lr_factor=node.lr_factor)
        self._append(shift, layer, before, owns=(False, False))
        if layer == self.layers - 1:  # the output layer has a bias for each class
            self._append(node, layer, len(self.operations) - 1)
            return
        bare = replace(node, activation=IDENTITY, dropout=None, adds=None, has_bias=False)
        self._append(bare, layer, len(self.operations) - 1, owns=(True, False))
        is_last = node.branch is not None and node.branch.place == node.branch.length
        kind, factor = "scale" if is_last else "shift", node.lr_factor
        scale = ActivationSpec(node.activation, node.bias, None, node.dropout, kind, lr_factor=factor)
        self._append(scale, layer, len(self.operations) - 1, adds, owns=(False, True), drop=node.branch_drop)

    def _operation_of(self, node: int) -> int:
        return INPUT if node < 0 else self.last[node]

    def _follows_weights(self, source: int) -> bool:
        """Return whether an operation is a layer with weights, or comes after one."""
        return source != INPUT and (
            self.operations[source].fan_in > 0 or self.operations[source].source_units is not None
        )

    def _shape_of(self, operation: int) -> Shape:
        return self.shape if operation == INPUT else self.operations[operation].output_shape

    def _append(
        self,
        node: Node,
        layer: int | None,
        source: int,
        adds: int | None = None,
        owns: tuple[bool, bool] | None = None,
        drop: BranchDropSpec | None = None,
    ) -> None:
        kind, shape = LAYERS[node.kind], self._shape_of(source)
        pieces = 1 if isinstance(node, PoolSpec) else pieces_of(node.activation)
        output, geometry = kind.shape(node, shape)
        if not isinstance(node, PoolSpec) and pieces > 1 and not kind.has_weights:
            message = f"a unit of {node.activation.name} has {pieces} pieces with weights of their own"
            raise LayoutError("pieces-need-weights", message, "use another activation for pre-activation and Fixup")
        if not isinstance(node, PoolSpec) and node.norm is not None:
            _check_norm(node.norm, output[-1] * pieces, math.prod(output[:-1]) * self.is_planned, self.number)
        if adds is not None and self._shape_of(adds) != output:
            before = self._shape_of(adds)
            message = f"the branch turns the shape {shape_text(before)} into {shape_text(output)}"
            hint = "add `shortcut: projection`, or keep the shape"
            if before[:-1] != output[:-1]:  # a projection follows the strides of the branch, not lost borders
                hint = "use `padding: same`; with a stride or other numbers of filters, add `shortcut: projection`"
            raise LayoutError("shapes-differ", message, hint)
        owns_weights, owns_units = owns or (layer is not None, layer is not None)
        self.operations.append(
            Operation(
                kind=kind,
                node=node,
                layer=layer,
                owns_weights=owns_weights,
                owns_units=owns_units,
                source=source,
                adds=adds,
                input_shape=shape,
                output_shape=output,
                geometry=geometry,
                fan_in=kind.fan_in(node, shape),
                units=output[-1],
                pieces=pieces,
                is_output=layer == self.layers - 1,
                branch_drop=None if adds is None else drop,
                source_units=shape[-1] if self._follows_weights(source) else None,
            )
        )


def _check_norm(norm: Component, channels: int, positions: int, number: int) -> None:
    """Raise LayoutError if a normalization of examples does not fit a layer; positions: 0 if they are unknown."""
    groups = NORMS[norm.name].groups(dict(norm.params))
    if channels % groups:
        message = f"{groups} groups do not divide the {channels} channels of layer {number}"
        raise LayoutError("invalid-value", message, "choose a number of groups that divides all of them")
    if channels // groups * positions == 1:  # equal to its mean, so that the output is constant
        message = f"{norm.name} normalizes 1 value at a time in layer {number}, so that the outputs are constant"
        hint = "normalize at least 2 values together: use more units or fewer groups, or no norm in this layer"
        raise LayoutError("invalid-value", message, hint)


def has_scalars(layer: LayerSpec) -> bool:
    """Return whether scalar biases and multipliers replace the biases of a layer's units, as in Fixup."""
    return INITS[layer.init.name].scalars and not normalizes(layer) and not is_shortcut(layer)


def is_shortcut(node: Node) -> bool:
    """Return whether a node is a projection on the shortcut of a residual block."""
    return isinstance(node, LayerSpec) and node.branch is not None and node.branch.place == 0


def shape_text(shape: Sequence[int], times: str = "x") -> str:
    """Return a shape as text: channels, height and width, such as 6x28x28, or the number of units."""
    return str(shape[0]) if len(shape) == 1 else times.join(map(str, (shape[2], shape[0], shape[1])))


def joins(operations: Sequence[Operation]) -> list[bool]:
    """Return for each operation whether the derivatives of several consumers, or of a later one, are added up."""
    taken: list[list[int]] = [[] for _ in operations]
    for index, operation in enumerate(operations):
        for source in (operation.source, operation.adds):
            if source is not None and source != INPUT:
                taken[source].append(index if source == operation.source else INPUT)
    return [bool(users) and users != [index + 1] for index, users in enumerate(taken)]
