"""Synthetic records of trained runs with given curves, confusion matrices and baselines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from reportgen.analysis.diagnosis.rules import RULES
from reportgen.analysis.finding import Evidence, Finding
from reportgen.engine.network_spec import DropoutSpec, NetworkSpec
from reportgen.engine.spec import EPOCH_COLUMNS, STATISTICS, RunSpec
from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import Variant
from tests.engine.networks import spec

CLASSES, EPOCHS = 4, 40
SEEDS = (0, 1, 2)


def falling(start: float, end: float, by: float = 8.0) -> np.ndarray:
    """Return a curve from start towards end over EPOCHS + 1 values."""
    return end + (start - end) * np.exp(-np.arange(EPOCHS + 1) / by)


RISING = np.concatenate([falling(1.4, 0.6, 2.0)[:11], np.linspace(0.6, 1.3, EPOCHS - 10)])
LEARNED = {"train_loss": falling(1.4, 0.001), "train_accuracy": falling(0.25, 1.0)}
"""Curves of a network that overfits from epoch 10 on, and of one that memorizes the training set."""


def run(
    seed: int = 0,
    curves: dict[str, Any] | None = None,
    facts: dict[str, Any] | None = None,
    arrays: dict[str, Any] | None = None,
    dropout: float = 0.0,
    noise: float = 0.004,
    **training: Any,
) -> RunRecord:
    """Return a record; curves: by column of epochs.csv, with a little noise for each seed."""
    rng = np.random.default_rng(seed)
    made = spec((8,), CLASSES, seed=seed, epochs=EPOCHS, **training)
    layers = tuple(replace(layer, dropout=DropoutSpec(dropout) if dropout else None) for layer in made.network.layers)
    made = replace(made, network=NetworkSpec(layers))
    columns = {name: np.full(EPOCHS + 1, 0.5) for name in EPOCH_COLUMNS}
    usual = {
        "train_loss": falling(1.4, 0.3),
        "val_loss": falling(1.4, 0.4),
        "train_accuracy": falling(0.25, 0.9),
        "val_accuracy": falling(0.25, 0.85),
        "batch_loss": falling(1.4, 0.3),
        "penalty": np.zeros(EPOCHS + 1),
    }
    for name, curve in (usual | (curves or {})).items():
        columns[name] = np.broadcast_to(curve, (EPOCHS + 1,)) * np.exp(noise * rng.standard_normal(EPOCHS + 1))
    columns["epoch_step"] = columns["step"] = np.arange(EPOCHS + 1) * 10.0
    kept = {f"epoch_{name}": columns[name] for name in EPOCH_COLUMNS}
    kept |= {f"probe_{name}": np.full((2, 2), 0.2) for name in STATISTICS}
    kept |= {"probe_step": np.array([0, 400]), "step_loss": np.repeat(columns["batch_loss"][1:], 10)}
    scores = ("train_loss", "train_accuracy", "val_loss", "val_accuracy")
    return RunRecord(
        key=str(seed),
        spec=made,
        status="ok",
        stopped_at_step=None,
        steps=400,
        train_seconds=0.1,
        final={name: float(columns[name][-1]) for name in scores},
        facts=FACTS | (facts or {}),
        arrays=kept | (arrays or {}),
    )


FACTS = {
    "parameters": 100,
    "train_n": 400,
    "val_n": 300,
    "classes": CLASSES,
    "class_counts": [100] * CLASSES,
    "val_loss_sd": 0.6,
    "baseline_train_n": 260,
    "baseline_left_out_n": 130,
    "baseline_val_n": 300,
    "baseline_majority": 0.25,
    "baseline_linear": 0.8,
    "baseline_neighbours": 0.82,
    "baseline_linear_left_out": 0.8,
    "baseline_neighbours_left_out": 0.82,
}

BLIND = {
    name: 0.25
    for name in (
        "baseline_linear",
        "baseline_neighbours",
        "baseline_linear_left_out",
        "baseline_neighbours_left_out",
    )
}


def runs(seeds: Sequence[int] = SEEDS, **given: Any) -> list[RunRecord]:
    """Return one record per seed."""
    return [run(seed, **given) for seed in seeds]


def found(
    rule: str, records: Sequence[RunRecord], siblings: dict[str, list[RunRecord]] | None = None
) -> Finding | None:
    """Return the finding of a rule on the records of one variant."""
    return RULES[rule].check(Evidence(Variant("v", "v", {}, {}), records, siblings or {}))


def alarm(rule: str, records: Sequence[RunRecord], siblings: dict[str, list[RunRecord]] | None = None) -> bool:
    """Return whether a rule raises an alarm."""
    finding = found(rule, records, siblings)
    return finding is not None and finding.severity != "info"


def with_spec(records: Sequence[RunRecord], **changes: Any) -> list[RunRecord]:
    """Return the records with parts of their specs replaced."""

    def changed(spec: RunSpec) -> RunSpec:
        return replace(spec, **changes)

    return [replace(record, spec=changed(record.spec)) for record in records]
