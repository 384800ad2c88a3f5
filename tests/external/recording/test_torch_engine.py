"""The recorder and the engine measure the same statistics of the same network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen import Recorder
from reportgen.data.dataset import Dataset
from reportgen.engine.network import BETA, BIAS, FAN_IN, GAMMA, WEIGHTS, WEIGHTS_OF, WIDTH
from reportgen.engine.network_spec import BatchNormSpec, BranchSpec, LayerSpec, NetworkSpec, PoolSpec, WindowSpec
from reportgen.engine.probes.evenness import WEIGHT_SHAPES
from reportgen.engine.setup import set_up
from reportgen.engine.spec import STATISTICS, RunSpec
from reportgen.engine.train import train
from reportgen.external.reader import read_records
from tests.engine.networks import activation, init, spec

pytestmark = pytest.mark.slow

torch = pytest.importorskip("torch")
nn, functional = torch.nn, torch.nn.functional

SHAPE, EXAMPLES, CLASSES, RATE = (2, 8, 6), 40, 4, 0.05
RUNNING = ("bn_running_mean_mean", "bn_running_var_mean")
"""Statistics that the loss of a step changes before the recorder receives it."""


def images() -> Dataset:
    draws = np.random.default_rng(3)
    x = draws.standard_normal((EXAMPLES + 10, int(np.prod(SHAPE)))).astype(np.float32)
    y = np.argmax(x @ draws.standard_normal((x.shape[1], CLASSES)), axis=1).astype(np.int64)
    empty = np.zeros((0, x.shape[1]), np.float32)
    return Dataset(x[:EXAMPLES], y[:EXAMPLES], x[EXAMPLES:], y[EXAMPLES:], empty, np.zeros(0, np.int64), CLASSES, SHAPE)


def layer(units: int, act: str, kernel: int = 0, padding: Any = "same", stride: int = 1, **more: Any) -> LayerSpec:
    window = WindowSpec((kernel, kernel), (stride, stride), padding) if kernel else None
    kind = "conv" if kernel else "dense"
    return LayerSpec(
        units, activation(act), init("he_normal"), 0.1 if kernel else 0.0, kind=kind, window=window, **more
    )


HALVES = WindowSpec((2, 2), (2, 2))
OUTPUT = layer(CLASSES, "identity")
PLAIN = (
    layer(4, "tanh", 3),
    PoolSpec("max_pool", HALVES),
    layer(6, "relu", 3, (1, 1), stride=2),
    layer(5, "sigmoid"),
    OUTPUT,
)
RESIDUAL = (
    layer(4, "relu", 3, batchnorm=BatchNormSpec()),
    layer(6, "identity", 1, (0, 0), stride=2, batchnorm=BatchNormSpec(), branch=BranchSpec(1, 1, 0, 2)),
    layer(6, "relu", 3, (1, 1), stride=2, source=0, batchnorm=BatchNormSpec(), branch=BranchSpec(1, 1, 1, 2)),
    layer(6, "relu", 3, (1, 1), adds=1, batchnorm=BatchNormSpec(), branch=BranchSpec(1, 1, 2, 2)),
    PoolSpec("average_pool"),
    OUTPUT,
)


class Plain(nn.Module):
    """The network PLAIN, with activations as functions and modules."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(2, 4, 3, padding="same"), nn.Conv2d(4, 6, 3, 2, 1)
        self.hidden, self.out, self.sigmoid = nn.Linear(24, 5), nn.Linear(5, CLASSES), nn.Sigmoid()

    def forward(self, x: Any) -> Any:
        x = functional.max_pool2d(torch.tanh(self.conv1(x)), 2)
        return self.out(self.sigmoid(self.hidden(functional.relu(self.conv2(x), inplace=True).flatten(1))))


