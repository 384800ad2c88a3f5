"""Logs made of given curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.analysis.finding import ScoreEvidence
from reportgen.runs.training_log import Curve, Resolution, Task, TrainingLog

Values = Sequence[float] | np.ndarray
TEN = Task("classification", 10, "given with --classes")


def log(
    task: Task = TEN,
    name: str = "run",
    resolution: Mapping[str, Resolution] | None = None,
    positions: Mapping[str, Values] | None = None,
    settings: Mapping[str, Any] | None = None,
    resumed_at: tuple[float, ...] = (),
    **curves: Values,
) -> TrainingLog:
    """A log of curves by role, one value for each epoch unless positions or resolutions say otherwise."""
    made = []
    for role, values in curves.items():
        array = np.asarray(values, np.float64)
        at = np.asarray((positions or {}).get(role, np.arange(1.0, array.size + 1)), np.float64)
        made.append(Curve(role, role, (resolution or {}).get(role, "epoch"), at, array))
    return TrainingLog(
        Path("log.csv"), "csv", name, "epoch", tuple(made), task, settings=settings or {}, resumed_at=resumed_at
    )


def evidence(*logs: TrainingLog, siblings: Mapping[str, Sequence[TrainingLog]] | None = None) -> ScoreEvidence:
    """The evidence of a group of runs."""
    return ScoreEvidence("runs", logs, siblings or {})


def falling(start: float, end: float, count: int, speed: float = 5.0) -> np.ndarray:
    """A loss that falls exponentially from its start towards its end."""
    return end + (start - end) * np.exp(-speed * np.arange(count) / count)


def noisy(values: Values, size: float, seed: int = 0) -> np.ndarray:
    """Values with relative noise."""
    array = np.asarray(values, np.float64)
    return array * (1 + size * np.random.default_rng(seed).standard_normal(array.size))


def healthy(count: int = 20, seed: int = 0, **more: Any) -> TrainingLog:
    """A log of a network that learns: both losses fall and settle, and the accuracy rises."""
    curves = {
        "train_loss": noisy(falling(1.5, 0.1, count, 8.0), 0.03, seed),
        "val_loss": noisy(falling(1.4, 0.2, count, 8.0), 0.03, seed + 1),
        "val_accuracy": np.clip(noisy(1 - falling(0.5, 0.05, count, 8.0), 0.005, seed + 2), 0, 1),
    }
    return log(**{**curves, **more})
