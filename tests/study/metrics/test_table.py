"""The rows of metrics agree with the engine, which names what it measures, and with themselves."""

from __future__ import annotations

import math

import pytest

from reportgen.engine.spec import EPOCH_COLUMNS, EVALUATION_SCORES, PROBE_METRICS, SCORES, SPECTRAL, STATISTICS
from reportgen.study.metrics.metric import Metric
from reportgen.study.metrics.needs import SINGULAR_VALUES
from reportgen.study.metrics.table import METRICS, PLAIN, metric_of

ROWS = list(METRICS.values())
READERS = ("read", "by_layer", "bounds", "from_cost", "combine", "from_trial")


def test_every_number_of_the_engine_is_a_metric() -> None:
    requested = [name for names in EVALUATION_SCORES.values() for name in names]
    columns = [name for name in EPOCH_COLUMNS if name not in ("epoch", "step")]
    assert {*STATISTICS, *columns, *SCORES, *requested, *PROBE_METRICS} <= set(METRICS)
    assert tuple(row.name for row in ROWS if row.by_layer is not None)[: len(STATISTICS)] == STATISTICS
    assert {row.name for row in ROWS if SINGULAR_VALUES in row.needs} == set(SPECTRAL)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_has_one_way_to_its_value(row: Metric) -> None:
    ways = [name for name in READERS if getattr(row, name) is not None]
    assert len(ways) + bool(row.best_of) + (row.place.keys == ("layer",)) == 1


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_range_of_a_row_fits_its_scale(row: Metric) -> None:
    ranges = {"share": (0.0, 1.0), "difference": (-1.0, 1.0), "loss": (0.0, math.inf)}
    assert ranges.get(row.scale, (row.lowest, row.highest)) == (row.lowest, row.highest)
    assert row.is_size == (row.lowest == 0 and math.isinf(row.highest))
    assert not row.counted or row.split in ("val", "test")


def test_other_names_are_plain_numbers() -> None:
    assert metric_of("") is metric_of("no_such_metric") is PLAIN
    assert metric_of("val_balanced_accuracy").is_accuracy
    assert "val_balanced_accuracy" not in METRICS
