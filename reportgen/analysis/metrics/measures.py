"""Reads the value of a claim's measure from a record.

A diverged run is an outcome. If a metric that can be infinite has no finite value, the run counts as infinite, beyond
every level. The accuracy of a diverged run is the accuracy of its last network, whose outputs that are not numbers are
wrong.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from reportgen.runs.record import RunRecord
from reportgen.study.metrics.table import METRICS
from reportgen.study.model.claims import Measure

Values = NDArray[np.float64]


def chosen_layers(measure: Measure, count: int) -> list[int]:
    """Return the layers of a measure, from 1, in a network of `count` layers; the hidden layers by default."""
    layer = measure.layer
    if isinstance(layer, int):
        return [layer]
    if isinstance(layer, list):
        return layer
    hidden = list(range(1, count)) or [1]
    return {"first": hidden[:1], "last": hidden[-1:], "output": [count]}.get(layer or "hidden", hidden)


def by_layer(record: RunRecord, measure: Measure) -> Values:
    """Return a statistic at the layers of the measure; NaN if the record has no such probe."""
    layers = chosen_layers(measure, record.layers)
    probe = record.probe_at("last" if measure.step is None else measure.step) if "probe_step" in record.arrays else None
    read = METRICS[measure.metric].by_layer
    if probe is None or read is None:
        return np.full(len(layers), _lost(record))
    values = np.asarray(read(record, probe), np.float64)[np.array(layers) - 1]
    return np.where(np.isfinite(values), values, _lost(record)) if record.status == "diverged" else values


def value(record: RunRecord, measure: Measure) -> float:
    """Return the number that a claim tests for a record; NaN if it was not measured."""
    row = METRICS[measure.metric]
    if row.by_layer is not None:
        return reduced(by_layer(record, measure), measure.reduce)
    found = math.nan if row.read is None else float(row.read(record, measure))
    return _lost(record) if row.infinite and not math.isfinite(found) else found


def bounds(record: RunRecord, measure: Measure) -> tuple[float, float]:
    """Return the lowest and the highest possible value of a measure, which are equal if the value is known."""
    row = METRICS[measure.metric]
    if row.bounds is not None:
        return row.bounds(record, measure)
    found = value(record, measure)
    return found, found


def reduced(values: Values, reduce: str | None) -> float:
    """Return one number for several layers, by default their mean."""
    if reduce == "last_over_first":
        return float(values[-1]) / float(values[0]) if values[0] != 0 else math.nan
    if reduce == "mean_abs":
        return float(np.abs(values).mean())
    return float({"min": np.min, "max": np.max}.get(reduce or "mean", np.mean)(values))


def _lost(record: RunRecord) -> float:
    return math.inf if record.status == "diverged" else math.nan
