"""What the autograd graph of a loss in PyTorch shows: the loss function, its targets, and the parameters it reaches.

The graph leads from the loss back to the parameters. Nodes are recognized by the names of their classes, without
importing PyTorch; a loss without a graph, or with unknown nodes, shows less.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

PRODUCTS = ("Addmm", "Mm", "Bmm", "Convolution", "Linear", "Addmv", "Mv", "Dot", "NativeBatchNorm", "CudnnBatchNorm")
"""Nodes at which the search for functions of the outputs ends: layers with weights."""

RESPONSES = {
    "Softmax": "softmax",
    "Sigmoid": "sigmoid",
    "LogSigmoid": "log_sigmoid",
    "Relu": "relu",
    "Tanh": "tanh",
    "LeakyRelu": "leaky_relu",
    "Elu": "elu",
    "Gelu": "gelu",
    "Silu": "silu",
    "Softplus": "softplus",
    "Hardtanh": "hardtanh",
}
"""Functions that change the outputs of a network, by the names of their nodes."""

HARMLESS = ("View", "UnsafeView", "Squeeze", "Unsqueeze", "Select", "Slice", "Clone", "ToCopy", "Reshape", "Transpose",
            "Permute", "T", "Alias", "Expand", "LogSoftmax")  # fmt: skip
"""Functions that do not change the predicted probabilities, apart from the order of the values."""

CLASSIFIERS = ("LogSoftmax", "Softmax", "BinaryCrossEntropyWithLogits")
"""Nodes that turn outputs into probabilities; the first one from the loss belongs to the loss."""

OF_PROBABILITY = "BinaryCrossEntropy"
"""Node of a loss of probabilities, whose sigmoid belongs to the loss."""

REDUCTIONS = {1: "mean", 2: "sum"}
WITH_TARGETS = ("NllLoss", "NllLoss2D", "BinaryCrossEntropyWithLogits", "BinaryCrossEntropy", "MseLoss", "L1Loss")
PAIRWISE_TARGETS = ("Sub", "MseLoss", "SmoothL1Loss", "L1Loss", "HuberLoss", "Rsub")

NLL_OF_SOFTMAX, NLL_OF_OUTPUTS, NLL_OF_SIGMOIDS = "nll_of_softmax", "nll_of_outputs", "nll_of_sigmoids"
"""Faulty uses of the negative log-likelihood: of probabilities, of outputs without a softmax, and of log-sigmoids."""

MOST_NODES = 20_000


@dataclass(frozen=True)
class LossGraph:
    """The graph of a loss.

    Attributes
    ----------
    response : function between the output layer and the loss that changes the outputs, such as "softmax"; "" if there
        is none, None if unknown. NLL_OF_SOFTMAX and NLL_OF_OUTPUTS if a logarithm or a softmax is missing, and
        NLL_OF_SIGMOIDS if sigmoids are in the place of the softmax.
    reduction : "mean" or "sum", None if unknown.
    examples : number of values over which the loss function reduces, None if unknown.
    targets : tensor of targets, None if unknown.
    broadcast : shape of a difference of outputs, (n, n), and targets that was broadcast from n outputs; empty if none.
    parameters : identities of the parameters that the loss reaches.
    """

    response: str | None = None
    reduction: str | None = None
    examples: int | None = None
    targets: Any = None
    broadcast: tuple[int, ...] = ()
    parameters: frozenset[int] = field(default_factory=frozenset)


def graph_of(loss: Any) -> LossGraph | None:
    """Return what the graph of a loss shows, None for a loss without a graph."""
    start = getattr(loss, "grad_fn", None)
    if start is None or not hasattr(start, "next_functions"):
        return None
    nodes = list(_nodes(start))
    reached = frozenset(id(node.variable) for node in nodes if hasattr(node, "variable"))
    head = list(_head(start))
    with_targets = next((node for node in head if name_of(node) in WITH_TARGETS), None)
    targets = getattr(with_targets, "_saved_target", None)
    size = getattr(targets, "numel", None)
    return LossGraph(
        response=_response(head),
        reduction=_reduction(start, with_targets),
        examples=size() if size is not None else None,
        targets=targets,
        broadcast=_broadcast(head),
        parameters=reached,
    )


def _nodes(start: Any) -> Iterator[Any]:
    """Yield the nodes of a graph, each once, from the loss to the parameters."""
    pending, visited = [start], {start}
    while pending and len(visited) < MOST_NODES:
        node = pending.pop()
        yield node
        for following, _ in node.next_functions:
            if following is not None and following not in visited:
                visited.add(following)
                pending.append(following)


def _head(start: Any) -> Iterator[Any]:
    """Yield the nodes between the loss and the nearest layers with weights, in order of their distance."""
    pending, visited = [start], {start}
    while pending:
        node = pending.pop(0)
        if name_of(node) in PRODUCTS or hasattr(node, "variable"):
            continue
        yield node
        for following, _ in node.next_functions:
            if following is not None and following not in visited:
                visited.add(following)
                pending.append(following)


def name_of(node: Any) -> str:
    """Return the name of a node's function, such as "LogSoftmax"."""
    return re.sub(r"Backward\d*$", "", type(node).__name__)


