"""What theory expects of the values that a claim measures, seed by seed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from reportgen.analysis import theory
from reportgen.analysis.claims.claim_data import ClaimData, Values
from reportgen.analysis.metrics.measures import reduced
from reportgen.analysis.sanity import chance_loss
from reportgen.runs.record import RunRecord


def theory_by_layer(asked: ClaimData) -> Values:
    """Return what mean-field theory expects of each run, (seeds, layers), NaN where it does not speak of it."""
    layers = asked.layer_numbers()
    return np.array([_mean([_of_layers(r, asked, layers) for r in runs], len(layers)) for runs in asked.runs()])


def theory_by_seed(asked: ClaimData) -> Values:
    """Return the one number that theory expects by seed: of layers, reduced as the claim says, or of a loss."""
    measure = asked.claim.measure
    if asked.metric.by_layer is not None:
        return np.array([reduced(row, measure.reduce) for row in theory_by_layer(asked)], np.float64)
    return np.array([_mean([np.array([chance_loss(r.spec)]) for r in runs], 1)[0] for runs in asked.runs()], np.float64)


def _of_layers(record: RunRecord, asked: ClaimData, layers: Sequence[int]) -> Values:
    expected = (theory.of_record(record) or {}).get(asked.claim.measure.metric)
    if expected is None:
        return np.full(len(layers), math.nan)
    return np.array([expected[layer - 1] for layer in layers], np.float64)


def _mean(rows: Sequence[Values], count: int) -> Values:
    return np.mean(rows, axis=0) if rows else np.full(count, math.nan)
