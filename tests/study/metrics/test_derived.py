"""Derived metrics of records with known values."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from reportgen.analysis.metrics.measures import value
from reportgen.study.metrics.derived import normality_gap
from reportgen.study.model.claims import Measure
from tests.analysis.studies import plan_of, record


@pytest.mark.parametrize(
    ("draw", "low", "high"),
    [
        (lambda rng, n: rng.standard_normal(n), 0.0, 0.01),
        (lambda rng, n: rng.uniform(-1, 1, n), 0.05, 0.065),
        (lambda rng, n: rng.exponential(1, n), 0.14, 0.17),
        (lambda rng, n: rng.choice([-1.0, 1.0], n), 0.3, 0.36),
    ],
)
def test_the_gap_to_a_normal_distribution(tmp_path: Path, draw, low: float, high: float) -> None:  # type: ignore[no-untyped-def]
    values = draw(np.random.default_rng(0), 150 * 16)
    edges = np.linspace(-4, 4, 161)
    counts = np.histogram(values, edges)[0]
    run = record(plan_of(tmp_path).runs[0], activation_mean=values.mean(), activation_std=values.std())
    arrays = {
        **run.arrays,
        "activation_edges": np.tile(edges, (4, 1)),
        "probe_activation_histogram": np.tile(counts, (2, 4, 1)),
    }
    gap = float(normality_gap(dataclasses.replace(run, arrays=arrays), 1)[0])
    exact = stats.kstest((values - values.mean()) / values.std(), "norm").statistic
    assert gap == pytest.approx(exact, abs=0.02)
    assert low <= gap <= high + 0.015


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("std", [np.inf, np.nan])
def test_a_diverged_layer_has_no_gap_and_gives_no_warning(tmp_path: Path, std: float) -> None:
    run = record(plan_of(tmp_path).runs[0], activation_mean=np.inf, activation_std=std)
    arrays = {
        **run.arrays,
        "activation_edges": np.full((4, 11), np.inf),
        "probe_activation_histogram": np.zeros((2, 4, 10)),
    }
    assert np.isnan(normality_gap(dataclasses.replace(run, arrays=arrays), 1)).all()


def test_facts_and_what_follows_from_them(tmp_path: Path) -> None:
    run = record(plan_of(tmp_path).runs[0])
    found = [value(run, Measure(metric=name)) for name in ("features", "input_energy", "variance_kept")]
    assert found[:2] == [20, 20]
    assert np.isnan(found[2])
