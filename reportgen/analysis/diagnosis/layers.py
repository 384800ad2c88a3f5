"""The layers of a run's network, as rules need them: fan-in, positions, shortcuts, batch normalization and dropout.

Layers are those with weights, in the order of probes. Numbers come from the operations of the engine; networks that
were trained elsewhere may have unknown connections, and then a layer counts as fed by the layer before it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.diagnosis.evidence.memoize import memoize
from reportgen.engine.layers.table import LAYERS
from reportgen.engine.layout import Operation, is_shortcut
from reportgen.engine.network_spec import (
    BatchNormSpec,
    DropoutSpec,
    LayerSpec,
    NetworkSpec,
    Node,
    PoolSpec,
    normalizes,
    works_on_images,
)
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.norms import NORMS
from reportgen.engine.tables.optimizer import layer_factors
from reportgen.engine.tables.optimizers import OPTIMIZERS
from reportgen.languages.translate import _
from reportgen.runs.operations import operations_of
from reportgen.runs.record import RunRecord

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@memoize
def operations(record: RunRecord) -> tuple[Operation, ...]:
    """Return the operations of the network, none if its connections or the shape of its inputs are unknown."""
    return operations_of(record)


def fan_ins(record: RunRecord) -> Array:
    """Return the number of inputs of a unit of each layer, shape (layers,)."""
    layers = record.spec.network.layers
    known = {op.layer: op.fan_in for op in operations(record) if op.owns_weights}
    if len(known) == len(layers):
        return np.array([known[index] for index in range(len(layers))], np.float64)
    widths = [float(record.facts.get("features", 1)), *(layer.units for layer in layers[:-1])]
    windows = [math.prod(layer.window.size) if layer.window else 1 for layer in layers]
    if layers[0].window and (image := record.facts.get("image_shape")):
        widths[0] = float(image[0])
    return np.array(widths, np.float64) * windows


def positions(record: RunRecord) -> Array:
    """Return the number of positions of a unit of each layer: those of a channel, 1 for dense layers or if unknown."""
    layers = record.spec.network.layers
    known = {op.layer: op.positions for op in operations(record) if op.owns_units}
    return np.array([known.get(index, 1) for index in range(len(layers))], np.float64)


def rate_factors(record: RunRecord) -> Array:
    """Return the learning rate of each layer's weights divided by that of the run, shape (layers,).

    It is the product of the factor in the settings and of the factor that the initialization asks for, as `mup` does.
    """
    factors = np.array([layer.lr_factor for layer in record.spec.network.layers], np.float64)
    return np.asarray(factors * width_factors(record))


def width_factors(record: RunRecord) -> Array:
    """Return the factor of each layer's learning rate that its initialization asks for, shape (layers,)."""
    found = np.ones(record.layers)
    optimizer = OPTIMIZERS[record.spec.training.optimizer.name]
    for op in operations(record):
        if op.owns_weights and op.layer is not None and isinstance(op.node, LayerSpec):
            found[op.layer] = layer_factors(optimizer, op.node.init, op.place)[0]
    return found


def input_moments(record: RunRecord, moments: Array) -> Array:
    """Return the mean square of each layer's inputs, shape (probes, layers).

    moments: mean squares of the layers' outputs, shape (probes, layers). Inputs that come from an operation without
    weights, such as pooling, count as the outputs of the last layer before it.
    """
    first = float(record.facts.get("input_second_moment", 1.0))
    found = np.full_like(moments, first)
    found[:, 1:] = moments[:, :-1]
    ops = operations(record)
    for op in ops:
        if not op.owns_weights or op.layer is None:
            continue
        source = op.source
        while source >= 0 and not ops[source].owns_units:
            source = ops[source].source
        before = ops[source].layer if source >= 0 else None
        found[:, op.layer] = first if before is None else moments[:, before]
    return found


def is_convolutional(record: RunRecord, layers: tuple[int, ...] = ()) -> bool:
    """Return whether all of these layers (counted from 1), or any layer of the network, are convolutions."""
    specs = record.spec.network.layers
    if layers:
        return all(LAYERS[specs[layer - 1].kind].has_filters for layer in layers)
    return any(LAYERS[layer.kind].has_filters for layer in specs)


def unit_word(record: RunRecord, layers: tuple[int, ...]) -> str:
    """Return "channels" for layers (counted from 1) that are convolutions, otherwise "units"."""
    return "channels" if layers and is_convolutional(record, layers) else "units"


def normalizations(network: NetworkSpec) -> list[BatchNormSpec]:
    """Return the settings of all batch normalizations, including those before the layers of residual branches."""
    return [norm for node in network.nodes if (norm := _norm(node)) is not None]


def has_normalization(network: NetworkSpec) -> bool:
    """Return whether any layer is normalized, by batches or by examples."""
    return any(map(normalizes, network.nodes))


def normalization_noun(network: NetworkSpec) -> str:
    """Return the name of the network's normalization, "normalization" if there are several kinds or none."""
    nodes = [node for node in network.nodes if not isinstance(node, PoolSpec)]
    nouns = {_("batch normalization") for node in nodes if node.batchnorm is not None}
    nouns |= {_(NORMS[node.norm.name].noun) for node in nodes if node.norm is not None}
    return nouns.pop() if len(nouns) == 1 else _("normalization")


def dropouts(network: NetworkSpec) -> list[DropoutSpec]:
    """Return the settings of all dropouts, including those before the layers of residual branches."""
    found = (node.dropout for node in network.nodes if not isinstance(node, PoolSpec))
    return [dropout for dropout in found if dropout is not None]


def draws(network: NetworkSpec) -> bool:
    """Return whether training drops units, or branches of residual blocks, at random."""
    return bool(dropouts(network)) or any(layer.branch_drop is not None for layer in network.layers)


