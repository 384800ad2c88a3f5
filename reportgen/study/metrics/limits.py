"""What theory says of the steps of a run at its probes: the largest stable curvature, and the angle of rotation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np

from reportgen.engine.network_spec import LayerSpec, NetworkSpec, normalizes
from reportgen.engine.tables.inits import INITS
from reportgen.engine.tables.optimizer import turning_angle
from reportgen.engine.tables.optimizers import OPTIMIZERS
from reportgen.engine.tables.schedules import rates
from reportgen.study.metrics.metric import Record, Values


def probe_rates(record: Record) -> Values:
    """Return the learning rate of the last step before each probe, shape (probes,); probe 0 has that of the first step.

    A record of another program may have other rates than its schedule; then the rate is that at the end of the epoch.
    """
    steps, ends = np.maximum(record.arrays["probe_step"], 1), record.epochs("step")
    training, stored = record.spec.training, record.epochs("lr")
    if len(ends) > 1:
        planned = partial(
            rates, training.schedule, training.lr, steps_per_epoch=int(ends[1]), epochs=max(training.epochs, 1)
        )
        if np.allclose(planned(ends[1:].astype(np.int64) - 1), stored[1:], rtol=1e-5, atol=0):
            return planned(steps - 1)
    found: Values = stored[np.minimum(np.searchsorted(ends, steps), len(stored) - 1)]
    return found


def common_factor(network: NetworkSpec) -> float:
    """Return the factor of the learning rate that all layers share, NaN if there is none or if it is 0.

    Layers of different widths have different rates in the maximal update parametrization, whatever their factors are.
    """
    factors = {layer.lr_factor for layer in network.layers}
    return factors.pop() or math.nan if len(factors) == 1 and not _has_widths(network.layers) else math.nan


def _has_widths(layers: Sequence[LayerSpec]) -> bool:
    return any(INITS[layer.init.name].relative_widths is not None for layer in layers)


def limit_of_curvature(record: Record) -> Values:
    """Return the largest curvature with stable steps at the learning rate of each probe, shape (probes,).

    NaN if the optimizer's limit is unknown, or if layers have different rates.
    """
    component = record.spec.training.optimizer
    product = OPTIMIZERS[component.name].stable_product
    if product is None:
        return np.full(len(record.arrays["probe_step"]), math.nan)
    used = probe_rates(record) * common_factor(record.spec.network)
    limit: Values = product(dict(component.params)) / np.where(used > 0, used, math.nan)
    return limit


def equilibrium_angles(record: Record) -> Values:
    """Return the angle in radians of a step in equilibrium at each probe, shape (probes,); NaN if it is unknown.

    It is unknown without normalization, which makes the length of the weights irrelevant; with learning rates of layers
    that differ; and without weight decay. See `turning_angle`.
    """
    layers, training = record.spec.network.layers[:-1], record.spec.training
    used = probe_rates(record)
    if not layers or not all(normalizes(layer) and layer.lr_factor == 1 for layer in layers) or _has_widths(layers):
        return np.full(len(used), np.nan)
    row, parameters = OPTIMIZERS[training.optimizer.name], dict(training.optimizer.params)
    return np.array([turning_angle(row, parameters, rate, training.l2) for rate in used], np.float64)
