"""The largest loss before training that outputs of common size and chance explain."""

from __future__ import annotations

import math

import numpy as np

from reportgen.analysis.diagnosis.evidence.outcome import start_loss
from reportgen.analysis.diagnosis.evidence.signal import chance_by_layer
from reportgen.analysis.sanity import chance_loss
from reportgen.engine.tables.losses import LOSSES
from reportgen.runs.record import RunRecord

HE_VARIANCE = 2.0
"""Variance of outputs with He initialization and inputs of RMS 1, the largest of the common initializations."""

DEVIATIONS = 2.0
LEAST_EXCESS = 1.5


def expected_loss(record: RunRecord, variance: float) -> float:
    """Return the approximate loss of outputs of a variance, averaged over equally frequent classes."""
    return LOSSES[record.spec.training.loss.name].at_variance(variance, record.spec.network.layers[-1].units)


def loss_limit(record: RunRecord) -> float:
    """Return the largest loss before training that weights of common scale and chance explain."""
    deviation = math.sqrt(float(chance_by_layer(record).sum())) / 2
    variance = HE_VARIANCE * math.exp(2 * DEVIATIONS * deviation)
    counts = np.asarray(record.facts.get("class_counts", ()), np.float64)
    uneven = float((counts**2).sum()) / counts.sum() ** 2 if counts.sum() else 0.0
    expected = expected_loss(record, variance) + DEVIATIONS * math.sqrt(HE_VARIANCE * uneven)
    return max(expected, LEAST_EXCESS * chance_loss(record.spec))


def exceeds_limit(record: RunRecord) -> bool:
    """Return whether the loss before training, or the loss expected from the size of the outputs, exceeds the limit."""
    start, most = start_loss(record), loss_limit(record)
    spread = float(record.statistic("activation_std")[0][-1])
    expected = expected_loss(record, spread**2) if math.isfinite(spread) else math.inf
    return not start <= most or (start > LEAST_EXCESS * chance_loss(record.spec) and expected > most)
