"""Small studies and synthetic records for the tests of the analysis."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from reportgen.engine.spec import EPOCH_COLUMNS, SCORES, STATISTICS
from reportgen.runs.record import RunRecord
from reportgen.study.loading.loader import load_study
from reportgen.study.planning.plan import Plan, PlannedRun

HEAD = """
title: A small study
question: Does it hold?
data: {name: gaussian, samples: 200, features: 20, classes: 4, validation: 0.25}
network: {hidden: [16, 16, 16], activation: tanh, init: xavier}
training: {epochs: 2, lr: 0.1}
vary: {network.init: [{name: gaussian, std: 0.01, label: small}, xavier]}
"""


def plan_of(folder: Path, text: str = "", seeds: int = 5, head: str = HEAD) -> Plan:
    """Return the plan of a study from `head`, the seeds and further text such as claims."""
    path = folder / "small.yaml"
    path.write_text(f"{head}\nseeds: {seeds}\n{text}", encoding="utf-8")
    return load_study(path)


def record(run: PlannedRun, status: str = "ok", **values: Any) -> RunRecord:
    """Return a record with statistics, epoch columns and scores by name; single numbers become constants.

    A statistic may be a number, a value by layer, or (looks, layers); looks are at steps 0 and 10.
    """
    layers, looks, epochs = len(run.spec.network.layers), 2, run.spec.training.epochs + 1
    arrays: dict[str, np.ndarray] = {"probe_step": np.array([0, 10]), "step_loss": np.ones(10, np.float32)}
    for name in STATISTICS:
        arrays[f"probe_{name}"] = np.broadcast_to(np.asarray(values.get(name, 0.5), float), (looks, layers)).copy()
    for name in EPOCH_COLUMNS:
        arrays[f"epoch_{name}"] = np.broadcast_to(np.asarray(values.get(name, 0.5), float), (epochs,)).copy()
    arrays["epoch_epoch"] = np.arange(float(epochs))
    units = [layer.units for layer in run.spec.network.layers[:-1]]
    arrays["unit_layer"] = np.repeat(np.arange(1, len(units) + 1), units)
    arrays["probe_unit_dead"] = np.asarray(values.get("unit_dead", np.zeros((looks, sum(units)), np.uint8)))
    facts = {"classes": 4, "features": 20, "probe_n": 150, "val_n": 50, "train_n": 150, "input_second_moment": 1.0}
    return RunRecord(
        key=f"{run.variant}-{run.seed}",
        spec=run.spec,
        status=status,
        stopped_at_step=10 if status != "ok" else None,
        steps=10,
        train_seconds=0.1,
        final={name: float(np.ravel(values.get(name, 0.5))[-1]) for name in SCORES},
        facts={**facts, "parameters": 1000},
        arrays=arrays,
    )
