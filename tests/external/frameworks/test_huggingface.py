"""The callback for the Trainer of Hugging Face records a run with one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import reportgen
from reportgen.external.reader import read_records

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("accelerate")


class Examples(torch.utils.data.Dataset):  # type: ignore[misc]
    def __init__(self, count: int) -> None:
        draws = torch.Generator().manual_seed(count)
        self.tokens = torch.randint(0, 20, (count, 5), generator=draws)

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"input_ids": self.tokens[index], "labels": int(self.tokens[index, 0] > 9)}


@pytest.mark.filterwarnings("ignore")
def test_one_line_records_a_run(tmp_path: Path) -> None:
    callback = reportgen.TrainerCallback(tmp_path / "a.npz")
    assert isinstance(callback, transformers.TrainerCallback)
    settings = transformers.DistilBertConfig(vocab_size=20, dim=8, hidden_dim=16, n_layers=1, n_heads=2, num_labels=2)
    arguments = transformers.TrainingArguments(
        str(tmp_path),
        num_train_epochs=2,
        per_device_train_batch_size=10,
        report_to=[],
        use_cpu=True,
        save_strategy="no",
    )
    model = transformers.DistilBertForSequenceClassification(settings)
    trainer = transformers.Trainer(
        model, arguments, train_dataset=Examples(60), eval_dataset=Examples(20), callbacks=[callback]
    )
    trainer.train()
    [found] = read_records(tmp_path / "a.npz")
    record = found.record
    assert record.steps == 12
    assert record.facts["framework"] == "pytorch"
    assert "input_mean" not in record.facts
    assert record.arrays["step_lr"][0] > record.arrays["step_lr"][-1]
    assert (record.arrays["layer_in_optimizer"] == 1).all()
