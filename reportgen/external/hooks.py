"""Probes of PyTorch networks by forward hooks, without importing PyTorch.

A forward pass determines the order of the layers and the modules between them. Probes use the mode that records
require, whatever the mode of the network: dropout is off, and batch normalization uses the statistics of the batch
without updating its running statistics.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from reportgen.errors import UsageError
from reportgen.external.convert import Array, array, one_loss, same
from reportgen.external.layer_statistics import Norm, Pair
from reportgen.external.torch_modules import (
    DROPOUT,
    LINEAR,
    NORM,
    batchnorm_nodes,
    kind_of,
    modules_in,
    running_of,
    settings_of_norm,
    switched,
    trained,
)

ALIKE = 1e-3
"""Largest relative difference of two losses of one batch that count as equal; rounding differs by far less."""

DRAWS = 8
"""Number of passes with dropout over which outputs are averaged."""


@dataclass
class LayerTrace:
    """A layer as a pass met it: what it puts out, what batch normalization makes of that, and what is dropped after.

    normalized: what goes into the activation where batch normalization comes straight after the layer, else None.
    """

    layer: Any
    output: Any
    norm: Any = None
    normalized: Any = None
    dropouts: list[float] = field(default_factory=list)

    @property
    def preactivation(self) -> Any:
        """What goes into the activation."""
        return self.output if self.normalized is None else self.normalized


@dataclass(frozen=True)
class Pass:
    """One pass: the layers in order, the loss, and whether all of the network is known to have been seen."""

    layers: list[LayerTrace]
    loss: Any
    whole: bool


class HookedNetwork:
    """A network or its layers, and a function that computes a loss of them."""

    def __init__(self, layers: Any, loss: Callable[[], Any]) -> None:
        if not callable(loss):
            found = f"expected a function, found {type(loss).__name__}"
            raise UsageError("wrong-type", found, "loss", "such as lambda: criterion(net(x), y)")
        self._root, self._loss = layers, loss
        self._modules = {id(module): (kind_of(module, n), module) for n, module in enumerate(modules_in(layers), 1)}
        if not any(kind == LINEAR for kind, _ in self._modules.values()):
            raise UsageError("no-layers", "there are no layers to watch", hint="the network, or its layers in order")
        self._order: list[Any] = [module for kind, module in self._modules.values() if kind == LINEAR]
        self._first = True
        self.batchnorm: Any = None
        self.dropout: Any = None

    @property
    def weights(self) -> list[Any]:
        """Each layer's weights, as they are."""
        return [layer.weight for layer in self._order]

    def size_of_weights(self) -> tuple[float, float]:
        """Return the sum of the weights' squares and that of their amounts, which penalties are made of."""
        values = [array(weights) for weights in self.weights]
        return sum(float(np.square(w).sum()) for w in values), sum(float(np.abs(w).sum()) for w in values)

    def agreed(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """Return the given settings of the network with the observed ones; raises UsageError if they differ."""
        seen = {"batchnorm": self.batchnorm, "dropout": self.dropout}
        known = {name: value for name, value in seen.items() if value is not None}
        for name, value in known.items():
            if name in told and _any(told[name]) != _any(value):
                found = f"{told[name]!r} contradicts the watched network, which has {value!r}"
                raise UsageError("conflicting-settings", found, f"settings.{name}", "remove the setting")
        return known | dict(told)

    def look(self) -> tuple[list[Pair], list[Pair], list[Pair], list[Norm | None]]:
        """Return pairs of value and gradient, of pre-activations, weights and biases, and each layer's normalization.

        One pass forward and back. No gradient that a parameter has, of these layers or of others, is another one
        afterwards, and running averages stay.
        """
        seen = self._checked_pass() if self._first else self._pass(False)
        parts = [part for one in seen.layers for part in _parameters(one) if part is not None]
        before = [part.grad for part in parts]
        for part in parts:
            part.grad = None
        try:
            seen.loss.backward(inputs=[*parts, *(one.preactivation for one in seen.layers)])
            passed = [_pair(one.preactivation) for one in seen.layers]
            weights = [_pair(one.layer.weight) for one in seen.layers]
            biases = [_pair(_parameters(one)[1]) for one in seen.layers]
        finally:
            for part, gradient in zip(parts, before, strict=True):
                part.grad = gradient
        return passed, weights, biases, [_norm(one) for one in seen.layers]

    def scale_of_training(self) -> float | None:
        """Return the outputs under dropout's masks as a multiple of those without; None where nothing is dropped.

        By least squares over examples and classes, outputs less their mean over classes.
        """
        if not self.dropout or not np.any(self.dropout):
            return None
        without = self._outputs(False)
        under = np.mean([self._outputs(True) for _ in range(DRAWS)], axis=0)
        square, product = float((without**2).sum()), float((without * under).sum())
        return product / square if square > 0 and math.isfinite(square) and math.isfinite(product) else None

    def tested(self) -> Array:
        """Return the outputs of a pass in test mode: without dropout, by batch normalization's running values."""
        return array(self._pass(False, noting=False).layers[-1].preactivation)

    def _outputs(self, dropping: bool) -> Array:
        """Return a pass's outputs less their mean over classes."""
        outputs = array(self._pass(dropping).layers[-1].preactivation)
        return np.asarray(outputs - outputs.mean(axis=1, keepdims=True))

    def _checked_pass(self) -> Pass:
        """Return a checked pass and note the order and the structure of the layers; raises UsageError."""
        seen = self._pass(False)
        if not seen.layers:
            found = "the loss does not use any watched layer"
            raise UsageError("unused-layer", found, "loss", "the loss of the watched network")
        lost = len(self._order) - len(seen.layers)
        if lost:
            found = f"the loss does not use {lost} of the watched layers"
            raise UsageError("unused-layer", found, "loss", "only layers that the loss uses")
        _check_loss(seen.loss)
        _check_frozen(seen.layers)
        nodes = batchnorm_nodes(seen.loss)
        if nodes > sum(kind == NORM for kind, _ in self._modules.values()):
            found = "the network has batch normalization that is not among the watched layers"
            raise UsageError("unwatched-layer", found, hint="watch the whole network, or all of its layers in order")
        self._order = [one.layer for one in seen.layers]
        self._note_structure(seen, hasattr(seen.loss, "grad_fn"), hasattr(seen.loss, "detach"))
        self._first = False
        return seen

    def _note_structure(self, seen: Pass, traced: bool, told: bool) -> None:
        """Note which hidden layers have batch normalization and dropout, where the pass has shown all there is.

        traced: whether the loss tells what it was computed through. told: whether it tells its value.
        """
        hidden = seen.layers[:-1]
        if told:
            _check_alike(seen.loss, self._pass(False).loss)
        if seen.whole or traced or any(one.norm is not None for one in hidden):
            self.batchnorm = same(settings_of_norm(one.norm) for one in hidden) or False
        drops = told and seen.whole and not _alike(seen.loss, self._pass(False, training=True).loss)
        if (seen.whole and not drops) or any(one.dropouts for one in hidden):
            self.dropout = same(_dropped(one) for one in hidden) or 0

    def _pass(self, dropping: bool, training: bool = False, noting: bool = True) -> Pass:
        """Return a pass in the mode of looks; dropping: with dropout on; training: all else as in training, too.

        noting: whether batch normalization takes the batch's statistics.
        """
        layers: list[LayerTrace] = []
        called: list[bool] = []
        with ExitStack() as stack:
            for kind, module in self._modules.values():
                stack.callback(module.register_forward_hook(_noting(kind, layers)).remove)
                if kind in (NORM, DROPOUT):
                    stack.enter_context(switched(module, on=noting if kind == NORM else dropping))
            if id(self._root) not in self._modules and hasattr(self._root, "register_forward_hook"):
                stack.callback(self._root.register_forward_hook(lambda *_: called.append(True)).remove)
                if training:
                    stack.enter_context(trained(self._root))
            loss = self._loss()
        return Pass(layers, loss, bool(called) or id(self._root) in self._modules)


def _noting(kind: str, layers: list[LayerTrace]) -> Callable[[Any, Any, Any], Any]:
    """Return a forward hook that notes the output of a module; the hook raises UsageError.

    Layers and normalizations return a copy of their output, since an in-place activation would overwrite it.
    """

    def hook(module: Any, given: Any, output: Any) -> Any:
        if kind == DROPOUT and layers:
            layers[-1].dropouts.append(float(module.p))
        if kind not in (LINEAR, NORM) or (kind == NORM and not layers):
            return None
        if getattr(output, "requires_grad", True) is False:
            found, hint = "the loss has no gradients", "compute it outside of torch.no_grad()"
            raise UsageError("missing-gradient", found, "loss", hint)
        output.retain_grad()
        if kind == NORM:
            _note_norm(layers[-1], module, given, output)
        elif any(one.layer is module for one in layers):
            raise UsageError("repeated-layer", "the loss uses a layer twice", "loss", "one pass of the network")
        else:
            layers.append(LayerTrace(module, output))
        return output.clone()

    return hook


def _note_norm(last: LayerTrace, module: Any, given: Any, output: Any) -> None:
    """Note a layer's normalization, and what goes into the activation where nothing is between layer and norm."""
    last.norm = module
    if np.array_equal(array(given[0]), array(last.output), equal_nan=True):
        last.normalized = output


def _dropped(seen: LayerTrace) -> float:
    """Return the share of a layer's outputs that is dropped after it."""
    return round(1 - math.prod(1 - rate for rate in seen.dropouts), 12)


def _alike(one: Any, other: Any) -> bool:
    """Return whether two losses are equal except for rounding; true if the first is not finite."""
    first, again = one_loss(one, "loss"), one_loss(other, "loss")
    return not math.isfinite(first) or abs(again - first) <= ALIKE * max(abs(first), abs(again))


def _check_alike(one: Any, other: Any) -> None:
    """Raise UsageError if two passes with the same weights have different losses."""
    if not _alike(one, other):
        found = f"two passes with the same weights have losses {float(array(one)):.4g} and {float(array(other)):.4g}"
        hint = "use one fixed batch; watch the whole network, or switch functional dropout off in the loss"
        raise UsageError("random-loss", found, "loss", hint)


def _parameters(seen: LayerTrace) -> tuple[Any, Any]:
    """Return a layer's weights and its biases, or the shifts of its batch normalization."""
    return seen.layer.weight, seen.layer.bias if seen.normalized is None else seen.norm.bias


def _pair(part: Any) -> Pair:
    """Return a value and its gradient, zeros for None; raises UsageError if the gradient is missing."""
    if part is None:
        return np.zeros(1), np.zeros(1)
    if part.grad is None:
        found = "a watched layer has no gradient"
        raise UsageError("missing-gradient", found, "loss", "compute the loss from the network's outputs")
    return array(part), array(part.grad)


def _norm(seen: LayerTrace) -> Norm | None:
    return None if seen.norm is None else Norm(*(np.array(part) for part in running_of(seen.norm)))


def _any(setting: Any) -> bool:
    """Return whether a setting of batch normalization or dropout enables it for any layer."""
    if isinstance(setting, (list, tuple)):
        return any(map(_any, setting))
    return bool(setting.get("rate", True) if isinstance(setting, Mapping) else setting) and setting != "none"


def _check_loss(loss: Any) -> None:
    """Raise UsageError unless the loss is a tensor of one number with gradients."""
    if not hasattr(loss, "backward"):
        found = f"expected a tensor with gradients, found {type(loss).__name__}"
        raise UsageError("wrong-type", found, "loss", "return the result of the loss function")
    if hasattr(loss, "detach"):
        one_loss(loss, "loss")


def _check_frozen(layers: list[LayerTrace]) -> None:
    """Raise UsageError if a layer has weights or biases without gradients."""
    for number, one in enumerate(layers, 1):
        if any(part is not None and getattr(part, "requires_grad", True) is False for part in _parameters(one)):
            raise UsageError("frozen-layer", "the layer is frozen", f"layer {number}", "watch only trained layers")
