"""A small valid log of each format of JSON and text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.external.logs.scores import ACCURACY, EPOCHS, TRAIN, VAL


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def huggingface(folder: Path) -> Path:
    """A history with the loss of two windows an epoch, in a checkpoint."""
    rows: list[dict[str, Any]] = []
    for epoch in range(EPOCHS):
        for half in (1, 2):
            place = {"epoch": epoch + half / 2, "step": 20 * epoch + 10 * half}
            rows.append({**place, "loss": TRAIN[epoch], "grad_norm": 1.5, "learning_rate": 1e-4})
        rows.append({**place, "eval_loss": VAL[epoch], "eval_accuracy": ACCURACY[epoch], "eval_runtime": 1.0})
    rows.append({**place, "train_loss": 0.5, "train_runtime": 100.0})
    state = {"global_step": 20 * EPOCHS, "logging_steps": 10, "max_steps": 20 * EPOCHS, "log_history": rows}
    write(folder / f"checkpoint-{20 * EPOCHS}" / "trainer_state.json", json.dumps(state))
    return folder


def keras(folder: Path) -> Path:
    history = {"loss": TRAIN, "val_loss": [*VAL[:-1], float("nan")], "val_accuracy": ACCURACY}
    return write(folder / "history.json", json.dumps(history))


def records(folder: Path) -> Path:
    rows = [
        {"epoch": i, "train": {"loss": TRAIN[i]}, "val": {"loss": VAL[i], "acc": ACCURACY[i]}} for i in range(EPOCHS)
    ]
    return write(folder / "metrics.json", json.dumps(rows, indent=1))


def lines(folder: Path) -> Path:
    """Lines with modes, as MMEngine writes them: iterations begin again in each epoch."""
    rows: list[dict[str, Any]] = []
    for epoch in range(EPOCHS):
        rows += [{"mode": "train", "epoch": epoch + 1, "iter": it, "loss": TRAIN[epoch], "lr": 0.1} for it in (50, 100)]
        rows.append({"mode": "val", "epoch": epoch + 1, "iter": 20, "loss": VAL[epoch], "acc": ACCURACY[epoch]})
    return write(folder / "run.log.json", "".join(json.dumps(row) + "\n" for row in rows))


def text(folder: Path) -> Path:
    rows = [
        f"Epoch {i + 1}/{EPOCHS} loss: {TRAIN[i]} val_loss: {VAL[i]} val_acc: {ACCURACY[i]}\n" for i in range(EPOCHS)
    ]
    return write(folder / "train.log", "started\n" + "".join(rows))


STRUCTURED: Mapping[str, Callable[[Path], Path]] = {
    "huggingface": huggingface,
    "keras-json": keras,
    "json": records,
    "jsonl": lines,
    "text": text,
}
