"""Sizes of layers, of records with known networks."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen.analysis.metrics.measures import value
from reportgen.runs.record import RunRecord
from reportgen.study.model.claims import Measure
from tests.analysis.studies import plan_of, record

RGB = """
title: Convolutions
question: How large are they?
data: {name: shapes, samples: 60, size: 32, channels: 3}
network:
  layers:
    - conv: {filters: 8, kernel: 3}
    - pool: 2
    - conv: {filters: 6, kernel: 5, padding: same}
    - dense: 10
"""


@pytest.fixture
def colour_run(tmp_path: Path) -> RunRecord:
    """Return a record of a network on RGB images of 32 x 32 pixels."""
    run = record(plan_of(tmp_path, head=RGB).runs[0])
    return dataclasses.replace(run, facts={**run.facts, "features": 3072, "image_shape": [3, 32, 32]})


def measured(run: RunRecord, metric: str, layer: int) -> float:
    """Return the value of a metric for one layer."""
    return value(run, Measure(metric=metric, layer=layer))


@pytest.mark.parametrize(
    ("metric", "sizes"),
    [
        ("layer_weights", [3 * 3 * 3 * 8, 5 * 5 * 8 * 6, 15 * 15 * 6 * 10, 10 * 6]),
        ("layer_channels", [8, 6, 10, 6]),
        ("layer_height", [30, 15, np.nan, np.nan]),
        ("layer_width", [30, 15, np.nan, np.nan]),
        ("layer_outputs", [30 * 30 * 8, 15 * 15 * 6, 10, 6]),
    ],
)
def test_sizes_follow_from_the_network_and_its_inputs(colour_run: RunRecord, metric: str, sizes: list[Any]) -> None:
    found = [measured(colour_run, metric, layer) for layer in (1, 2, 3, 4)]
    np.testing.assert_array_equal(found, sizes)


def test_dense_networks_have_sizes_too(tmp_path: Path) -> None:
    run = record(plan_of(tmp_path).runs[0])
    assert [measured(run, "layer_weights", layer) for layer in (1, 2, 4)] == [20 * 16, 16 * 16, 16 * 4]
    assert [measured(run, "layer_outputs", layer) for layer in (1, 4)] == [16, 4]
