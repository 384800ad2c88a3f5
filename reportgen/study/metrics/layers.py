"""Metrics of layers and of the whole network, measured at probes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from reportgen.engine.layout import has_scalars
from reportgen.engine.network_spec import NetworkSpec
from reportgen.engine.spec import SPECTRAL
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.optimizers import OPTIMIZERS
from reportgen.study.metrics.derived import normality_gap
from reportgen.study.metrics.limits import limit_of_curvature
from reportgen.study.metrics.metric import LAYERS, NETWORK, SHARE, SIZE, Metric, Need, Record, Values
from reportgen.study.metrics.needs import (
    BATCHNORM,
    HIDDEN_LAYER,
    LIMITED_CURVATURE,
    PRECONDITIONED,
    PROBES,
    SHORTCUT,
    SINGULAR_VALUES,
    STABILITY_LIMIT,
    TRAINED,
    requested_probe,
)
from reportgen.study.model.claims import Measure


def _stored(name: str) -> Callable[[Record, int], Values]:
    """Return a function that reads a layer statistic, NaN in records that do not have it."""

    def by_layer(record: Record, probe: int) -> Values:
        if f"probe_{name}" not in record.arrays:
            return np.full(record.layers, np.nan)
        return np.asarray(record.statistic(name)[probe], np.float64)

    return by_layer


def _statistic(
    name: str, summary: str, by_layer: Callable[[Record, int], Values] | None = None, **facts: Any
) -> Metric:
    """Return the row of a layer statistic, which needs probes."""
    facts["needs"] = (*facts.get("needs", ()), PROBES, *((SINGULAR_VALUES,) if name in SPECTRAL else ()))
    facts |= {"by_layer": by_layer} if by_layer else {"by_layer": _stored(name), "array": f"probe_{name}"}
    return Metric(name=name, summary=summary, place=LAYERS, infinite=True, **facts)


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


def _hidden(network: NetworkSpec) -> list[bool]:
    return [True] * (len(network.layers) - 1) + [False]


def _saturating(network: NetworkSpec) -> list[bool]:
    return [ACTIVATIONS[layer.activation.name].saturates for layer in network.layers]


def _with_biases(network: NetworkSpec) -> list[bool]:
    """Return which layers have a bias or a beta for each unit, which scalar biases replace in hidden layers."""
    *hidden, _ = network.layers
    return [*(not has_scalars(layer) for layer in hidden), True]


def _normalized(network: NetworkSpec) -> list[bool]:
    return [layer.batchnorm is not None for layer in network.layers]


def _adding(network: NetworkSpec) -> list[bool]:
    return [layer.adds is not None for layer in network.layers]


_BATCHNORM: dict[str, Any] = {"needs": (BATCHNORM,), "exists_in": _normalized}

STATISTIC_ROWS = (
    _statistic("activation_mean", "mean of a layer's activations over units and probe examples", theory=True),
    _statistic("activation_std", "standard deviation of a layer's activations", theory=True, **SIZE),
    _statistic("activation_min", "smallest activation of a layer"),
    _statistic("activation_max", "largest activation of a layer"),
    _statistic("zero_fraction", "share of a layer's activations that are exactly zero", **SHARE),
    _statistic(
        "saturated_fraction",
        "share of a layer's activations in the saturated range of a bounded activation function",
        theory=True,
        exists_in=_saturating,
        **SHARE,
    ),
    _statistic(
        "dead_fraction",
        "share of a layer's units that are inactive on every probe example",
        exists_in=_hidden,
        **SHARE,
    ),
    _statistic("preactivation_mean", "mean of a layer's pre-activations"),
    _statistic("preactivation_std", "standard deviation of a layer's pre-activations", theory=True, **SIZE),
    _statistic("gradient_mean", "mean of the loss's gradient with respect to a layer's pre-activations"),
    _statistic(
        "gradient_std",
        "standard deviation of the loss's gradient with respect to a layer's pre-activations",
        theory=True,
        **SIZE,
    ),
    _statistic("gradient_norm", "norm of the loss's gradient with respect to a layer's pre-activations", **SIZE),
    _statistic("weight_std", "standard deviation of a layer's weights", **SIZE),
    _statistic("weight_norm", "norm of a layer's weights", **SIZE),
    _statistic("weight_gradient_norm", "norm of the loss's gradient with respect to a layer's weights", **SIZE),
    _statistic(
        "update_ratio", "norm of the weight update of a step divided by the norm of the weights", initial=False, **SIZE
    ),
    _statistic("bias_mean", "mean of a layer's biases", exists_in=_with_biases),
    _statistic(
        "bias_gradient_norm",
        "norm of the loss's gradient with respect to a layer's biases",
        exists_in=_with_biases,
        **SIZE,
    ),
    _statistic(
        "weight_unit_spread", "relative difference between the weights of a layer's units; 0 if all are equal", **SIZE
    ),
    _statistic(
        "gradient_unit_spread",
        "relative difference between the weight gradients of a layer's units; 0 if all are equal",
        **SIZE,
    ),
    _statistic("bn_gamma_mean", "mean of batch normalization's learned scale", **_BATCHNORM),
    _statistic("bn_gamma_std", "standard deviation of batch normalization's learned scale", **_BATCHNORM, **SIZE),
    _statistic("bn_beta_mean", "mean of batch normalization's learned shift", **_BATCHNORM),
    _statistic("bn_beta_std", "standard deviation of batch normalization's learned shift", **_BATCHNORM, **SIZE),
    _statistic("bn_running_mean_mean", "mean over units of batch normalization's running mean", **_BATCHNORM),
    _statistic("bn_running_var_mean", "mean over units of batch normalization's running variance", **_BATCHNORM),
    _statistic(
        "sign_agreement_example",
        "share of a layer's units whose weight gradients on one example all have the same sign",
        **SHARE,
    ),
    _statistic(
        "sign_agreement_batch",
        "share of a layer's units whose weight gradients on the batch all have the same sign",
        **SHARE,
    ),
    _statistic(
        "weight_effective_rank",
        "effective rank of a layer's weights, the exponential of their singular values' entropy",
        **SIZE,
    ),
    _statistic("weight_singular_max", "largest singular value of a layer's weights", **SIZE),
    _statistic("activation_effective_rank", "effective rank of a layer's activations over the probe examples", **SIZE),
    _statistic("activation_singular_max", "largest singular value of a layer's activations", **SIZE),
    _statistic(
        "normality_gap",
        "Kolmogorov distance between a layer's distribution of activations and a normal distribution",
        normality_gap,
    ),
    _statistic("weight_max", "largest absolute weight of a layer", **SIZE),
    _statistic(
        "weight_evenness",
        "squared mean of a layer's absolute weights divided by their mean square; 1 if all are equal",
        lowest=0.0,
        highest=1.0,
    ),
    _statistic(
        "update_angle",
        "mean angle, in radians, by which a step turns the weights of a layer's units",
        needs=(requested_probe("update_angles"),),
        initial=False,
        source="Kosson et al. 2024, section 3",
        lowest=0.0,
        highest=math.pi,
    ),
    _statistic(
        "branch_ratio",
        "norm of a residual branch's outputs divided by that of its shortcut, at the layer where they are added",
        needs=(SHORTCUT,),
        exists_in=_adding,
        **SIZE,
    ),
)
"""Layer statistics: the stored ones in the order of `engine.spec.STATISTICS`, then the derived ones."""


def _of_network(
    name: str, summary: str, read: Callable[[Record, Measure], float], *needs: Need, **facts: Any
) -> Metric:
    """Return the row of a value of the whole network, which needs probes."""
    return Metric(name=name, summary=summary, place=NETWORK, read=read, needs=(PROBES, *needs), **facts)


NETWORK_ROWS = (
    _of_network(
        "curvature",
        "largest eigenvalue of the Hessian of the loss on the probe examples",
        _by_probe("curvature"),
        requested_probe("curvature"),
        infinite=True,
    ),
    _of_network(
        "preconditioned_curvature",
        "largest eigenvalue of the Hessian divided by the optimizer's preconditioner, on the probe examples",
        _by_probe("preconditioned_curvature"),
        requested_probe("preconditioned_curvature"),
        PRECONDITIONED,
        initial=False,
        infinite=True,
        source="Cohen et al. 2022, section 2",
    ),
    _of_network(
        "curvature_over_limit",
        "curvature (preconditioned for an adaptive optimizer) divided by the largest one with stable steps",
        curvature_over_limit,
        LIMITED_CURVATURE,
        STABILITY_LIMIT,
        TRAINED,
        infinite=True,
        source="Cohen et al. 2021, section 2; 2/lr for gradient descent",
    ),
    _of_network(
        "noise_scale",
        "gradient noise scale: the batch size at which the noise of the gradient equals the gradient",
        _by_probe("noise_scale"),
        requested_probe("noise_scale"),
        unit="examples",
        source="McCandlish et al. 2018, eq. 2.9",
        **SIZE,
    ),
    _of_network(
        "dead_layer",
        "1 for a network with a hidden layer whose units are all inactive on every probe example, else 0",
        dead_layer,
        HIDDEN_LAYER,
        outcome=True,
        source="Lu et al. 2020, section 3",
        **SHARE,
    ),
)
