"""Reads what a claim measures out of a record.

A diverged run is an outcome. Where its value is not finite it counts as infinite: beyond every level, for losses and
for statistics alike. Its accuracy is that of the network it ended with, whose outputs that are not numbers are wrong.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.metrics.derived import DERIVED, fact
from reportgen.engine.spec import EPOCH_COLUMNS, EVALUATION_SCORES, PROBE_METRICS, SCORES
from reportgen.runs.record import RunRecord
from reportgen.study.model.claims import Measure
from reportgen.study.model.metrics import COMPOSED, FACT_METRICS, LAYER_METRICS

Values = NDArray[np.float64]
_ON_REQUEST = frozenset(name for names in EVALUATION_SCORES.values() for name in names)


def chosen_layers(measure: Measure, count: int) -> list[int]:
    """Return the layers, from 1, that a measure speaks of in a network of `count` layers; hidden ones by default."""
    layer = measure.layer
    if isinstance(layer, int):
        return [layer]
    if isinstance(layer, list):
        return layer
    hidden = list(range(1, count)) or [1]
    return {"first": hidden[:1], "last": hidden[-1:], "output": [count]}.get(layer or "hidden", hidden)


def by_layer(record: RunRecord, measure: Measure) -> Values:
    """Return a statistic at the layers of the measure; NaN where the record has no such look."""
    layers = chosen_layers(measure, record.layers)
    look = record.probe_at("last" if measure.step is None else measure.step) if "probe_step" in record.arrays else None
    if look is None:
        return np.full(len(layers), _lost(record))
    metric = measure.metric
    found = DERIVED[metric](record, look) if metric in DERIVED else record.statistic(metric)[look]
    values = np.asarray(found, np.float64)[np.array(layers) - 1]
    return np.where(np.isfinite(values), values, _lost(record)) if record.status == "diverged" else values


def value(record: RunRecord, measure: Measure) -> float:
    """Return the one number that a claim tests for a record; NaN where it was not measured."""
    if measure.metric in LAYER_METRICS:
        return reduced(by_layer(record, measure), measure.reduce)
    if measure.metric in PROBE_METRICS:
        return _at_look(record, measure)
    if measure.metric in ("diverged", "stopped"):
        return float(record.status == measure.metric)
    if measure.metric in ("steps", "train_seconds"):
        return float(getattr(record, measure.metric))
    if measure.metric in ("parameters", *FACT_METRICS):
        return fact(record, measure.metric)
    return _score(record, measure)


def _at_look(record: RunRecord, measure: Measure) -> float:
    """Return a number that a look has of the whole network."""
    values = record.arrays.get(f"probe_{measure.metric}")
    look = record.probe_at("last" if measure.step is None else measure.step) if values is not None else None
    found = math.nan if values is None or look is None else float(values[look])
    return found if math.isfinite(found) else _lost(record)


def reduced(values: Values, reduce: str | None) -> float:
    """Return one number for several layers, their mean where none is asked for."""
    if reduce == "last_over_first":
        return float(values[-1]) / float(values[0]) if values[0] != 0 else math.nan
    if reduce == "mean_abs":
        return float(np.abs(values).mean())
    return float({"min": np.min, "max": np.max}.get(reduce or "mean", np.mean)(values))


def _score(record: RunRecord, measure: Measure) -> float:
    """Return a score: the final one unless an epoch is named, which a run that ended before may not have."""
    metric, epoch = measure.metric, measure.epoch
    if metric in _ON_REQUEST or (metric in SCORES and epoch is None):
        found = float(record.final.get(metric, math.nan))
    elif metric == "accuracy_gap" and epoch is None:
        found = float(record.final.get("train_accuracy", math.nan) - record.final.get("val_accuracy", math.nan))
    elif metric not in COMPOSED and (f"epoch_{metric}" not in record.arrays or metric not in EPOCH_COLUMNS):
        found = math.nan
    else:
        values = curve_of(record, metric)
        index = _epoch_index(record, epoch)
        found = float(values[index]) if index < len(values) else math.nan
    if math.isfinite(found) or metric.endswith(("accuracy", "difference", "gap")):
        return found
    return _lost(record)


def curve_of(record: RunRecord, column: str) -> Values:
    """Return a column by epoch, or what is composed of two: loss and penalty, training less validation accuracy."""
    if column == "train_cost":
        return np.asarray(record.epochs("train_loss") + record.epochs("penalty"), np.float64)
    if column == "accuracy_gap":
        return np.asarray(record.epochs("train_accuracy") - record.epochs("val_accuracy"), np.float64)
    return np.asarray(record.epochs(column), np.float64)


def _epoch_index(record: RunRecord, epoch: int | str | None) -> int:
    if epoch == "best":
        loss = record.epochs("val_loss")
        loss = record.epochs("train_loss") if np.isnan(loss).all() else loss
        return int(np.nanargmin(loss)) if np.isfinite(loss).any() else 0
    return len(record.epochs("epoch")) - 1 if epoch in (None, "last") else int(epoch or 0)


def _lost(record: RunRecord) -> float:
    return math.inf if record.status == "diverged" else math.nan
