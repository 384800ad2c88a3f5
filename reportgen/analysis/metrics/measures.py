"""Reads the value of a claim's measure from a record.

If a diverged run has no finite value of a metric that can be infinite, its value is infinite and thus above every
level. The accuracy of a diverged run is the accuracy of its last network; NaN outputs count as wrong.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from reportgen.runs.record import RunRecord
from reportgen.study.metrics.table import METRICS
from reportgen.study.model.claims import Measure

Values = NDArray[np.float64]


def by_layer(record: RunRecord, measure: Measure) -> Values:
    """Return a layer statistic at the layers of the measure, NaN if the record does not have the probe."""
    layers = measure.layers_of(record.layers)
    probe = record.probe_at("last" if measure.step is None else measure.step) if "probe_step" in record.arrays else None
    read = METRICS[measure.metric].by_layer
    if probe is None or read is None:
        return np.full(len(layers), _missing(record))
    values = np.asarray(read(record, probe), np.float64)[np.array(layers) - 1]
    return np.where(np.isfinite(values), values, _missing(record)) if record.status == "diverged" else values


def value(record: RunRecord, measure: Measure) -> float:
    """Return the number that a claim tests for a record; NaN if it was not measured."""
    row = METRICS[measure.metric]
    if row.by_layer is not None:
        return reduced(by_layer(record, measure), measure.reduce)
    number = math.nan if row.read is None else float(row.read(record, measure))
    return _missing(record) if row.infinite and not math.isfinite(number) else number


def bounds(record: RunRecord, measure: Measure) -> tuple[float, float]:
    """Return the lowest and the highest possible value of a measure, which are equal if the value is known."""
    row = METRICS[measure.metric]
    if row.bounds is not None:
        return row.bounds(record, measure)
    number = value(record, measure)
    return number, number


def reduced(values: Values, reduce: str | None) -> float:
    """Return the values of several layers reduced to one number, by default their mean."""
    if reduce == "last_over_first":
        return float(values[-1]) / float(values[0]) if values[0] != 0 else math.nan
    if reduce == "mean_abs":
        return float(np.abs(values).mean())
    return float({"min": np.min, "max": np.max}.get(reduce or "mean", np.mean)(values))


def _missing(record: RunRecord) -> float:
    return math.inf if record.status == "diverged" else math.nan
