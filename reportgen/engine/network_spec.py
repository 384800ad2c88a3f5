"""Specifications of networks: layers with weights, pooling, and activations that stand alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from reportgen.registry import ADDED, Component


@dataclass(frozen=True, slots=True)
class BatchNormSpec:
    """Batch normalization between the linear map and the nonlinearity (Ioffe and Szegedy 2015)."""

    momentum: float = 0.9
    epsilon: float = 1e-5
    test_mode: str = "running"  # or "batch"
    update_running: bool = True


@dataclass(frozen=True, slots=True)
class DropoutSpec:
    """Dropout after the activation (Srivastava et al. 2014); `rate` is the fraction of units that are dropped."""

    rate: float
    mode: str = "inverted"  # or "scale_at_test", "unscaled"


@dataclass(frozen=True, slots=True)
class WindowSpec:
    """The window of a convolution or pooling, (height, width) each; "same" keeps the size of the image at stride 1."""

    size: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] | Literal["same"] = (0, 0)


@dataclass(frozen=True, slots=True)
class BranchSpec:
    """The place of a layer in a residual block (He et al. 2016).

    Attributes
    ----------
    block, blocks : number of the block, counted from 1, and number of blocks of the network.
    place, length : place of the layer in the branch, counted from 1, and number of layers of the branch. A projection
        on the shortcut has the place 0.
    """

    block: int
    blocks: int
    place: int
    length: int


@dataclass(frozen=True, slots=True)
class BranchDropSpec:
    """Stochastic depth of a residual branch (Huang et al. 2016).

    Attributes
    ----------
    survival : probability that the branch is kept.
    by : "batch" to draw once for a minibatch, "example" to draw for each example.
    """

    survival: float
    by: Literal["batch", "example"] = "batch"


@dataclass(frozen=True, slots=True)
class LayerSpec:
    """A layer with weights: z = a W + b, batch normalization, addition of a shortcut, activation, dropout.

    Attributes
    ----------
    units : number of outputs of a dense layer, or of filters of a convolution.
    kind : row of the layer kinds, "dense" or "conv".
    window : window of a convolution, None for a dense layer.
    source : index of the node whose outputs are the inputs, -1 for the inputs of the network; None for the node before.
    adds : index of the node whose outputs are added to the pre-activations, -1 for the inputs; None for none.
    branch : place in a residual block, None outside of blocks.
    has_bias : whether the units learn a bias, which batch normalization replaces by beta.
    lr_factor : factor of the learning rate for the parameters of the layer.
    norm : row of the normalizations of examples, in the place of batch normalization.
    branch_drop : stochastic depth of the branch that ends here, None without.
    """

    units: int
    activation: Component
    init: Component
    bias: float = 0.0
    batchnorm: BatchNormSpec | None = None
    dropout: DropoutSpec | None = None
    kind: str = "dense"
    window: WindowSpec | None = field(default=None, metadata=ADDED)
    source: int | None = field(default=None, metadata=ADDED)
    adds: int | None = field(default=None, metadata=ADDED)
    branch: BranchSpec | None = field(default=None, metadata=ADDED)
    has_bias: bool = field(default=True, metadata=ADDED)
    lr_factor: float = field(default=1.0, metadata=ADDED)
    norm: Component | None = field(default=None, metadata=ADDED)
    branch_drop: BranchDropSpec | None = field(default=None, metadata=ADDED)


@dataclass(frozen=True, slots=True)
class PoolSpec:
    """A pooling of images by channel; without a window, of the whole image. `kind` is a row of the layer kinds."""

    kind: str
    window: WindowSpec | None = None


@dataclass(frozen=True, slots=True)
class ActivationSpec:
    """Batch normalization, activation and dropout without weights, which come first in blocks with pre-activation.

    `kind` is "pre_activation", or "shift" or "scale" for a scalar bias, with a multiplier, before the activation; or
    another row of the layer kinds, with its parameters as (name, value) pairs.
    """

    activation: Component
    bias: float = 0.0
    batchnorm: BatchNormSpec | None = None
    dropout: DropoutSpec | None = None
    kind: str = "pre_activation"
    params: tuple[tuple[str, Any], ...] = field(default=(), metadata=ADDED)
    lr_factor: float = field(default=1.0, metadata=ADDED)
    norm: Component | None = field(default=None, metadata=ADDED)


Node = LayerSpec | PoolSpec | ActivationSpec


def works_on_images(node: Node) -> bool:
    """Return whether a node slides windows over images."""
    return isinstance(node, PoolSpec) or getattr(node, "window", None) is not None


def normalizes(node: Node) -> bool:
    """Return whether a node normalizes its pre-activations, by batches or by examples."""
    return not isinstance(node, PoolSpec) and (node.batchnorm is not None or node.norm is not None)


def _is_plain(layer: LayerSpec) -> bool:
    return layer.window is None and layer.source is None and layer.adds is None and layer.branch is None


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """The nodes of a network in the order of the forward pass; the last one is the output layer.

    The output layer has one unit per class and the identity as its activation.

    is_complete: whether the nodes describe the whole network. The connections of some networks that were trained
    elsewhere are unknown; their nodes are the layers with weights.
    """

    nodes: tuple[Node, ...]
    is_complete: bool = field(default=True, metadata=ADDED)

    @property
    def layers(self) -> tuple[LayerSpec, ...]:
        """The layers with weights, which probes measure and reports number from 1."""
        return tuple(node for node in self.nodes if isinstance(node, LayerSpec))

    def with_layers(self, layers: Iterable[LayerSpec]) -> NetworkSpec:
        """Return the network with other layers with weights, one for each of `self.layers`."""
        others = iter(layers)
        nodes = tuple(next(others) if isinstance(node, LayerSpec) else node for node in self.nodes)
        return NetworkSpec(nodes, self.is_complete)

    @property
    def is_plain(self) -> bool:
        """Whether every node is a dense layer on the outputs of the node before."""
        return all(isinstance(node, LayerSpec) and _is_plain(node) for node in self.nodes)

    @property
    def needs_images(self) -> bool:
        """Whether a node of the network works on images."""
        return any(map(works_on_images, self.nodes))
