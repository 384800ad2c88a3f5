"""Small run specifications and records for tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from reportgen.data.spec import DataSpec
from reportgen.engine.network_spec import LayerSpec, NetworkSpec
from reportgen.engine.probes.probe_spec import ProbeSpec
from reportgen.engine.spec import EPOCH_COLUMNS, SCORES, STATISTICS, RunSpec, TrainingSpec
from reportgen.registry import Component
from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import PlannedRun

FINGERPRINT = "blobs-1"


def spec(seed: int = 0, lr: float = 0.01, data_seed: int | None = None, units: int = 4) -> RunSpec:
    """Return the specification of a network with one hidden layer."""
    tanh, identity, init = Component("tanh"), Component("identity"), Component.of("gaussian", gain=1.0, std=0.1)
    return RunSpec(
        data=DataSpec(Component.of("blobs"), samples=40, features=3, classes=2, seed=data_seed),
        preprocess=(Component.of("center", fit="train", per="feature"),),
        network=NetworkSpec((LayerSpec(units, tanh, init), LayerSpec(2, identity, init))),
        training=TrainingSpec(lr=lr, epochs=2, batch_size=8),
        probes=ProbeSpec(looks=3, examples=20),
        seed=seed,
    )


def planned(seed: int = 0, variant: str = "small", **changes: Any) -> PlannedRun:
    """Return a planned run of a variant."""
    return PlannedRun(variant, seed, spec(seed, **changes))


def record(run: PlannedRun, **changes: Any) -> RunRecord:
    """Return a record of the run with random values from its seed."""
    draw = np.random.default_rng(run.seed)
    arrays: dict[str, Any] = {f"epoch_{name}": draw.random(3) for name in EPOCH_COLUMNS}
    arrays |= {f"probe_{name}": draw.random((3, 2), np.float32) for name in STATISTICS}
    arrays["epoch_epoch"], arrays["epoch_step"] = np.arange(3.0), np.array([0.0, 4.0, 8.0])
    arrays["epoch_batch_loss"][0] = np.nan
    arrays["step_loss"] = draw.random(8, np.float32)
    arrays["probe_step"] = np.array([0, 2, 8])
    arrays["probe_activation_histogram"] = draw.integers(0, 9, (3, 2, 5))
    final = {name: float(draw.random()) for name in SCORES} | {"test_loss": np.nan, "test_accuracy": np.nan}
    values: dict[str, Any] = {
        "key": run.spec.key(FINGERPRINT),
        "spec": run.spec,
        "status": "ok",
        "stopped_at_step": None,
        "steps": 8,
        "train_seconds": 0.25,
        "final": final,
        "facts": {"train_n": 32, "class_counts": [16, 16], "input_std": 0.1 + 0.2},
        "arrays": arrays,
        "provenance": {"workers": 2, "started": "2026-01-01T00:00:00.000Z", "finished": "2026-01-01T00:00:01.000Z"},
    }
    return RunRecord(**(values | changes))


def same(a: RunRecord, b: RunRecord) -> bool:
    """Return whether two records are equal; NaN equals NaN."""
    arrays = a.arrays.keys() == b.arrays.keys() and all(
        a.arrays[name].dtype == b.arrays[name].dtype and np.array_equal(a.arrays[name], b.arrays[name], equal_nan=True)
        if a.arrays[name].dtype.kind == "f"
        else np.array_equal(a.arrays[name], b.arrays[name])
        for name in a.arrays
    )
    final = all(np.array_equal(a.final[name], b.final[name], equal_nan=True) for name in SCORES)
    plain = ("key", "spec", "status", "stopped_at_step", "steps", "train_seconds", "facts", "error", "provenance")
    return arrays and final and all(getattr(a, name) == getattr(b, name) for name in plain)
