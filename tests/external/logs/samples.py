"""A small valid log of every format, for tests that hold for all formats.

A sample is a function that writes its files into an empty folder and returns the path to diagnose. Every row of FORMATS
needs one in SAMPLES.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from tests.external.logs.events.samples import EVENTS
from tests.external.logs.scores import ACCURACY, EPOCHS, TRAIN, VAL
from tests.external.logs.structured.samples import STRUCTURED


def write_rows(path: Path, names: Sequence[str], rows: Sequence[Sequence[object]], separator: str = ",") -> Path:
    """Write a table with a header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [separator.join(map(str, row)) for row in (names, *rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def lightning(folder: Path) -> Path:
    """Losses of every fifth of ten steps an epoch, validation at the end of each epoch."""
    rows: list[Sequence[object]] = []
    for epoch in range(EPOCHS):
        for step in (10 * epoch + 4, 10 * epoch + 9):
            rows.append((epoch, step, TRAIN[epoch], "", ""))
        rows.append((epoch, 10 * epoch + 9, "", VAL[epoch], ACCURACY[epoch]))
    (folder / "hparams.yaml").write_text("lr: 0.1\nseed: 3\nnum_classes: 10\n", encoding="utf-8")
    return write_rows(folder / "metrics.csv", ("epoch", "step", "train_loss", "val_loss", "val_acc"), rows)


def keras(folder: Path) -> Path:
    names = ("epoch", "accuracy", "loss", "val_accuracy", "val_loss")
    return write_rows(folder / "log.csv", names, list(zip(range(EPOCHS), ACCURACY, TRAIN, ACCURACY, VAL, strict=True)))


def fastai(folder: Path) -> Path:
    names = ("epoch", "train_loss", "valid_loss", "accuracy", "time")
    return write_rows(
        folder / "history.csv",
        names,
        [(epoch, TRAIN[epoch], VAL[epoch], ACCURACY[epoch], "04:39") for epoch in range(EPOCHS)],
    )


def timm(folder: Path) -> Path:
    names = ("epoch", "train_loss", "eval_loss", "eval_top1", "eval_top5", "lr")
    rows = [(i, TRAIN[i], VAL[i], round(100 * ACCURACY[i], 2), 99.0, 0.1) for i in range(EPOCHS)]
    return write_rows(folder / "summary.csv", names, rows)


def dvclive(folder: Path) -> Path:
    for name, values in {"train/loss": TRAIN, "eval/loss": VAL, "eval/accuracy": ACCURACY}.items():
        file = folder / "plots" / "metrics" / f"{name}.tsv"
        write_rows(file, ("step", name.rpartition("/")[2]), list(enumerate(values)), "\t")
    (folder / "params.yaml").write_text("train:\n  lr: 0.1\n", encoding="utf-8")
    return folder


def ultralytics(folder: Path) -> Path:
    names = ("epoch", "train/box_loss", "train/cls_loss", "metrics/mAP50(B)", "val/box_loss", "val/cls_loss", "lr/pg0")
    rows = [(i + 1, TRAIN[i], TRAIN[i], ACCURACY[i], VAL[i], VAL[i], 0.01) for i in range(EPOCHS)]
    return write_rows(folder / "results.csv", [name.rjust(24) for name in names], rows)


def wandb_export(folder: Path) -> Path:
    names = [f'"{run} - train/loss{bound}"' for run in ("calm-sun-1", "wild-sea-2") for bound in ("", "__MIN", "__MAX")]
    rows = [(10 * i, *[TRAIN[i]] * 3, *[VAL[i]] * 3) for i in range(EPOCHS)]
    return write_rows(folder / "export.csv", ['"Step"', *names], rows)


def tensorboard_export(folder: Path) -> Path:
    for split, values in {"train": TRAIN, "validation": VAL}.items():
        rows = [(1.6e9 + i, i, values[i]) for i in range(EPOCHS)]
        write_rows(folder / f"run-{split}-tag-epoch_loss.csv", ("Wall time", "Step", "Value"), rows)
    return folder


def other(folder: Path) -> Path:
    names = ("step", "train_loss", "val_loss", "grad_norm")
    return write_rows(folder / "any.tsv", names, [(50 * i, TRAIN[i], VAL[i], 1.0) for i in range(EPOCHS)], "\t")


def record(folder: Path) -> Path:
    run = {"seed": 1, "training": {"lr": 0.1}, "facts": {"classes": 10}}
    path = folder / "record.npz"
    steps = 10 * np.arange(EPOCHS)
    np.savez(path, run=json.dumps(run), epoch_step=steps, epoch_train_loss=TRAIN, epoch_val_loss=VAL)
    return path


def long_table(folder: Path) -> Path:
    """The metrics one after the other, each with its epochs."""
    curves = {"train_loss": TRAIN, "val_loss": VAL, "val_accuracy": ACCURACY}
    rows = [(name, epoch, values[epoch]) for name, values in curves.items() for epoch in range(EPOCHS)]
    return write_rows(folder / "metrics.csv", ("metric", "epoch", "value"), rows)


SAMPLES: Mapping[str, Callable[[Path], Path]] = {
    "lightning": lightning,
    "keras-csv": keras,
    "fastai": fastai,
    "timm": timm,
    "dvclive": dvclive,
    "ultralytics": ultralytics,
    "wandb-csv": wandb_export,
    "tensorboard-csv": tensorboard_export,
    "csv": other,
    "csv-long": long_table,
    "npz": record,
    **EVENTS,
    **STRUCTURED,
}
"""A writer of a valid log by the name of its format."""
