"""Networks with recurrent, attention and normalization modules are recorded without false alarms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reportgen import Recorder
from reportgen.external.reader import read_records
from tests.external.recording.loop.loops import rules_of

torch = pytest.importorskip("torch")
nn, functional = torch.nn, torch.nn.functional

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::UserWarning")]


class OfTokens(nn.Module):
    """A network of embedded tokens, whose next module is not linear in them."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.embed = nn.EmbeddingBag(9, 12) if kind == "bag" else nn.Embedding(3 if kind == "tied" else 9, 12)
        modules = {
            "lstm": lambda: nn.LSTM(12, 12, batch_first=True),
            "gru": lambda: nn.GRU(12, 12, batch_first=True),
            "lstm_behind_linear": lambda: nn.LSTM(12, 12, batch_first=True),
            "attention": lambda: nn.TransformerEncoderLayer(12, 2, 16, batch_first=True),
            "bilinear": lambda: nn.Bilinear(12, 12, 12),
            "norm": lambda: nn.LayerNorm(12),
        }
        self.inner = modules[kind]() if kind in modules else nn.Linear(12, 12)
        self.linear, self.out = nn.Linear(12, 12), nn.Linear(12, 3)

    def forward(self, x: Any) -> Any:
        z = self.embed(x)
        if self.kind == "bag":
            return self.out(z)
        if self.kind == "tied":
            return functional.linear(torch.relu(self.inner(z.mean(1))), self.embed.weight)
        if self.kind == "bilinear":
            return self.out(self.inner(z.mean(1), self.linear(z.mean(1))))
        if self.kind == "norm":
            return self.out(self.inner(self.linear(z.mean(1))))
        z = self.inner(self.linear(z) if self.kind == "lstm_behind_linear" else z)
        return self.out((z[0] if isinstance(z, tuple) else torch.relu(z)).mean(1))


KINDS = ("lstm", "gru", "lstm_behind_linear", "attention", "bilinear", "norm", "tied", "bag", "linear")


@pytest.mark.parametrize("kind", KINDS)
def test_layers_before_modules_with_a_nonlinearity_are_not_linear_by_mistake(tmp_path: Path, kind: str) -> None:
    torch.manual_seed(0)
    x = torch.randint(0, 3 if kind == "tied" else 9, (60, 5))
    y, net = x[:, 0] % 3, OfTokens(kind)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    recorder = Recorder(x, y)
    recorder.watch(net)
    for _ in range(5):
        loss = functional.cross_entropy(net(x), y)
        recorder.step(loss)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    recorder.save(tmp_path / "a.npz")
    assert "missing_nonlinearity" not in rules_of(read_records(tmp_path / "a.npz")[0].record)[0]
