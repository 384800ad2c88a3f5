"""Metrics of the whole network, measured at probes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from reportgen.engine.tables.optimizers import OPTIMIZERS
from reportgen.languages.translate import N_
from reportgen.study.metrics.limits import limit_of_curvature
from reportgen.study.metrics.metric import NETWORK, SHARE, SIZE, Metric, Need, Record, Values
from reportgen.study.metrics.needs import (
    COMMON_RATE,
    HIDDEN_LAYER,
    LIMITED_CURVATURE,
    PRECONDITIONED,
    PROBES,
    STABILITY_LIMIT,
    TRAINED,
    requested_probe,
)
from reportgen.study.model.claims import Measure


def _by_probe(name: str) -> Callable[[Record, Measure], float]:
    """Return a function that reads a value of the network at the step of a measure, NaN if it was not measured."""
    return lambda record, measure: _at_probe(record, measure, record.arrays.get(f"probe_{name}"))


def _at_probe(record: Record, measure: Measure, values: Any) -> float:
    probe = None if values is None else record.probe_at("last" if measure.step is None else measure.step)
    return math.nan if values is None or probe is None else float(values[probe])


def curvature_of_optimizer(record: Record) -> Values:
    """Return the curvature that limits the learning rate of the optimizer, at each probe; empty if not measured."""
    adaptive = OPTIMIZERS[record.spec.training.optimizer.name].preconditioner is not None
    name = "probe_preconditioned_curvature" if adaptive else "probe_curvature"
    return np.asarray(record.arrays.get(name, ()), np.float64)


def curvature_over_limit(record: Record, measure: Measure) -> float:
    """Return the curvature divided by the largest one with stable steps, at the step of a measure."""
    values = curvature_of_optimizer(record)
    return _at_probe(record, measure, values / limit_of_curvature(record)) if values.size else math.nan


def dead_layer(record: Record, measure: Measure) -> float:
    """Return 1 if all units of some hidden layer are zero on every probe example, else 0."""
    dead = record.arrays.get("probe_dead_fraction")
    values = None if dead is None else (np.asarray(dead)[:, :-1] == 1).any(axis=1).astype(np.float64)
    return _at_probe(record, measure, values)


def _of_network(
    name: str, summary: str, read: Callable[[Record, Measure], float], *needs: Need, **facts: Any
) -> Metric:
    """Return the row of a value of the whole network, which needs probes."""
    return Metric(name=name, summary=summary, place=NETWORK, read=read, needs=(PROBES, *needs), **facts)


NETWORK_ROWS = (
    _of_network(
        "curvature",
        "sharpness: largest eigenvalue of the Hessian of the loss on the probe examples",
        _by_probe("curvature"),
        requested_probe("curvature"),
        infinite=True,
        source="Cohen et al. 2021, section 2",
        words=N_("sharpness"),
    ),
    _of_network(
        "preconditioned_curvature",
        "sharpness with the Hessian divided by the optimizer's preconditioner, on the probe examples",
        _by_probe("preconditioned_curvature"),
        requested_probe("preconditioned_curvature"),
        PRECONDITIONED,
        initial=False,
        infinite=True,
        source="Cohen et al. 2022, section 2",
        words=N_("preconditioned sharpness"),
    ),
    _of_network(
        "curvature_over_limit",
        "sharpness (preconditioned for an adaptive optimizer) divided by the largest one with stable steps",
        curvature_over_limit,
        LIMITED_CURVATURE,
        STABILITY_LIMIT,
        COMMON_RATE,
        TRAINED,
        infinite=True,
        source="Cohen et al. 2021, section 2; 2/lr for gradient descent",
        words=N_("sharpness relative to its limit"),
    ),
    _of_network(
        "noise_scale",
        "gradient noise scale: the batch size at which the noise of the gradient equals the gradient",
        _by_probe("noise_scale"),
        requested_probe("noise_scale"),
        unit="examples",
        source="McCandlish et al. 2018, eq. 2.9",
        **SIZE,
        words=N_("gradient noise scale"),
    ),
    _of_network(
        "dead_layer",
        "1 for a network with a hidden layer whose units are all inactive on every probe example, else 0",
        dead_layer,
        HIDDEN_LAYER,
        outcome=True,
        source="Lu et al. 2020, section 3",
        **SHARE,
        words=N_("share of networks with a dead layer"),
    ),
)
