"""Probes of PyTorch networks by forward hooks, without importing PyTorch.

A forward pass determines the order of the layers and the modules between them. During a probe, dropout is off and batch
normalization uses the statistics of the batch without updating its running statistics, in any mode of the network.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from reportgen.errors import UsageError
from reportgen.external.convert import Array, array, same, scalar_loss
from reportgen.external.layer_statistics import Norm, Pair
from reportgen.external.torch_modules import (
    DROPOUT,
    LINEAR,
    NORM,
    batchnorm_nodes,
    in_training_mode,
    kind_of,
    modules_in,
    norm_settings,
    norm_values,
    switched,
)

LOSS_TOLERANCE = 1e-3
"""Largest relative difference between two losses that count as equal; rounding errors are far smaller."""

DROPOUT_PASSES = 8
"""Number of passes with dropout whose outputs are averaged."""


@dataclass
class LayerTrace:
    """A layer in a forward pass: its output, its batch normalization, and the dropout rates after it.

    normalized: output of batch normalization directly after the layer, else None.
    """

    layer: Any
    output: Any
    norm: Any = None
    normalized: Any = None
    dropouts: list[float] = field(default_factory=list)

    @property
    def preactivation(self) -> Any:
        """Input of the activation."""
        return self.output if self.normalized is None else self.normalized


@dataclass(frozen=True)
class Pass:
    """A forward pass: the layers in order, the loss, and whether the pass covered the whole network."""

    layers: list[LayerTrace]
    loss: Any
    complete: bool


class HookedNetwork:
    """A network or its layers, with a function that computes a loss."""

    def __init__(self, layers: Any, loss: Callable[[], Any]) -> None:
        if not callable(loss):
            message = f"expected a function, found {type(loss).__name__}"
            raise UsageError("wrong-type", message, "loss", "such as lambda: criterion(net(x), y)")
        self._root, self._loss = layers, loss
        self._modules = {id(module): (kind_of(module, n), module) for n, module in enumerate(modules_in(layers), 1)}
        if not any(kind == LINEAR for kind, _ in self._modules.values()):
            raise UsageError("no-layers", "no layers to watch", hint="the network, or its layers in order")
        self._order: list[Any] = [module for kind, module in self._modules.values() if kind == LINEAR]
        self._is_checked = False
        self.batchnorm: Any = None
        self.dropout: Any = None

    @property
    def weights(self) -> list[Any]:
        """Weights of each layer, as tensors."""
        return [layer.weight for layer in self._order]

    def weight_sizes(self) -> tuple[float, float]:
        """Return the sum of squares and the sum of absolute values of all weights, as in L2 and L1 penalties."""
        values = [array(weights) for weights in self.weights]
        return sum(float(np.square(w).sum()) for w in values), sum(float(np.abs(w).sum()) for w in values)

    def with_detected(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return the given settings of the network with the detected ones; raises UsageError if they contradict."""
        all_kinds = {"batchnorm": self.batchnorm, "dropout": self.dropout}
        detected = {name: value for name, value in all_kinds.items() if value is not None}
        for name, value in detected.items():
            if name in settings and _is_on(settings[name]) != _is_on(value):
                message = f"{settings[name]!r} contradicts the watched network, which has {value!r}"
                raise UsageError("conflicting-settings", message, f"settings.{name}", "remove the setting")
        return detected | dict(settings)

    def probe(self) -> tuple[list[Pair], list[Pair], list[Pair], list[Norm | None]]:
        """Return pairs of value and gradient of pre-activations, weights and biases, and the batch normalizations.

        The probe takes one forward and one backward pass. It changes neither the gradients of any parameters nor
        running statistics.
        """
        result = self._forward(dropout=False) if self._is_checked else self._checked_pass()
        parameters = [p for trace in result.layers for p in _parameters(trace) if p is not None]
        saved = [parameter.grad for parameter in parameters]
        for parameter in parameters:
            parameter.grad = None
        try:
            result.loss.backward(inputs=[*parameters, *(trace.preactivation for trace in result.layers)])
            preactivations = [_pair(trace.preactivation) for trace in result.layers]
            weights = [_pair(trace.layer.weight) for trace in result.layers]
            biases = [_pair(_parameters(trace)[1]) for trace in result.layers]
        finally:
            for parameter, gradient in zip(parameters, saved, strict=True):
                parameter.grad = gradient
        return preactivations, weights, biases, [_norm(trace) for trace in result.layers]

    def train_mode_scale(self) -> float | None:
        """Return the ratio of outputs with dropout to outputs without, or None for a network without dropout.

        It is the least-squares factor over examples and classes of outputs centred over classes.
        """
        if not self.dropout or not np.any(self.dropout):
            return None
        without = self._centred_outputs(dropout=False)
        dropped = np.mean([self._centred_outputs(dropout=True) for _ in range(DROPOUT_PASSES)], axis=0)
        square, product = float((without**2).sum()), float((without * dropped).sum())
        return product / square if square > 0 and math.isfinite(square) and math.isfinite(product) else None

    def test_mode_outputs(self) -> Array:
        """Return the outputs in test mode: without dropout, and with running statistics in batch normalization."""
        return array(self._forward(dropout=False, batch_statistics=False).layers[-1].preactivation)

    def _centred_outputs(self, dropout: bool) -> Array:
        """Return the outputs of a forward pass, centred over classes."""
        outputs = array(self._forward(dropout).layers[-1].preactivation)
        return np.asarray(outputs - outputs.mean(axis=1, keepdims=True))

    def _checked_pass(self) -> Pass:
        """Return a forward pass after checking it, and store order and structure of the layers; raises UsageError."""
        result = self._forward(dropout=False)
        if not result.layers:
            message = "the loss does not use any watched layer"
            raise UsageError("unused-layer", message, "loss", "the loss of the watched network")
        unused = len(self._order) - len(result.layers)
        if unused:
            message = f"the loss does not use {unused} of the watched layers"
            raise UsageError("unused-layer", message, "loss", "only layers that the loss uses")
        _check_loss(result.loss)
        _check_frozen(result.layers)
        nodes = batchnorm_nodes(result.loss)
        if nodes > sum(kind == NORM for kind, _ in self._modules.values()):
            message = "the network has batch normalization that is not among the watched layers"
            raise UsageError("unwatched-layer", message, hint="watch the whole network, or all of its layers in order")
        self._order = [trace.layer for trace in result.layers]
        self._detect_structure(result, hasattr(result.loss, "grad_fn"), hasattr(result.loss, "detach"))
        self._is_checked = True
        return result

    def _detect_structure(self, result: Pass, has_graph: bool, has_value: bool) -> None:
        """Set `batchnorm` and `dropout` as far as the forward pass determines them.

        has_graph: whether the loss has an autograd graph. has_value: whether the loss has a value.
        """
        hidden = result.layers[:-1]
        if has_value:
            _check_deterministic(result.loss, self._forward(dropout=False).loss)
        if result.complete or has_graph or any(trace.norm is not None for trace in hidden):
            self.batchnorm = same(norm_settings(trace.norm) for trace in hidden) or False
        functional_dropout = (
            has_value
            and result.complete
            and not _losses_agree(result.loss, self._forward(dropout=False, training=True).loss)
        )
        if (result.complete and not functional_dropout) or any(trace.dropouts for trace in hidden):
            self.dropout = same(_dropout_rate(trace) for trace in hidden) or 0

    def _forward(self, dropout: bool, training: bool = False, batch_statistics: bool = True) -> Pass:
        """Run the loss function once.

        dropout: whether dropout modules are on. training: whether the other modules are in training mode.
        batch_statistics: whether batch normalization uses the statistics of the batch.
        """
        layers: list[LayerTrace] = []
        called: list[bool] = []
        with ExitStack() as stack:
            for kind, module in self._modules.values():
                stack.callback(module.register_forward_hook(_tracing_hook(kind, layers)).remove)
                if kind in (NORM, DROPOUT):
                    stack.enter_context(switched(module, on=batch_statistics if kind == NORM else dropout))
            if id(self._root) not in self._modules and hasattr(self._root, "register_forward_hook"):
                stack.callback(self._root.register_forward_hook(lambda *_: called.append(True)).remove)
                if training:
                    stack.enter_context(in_training_mode(self._root))
            loss = self._loss()
        return Pass(layers, loss, bool(called) or id(self._root) in self._modules)


