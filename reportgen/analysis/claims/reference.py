"""Theoretical values of a claim's measure, by seed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from reportgen.analysis import theory
from reportgen.analysis.claims.claim_data import ClaimData, Values
from reportgen.analysis.metrics.measures import reduced
from reportgen.analysis.sanity import chance_loss
from reportgen.runs.record import RunRecord


def theory_by_layer(data: ClaimData) -> Values:
    """Return the mean-field values of each run, shape (seeds, layers), NaN for networks without a prediction."""
    layers = data.layer_numbers()
    return np.array([_mean([_of_layers(r, data, layers) for r in runs], len(layers)) for runs in data.runs()])


def theory_by_seed(data: ClaimData) -> Values:
    """Return one theoretical value per seed: layer values reduced as the claim specifies, or the chance loss."""
    measure = data.claim.measure
    if data.metric.by_layer is not None:
        return np.array([reduced(row, measure.reduce) for row in theory_by_layer(data)], np.float64)
    return np.array([_mean([np.array([chance_loss(r.spec)]) for r in runs], 1)[0] for runs in data.runs()], np.float64)


def _of_layers(record: RunRecord, data: ClaimData, layers: Sequence[int]) -> Values:
    expected = (theory.of_record(record) or {}).get(data.claim.measure.metric)
    if expected is None:
        return np.full(len(layers), math.nan)
    return np.array([expected[layer - 1] for layer in layers], np.float64)


def _mean(rows: Sequence[Values], count: int) -> Values:
    return np.mean(rows, axis=0) if rows else np.full(count, math.nan)