def _norm(node: Node) -> BatchNormSpec | None:
    return None if isinstance(node, PoolSpec) else node.batchnorm


def normalizes_input(network: NetworkSpec) -> bool:
    """Return whether normalization follows the first linear map, or precedes it."""
    first = next(index for index, node in enumerate(network.nodes) if isinstance(node, LayerSpec))
    return any(map(normalizes, network.nodes[: first + 1]))


def normalizes_end(network: NetworkSpec) -> bool:
    """Return whether normalization without weights follows the last hidden layer, as after pre-activation."""
    after: list[Node] = []
    for node in reversed(network.nodes[:-1]):
        if isinstance(node, LayerSpec):
            break
        after.append(node)
    return any(map(normalizes, after))


def ends_of_branches(record: RunRecord) -> Flags:
    """Return which layers are the last of a residual branch, to which a shortcut is added, shape (layers,)."""
    return np.array([layer.adds is not None for layer in record.spec.network.layers], np.bool_)


def in_branches(record: RunRecord) -> Flags:
    """Return which layers belong to a residual branch, shape (layers,)."""
    layers = record.spec.network.layers
    return np.array([bool(layer.branch and layer.branch.place) or layer.adds is not None for layer in layers], np.bool_)


def branches(record: RunRecord) -> list[list[int]]:
    """Return the layers of each residual branch, as indices in the order of the forward pass."""
    found: dict[int, list[int]] = {}
    for index, layer in enumerate(record.spec.network.layers):
        if layer.branch is not None and layer.branch.place:
            found.setdefault(layer.branch.block, []).append(index)
        elif layer.branch is None and layer.adds is not None:  # trained elsewhere: the other layers are unknown
            found[-1 - index] = [index]
    return list(found.values())


def survival(record: RunRecord) -> Array:
    """Return the probability with which training keeps the branch of each layer, 1 outside of branches, (layers,).

    Probes multiply the outputs of a branch, and so the deltas inside of it, by this number.
    """
    found = np.ones(record.layers)
    for own in branches(record):
        drop = record.spec.network.layers[own[-1]].branch_drop
        found[own] = 1.0 if drop is None else drop.survival
    return found


def skip_probability(record: RunRecord) -> Array:
    """Return the probability with which a step of training drops a layer's branch for all of its examples, (layers,).

    Such a step does not change the weights of the layer, except by momentum or a penalty.
    """
    batch = record.spec.training.batch_size or int(record.facts.get("train_n", 1))
    draws_of = [1] * record.layers
    for own in branches(record):
        drop = record.spec.network.layers[own[-1]].branch_drop
        if drop is not None and drop.by == "example":
            for layer in own:
                draws_of[layer] = batch
    return np.asarray((1 - survival(record)) ** np.array(draws_of))


def is_linear_by_design(network: NetworkSpec) -> Flags:
    """Return which layers have the identity on purpose, shape (layers,).

    These are projections on shortcuts, and layers whose outputs pass a nonlinearity of their own afterwards, such as
    max pooling or the activation after a residual block with pre-activation.
    """
    flags = []
    for node, following in zip(network.nodes, (*network.nodes[1:], None), strict=True):
        if isinstance(node, LayerSpec):
            flags.append(is_shortcut(node) or (following is not None and _is_nonlinear(following)))
    return np.array(flags, np.bool_)


def _is_nonlinear(node: Node) -> bool:
    """Return whether a node without weights is not a linear map of its inputs."""
    if isinstance(node, LayerSpec):
        return False
    if isinstance(node, PoolSpec):
        return LAYERS[node.kind].mean_field is None
    return ACTIVATIONS[node.activation.name].activate is not None


def averaging(record: RunRecord) -> Array:
    """Return by how much average pooling may reduce the standard deviation of independent pixels, shape (layers,).

    It is the root of the number of averaged positions, over all poolings before a layer.
    """
    factor, found = 1.0, [1.0] * record.layers
    for op in operations(record):
        if isinstance(op.node, PoolSpec) and op.geometry is not None and not _is_nonlinear(op.node):
            factor *= math.sqrt(op.geometry.window_height * op.geometry.window_width)
        if op.owns_units and op.layer is not None:
            found[op.layer] = factor
    return np.array(found)


def narrowest(record: RunRecord) -> int:
    """Return the smallest number of outputs of an operation outside of residual branches, 0 without hidden layers."""
    if record.layers < 2:
        return 0
    beside = in_branches(record)
    ops = [op for op in operations(record)[:-1] if op.layer is None or not beside[op.layer]]
    sizes = [math.prod(op.output_shape) for op in ops if not op.is_output]
    return min(sizes or [layer.units for layer in record.spec.network.layers[:-1]])


def has_bottleneck(record: RunRecord) -> bool:
    """Return whether a layer has at most half as many outputs as the outputs of the classes have degrees of freedom."""
    return 0 < narrowest(record) <= (int(record.facts.get("classes", 2)) - 1) / 2


def batchnorm_sizes(record: RunRecord, batch: int) -> Iterator[tuple[int | None, int]]:
    """Yield for each batch normalization its layer, None without weights, and the number of values of a variance.

    Those of convolutions are unknown, and omitted, if the connections or the shape of the inputs are unknown.
    """
    network = record.spec.network
    ops = operations(record) if network.needs_images else ()
    if ops:
        yield from ((op.layer, batch * op.positions) for op in ops if op.batchnorm is not None)
        return
    index = -1
    for node in network.nodes:
        has_weights = isinstance(node, LayerSpec)
        index += has_weights
        if _norm(node) is not None and not works_on_images(node):
            yield (index if has_weights else None), batch