def _tracing_hook(kind: str, layers: list[LayerTrace]) -> Callable[[Any, Any, Any], Any]:
    """Return a forward hook that adds the output of a module to `layers`; the hook raises UsageError.

    The hook returns a copy of the output, since an in-place activation would overwrite the original.
    """

    def hook(module: Any, inputs: Any, output: Any) -> Any:
        if kind == DROPOUT and layers:
            layers[-1].dropouts.append(float(module.p))
        if kind not in (LINEAR, NORM) or (kind == NORM and not layers):
            return None
        if getattr(output, "requires_grad", True) is False:
            message, hint = "the loss has no gradients", "compute it outside of torch.no_grad()"
            raise UsageError("missing-gradient", message, "loss", hint)
        output.retain_grad()
        if kind == NORM:
            _add_norm(layers[-1], module, inputs, output)
        elif any(trace.layer is module for trace in layers):
            raise UsageError("repeated-layer", "the loss uses a layer twice", "loss", "one pass of the network")
        else:
            layers.append(LayerTrace(module, output))
        return output.clone()

    return hook


def _add_norm(trace: LayerTrace, module: Any, inputs: Any, output: Any) -> None:
    """Add batch normalization to a layer; its output is the pre-activation if it directly follows the layer."""
    trace.norm = module
    if np.array_equal(array(inputs[0]), array(trace.output), equal_nan=True):
        trace.normalized = output


