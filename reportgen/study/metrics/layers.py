"""Metrics of layers, measured at probes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from reportgen.engine.layout import has_scalars
from reportgen.engine.network_spec import NetworkSpec
from reportgen.engine.spec import SPECTRAL
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.languages.translate import N_
from reportgen.study.metrics.derived import normality_gap
from reportgen.study.metrics.metric import LAYERS, SHARE, SIZE, Metric, Record, Values
from reportgen.study.metrics.needs import (
    BATCHNORM,
    PROBES,
    SHORTCUT,
    SINGULAR_VALUES,
    requested_probe,
)


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
    _statistic("activation_min", "smallest activation of a layer", words=N_("smallest activation")),
    _statistic("activation_max", "largest activation of a layer", words=N_("largest activation")),
    _statistic(
        "zero_fraction",
        "share of a layer's activations that are exactly zero",
        **SHARE,
        words=N_("share of zero activations"),
    ),
    _statistic(
        "saturated_fraction",
        "share of a layer's activations in the saturated range of a bounded activation function",
        theory=True,
        exists_in=_saturating,
        **SHARE,
        words=N_("share of saturated activations"),
    ),
    _statistic(
        "dead_fraction",
        "share of a layer's units that are inactive on every probe example",
        exists_in=_hidden,
        **SHARE,
        words=N_("share of dead units"),
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
        "update_ratio",
        "norm of the weight update of a step divided by the norm of the weights",
        initial=False,
        **SIZE,
        words=N_("update-to-weight ratio"),
    ),
    _statistic("bias_mean", "mean of a layer's biases", exists_in=_with_biases),
    _statistic(
        "bias_gradient_norm",
        "norm of the loss's gradient with respect to a layer's biases",
        exists_in=_with_biases,
        **SIZE,
    ),
    _statistic(
        "weight_unit_spread",
        "relative difference between the weights of a layer's units; 0 if all are equal",
        **SIZE,
        words=N_("relative difference between the weights of units"),
    ),
    _statistic(
        "gradient_unit_spread",
        "relative difference between the weight gradients of a layer's units; 0 if all are equal",
        **SIZE,
        words=N_("relative difference between the gradients of units"),
    ),
    _statistic(
        "bn_gamma_mean",
        "mean of batch normalization's learned scale",
        **_BATCHNORM,
        words=N_("mean of the batch-norm scales (gamma)"),
    ),
    _statistic(
        "bn_gamma_std",
        "standard deviation of batch normalization's learned scale",
        **_BATCHNORM,
        **SIZE,
        words=N_("standard deviation of the batch-norm scales (gamma)"),
    ),
    _statistic(
        "bn_beta_mean",
        "mean of batch normalization's learned shift",
        **_BATCHNORM,
        words=N_("mean of the batch-norm shifts (beta)"),
    ),
    _statistic(
        "bn_beta_std",
        "standard deviation of batch normalization's learned shift",
        **_BATCHNORM,
        **SIZE,
        words=N_("standard deviation of the batch-norm shifts (beta)"),
    ),
    _statistic(
        "bn_running_mean_mean",
        "mean over units of batch normalization's running mean",
        **_BATCHNORM,
        words=N_("mean of the batch-norm running means"),
    ),
    _statistic(
        "bn_running_var_mean",
        "mean over units of batch normalization's running variance",
        **_BATCHNORM,
        words=N_("mean of the batch-norm running variances"),
    ),
    _statistic(
        "sign_agreement_example",
        "share of a layer's units whose weight gradients on one example all have the same sign",
        **SHARE,
        words=N_("share of units whose weight gradients all have the same sign on one example"),
    ),
    _statistic(
        "sign_agreement_batch",
        "share of a layer's units whose weight gradients on the batch all have the same sign",
        **SHARE,
        words=N_("share of units whose weight gradients all have the same sign on the batch"),
    ),
    _statistic(
        "weight_effective_rank",
        "effective rank of a layer's weights, the exponential of their singular values' entropy",
        **SIZE,
        words=N_("effective rank of the weights"),
    ),
    _statistic(
        "weight_singular_max",
        "largest singular value of a layer's weights",
        **SIZE,
        words=N_("largest singular value of the weights"),
    ),
    _statistic(
        "activation_effective_rank",
        "effective rank of a layer's activations over the probe examples",
        **SIZE,
        words=N_("effective rank of the activations"),
    ),
    _statistic(
        "activation_singular_max",
        "largest singular value of a layer's activations",
        **SIZE,
        words=N_("largest singular value of the activations"),
    ),
    _statistic(
        "normality_gap",
        "Kolmogorov distance between a layer's distribution of activations and a normal distribution",
        normality_gap,
        words=N_("distance of the activations from a normal distribution"),
    ),
    _statistic("weight_max", "largest absolute weight of a layer", **SIZE, words=N_("largest absolute weight")),
    _statistic(
        "weight_evenness",
        "squared mean of a layer's absolute weights divided by their mean square; 1 if all are equal",
        lowest=0.0,
        highest=1.0,
        words=N_("evenness of the absolute weights"),
    ),
    _statistic(
        "update_angle",
        "mean angle, in radians, by which a step turns the weights of a layer's units",
        needs=(requested_probe("update_angles"),),
        initial=False,
        source="Kosson et al. 2024, section 3",
        lowest=0.0,
        highest=math.pi,
        words=N_("rotation of the units' weights per step, in radians"),
    ),
    _statistic(
        "branch_ratio",
        "norm of a residual branch's outputs divided by that of its shortcut, at the layer where they are added",
        needs=(SHORTCUT,),
        exists_in=_adding,
        **SIZE,
        words=N_("size of the residual branch relative to its shortcut"),
    ),
)
"""Layer statistics: the stored ones in the order of `engine.spec.STATISTICS`, then the derived ones."""
