"""Activations that a network writes out are recognized by their values."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen import Recorder
from reportgen.external.reader import read_records

torch = pytest.importorskip("torch")
nn, functional = torch.nn, torch.nn.functional

WRITTEN: list[tuple[str, Callable[[Any], Any]]] = [
    ("silu", lambda z: z * torch.sigmoid(z)),
    ("silu", lambda z: z.sigmoid() * z),
    ("relu", lambda z: torch.maximum(z, torch.zeros_like(z))),
    ("relu", lambda z: z * (z > 0)),
    ("leaky_relu", lambda z: torch.where(z > 0, z, 0.1 * z)),
    ("gelu", lambda z: 0.5 * z * (1 + torch.erf(z / math.sqrt(2)))),
    ("sigmoid", lambda z: 1 / (1 + torch.exp(-z))),
    ("softplus", lambda z: torch.log(1 + torch.exp(z))),
]


def trained(path: Path, activation: Callable[[Any], Any]) -> Any:
    """Record a network of two hidden layers; return its record."""

    class Net(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(6, 8), nn.Linear(8, 8)])
            self.last = nn.Linear(8, 3)

        def forward(self, a: Any) -> Any:
            for layer in self.layers:
                a = activation(layer(a))
            return self.last(a)

    torch.manual_seed(0)
    x, y, net = torch.randn(60, 6), torch.arange(60) % 3, Net()
    recorder = Recorder(x, y, lr=0.1)
    recorder.watch(net)
    recorder.step(functional.cross_entropy(net(x), y))
    recorder.save(path)
    return read_records(path)[0].record


@pytest.mark.parametrize(("name", "activation"), WRITTEN)
def test_written_activations_are_recognized(tmp_path: Path, name: str, activation: Callable[[Any], Any]) -> None:
    record = trained(tmp_path / "a.npz", activation)
    assert [layer.activation.name for layer in record.spec.network.layers[:2]] == [name, name]
    assert np.isfinite(record.statistic("activation_std")).all()
    with np.load(tmp_path / "a.npz") as members:
        assert "layers" not in json.loads(str(members["run"]))  # a chain, as with a module


@pytest.mark.parametrize("gate", [lambda z: z * torch.sigmoid(1.702 * z), lambda z: z * functional.softplus(z).tanh()])
def test_gates_of_another_form_are_unknown(tmp_path: Path, gate: Callable[[Any], Any]) -> None:
    record = trained(tmp_path / "a.npz", gate)
    assert np.isnan(record.statistic("saturated_fraction")[:, :2]).all()
