"""Networks of PyTorch: every documented module is watched, and what lies between the layers is recognized."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen import Recorder
from reportgen.errors import UsageError
from reportgen.external.reader import read_records
from reportgen.runs.record import RunRecord

torch = pytest.importorskip("torch")
nn, functional = torch.nn, torch.nn.functional

SIDE, CLASSES = 8, 3

pytestmark = pytest.mark.filterwarnings("ignore:score received outputs")


def recorded(path: Path, net: Any, steps: int = 3, activation: str | None = "relu", dtype: Any = None) -> RunRecord:
    """Train a network on random images, (1, 8, 8); return the record."""
    torch.manual_seed(0)
    x, y = torch.randn(24, 1, SIDE, SIDE), torch.arange(24) % CLASSES
    inputs = x.to(dtype or torch.float32)
    optimizer = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=0.1)
    recorder = Recorder(x, y, None, None, activation=activation, lr=0.1, batch_size="full")
    recorder.watch(net, lambda: functional.cross_entropy(net(inputs).float(), y))
    for _ in range(steps):
        loss = functional.cross_entropy(net(inputs).float(), y)
        recorder.step(loss)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    recorder.score(net(inputs))
    recorder.save(path)
    return read_records(path)[0].record


def notes_of(path: Path, net: Any) -> list[str]:
    """Record a network; return the messages of its warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        recorded(path, net, activation=None)
    return [str(warning.message) for warning in caught if "score received" not in str(warning.message)]


class Block(nn.Module):
    """A residual block whose projection runs after the branch, as in torchvision."""

    def __init__(self, channels: int, filters: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, filters, 3, stride, 1, bias=False), nn.BatchNorm2d(filters)
        self.conv2, self.bn2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False), nn.BatchNorm2d(filters)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = nn.Conv2d(channels, filters, 1, stride) if stride > 1 else None

    def forward(self, x: Any) -> Any:
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