def _dropout_rate(trace: LayerTrace) -> float:
    """Return the combined rate of all dropout modules after a layer."""
    return round(1 - math.prod(1 - rate for rate in trace.dropouts), 12)


def _losses_agree(a: Any, b: Any) -> bool:
    """Return whether two losses are equal up to rounding; true if the first is not finite."""
    first, second = scalar_loss(a, "loss"), scalar_loss(b, "loss")
    return not math.isfinite(first) or abs(second - first) <= LOSS_TOLERANCE * max(abs(first), abs(second))


def _check_deterministic(a: Any, b: Any) -> None:
    """Raise UsageError if two passes with the same weights have different losses."""
    if not _losses_agree(a, b):
        message = f"two passes with the same weights have losses {float(array(a)):.4g} and {float(array(b)):.4g}"
        hint = "use one fixed batch; watch the whole network, or disable functional dropout in the loss"
        raise UsageError("random-loss", message, "loss", hint)


def _parameters(trace: LayerTrace) -> tuple[Any, Any]:
    """Return the weights of a layer, and its biases or the shifts of its batch normalization."""
    return trace.layer.weight, trace.layer.bias if trace.normalized is None else trace.norm.bias


def _pair(tensor: Any) -> Pair:
    """Return a tensor and its gradient as arrays, zeros for None; raises UsageError if the gradient is missing."""
    if tensor is None:
        return np.zeros(1), np.zeros(1)
    if tensor.grad is None:
        message = "a watched layer has no gradient"
        raise UsageError("missing-gradient", message, "loss", "compute the loss from the network's outputs")
    return array(tensor), array(tensor.grad)


def _norm(trace: LayerTrace) -> Norm | None:
    return None if trace.norm is None else Norm(*(np.array(values) for values in norm_values(trace.norm)))


def _is_on(setting: Any) -> bool:
    """Return whether a setting of batch normalization or dropout enables it for any layer."""
    if isinstance(setting, (list, tuple)):
        return any(map(_is_on, setting))
    return bool(setting.get("rate", True) if isinstance(setting, Mapping) else setting) and setting != "none"


def _check_loss(loss: Any) -> None:
    """Raise UsageError unless the loss is a tensor of one number with gradients."""
    if not hasattr(loss, "backward"):
        message = f"expected a tensor with gradients, found {type(loss).__name__}"
        raise UsageError("wrong-type", message, "loss", "return the result of the loss function")
    if hasattr(loss, "detach"):
        scalar_loss(loss, "loss")


def _check_frozen(layers: list[LayerTrace]) -> None:
    """Raise UsageError if a layer has weights or biases without gradients."""
    for number, trace in enumerate(layers, 1):
        if any(p is not None and getattr(p, "requires_grad", True) is False for p in _parameters(trace)):
            raise UsageError("frozen-layer", "the layer is frozen", f"layer {number}", "watch only trained layers")
