"""Networks and data of the planted faults in training loops, and of the healthy loops beside them."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

TRAINED = 1200


def mlp(*sizes: int, act: Any = nn.ReLU, end: Any = None) -> Any:
    """Return a network of fully connected layers with these widths."""
    layers = [part for a, b in itertools.pairwise(sizes[:-1]) for part in (nn.Linear(a, b), act())]
    return nn.Sequential(*layers, nn.Linear(*sizes[-2:]), *([end] if end else []))


def dropped() -> Any:
    """Return a network with dropout."""
    return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, 10))


def normalized() -> Any:
    """Return a network with batch normalization."""
    return nn.Sequential(nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 10))


class Frozen(nn.Sequential):
    """A network whose first layer is frozen on purpose."""

    def __init__(self) -> None:
        super().__init__(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, 10))
        self[0].requires_grad_(False)


class BoundedHead(nn.Module):
    """A network whose logits are bounded softly at 30."""

    def __init__(self) -> None:
        super().__init__()
        self.body = mlp(64, 64, 10)

    def forward(self, x: Any) -> Any:
        return 30 * torch.tanh(self.body(x) / 30)


class Shared(nn.Module):
    """A network with one hidden layer at several places, of narrow layers so that it cannot fit."""

    def __init__(self, places: int, wide: int = 3) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(64, wide), nn.Linear(wide, 10)
        self.middle = nn.ModuleList([nn.Linear(wide, wide)] * places)

    def forward(self, x: Any) -> Any:
        x = torch.relu(self.first(x))
        for layer in self.middle:
            x = torch.relu(layer(x))
        return self.last(x)


class Recurrent(nn.Module):
    """A network that calls one layer twice."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.middle, self.last = nn.Linear(64, 64), nn.Linear(64, 64), nn.Linear(64, 10)

    def forward(self, x: Any) -> Any:
        x = torch.relu(self.first(x))
        return self.last(torch.relu(self.middle(torch.relu(self.middle(x)))))


class Tied(nn.Module):
    """A network with two layers that share their weights on purpose."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.last = nn.Linear(64, 64), nn.Linear(64, 64), nn.Linear(64, 10)
        self.second.weight = self.first.weight

    def forward(self, x: Any) -> Any:
        return self.last(torch.relu(self.second(torch.relu(self.first(x)))))


class Cut(nn.Module):
    """A network whose first layer gets no gradient by mistake; how: "detach" or "no_grad"."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how, self.first, self.second, self.last = how, nn.Linear(64, 8), nn.Linear(8, 8), nn.Linear(8, 10)

    def forward(self, x: Any) -> Any:
        if self.how == "no_grad":
            with torch.no_grad():
                x = torch.relu(self.first(x))
        else:
            x = torch.relu(self.first(x)).detach()
        return self.last(torch.relu(self.second(x)))


class Teacher(nn.Module):
    """A network beside a frozen teacher, whose outputs are added to the inputs of the last layer."""

    def __init__(self) -> None:
        super().__init__()
        self.teacher, self.body, self.last = nn.Linear(64, 32), nn.Linear(64, 64), nn.Linear(96, 10)
        self.teacher.requires_grad_(False)

    def forward(self, x: Any) -> Any:
        with torch.no_grad():
            features = torch.relu(self.teacher(x))
        return self.last(torch.cat([torch.relu(self.body(x)), features], 1))


class Pairwise(nn.Module):
    """A network of the difference of two branches, of which one is detached in a gate only."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right, self.last = nn.Linear(64, 64), nn.Linear(64, 64), nn.Linear(64, 10)

    def forward(self, x: Any) -> Any:
        left, right = torch.relu(self.left(x)), torch.relu(self.right(x))
        gate = (left.detach() > 0).float()
        return self.last(left - 0.5 * gate * right)


def data(classes: int) -> tuple[Any, Any, Any, Any]:
    """Return inputs and labels of digits for training and validation."""
    found = load_digits()
    order = np.random.default_rng(0).permutation(len(found.data))
    x, y = torch.tensor(found.data[order] / 16, dtype=torch.float32), torch.tensor(found.target[order])
    y = y if classes == 10 else y % 2
    return x[:TRAINED], y[:TRAINED], x[TRAINED:], y[TRAINED:]
