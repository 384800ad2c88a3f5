"""Small faulty and healthy networks for the tests of rules."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from reportgen.analysis.diagnosis.causes import with_causes
from reportgen.analysis.diagnosis.diagnose import checks
from reportgen.analysis.diagnosis.rules import RULES
from reportgen.analysis.finding import Evidence, Finding
from reportgen.data.dataset import Dataset
from reportgen.engine.spec import RunSpec
from reportgen.engine.train import train
from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import Variant
from tests.engine.networks import init, spec


def clouds(scale: float = 1.0, shift: float = 0.0, n: int = 160, features: int = 12, classes: int = 4) -> Dataset:
    """Return Gaussian clouds of unit variance, one per class, scaled and shifted."""
    rng = np.random.default_rng(7)
    y = rng.integers(classes, size=n).astype(np.int64)
    x = rng.standard_normal((classes, features))[y] * 1.2 + rng.standard_normal((n, features))
    x = (scale * (x - x.mean(axis=0)) / x.std(axis=0) + shift).astype(np.float32)
    return Dataset(x, y, x[:0], y[:0], x[:0], y[:0], classes)


def unequal(data: Dataset, factor: float) -> Dataset:
    """Return the data with the first feature scaled by a factor."""
    x = data.x_train.copy()
    x[:, 0] *= factor
    return dataclasses.replace(data, x_train=x)


def record(data: Dataset, seed: int = 0, **given: Any) -> RunRecord:
    """Return the record of a run with settings for `tests.engine.networks.spec`."""
    values = {"widths": (24, 24), "classes": 4, "bias": 0.0, "lr": 0.05, "epochs": 6, "batch_size": 16, "looks": 6}
    run: RunSpec = spec(seed=seed, **(values | given))
    o = train(run, data)
    return RunRecord(f"{seed}", run, o.status, o.stopped_at_step, o.steps, 0.0, o.final, o.facts, o.arrays)


def records(data: Dataset, seeds: int = 3, **given: Any) -> list[RunRecord]:
    """Return the records of several seeds."""
    return [record(data, seed, **given) for seed in range(seeds)]


def findings(found: list[RunRecord], *rules: str) -> dict[str, Finding]:
    """Return the findings of these rules (by default all) by rule, with root causes."""
    evidence = Evidence(Variant("v", "v", {}, {}), found)
    chosen = {name: RULES[name] for name in rules or RULES}
    fired = [finding for check in checks(chosen).values() if (finding := check(evidence)) is not None]
    return {finding.rule: finding for finding in with_causes(fired, RULES)}


def small(std: float) -> Any:
    """Return a Gaussian initialization with a standard deviation."""
    return init("gaussian", std=std)


def changed(one: RunRecord, **arrays: Any) -> RunRecord:
    """Return a record with some of its arrays replaced."""
    return dataclasses.replace(one, arrays={**one.arrays, **arrays})
