"""Conversion of the network's settings to the nodes that the engine trains, and the check of their shapes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from reportgen.data import image_shape_of, shape
from reportgen.data.preprocessing.steps import STEPS
from reportgen.data.spec import DataSpec
from reportgen.engine.layers.geometry import LayoutError
from reportgen.engine.layout import IDENTITY, lay_out
from reportgen.engine.network_spec import (
    ActivationSpec,
    BranchSpec,
    DropoutSpec,
    LayerSpec,
    NetworkSpec,
    Node,
    PoolSpec,
    WindowSpec,
    normalizes,
)
from reportgen.engine.tables.inits import INITS
from reportgen.registry import Component
from reportgen.study.model.components import problem
from reportgen.study.model.layer_settings import BY_LAYER, Pool
from reportgen.study.model.layers import Layer, Residual
from reportgen.study.model.network import Network

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Inputs:
    """The inputs of a network: examples after preprocessing; `folder` is the folder of the study."""

    data: DataSpec
    preprocess: tuple[Component, ...]
    folder: Path | None

    @cached_property
    def image_shape(self) -> tuple[int, int, int] | None:
        """(channels, height, width), None if the features are not pixels."""
        return image_shape_of(self.data, self.preprocess, self.folder)

    @cached_property
    def features(self) -> int:
        """Number of features; the data are read only if it depends on them."""
        if self.image_shape is not None:
            return math.prod(self.image_shape)
        return shape(self.data, self.preprocess, self.folder)[1]

    @property
    def lost_by(self) -> str:
        """The preprocessing step that replaces the pixels, "" if there is none or the data have no pixels."""
        steps = [step.name for step in self.preprocess if not STEPS[step.name].keeps_pixels]
        return steps[0] if steps and image_shape_of(self.data, (), self.folder) is not None else ""


def network_spec(network: Network, classes: int, inputs: Inputs) -> NetworkSpec:
    """Return the network; the output layer, which is the last node, has one unit for each class.

    `inputs` are read only for residual blocks with a projection.
    """
    return _Builder(network, classes, inputs).spec


def check_network(network: Network, inputs: Inputs, is_recorded: bool = False) -> None:
    """Raise a validation error for the first layer that cannot be built or does not fit the shape of its inputs.

    The path of the error starts below `network`. is_recorded: the network is one of another program.
    """
    for own, places in _normalizations(network):
        _check_normalization(own, places)
    built = _Builder(network, 1, inputs)
    is_plain = built.spec.is_plain  # its layers fit any number of features, so the data need not be read
    try:
        features, images = (1, None) if is_plain else (inputs.features, inputs.image_shape)
        lay_out(built.spec, features, images, is_planned=not is_recorded)
    except LayoutError as error:
        place, where = built.places[error.node]
        message, hint = error.message, error.hint
        if error.code == "images-required" and inputs.lost_by:
            message = f"{place[-1]} needs images, but {inputs.lost_by} replaces the pixels"
            hint = f"remove {inputs.lost_by}, or use dense layers"
        if error.code == "shapes-differ":
            place = place[:3]
            hint = "keep the height and width, such as with padding: same" if built.projects(place) else hint
        raise problem(error.code, f"{message}{where}", hint, place) from None


_NORMS = ("batchnorm", "norm")


def _check_normalization(own: Mapping[str, Any], places: Mapping[str, Place]) -> None:
    """Raise a validation error for a layer with settings that exclude each other."""
    for name in _NORMS:
        if own[name] is not None and INITS[own["init"].name].scalars:
            message = f"{own['init'].name} replaces normalization, so that a layer cannot have both"
            raise problem("conflicting-settings", message, f"remove {name}, or choose another init", places[name])
    if own["batchnorm"] is not None and own["norm"] is not None:
        message = "batchnorm and norm exclude each other"
        raise problem("conflicting-settings", message, "keep one of them", places["norm"])


def _normalizations(network: Network) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Place]]]:
    """Yield the settings of each layer before the output layer, and the paths of its normalizations."""
    for index, spec in enumerate(_hidden(network)):
        own = {name: getattr(spec, name) for name in BY_LAYER}
        lists = [name for name in _NORMS if isinstance(getattr(network, name), tuple)]
        yield own, {name: (name, index) if name in lists else (name,) for name in _NORMS}
    for index, entry in enumerate(network.layers or ()):
        for path, layer in entry.with_weights():
            given = layer.settings.model_fields_set
            places = {name: ("layers", index, *path, name) if name in given else (name,) for name in _NORMS}
            yield network.own(layer), places


class _Builder:
    """Appends the nodes of each layer.

    Attributes
    ----------
    nodes : the nodes before the output layer.
    places : for each node, its path below `network`, and words for the number of a repeated block.
    """

    def __init__(self, network: Network, classes: int, inputs: Inputs) -> None:
        self.network, self.inputs = network, inputs
        self.nodes: list[Node] = []
        self.places: list[tuple[Place, str]] = []
        self.output = LayerSpec(classes, IDENTITY, _output_init(network), lr_factor=network.output_lr_factor)
        entries = [layer.settings for layer in network.layers or ()]
        self.blocks = sum(settings.repeat for settings in entries if isinstance(settings, Residual))
        self.block = 0
        self.pending: tuple[ActivationSpec, Place] | None = None  # the end of blocks with pre-activation
        for spec in _hidden(network):
            self._append(spec, ("hidden",))
        for index, layer in enumerate(network.layers or ()):
            self._append_layer(layer, ("layers", index, layer.key))
        self._end_blocks()
        self.places.append((("layers",), ""))

    @property
    def spec(self) -> NetworkSpec:
        """The network."""
        return NetworkSpec((*self.nodes, self.output))

    def projects(self, place: Place) -> bool:
        """Return whether the block at a place has a projection."""
        settings = (self.network.layers or ())[int(place[1])].settings
        return isinstance(settings, Residual) and settings.shortcut == "projection"

    def _append(self, node: Node, place: Place, where: str = "") -> None:
        self.nodes.append(node)
        self.places.append((place, where))

    def _append_layer(self, layer: Layer, place: Place) -> None:
        settings = layer.settings
        if isinstance(settings, Residual):
            for number in range(1, settings.repeat + 1):
                self.block += 1
                where = f" (block {number} of {settings.repeat})" if settings.repeat > 1 else ""
                self._append_block(settings, place, where)
            return
        self._end_blocks()
        self._append(_node(layer, self.network), place)

    def _end_blocks(self) -> None:
        """Append the activation that follows the last of successive blocks with pre-activation."""
        if self.pending is not None:
            self._append(*self.pending)
            self.pending = None

    def _append_block(self, settings: Residual, place: Place, where: str) -> None:
        """Append the nodes of a residual block: x, a projection of x if it is needed, and the branch."""
        specs, source = [_weighted(layer, self.network) for layer in settings.layers], len(self.nodes) - 1
        if settings.order == "pre":
            self._append(_activation(specs[0], specs[0].dropout), place, where)
            self.pending = (_activation(specs[-1], None), place)
            specs = _pre_activated(specs)
        else:
            self._end_blocks()
            source = len(self.nodes) - 1
        places = [BranchSpec(self.block, self.blocks, place, len(specs)) for place in range(len(specs) + 1)]
        branch = [replace(spec, branch=at) for spec, at in zip(specs, places[1:], strict=True)]
        if settings.shortcut == "projection" and not self._fits(branch, source):
            self._append(_projection(specs, places[0]), place, where)
            branch[0] = replace(branch[0], source=len(self.nodes) - 2)
            source = len(self.nodes) - 1
        depth = self.network.stochastic_depth
        drop = None if depth is None else depth.of_block(self.block, self.blocks)
        branch[-1] = replace(branch[-1], adds=source, branch_drop=drop)
        for index, (layer, spec) in enumerate(zip(settings.layers, branch, strict=True)):
            self._append(spec, (*place, "layers", index, layer.key), where)

    def _fits(self, branch: Sequence[LayerSpec], source: int) -> bool:
        """Return whether the outputs of a branch have the shape of the node that they are added to."""
        nodes = (*self.nodes, *branch[:-1], replace(branch[-1], adds=source))
        try:
            lay_out(NetworkSpec((*nodes, self.output)), self.inputs.features, self.inputs.image_shape)
        except LayoutError as error:
            return error.code != "shapes-differ" or error.node < len(nodes) - 1
        return True


def _hidden(network: Network) -> Iterator[LayerSpec]:
    """Yield a layer for each number of the short form."""
    widths = network.hidden or ()

    def by_layer(value: Any) -> list[Any]:
        return list(value) if isinstance(value, (tuple, list)) else [value] * len(widths)

    columns = {name: by_layer(getattr(network, name)) for name in BY_LAYER}
    for index, width in enumerate(widths):
        yield LayerSpec(width, **{name: column[index] for name, column in columns.items()})


def _output_init(network: Network) -> Component:
    """Return the initialization of the output layer; by default that of the last layer with weights."""
    if network.output_init is not None:
        return network.output_init
    inner = [network.own(layer)["init"] for each in network.layers or () for _, layer in each.with_weights()]
    inits = inner or (network.init if isinstance(network.init, (tuple, list)) else [network.init])
    last: Component = inits[-1] if inits else Component.of("xavier", gain=1.0)
    return last


def _node(layer: Layer, network: Network) -> Node:
    """Return the node of a layer outside of residual blocks."""
    settings = layer.settings
    if isinstance(settings, Component):
        return ActivationSpec(IDENTITY, kind=settings.name, params=settings.params)
    if isinstance(settings, Pool):
        return PoolSpec(settings.row, settings.window)
    return _weighted(layer, network)


def _weighted(layer: Layer, network: Network) -> LayerSpec:
    """Return the node of a layer with weights."""
    own = network.own(layer)
    return LayerSpec(layer.settings.units, kind=layer.key, window=layer.settings.window, **own)


def _activation(spec: LayerSpec, dropout: DropoutSpec | None) -> ActivationSpec:
    """Return the normalization and activation of a layer without its weights."""
    bias = spec.bias if normalizes(spec) else 0.0
    return ActivationSpec(spec.activation, bias, spec.batchnorm, dropout, lr_factor=spec.lr_factor, norm=spec.norm)


def _pre_activated(specs: Sequence[LayerSpec]) -> list[LayerSpec]:
    """Return the layers of a branch, each followed by the normalization and activation of the next one."""
    names = ("activation", "batchnorm", "norm", "dropout")
    following = [{name: getattr(spec, name) for name in names} for spec in specs[1:]]
    last = dict.fromkeys(names) | {"activation": IDENTITY}
    return [replace(spec, **after) for spec, after in zip(specs, [*following, last], strict=True)]


def _projection(specs: Sequence[LayerSpec], place: BranchSpec) -> LayerSpec:
    """Return the linear map of a shortcut, which has the outputs and the stride of the branch."""
    last, windows = specs[-1], [spec.window for spec in specs if spec.window is not None]
    height, width = (math.prod(window.stride[axis] for window in windows) for axis in (0, 1))
    window = WindowSpec((1, 1), (height, width)) if last.window else None
    return LayerSpec(
        last.units,
        IDENTITY,
        last.init,
        batchnorm=last.batchnorm,
        norm=last.norm,
        kind=last.kind,
        window=window,
        branch=place,
        lr_factor=last.lr_factor,
    )
