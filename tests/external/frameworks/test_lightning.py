"""The callback for Lightning records a run with one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import reportgen
from reportgen.external.reader import read_records

torch = pytest.importorskip("torch")
lightning = pytest.importorskip("lightning.pytorch")


class Classifier(lightning.LightningModule):  # type: ignore[misc]
    def __init__(self, rate: float) -> None:
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3))
        self.rate = rate

    def forward(self, x: Any) -> Any:
        return self.net(x)

    def training_step(self, batch: Any, _index: int) -> Any:
        return torch.nn.functional.cross_entropy(self(batch[0]), batch[1])

    def validation_step(self, batch: Any, _index: int) -> None:
        self(batch[0])

    def configure_optimizers(self) -> Any:
        return torch.optim.Adam(self.parameters(), lr=self.rate)


def loader(count: int, shuffle: bool) -> Any:
    draws = torch.Generator().manual_seed(count)
    x = torch.randn(count, 6, generator=draws)
    data = torch.utils.data.TensorDataset(x, x[:, :3].argmax(1))
    return torch.utils.data.DataLoader(data, batch_size=20, shuffle=shuffle)


@pytest.mark.filterwarnings("ignore")
def test_one_line_records_a_run(tmp_path: Path) -> None:
    callback = reportgen.LightningCallback(tmp_path / "a.npz", seed=4)
    assert isinstance(callback, lightning.Callback)
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    trainer = lightning.Trainer(max_epochs=3, callbacks=[callback], accelerator="cpu", **quiet)
    trainer.fit(Classifier(0.01), loader(100, shuffle=True), loader(40, shuffle=False))
    [found] = read_records(tmp_path / "a.npz")
    record = found.record
    assert (record.steps, record.spec.seed, record.spec.training.batch_size) == (15, 4, 20)
    assert (record.spec.training.lr, record.spec.training.optimizer.name) == (0.01, "adam")
    assert record.spec.network.layers[0].activation.name == "tanh"
    assert record.epochs("step").tolist() == [0, 5, 10, 15]
    assert record.epochs("val_loss")[-1] < record.epochs("val_loss")[0]
    assert np.isfinite(record.statistic("update_ratio")[-1]).all()
    assert record.facts["gradients_kept"] == 0
    assert record.facts["targets_agreeing"] == 1
