"""What a loss may be before training: that of outputs of a common size, and the luck of the draw."""

from __future__ import annotations

import math

import numpy as np

from reportgen.analysis.diagnosis.evidence.outcome import start_loss
from reportgen.analysis.sanity import chance_loss
from reportgen.engine.tables.losses import LOSSES
from reportgen.runs.record import RunRecord

HE_VARIANCE = 2.0
"""The variance of outputs with He weights and inputs of size 1, the largest of the common initializations."""

DEVIATIONS = 2.0
LEAST_EXCESS = 1.5


def expected_loss(name: str, units: int, variance: float) -> float:
    """Return the loss of outputs with that variance, about, averaged over equally frequent classes."""
    return LOSSES[name].at_variance(variance, units)


def loss_limit(record: RunRecord) -> float:
    """Return the loss before training up to which weights of a common scale, and luck, explain it."""
    layers = record.spec.network.layers
    wander = math.sqrt(sum(5 / layer.units for layer in layers[:-1])) / 2
    variance = HE_VARIANCE * math.exp(2 * DEVIATIONS * wander)
    counts = np.asarray(record.facts.get("class_counts", ()), np.float64)
    uneven = float((counts**2).sum()) / counts.sum() ** 2 if counts.sum() else 0.0
    name, units = record.spec.training.loss.name, layers[-1].units
    usual = expected_loss(name, units, variance) + DEVIATIONS * math.sqrt(HE_VARIANCE * uneven)
    return max(usual, LEAST_EXCESS * chance_loss(name, units))


def exceeds_limit(record: RunRecord) -> bool:
    """Return whether the loss before training is more than common weights explain, or its outputs' size makes it so."""
    start, most = start_loss(record), loss_limit(record)
    name, units = record.spec.training.loss.name, record.spec.network.layers[-1].units
    spread = float(record.statistic("activation_std")[0][-1])
    usual = expected_loss(name, units, spread**2) if math.isfinite(spread) else math.inf
    return not start <= most or (start > LEAST_EXCESS * chance_loss(name, units) and usual > most)
