"""Twins of the engine's dense networks in PyTorch and float64, for tests that skip without PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from reportgen.engine.network import BIAS, WEIGHTS
from reportgen.engine.setup import Setup


class Twin:
    """A network of dense layers with tanh between them, with the weights and the training examples of a setup.

    `parameters` holds the weights, (fan_in, width), and the biases of each layer in turn.
    """

    def __init__(self, setup: Setup) -> None:
        import torch

        self.torch, self.setup = torch, setup
        self.x = torch.tensor(setup.dataset.x_train, dtype=torch.float64)
        self.y = torch.tensor(setup.dataset.y_train)
        flat = torch.tensor(setup.state.params.astype(np.float64))
        self.parameters = [part.clone().requires_grad_() for part in self.split(flat)]

    def split(self, flat: Any) -> list[Any]:
        """The parts of a flat vector in the order of the engine, shaped as `parameters`."""
        parts = []
        for code, op in zip(self.setup.net.codes, self.setup.operations, strict=True):
            parts += [flat[code[WEIGHTS] :][: op.weights].reshape(op.fan_in, op.width), flat[code[BIAS] :][: op.width]]
        return parts

    @property
    def flat(self) -> Any:
        """All parameters in the order of the engine."""
        return self.torch.cat([part.detach().ravel() for part in self.parameters])

    def losses(self, parameters: Sequence[Any] | None = None) -> Any:
        """The cross-entropy of each example, with other parameters if they are given."""
        parameters, a = parameters or self.parameters, self.x
        for index in range(0, len(parameters), 2):
            a = a @ parameters[index] + parameters[index + 1]
            a = self.torch.tanh(a) if index < len(parameters) - 2 else a
        return self.torch.nn.functional.cross_entropy(a, self.y, reduction="none")

    def hessian(self) -> Any:
        """The Hessian of the mean loss, in the order of the engine."""
        return self.torch.autograd.functional.hessian(lambda flat: self.losses(self.split(flat)).mean(), self.flat)

    def train(self, step: Callable[[], Any], steps: int) -> Iterator[float]:
        """Make full-batch steps; yield each loss after its gradient is set and before its step."""
        for _ in range(steps):
            for part in self.parameters:
                part.grad = None
            loss = self.losses().mean()
            loss.backward()
            yield loss.item()
            with self.torch.no_grad():
                step()


def groups(parameters: Sequence[Any], decay: float) -> list[dict[str, Any]]:
    """The weights, which alone have the decay, and the biases, as groups for an optimizer of PyTorch."""
    weights, rest = parameters[::2], parameters[1::2]
    return [{"params": weights, "weight_decay": decay}, {"params": rest, "weight_decay": 0.0}]
