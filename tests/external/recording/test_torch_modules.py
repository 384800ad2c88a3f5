"""Every module of PyTorch in the documentation is watched."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen.cli.main import invoke
from reportgen.external.reader import read_records

torch = pytest.importorskip("torch")
nn = torch.nn

from tests.external.recording.test_torch import CLASSES, SIDE, notes_of  # noqa: E402 # imports torch

PAGE = Path(__file__).resolve().parents[3] / "docs" / "diagnose.md"


def documented() -> list[str]:
    section = PAGE.read_text(encoding="utf-8").split("### Modules")[1].split("\n- **")[0]
    return [name for row in re.findall(r"^\| (`.+?) \|", section, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)]


class Picked(nn.Module):
    """The outputs of a recurrent or attention module at the last position."""

    def __init__(self, module: Any) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Any) -> Any:
        given = (x, x, x) if isinstance(self.module, nn.MultiheadAttention) else (x,)
        return self.module(*given)[0][:, -1]


class Looked(nn.Module):
    """Mean of the vectors of an embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.module = nn.Embedding(2, 6)

    def forward(self, x: Any) -> Any:
        return self.module((x.flatten(1) > 0).long()).mean(1)


def around(name: str) -> Any:
    """Return a network that contains the module."""
    kind = getattr(nn, name)
    rank = int(name[-2]) if name[-1] == "d" and name[-2].isdigit() else 0
    shaped = nn.Unflatten(1, (1, *(SIDE,) * 2)[: rank + 1] if rank < 3 else (1, 4, 4, 4))
    if name == "Linear":
        return finished(nn.Sequential(nn.Flatten(), nn.Linear(64, 6)))
    if name == "Embedding":
        return nn.Sequential(Looked(), nn.Linear(6, CLASSES))
    if name in ("LSTM", "GRU", "RNN"):
        return nn.Sequential(nn.Flatten(1, 2), Picked(kind(SIDE, 6, batch_first=True)), nn.Linear(6, CLASSES))
    if name == "MultiheadAttention":
        return nn.Sequential(nn.Flatten(1, 2), Picked(kind(SIDE, 2, batch_first=True)), nn.Linear(SIDE, CLASSES))
    arguments = {
        **dict.fromkeys(("BatchNorm", "InstanceNorm"), (4,)),
        **{"GroupNorm": (2, 4), "LayerNorm": (64 if rank < 2 else 6,), "Unflatten": (1, (4, 1))},
        **dict.fromkeys(("MaxPool", "AvgPool"), (2,)),
        **dict.fromkeys(("AdaptiveAvgPool", "AdaptiveMaxPool"), (3,)),
        **{"Conv": (1, 4, 3), "ConvTranspose": (1, 4, 3)},
    }
    given = arguments.get(re.sub(r"\dd$", "", name), ())
    if "Conv" in name:
        body = [kind(*given)]
    else:
        rank = rank or (2 if name in ("GroupNorm", "Dropout") else 0)
        shaped = nn.Unflatten(1, (1, 64) if rank == 1 else (1, 4, 4, 4) if rank == 3 else (1, SIDE, SIDE))
        conv = {0: nn.Linear(64, 64), 1: nn.Conv1d(1, 4, 3), 2: nn.Conv2d(1, 4, 3), 3: nn.Conv3d(1, 4, 3)}[rank]
        module = kind(1, (8, 8)) if name == "Unflatten" else kind(*given)
        return finished(
            nn.Sequential(
                *([] if not rank else [nn.Flatten(), shaped]), *([] if rank else [nn.Flatten()]), conv, module
            )
        )
    return finished(nn.Sequential(nn.Flatten(), nn.Unflatten(1, (1, 64)) if rank == 1 else shaped, *body))


def finished(body: Any) -> Any:
    """Return a network with a linear output layer."""
    size = body(torch.zeros(2, 1, SIDE, SIDE)).flatten(1).shape[1]
    return nn.Sequential(body, nn.ReLU(), nn.Flatten(), nn.Linear(size, CLASSES))


@pytest.mark.parametrize("name", documented())
def test_every_documented_module_is_watched(tmp_path: Path, name: str) -> None:
    net = around(name)
    hidden = name in ("LSTM", "GRU", "RNN", "MultiheadAttention")
    assert len(notes_of(tmp_path / "a.npz", net)) == int(hidden)
    found = read_records(tmp_path / "a.npz")[0].record
    assert np.isfinite(found.statistic("weight_gradient_norm")).all()
    assert np.isfinite(found.statistic("activation_std")[:, 0]).all() == (not hidden)
    assert found.layers == 2 + hidden


def test_rules_do_not_pass_on_layers_without_measurements(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notes_of(tmp_path / "a.npz", around("LSTM"))
    assert invoke(["diagnose", str(tmp_path / "a.npz"), "--json"]) == 0
    lacking = json.loads(capsys.readouterr().out)["not_judged"]["a"]
    assert "probe_gradient_std" in lacking["vanishing_gradients"]


def test_documented_modules_exist() -> None:
    assert all(inspect.isclass(getattr(nn, name)) for name in documented())