def _response(head: list[Any]) -> str | None:
    """Return the function before the classifier of the loss; None if there is no classifier, or an unknown function."""
    likelihood = next((node for node in head if name_of(node) in ("NllLoss", "NllLoss2D")), None)
    if likelihood is not None:
        first = _below(likelihood, skipped=HARMLESS[:-1])
        if first is None or first[0] in PRODUCTS:
            return None if first is None else NLL_OF_OUTPUTS
        if first[0] == "Softmax":
            return NLL_OF_SOFTMAX
        if first[0] == "LogSigmoid" or (first[0] == "Log" and (_below(first[1], HARMLESS) or [""])[0] == "Sigmoid"):
            return NLL_OF_SIGMOIDS
    node = next((node for node in head if name_of(node) in CLASSIFIERS), None)
    probability = next((node for node in head if name_of(node) == OF_PROBABILITY), None)
    if probability is not None and (first := _below(probability, skipped=HARMLESS)) is not None:
        node = first[1] if first[0] == "Sigmoid" else node
    below = None if node is None else _below(node, skipped=HARMLESS)
    if below is None or below[0] in PRODUCTS:
        return None if below is None else ""
    return RESPONSES.get(below[0])


def _below(node: Any, skipped: tuple[str, ...]) -> tuple[str, Any] | None:
    """Return name and node of the first function below a node, without skipped ones; None if there are several."""
    while True:
        following = [other for other, _ in node.next_functions if other is not None]
        if len(following) != 1:
            return None
        [node] = following
        if (name := name_of(node)) not in skipped:
            return name, node


def _reduction(start: Any, function: Any) -> str | None:
    """Return the reduction of a loss whose last operation is a loss function, or the mean or sum of one.

    Other operations, such as a division by the number of examples, may change the scale.
    """
    if start is function:
        return REDUCTIONS.get(getattr(start, "_saved_reduction", 0))
    written = {"Mean": "mean", "Sum": "sum"}.get(name_of(start))
    is_reduced = any(other is function for other, _ in start.next_functions) and function is not None
    return written if is_reduced and getattr(function, "_saved_reduction", 0) == 0 else None


def _broadcast(head: list[Any]) -> tuple[int, ...]:
    """Return the shape (n, n) of a difference between n outputs and targets that are no function of parameters."""
    for node in head:
        if name_of(node) not in PAIRWISE_TARGETS:
            continue
        shape = _shape(node) if not hasattr(node, "_saved_self") else tuple(node._saved_self.shape)
        sources = [other for other, _ in node.next_functions if other is not None]
        if len(sources) != 1 or len(shape) != 2 or shape[0] != shape[1] or shape[0] < 2:
            continue
        source = sources[0]
        while name_of(source) == "Expand":
            source = source.next_functions[0][0]
        if _count(_shape(source)) == shape[0]:
            return shape
    return ()


def _shape(node: Any) -> tuple[int, ...]:
    """Return the shape of the result of a node, () if unknown."""
    metadata = getattr(node, "_input_metadata", None)
    return tuple(int(size) for size in metadata[0].shape) if metadata else ()


def _count(shape: tuple[int, ...]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count