def resnet(blocks: int = 1) -> Any:
    stem = [nn.Conv2d(1, 4, 3, 1, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU()]
    body = [Block(4, 4) for _ in range(blocks)]
    return nn.Sequential(*stem, *body, Block(4, 6, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, CLASSES))


def test_sums_of_residual_blocks_belong_to_their_last_layer(tmp_path: Path) -> None:
    found = recorded(tmp_path / "a.npz", resnet())
    layers = found.spec.network.layers
    assert [layer.adds for layer in layers] == [None, None, 0, None, 5, None, None]
    assert [layer.kind for layer in layers] == ["conv"] * 6 + ["dense"]
    assert [layer.batchnorm is not None for layer in layers] == [True] * 5 + [False] * 2
    assert not found.spec.network.is_complete
    assert (found.statistic("activation_min")[:, :5] == 0).all()
    assert (found.statistic("preactivation_std")[0, [2, 4]] > 1.05).all()  # normalized outputs with a shortcut


class Functional(nn.Module):
    """Convolutions with activations as functions after pooling."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.hidden, self.out = nn.Conv2d(1, 4, 3), nn.Linear(36, 6), nn.Linear(6, CLASSES)

    def forward(self, x: Any) -> Any:
        x = functional.relu(functional.max_pool2d(self.conv(x), 2)).flatten(1)
        x = functional.dropout(torch.tanh(self.hidden(x)), 0.3, self.training)
        return self.out(x)


def test_functions_count_like_modules(tmp_path: Path) -> None:
    net = Functional()
    found = recorded(tmp_path / "a.npz", net)
    layers = found.spec.network.layers
    assert [layer.activation.name for layer in layers] == ["relu", "tanh", "identity"]
    assert [layer.dropout and layer.dropout.rate for layer in layers] == [None, 0.3, None]
    assert layers[0].window.size == (3, 3)
    assert (found.statistic("activation_min")[:, 0] == 0).all()
    assert (found.statistic("preactivation_std")[:, 0] > found.statistic("activation_std")[:, 0]).all()
    assert found.facts["image_shape"] == [1, SIDE, SIDE]
    assert found.facts["parameters"] == sum(p.numel() for p in net.parameters())


def test_a_chain_of_fully_connected_layers_needs_no_description(tmp_path: Path) -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, CLASSES))
    assert recorded(tmp_path / "a.npz", net).spec.network.is_complete
    assert "layers" not in json.loads(str(np.load(tmp_path / "a.npz")["run"]))


def test_a_wrong_activation_is_corrected_with_a_warning(tmp_path: Path) -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 5), nn.ReLU(), nn.Linear(5, CLASSES))
    with pytest.warns(UserWarning, match="relu"):
        found = recorded(tmp_path / "b.npz", net, activation="tanh")
    assert found.spec.network.layers[0].activation.name == "relu"
    assert found.spec.network.is_complete


def test_a_layer_used_twice_is_measured_over_both_calls(tmp_path: Path) -> None:
    shared = nn.Linear(64, 64)
    net = nn.Sequential(nn.Flatten(), shared, nn.ReLU(), shared, nn.ReLU(), nn.Linear(64, CLASSES))
    found = recorded(tmp_path / "a.npz", net)
    assert [layer.units for layer in found.spec.network.layers] == [64, CLASSES]
    assert np.isfinite(found.statistic("gradient_norm")).all()


class Tied(nn.Module):
    """An embedding whose weights are those of the output layer too, by a module or by a function."""

    def __init__(self, module: bool) -> None:
        super().__init__()
        self.embedding, self.hidden = nn.Embedding(CLASSES, 6), nn.Linear(6, 6)
        self.out = nn.Linear(6, CLASSES, bias=False) if module else None
        if module:
            self.out.weight = self.embedding.weight

    def forward(self, x: Any) -> Any:
        x = torch.relu(self.hidden(self.embedding((x.flatten(1) > 0).long()).mean(1)))
        return functional.linear(x, self.embedding.weight) if self.out is None else self.out(x)


@pytest.mark.parametrize("module", [True, False])
def test_tied_weights_are_layers_of_their_own(tmp_path: Path, module: bool) -> None:
    found = recorded(tmp_path / "a.npz", Tied(module))
    assert [layer.units for layer in found.spec.network.layers] == [6, 6, CLASSES]
    norms = found.statistic("weight_gradient_norm")
    assert norms[:, 0] == pytest.approx(norms[:, 2])


def test_what_is_not_measured_is_noted_once(tmp_path: Path) -> None:
    net = Functional()
    net.unused, net.token = nn.Linear(2, 2), nn.Parameter(torch.zeros(1, 2))
    net.conv.requires_grad_(False)
    [note] = notes_of(tmp_path / "a.npz", net)
    assert "1 frozen" in note
    assert "1 layers that the loss does not use" in note
    found = read_records(tmp_path / "a.npz")[0].record
    assert np.isnan(found.statistic("gradient_std")[:, 0]).all()
    assert np.isfinite(found.statistic("gradient_std")[:, 1:]).all()


@pytest.mark.parametrize("wrap", ["data_parallel", "channels_last", "bfloat16", "weight_norm"])
def test_wrappers_and_formats_are_watched(tmp_path: Path, wrap: str) -> None:
    net = resnet(blocks=0)
    dtype = torch.bfloat16 if wrap == "bfloat16" else None
    if wrap == "data_parallel":
        net = nn.DataParallel(net)
    elif wrap == "channels_last":
        net = net.to(memory_format=torch.channels_last)
    elif wrap == "bfloat16":
        net = net.to(dtype)
    else:
        torch.nn.utils.parametrizations.weight_norm(net[0])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "not measured")
        found = recorded(tmp_path / "a.npz", net, dtype=dtype)
    assert found.layers == 5
    assert np.isfinite(found.statistic("gradient_std")).all()


def test_a_compiled_network_is_watched(tmp_path: Path) -> None:
    """A small network in one step, since PyTorch compiles it again for each probe."""
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, CLASSES))
    found = recorded(tmp_path / "a.npz", torch.compile(net, backend="eager"), steps=1)
    assert found.layers == 2
    assert np.isfinite(found.statistic("gradient_std")).all()


def test_a_loss_without_gradients_is_an_error(tmp_path: Path) -> None:
    net = Functional()

    def loss() -> Any:
        with torch.no_grad():
            return net(torch.zeros(4, 1, SIDE, SIDE)).sum()

    recorder = Recorder(np.ones((4, 1, SIDE, SIDE)), np.arange(4) % CLASSES, None, None, activation="relu")
    recorder.watch(net, loss)
    with pytest.raises(UsageError) as caught:
        recorder.step(1.0)
    assert (caught.value.code, caught.value.where) == ("missing-gradient", "loss")


def test_probes_change_neither_modes_nor_gradients_nor_hooks(tmp_path: Path) -> None:
    net = resnet()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    x = torch.randn(6, 1, SIDE, SIDE)
    recorder = Recorder(x, torch.arange(6) % CLASSES, None, None, activation="relu")
    recorder.watch(net.eval(), lambda: net(x).square().mean())
    recorder.step(1.0)
    assert not net.training
    assert all(p.grad is None for p in net.parameters())
    observed = [module for module in net.modules() if module._forward_hooks]
    assert observed == [net]  # the outputs of the steps are observed until the record is saved
    recorder.save(tmp_path / "a.npz", lr=0.1)
    assert not any(module._forward_hooks for module in net.modules())
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


@pytest.mark.parametrize("given", [True, False])
def test_an_embedding_of_measurements_is_an_error_with_its_cause(given: bool) -> None:
    x, y = torch.rand(24, 4), torch.arange(24) % CLASSES
    net = nn.Sequential(nn.Embedding(17, 2), nn.Flatten(), nn.Linear(8, CLASSES))
    recorder = Recorder(x, y)
    recorder.watch(net, (lambda: functional.cross_entropy(net(x), y)) if given else None)
    with pytest.raises(UsageError) as error:
        recorder.step(functional.cross_entropy(net(x), y))
    assert error.value.code == "wrong-type"
    assert error.value.where == "module 1"


def test_tokens_may_be_recorded_as_floats(tmp_path: Path) -> None:
    tokens, y = torch.arange(96).reshape(24, 4) % 17, torch.arange(24) % CLASSES
    net = nn.Sequential(nn.Embedding(17, 2), nn.Flatten(), nn.Linear(8, CLASSES))
    recorder = Recorder(tokens.float(), y, lr=0.1)
    recorder.watch(net, lambda: functional.cross_entropy(net(tokens), y))
    recorder.step(functional.cross_entropy(net(tokens), y))
    recorder.save(tmp_path / "a.npz")
    assert not net[0]._forward_pre_hooks


def test_the_form_of_the_loss_is_measured_on_a_part_of_the_examples(tmp_path: Path) -> None:
    x, y = torch.randn(600, 4), torch.arange(600) % CLASSES
    net = nn.Linear(4, CLASSES)
    recorder = Recorder(x, y, lr=0.1)
    recorder.watch(net)
    recorder.step(functional.cross_entropy(net(x), y))
    recorder.save(tmp_path / "a.npz")
    assert read_records(tmp_path / "a.npz")[0].record.facts["loss_form"] == "cross_entropy"
