"""What theory says of the steps of a run at its probes: the largest stable curvature, and the angle of rotation."""

from __future__ import annotations

import math

import numpy as np

from reportgen.engine.network_spec import normalizes
from reportgen.engine.tables.optimizer import turning_angle
from reportgen.engine.tables.optimizers import OPTIMIZERS
from reportgen.study.metrics.metric import Record, Values


def probe_rates(record: Record) -> Values:
    """Return the learning rate at each probe, shape (probes,); the one of probe 0 is that of the first step."""
    epochs = np.searchsorted(record.epochs("step"), np.maximum(record.arrays["probe_step"], 1))
    rates: Values = record.epochs("lr")[np.minimum(epochs, len(record.epochs("lr")) - 1)]
    return rates


def limit_of_curvature(record: Record) -> Values:
    """Return the largest curvature with stable steps at the learning rate of each probe, shape (probes,).

    NaN if the optimizer's limit is unknown; the rate of probe 0 is that of the first step.
    """
    component = record.spec.training.optimizer
    product = OPTIMIZERS[component.name].stable_product
    if product is None:
        return np.full(len(record.arrays["probe_step"]), math.nan)
    rates = probe_rates(record)
    limit: Values = product(dict(component.params)) / np.where(rates > 0, rates, math.nan)
    return limit


def equilibrium_angles(record: Record) -> Values:
    """Return the angle in radians of a step in equilibrium at each probe, shape (probes,); NaN if it is unknown.

    It is unknown without normalization, which makes the length of the weights irrelevant; with learning rates of layers
    that differ; and without weight decay. See `turning_angle`.
    """
    layers, training = record.spec.network.layers[:-1], record.spec.training
    rates = probe_rates(record)
    if not layers or not all(normalizes(layer) and layer.lr_factor == 1 for layer in layers):
        return np.full(len(rates), np.nan)
    row, parameters = OPTIMIZERS[training.optimizer.name], dict(training.optimizer.params)
    return np.array([turning_angle(row, parameters, rate, training.l2) for rate in rates], np.float64)
