"""Printed scores, as training loops and Keras print them."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from reportgen.errors import StudyError
from reportgen.external.logs.raw import RawColumn, RawLog
from reportgen.external.logs.structured.pairs import pairs
from reportgen.external.logs.structured.text_lines import find, read


@pytest.mark.parametrize(
    ("line", "numbers"),
    [
        ("step 0 train/loss=0.68 train/lr=4.1e-05", {"step": "0", "train/loss": "0.68", "train/lr": "4.1e-05"}),
        ("Epoch 3/10 loss: 0.12 val_loss: nan", {"epoch": "3", "loss": "0.12", "val_loss": "nan"}),
        ("Epoch [3/10], Step [100/600], Loss: 0.2352", {"epoch": "3", "step": "100", "Loss": "0.2352"}),
        ("[2,  2000] loss: 2.173", {"epoch": "2", "batch": "2000", "loss": "2.173"}),
        ("Train Epoch: 1 [640/60000 (1%)]\tLoss: 2.3", {"epoch": "1", "example": "640", "train/Loss": "2.3"}),
        ("Test set: Average loss: 0.05, Accuracy: 9843/10000 (98%)", {"test/loss": "0.05", "test/Accuracy": "0.9843"}),
        ("epoch 3 | loss 0.12 | acc 91.5%", {"epoch": "3", "loss": "0.12", "acc": "0.915"}),
        ("step 0: train loss 4.2, val loss 4.3", {"step": "0", "train_loss": "4.2", "val_loss": "4.3"}),
        ("iter 10: loss 3.2, time 120.34ms, mfu 1.2%", {"iter": "10", "loss": "3.2"}),
        ("{'loss': 0.68, 'grad_norm': '1.2', 'epoch': 0.16}", {"loss": "0.68", "grad_norm": "1.2", "epoch": "0.16"}),
        ("2023-01-01 12:00:00,123 INFO root: Train Loss: -0.5", {"Train_Loss": "-0.5"}),
        ("loss: 1.5 speed: 12ms memory: 3GB rate: 4/s lr 5e-4s", {"loss": "1.5"}),
        ("[val] epoch 2 loss: 0.3", {"epoch": "2", "val/loss": "0.3"}),
        ("see https://host:8080/a at 10:30:00", {}),
        ("done", {}),
    ],
)
def test_names_and_numbers_of_a_line(line: str, numbers: dict[str, str]) -> None:
    assert pairs(line) == numbers


def write(folder: Path, text: str, name: str = "train.log") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


def columns(log: RawLog) -> dict[str, RawColumn]:
    return {column.name: column for column in log.columns}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_progress_bars_of_keras_count_at_their_end(tmp_path: Path, end: str) -> None:
    lines = []
    for epoch in (1, 2):
        bar = f"1/9 [>....] - ETA: 3s - loss: 9.0\b\b\b\b\b\b9/9 [====] - 1s 2ms/step - loss: {epoch} - val_loss: 3"
        lines += [f"Epoch {epoch}/2", "5/9 ━━━━━━━ 1s 2ms/step - loss: 8.0", bar]
    path = write(tmp_path, end.join([*lines, ""]))
    assert find(path) == [path]
    loss = columns(read(path))["loss"]
    assert loss.values.tolist() == [1, 2]
    np.testing.assert_array_equal(loss.epochs, [1, 2])


def test_examples_that_begin_again_are_parts_of_epochs(tmp_path: Path) -> None:
    text = "".join(
        f"Train Epoch: {epoch} [{seen}/200 ({seen // 2}%)]\tLoss: 1.5\n"
        for epoch in (1, 2)
        for seen in (0, 50, 100, 150)
    )
    log = read(write(tmp_path, text + "Test set: Average loss: 0.5\n"))
    np.testing.assert_array_equal(columns(log)["train/Loss"].epochs, np.arange(1, 9) / 4)
    np.testing.assert_array_equal(columns(log)["test/loss"].epochs, [2])
    assert log.first_epoch == 1


def test_batches_that_begin_again_are_steps(tmp_path: Path) -> None:
    text = "".join(f"[{epoch}, {batch}] loss: 2\n" for epoch in (1, 2) for batch in (2000, 4000))
    loss = columns(read(write(tmp_path, text)))["loss"]
    np.testing.assert_array_equal(loss.steps, [2000, 4000, 6000, 8000])
    np.testing.assert_array_equal(loss.epochs, [1, 1, 2, 2])


@pytest.mark.parametrize(
    "text", ["", "a word\n" * 9, "loss: 1\n", "lr: 0.1\nlayers: 3\n", "loss: 1\n" * 3 + "only words\n" * 9]
)
def test_other_texts_are_not_found(tmp_path: Path, text: str) -> None:
    assert find(write(tmp_path, text)) == []


def test_a_text_without_numbers_is_an_error(tmp_path: Path) -> None:
    for content in ("only words\n", "loss: 1\n\x00"):
        with pytest.raises(StudyError) as error:
            read(write(tmp_path, content))
        assert error.value.code in {"invalid-file", "not-text"}


def test_long_lines_are_read_at_once(tmp_path: Path) -> None:
    """Each would take minutes with a search that tries all divisions of a line."""
    parts = ("a", "a ", "a-", "1", "1.", "1.a", "=", "loss", "loss ", "[1/", " ", "a=1-", "a:1-", "step 1", "step1a")
    for part in (*parts, "step " + "1" * 9000 + "a"):
        line = part * (9000 // len(part) or 1)
        start = time.process_time()
        log = read(write(tmp_path, "loss: 1\n" + f"{line}\n" * 20 + line * 100 + "\nloss: 2\n"))
        assert columns(log)["loss"].values[0] == 1
        assert time.process_time() - start < 2
