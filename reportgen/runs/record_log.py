"""The scores of a complete record as the log of a training run."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reportgen.runs.record import RunRecord
from reportgen.runs.training_log import Curve, Resolution, TrainingLog


def log_of_record(record: RunRecord, path: Path, name: str) -> TrainingLog:
    """Return the curves of a complete record over steps; scores without a finite value are left out."""
    steps = np.arange(record.arrays["step_loss"].size, dtype=float)
    curves = [Curve("train_loss", "step_loss", "step", steps, np.asarray(record.arrays["step_loss"], float))]
    roles = ("train_loss", "val_loss", "train_accuracy", "val_accuracy", "lr")
    curves += [curve for role in roles if (curve := _by_epoch(record, role)) is not None]
    gradients = record.arrays.get("probe_weight_gradient_norm")
    if gradients is not None:
        squares = np.square(np.asarray(gradients, float))
        measured = np.isfinite(squares).any(axis=1)
        norms = np.where(measured, np.sqrt(np.nansum(squares, axis=1)), np.nan)
        probes = np.asarray(record.probe_steps, float)
        curves.append(Curve("gradient_norm", "probe_weight_gradient_norm", "step", probes, norms))
    return TrainingLog(path, "record", name, "step", tuple(curves), seed=record.spec.seed)


def _by_epoch(record: RunRecord, role: str) -> Curve | None:
    values, steps = record.arrays.get(f"epoch_{role}"), record.arrays.get("epoch_step")
    if values is None or steps is None or not np.isfinite(values).any():
        return None
    resolution: Resolution = "step" if role == "lr" else "epoch"
    return Curve(role, f"epoch_{role}", resolution, np.asarray(steps, float), np.asarray(values, float))
