"""Small runs for the tests of rules on steps, with easy, hard or random labels."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from reportgen.analysis.diagnosis.rules import RULES
from reportgen.analysis.finding import Evidence, Finding
from reportgen.data.dataset import Dataset
from reportgen.engine.train import train
from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import Variant
from tests.engine.networks import init, spec

ROWS, HELD = 400, 200


@functools.cache
def clouds(distance: float = 4.0, noise: float = 0.0, features: int = 12, classes: int = 4) -> Dataset:
    """Return Gaussian clouds around class means of norm `distance`, with a share of random labels."""
    rng = np.random.default_rng(5)
    y = rng.integers(0, classes, ROWS + HELD)
    means = rng.standard_normal((classes, features))
    means *= distance / np.linalg.norm(means, axis=1, keepdims=True)
    x = (means[y] + rng.standard_normal((ROWS + HELD, features))).astype(np.float32)
    x = (x - x[:ROWS].mean(axis=0)) / x[:ROWS].std(axis=0)
    y = np.where(rng.random(y.size) < noise, rng.integers(0, classes, y.size), y).astype(np.int64)
    return Dataset(x[:ROWS], y[:ROWS], x[ROWS:], y[ROWS:], x[:0], y[:0], classes)


def run(seed: int = 0, data: Dataset | None = None, **given: Any) -> RunRecord:
    """Return the record of a small tanh network; given: settings for `tests.engine.networks.spec`."""
    data = data or clouds()
    values = {
        "widths": (16, 16),
        "weights": init("xavier"),
        "bias": 0.0,
        "epochs": 6,
        "batch_size": 20,
        "lr": 0.1,
        "looks": 10,
    }
    specification = spec(seed=seed, classes=data.classes, **(values | given))
    out = train(specification, data)
    return RunRecord(
        str(seed), specification, out.status, out.stopped_at_step, out.steps, 0.0, out.final, out.facts, out.arrays
    )


def runs(seeds: int = 3, **given: Any) -> list[RunRecord]:
    """Return one record per seed."""
    return [run(seed, **given) for seed in range(seeds)]


def found(rule: str, records: list[RunRecord]) -> Finding | None:
    """Return the finding of a rule on the records of one variant."""
    return RULES[rule].check(Evidence(Variant("v", "v", {}, {}), records))


def alarm(rule: str, records: list[RunRecord]) -> str | None:
    """Return the message of a rule's alarm, None without an alarm."""
    finding = found(rule, records)
    return finding.message if finding is not None and finding.severity != "info" else None