class Residual(nn.Module):
    """The network RESIDUAL; the projection comes before the branch, as in the engine."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.norm = nn.Conv2d(2, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4)
        self.shortcut = nn.Sequential(nn.Conv2d(4, 6, 1, 2, bias=False), nn.BatchNorm2d(6))
        self.branch = nn.Sequential(
            nn.Conv2d(4, 6, 3, 2, 1, bias=False),
            nn.BatchNorm2d(6),
            nn.ReLU(inplace=True),
            nn.Conv2d(6, 6, 3, 1, 1, bias=False),
            nn.BatchNorm2d(6),
        )
        self.out = nn.Linear(6, CLASSES)

    def forward(self, x: Any) -> Any:
        x = functional.relu(self.norm(self.stem(x)))
        shortcut = self.shortcut(x)
        out = self.branch(x)
        out += shortcut
        return self.out(functional.relu(out).mean((2, 3)))


def copy_parameters(run: RunSpec, data: Dataset, net: Any) -> None:
    """Set the parameters of a PyTorch network to the initial ones of the engine."""
    setup = set_up(run, data)
    params = setup.state.params
    modules = [m for m in net.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    for code in setup.net.codes:
        if code[WEIGHTS_OF] < 0:
            continue
        module, width = modules[code[WEIGHTS_OF]], code[WIDTH]
        w = torch.tensor(params[code[WEIGHTS] : code[WEIGHTS] + code[FAN_IN] * width].reshape(-1, width).T)
        out = module.weight.shape
        if len(out) == 4:
            w = w.reshape(out[0], out[2], out[3], out[1]).permute(0, 3, 1, 2)
        elif module is getattr(net, "hidden", None):  # the engine stores images as rows, columns, channels
            w = w.reshape(5, 2, 2, 6).permute(0, 3, 1, 2).reshape(5, -1)
        with torch.no_grad():
            module.weight.copy_(w)
            if code[BIAS] >= 0 and module.bias is not None:
                module.bias.copy_(torch.tensor(params[code[BIAS] : code[BIAS] + width]))
            if code[GAMMA] >= 0:
                norm = norms[code[WEIGHTS_OF]]
                norm.weight.copy_(torch.tensor(params[code[GAMMA] : code[GAMMA] + width]))
                norm.bias.copy_(torch.tensor(params[code[BETA] : code[BETA] + width]))


@pytest.mark.filterwarnings("ignore:score received outputs")
@pytest.mark.parametrize(("nodes", "make"), [(PLAIN, Plain), (RESIDUAL, Residual)], ids=["plain", "residual"])
def test_recorder_and_engine_measure_the_same(tmp_path: Path, nodes: Any, make: Callable[[], Any]) -> None:
    """Both train the same network with full batches, and probe it with the same examples."""
    data = images()
    run = spec(batch_size=EXAMPLES, lr=RATE, epochs=3, looks=4)
    run = replace(run, network=NetworkSpec(nodes), probes=replace(run.probes, singular_values=True))
    expected = train(run, data).arrays
    net = make()
    copy_parameters(run, data, net)
    x, y = torch.tensor(data.x_train).reshape(-1, *SHAPE), torch.tensor(data.y_train)
    optimizer = torch.optim.SGD(net.parameters(), lr=RATE)
    recorder = Recorder(x, y, None, None, activation="relu", lr=RATE, batch_size="full", singular_values=True)

    def loss_of() -> Any:
        return functional.cross_entropy(net(x), y)

    recorder.watch(net, loss_of)
    for _ in range(3):
        loss = loss_of()
        recorder.step(loss)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    recorder.score(net(x))
    recorder.save(tmp_path / "a.npz")
    found = read_records(tmp_path / "a.npz")[0].record
    np.testing.assert_allclose(found.arrays["step_loss"], expected["step_loss"], rtol=1e-4)
    assert found.probe_steps.tolist() == expected["probe_step"].tolist()
    for name in (*STATISTICS, *WEIGHT_SHAPES):
        measured = found.arrays.get(f"probe_{name}", np.full((4, len(run.network.layers)), np.nan))
        wanted, tolerance = expected[f"probe_{name}"], 1e-4
        if name in RUNNING:  # PyTorch's running variances are unbiased
            measured, wanted, tolerance = measured[:-1], wanted[1:], 5e-3
        scale = tolerance * float(np.nanmax(np.abs(wanted), initial=1e-6))
        np.testing.assert_allclose(measured, wanted, rtol=tolerance, atol=scale, err_msg=name)
    np.testing.assert_array_equal(found.arrays["probe_unit_dead"], expected["probe_unit_dead"])
    assert found.facts["parameters"] == sum(p.numel() for p in net.parameters())
