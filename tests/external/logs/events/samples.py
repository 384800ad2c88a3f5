"""A small valid log of each format of binary logs and databases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.external.logs.events import writers
from tests.external.logs.scores import ACCURACY, EPOCHS, TRAIN, VAL


def tensorboard(folder: Path) -> Path:
    """Scores as PyTorch writes them, a histogram and hyperparameters."""
    frames = [writers.event(0, writers.hyperparameters({"lr": 0.1, "seed": 3.0}))]
    for epoch in range(EPOCHS):
        scores = {"Loss/train": TRAIN[epoch], "Loss/val": VAL[epoch], "Accuracy/val": ACCURACY[epoch]}
        values = [writers.scalar(tag, value) for tag, value in scores.items()]
        frames.append(writers.event(10 * epoch + 10, *values, writers.histogram("fc1.weight", 100, 10, 50)))
    writers.write_events(folder / "events.out.tfevents.1700000000.host.1.0", *frames)
    return folder


def wandb(folder: Path) -> Path:
    records = [writers.wandb_run("calm-sun-1", {"lr": 0.1, "seed": 3})]
    for epoch in range(EPOCHS):
        scores = {"train/loss": TRAIN[epoch], "val/loss": VAL[epoch], "val/acc": ACCURACY[epoch], "epoch": epoch}
        records.append(writers.wandb_history(epoch, {**scores, "trainer/global_step": 10 * epoch + 9}))
    path = folder / "run-20240101-abc123.wandb"
    path.write_bytes(writers.wandb_file(records))
    return path


def mlflow(folder: Path) -> Path:
    run = folder / "mlruns" / "0" / "0123456789abcdef"
    for name, values in {"train/loss": TRAIN, "val/loss": VAL, "val/accuracy": ACCURACY}.items():
        file = run / "metrics" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = [f"{1_700_000_000_000 + epoch} {value} {10 * epoch + 10}\n" for epoch, value in enumerate(values)]
        file.write_text("".join(lines), encoding="utf-8")
    (run / "params").mkdir()
    (run / "params" / "lr").write_text("0.1", encoding="utf-8")
    (run / "meta.yaml").write_text("run_id: 0123456789abcdef\nrun_name: calm-sun-1\n", encoding="utf-8")
    return run


def mlflow_database(folder: Path) -> Path:
    metrics = [
        (name, value, False, 10 * epoch + 10)
        for epoch in range(EPOCHS)
        for name, value in (("loss", TRAIN[epoch]), ("val_loss", VAL[epoch]), ("val_accuracy", ACCURACY[epoch]))
    ]
    return writers.mlflow_database(
        folder / "mlflow.db", {"calm-sun-1": metrics, "wild-sea-2": metrics, "gone": metrics}
    )


EVENTS: Mapping[str, Callable[[Path], Path]] = {
    "tensorboard": tensorboard,
    "wandb": wandb,
    "mlflow": mlflow,
    "mlflow-sqlite": mlflow_database,
}
