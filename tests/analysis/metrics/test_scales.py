"""Scales and ranges of metrics."""

from __future__ import annotations

import math

import pytest

from reportgen.analysis.metrics import scales
from reportgen.study.metrics.table import METRICS


@pytest.mark.parametrize("name", [name for name in METRICS if scales.in_points(name)])
def test_the_range_of_a_metric_fits_its_scale(name: str) -> None:
    assert scales.is_share(name) != scales.is_difference(name)
    assert scales.extent(name) == ((0.0, 1.0) if scales.is_share(name) else (-1.0, 1.0))


@pytest.mark.parametrize(
    ("name", "extent", "share"),
    [
        ("val_accuracy", (0.0, 1.0), True),
        ("accuracy_gap", (-1.0, 1.0), False),
        ("best_place", (0.0, 1.0), False),
        ("diverged", (0.0, 1.0), True),
        ("val_loss", (0.0, math.inf), False),
        ("activation_mean", (-math.inf, math.inf), False),
    ],
)
def test_the_scale_of_a_metric(name: str, extent: tuple[float, float], share: bool) -> None:
    assert (scales.extent(name), scales.is_share(name)) == (extent, share)


def test_metrics_that_count_runs_are_shares_of_them() -> None:
    outcomes = [row.name for row in METRICS.values() if row.outcome]
    assert outcomes == ["diverged", "stopped", "dead_layer"]
    assert all(scales.is_share(name) for name in outcomes)
