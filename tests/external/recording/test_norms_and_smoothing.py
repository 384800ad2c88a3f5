"""Normalization of examples and label smoothing in networks of PyTorch: what a record says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen import Recorder
from reportgen.analysis.diagnosis.evidence.outcome import guess_loss
from reportgen.engine.tables.losses import smoothing_of
from reportgen.external.reader import read_records
from reportgen.external.recording.loss_form import CROSS_ENTROPY, loss_form
from reportgen.runs.record import RunRecord

torch = pytest.importorskip("torch")
nn, functional = torch.nn, torch.nn.functional


def recorded(path: Path, net: Any, loss: Any = None, steps: int = 4) -> RunRecord:
    """Train a network on random images, (1, 8, 8), of 4 classes; return the record."""
    torch.manual_seed(0)
    x, y = torch.randn(24, 1, 8, 8), torch.arange(24) % 4
    loss, optimizer = loss or nn.CrossEntropyLoss(), torch.optim.SGD(net.parameters(), lr=0.1)
    recorder = Recorder(x, y, None, None)
    recorder.watch(net)
    for _ in range(steps):
        value = loss(net(x), y)
        recorder.step(value)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    with torch.no_grad():
        recorder.score(net.eval()(x))
    recorder.save(path)
    return read_records(path)[0].record


class Functional(nn.Module):
    """A network whose normalization is a function."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(64, 6), nn.Linear(6, 4)

    def forward(self, x: Any) -> Any:
        return self.second(torch.relu(functional.layer_norm(self.first(x.flatten(1)), (6,))))


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: [nn.Flatten(), nn.Linear(64, 6), nn.LayerNorm(6), nn.ReLU(), nn.Linear(6, 4)], ("layer_norm", 1)),
        (lambda: [Functional()], ("layer_norm", 1)),
        (
            lambda: [nn.Conv2d(1, 6, 3), nn.GroupNorm(3, 6), nn.ReLU(), nn.Flatten(), nn.Linear(216, 4)],
            ("group_norm", 3),
        ),
        (
            lambda: [nn.Conv2d(1, 6, 3), nn.InstanceNorm2d(6), nn.ReLU(), nn.Flatten(), nn.Linear(216, 4)],
            ("group_norm", 6),
        ),
    ],
    ids=["layer", "function", "group", "instance"],
)
def test_normalization_of_examples_is_part_of_the_network(tmp_path: Path, make: Any, expected: Any) -> None:
    hidden, output = recorded(tmp_path / "r.npz", nn.Sequential(*make())).spec.network.layers
    assert hidden.norm is not None
    assert (hidden.norm.name, hidden.norm.get("groups", 1)) == expected
    assert (hidden.batchnorm, output.norm) == (None, None)


def test_layers_without_normalization_have_none(tmp_path: Path) -> None:
    layers = [nn.Flatten(), nn.Linear(64, 6), nn.LayerNorm(6), nn.ReLU(), nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 4)]
    network = recorded(tmp_path / "r.npz", nn.Sequential(*layers)).spec.network
    assert [layer.norm is not None for layer in network.layers] == [True, False, False]


def test_label_smoothing_is_part_of_the_loss_and_of_all_scores(tmp_path: Path) -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 6), nn.ReLU(), nn.Linear(6, 4))
    loss = nn.CrossEntropyLoss(label_smoothing=0.2)
    record = recorded(tmp_path / "r.npz", net, loss)
    torch.manual_seed(0)
    x, y = torch.randn(24, 1, 8, 8), torch.arange(24) % 4
    assert smoothing_of(record.spec.training.loss) == 0.2
    assert record.epochs("train_loss")[-1] == pytest.approx(loss(net(x), y).item(), rel=1e-5)
    assert guess_loss(record) == pytest.approx(np.log(4))
    assert record.facts["loss_form"] == CROSS_ENTROPY


def test_a_loss_without_smoothing_has_none(tmp_path: Path) -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 6), nn.ReLU(), nn.Linear(6, 4))
    assert smoothing_of(recorded(tmp_path / "r.npz", net).spec.training.loss) == 0


@pytest.mark.parametrize(("share", "size"), [(0.1, 1.0), (0.1, 1e-4), (0.0, 1e-4), (0.9, 3.0)])
def test_the_gradient_of_a_loss_shows_its_smoothing(share: float, size: float) -> None:
    rng = np.random.default_rng(0)
    z, labels = size * rng.standard_normal((32, 5)), rng.integers(0, 5, 32)
    outputs = torch.tensor(z, requires_grad=True)
    functional.cross_entropy(outputs, torch.tensor(labels), label_smoothing=share).backward()
    form = loss_form(z, outputs.grad.numpy(), labels)
    assert form is not None
    assert (form.name, form.smoothing) == (CROSS_ENTROPY, pytest.approx(share, abs=1e-3))
    assert form.scale == pytest.approx(1, rel=1e-3)
