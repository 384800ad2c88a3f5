"""Stand-ins for PyTorch in NumPy: modules with hooks, and tensors with gradients and a graph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np


class Tensor:
    """A tensor with its gradient, if computed, and the node of the graph that created it."""

    def __init__(self, value: Any, grad_fn: Any = None) -> None:
        self.value, self.grad, self.grad_fn = np.asarray(value, np.float64), None, grad_fn

    def detach(self) -> Tensor:
        return Tensor(self.value)

    def cpu(self) -> Tensor:
        return self

    def numpy(self) -> Any:
        return self.value

    def retain_grad(self) -> None:
        pass

    def clone(self) -> Tensor:
        return Tensor(self.value.copy(), self.grad_fn)


class Node:
    """A node of the autograd graph."""

    def __init__(self, *before: Any) -> None:
        self.next_functions = [(node, 0) for node in before]


class NativeBatchNormBackward0(Node):
    """The node of batch normalization, with its name in PyTorch."""


class Module:
    """A module with hooks; its tensors are parameters."""

    def __init__(self) -> None:
        self.training, self.after, self.before = True, {}, {}

    def register_forward_hook(self, hook: Any) -> Any:
        return _Handle(self.after, hook)

    def register_forward_pre_hook(self, hook: Any) -> Any:
        return _Handle(self.before, hook)

    def children(self) -> Iterator[Module]:
        return iter([part for part in vars(self).values() if isinstance(part, Module)])

    def modules(self) -> Iterator[Module]:
        yield self
        for child in self.children():
            yield from child.modules()

    def parameters(self, recurse: bool = True) -> Iterator[Tensor]:
        inner = [module for module in self.modules() if recurse or module is self]
        return iter([v for m in inner for k, v in vars(m).items() if isinstance(v, Tensor) and "running" not in k])

    def train(self, mode: bool = True) -> None:
        for module in self.modules():
            module.training = mode

    def __call__(self, given: Tensor) -> Tensor:
        for hook in list(self.before.values()):
            hook(self, (given,))
        output = self.forward(given)
        for hook in list(self.after.values()):
            output = hook(self, (given,), output) or output
        return output

    def forward(self, given: Tensor) -> Any:
        raise NotImplementedError


class _Handle:
    def __init__(self, hooks: dict[int, Any], hook: Any) -> None:
        self.hooks = hooks
        hooks[id(self)] = hook

    def remove(self) -> None:
        del self.hooks[id(self)]


class Linear(Module):
    """A fully connected layer; weights have shape (units, inputs)."""

    def __init__(self, inputs: int, units: int, draws: np.random.Generator) -> None:
        super().__init__()
        self.weight = Tensor(draws.normal(size=(units, inputs)) / np.sqrt(inputs))
        self.bias = Tensor(draws.normal(size=units))

    def forward(self, given: Tensor) -> Tensor:
        return Tensor(given.value @ self.weight.value.T + self.bias.value, Node(given.grad_fn))


class BatchNorm1d(Module):
    """Batch normalization; running statistics are updated in training mode if they are tracked."""

    eps = 1e-5

    def __init__(self, units: int, momentum: float | None = 0.1) -> None:
        super().__init__()
        self.num_features, self.momentum, self.track_running_stats = units, momentum, True
        self.weight, self.bias = Tensor(np.full(units, 1.5)), Tensor(np.full(units, 0.25))
        self.running_mean, self.running_var = Tensor(np.zeros(units)), Tensor(np.ones(units))

    def forward(self, given: Tensor) -> Tensor:
        mean, variance = self.running_mean.value, self.running_var.value
        if self.training:
            mean, variance = given.value.mean(0), given.value.var(0)
            if self.track_running_stats:
                share = self.momentum or 0.0
                self.running_mean.value = (1 - share) * self.running_mean.value + share * mean
                self.running_var.value = (1 - share) * self.running_var.value + share * variance
        normal = (given.value - mean) / np.sqrt(variance + self.eps)
        return Tensor(self.weight.value * normal + self.bias.value, NativeBatchNormBackward0(given.grad_fn))


class Dropout(Module):
    """Inverted dropout."""

    scaled = True

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p, self.draws = p, np.random.default_rng(5)

    def forward(self, given: Tensor) -> Tensor:
        if not self.training:
            return given
        mask = self.draws.random(given.value.shape) >= self.p
        return Tensor(given.value * mask / (1 - self.p if self.scaled else 1), Node(given.grad_fn))


class Unscaled(Dropout):
    """Dropout without scaling."""

    scaled = False


class ReLU(Module):
    """ReLU in place."""

    def forward(self, given: Tensor) -> Tensor:
        np.maximum(given.value, 0, out=given.value)
        return given


class Sequential(Module):
    """Modules in sequence."""

    def __init__(self, *parts: Module) -> None:
        super().__init__()
        for number, part in enumerate(parts):
            setattr(self, f"part{number}", part)
        self.noise = 0.0  # functional dropout, which is not a module

    def __getitem__(self, index: Any) -> Any:
        return list(self.children())[index]

    def forward(self, given: Tensor) -> Tensor:
        for part in self.children():
            given = part(given)
        if self.noise and self.training:
            given = Tensor(given.value * np.random.default_rng().random(given.value.shape), given.grad_fn)
        return given


class Loss(Tensor):
    """Mean square of the outputs; all gradients are ones, which is sufficient here."""

    def __init__(self, outputs: Tensor, differentiated: list[Any] | None = None) -> None:
        super().__init__(np.square(outputs.value).mean(), Node(outputs.grad_fn))
        self.differentiated = differentiated if differentiated is not None else []

    def backward(self, inputs: list[Tensor]) -> None:
        self.differentiated += inputs
        for part in inputs:
            part.grad = Tensor(np.ones_like(part.value))
