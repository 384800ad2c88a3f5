"""Layers of another program that a recorder looks at by itself, by the hooks that they offer; nothing is imported."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from reportgen.errors import UsageError

Pair = tuple[Any, Any]

ASKED = ("weight", "bias", "register_forward_hook")


class Watched:
    """Layers with `weight`, `bias` and `register_forward_hook`, and a function that computes a loss of them."""

    def __init__(self, layers: Iterable[Any], loss: Callable[[], Any]) -> None:
        self._layers, self._loss = list(layers), loss
        for number, layer in enumerate(self._layers, 1):
            missing = [name for name in ASKED if not hasattr(layer, name)]
            if missing:
                found = f"layer {number} is a {type(layer).__name__} without {', '.join(missing)}"
                raise UsageError(found, hint="layers such as torch.nn.Linear; see Recorder.look for others")

    @property
    def weights(self) -> list[Any]:
        """Each layer's weights, as they are."""
        return [layer.weight for layer in self._layers]

    def look(self) -> tuple[list[Pair], list[Pair], list[Pair]]:
        """Return pairs of value and gradient: pre-activations, weights and biases, of one pass forward and back.

        No gradient that a parameter has, of these layers or of others, is another one afterwards.
        """
        outputs: dict[int, Any] = {}
        parts = [part for layer in self._layers for part in (layer.weight, layer.bias) if part is not None]
        before = [part.grad for part in parts]
        hooks = [layer.register_forward_hook(_keep(outputs, index)) for index, layer in enumerate(self._layers)]
        try:
            loss = self._loss()
        finally:
            for hook in hooks:
                hook.remove()
        for part in parts:
            part.grad = None
        try:
            loss.backward(inputs=[*parts, *outputs.values()])
            passed = [(outputs[index], outputs[index].grad) for index in sorted(outputs)]
            weights = [(layer.weight, layer.weight.grad) for layer in self._layers]
            biases = [_pair(layer.bias) for layer in self._layers]
        finally:
            for part, gradient in zip(parts, before, strict=True):
                part.grad = gradient
        return passed, weights, biases


def _keep(outputs: dict[int, Any], index: int) -> Callable[[Any, Any, Any], Any]:
    """Return a hook that keeps what its layer puts out, and has the gradient by it kept.

    It hands on a copy, since an activation that works in place would write over what is kept.
    """

    def hook(layer: Any, given: Any, output: Any) -> Any:
        output.retain_grad()
        outputs[index] = output
        return output.clone()

    return hook


def _pair(bias: Any) -> Pair:
    """Return a bias and its gradient; nothing has the gradient 0."""
    return (np.zeros(1), np.zeros(1)) if bias is None else (bias, bias.grad)
