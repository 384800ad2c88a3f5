"""What theory says of the steps of an optimizer: the largest stable curvature, and the angle by which units turn."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def stable_product_of_sgd(parameters: dict[str, Any]) -> float:
    """Return the limit for momentum mu: 2 + 2 mu; with Nesterov's form divided by 1 + 2 mu (Cohen et al. 2021)."""
    mu = parameters["momentum"]
    if parameters["form"] == "average":
        return float((2 + 2 * mu) / (1 - mu))
    return float((2 + 2 * mu) / (1 + 2 * mu) if parameters["nesterov"] else 2 + 2 * mu)


def stable_product_of_adam(parameters: dict[str, Any]) -> float:
    """Return the limit of momentum as an average, 38 for beta1 = 0.9 (Cohen et al. 2022, section 2)."""
    return float((2 + 2 * parameters["beta1"]) / (1 - parameters["beta1"]))


def angle_of_sgd(parameters: dict[str, Any], lr: float, l2: float) -> float:
    """Return sqrt(2 lr l2 / (1 + mu)) for momentum as a velocity, with lr (1 - mu) in place of lr for an average.

    Nesterov's form takes steps of other sizes, so that its angle is unknown.
    """
    mu = parameters["momentum"]
    if parameters["nesterov"]:
        return math.nan
    return math.sqrt(2 * lr * l2 * (1 - mu if parameters["form"] == "average" else 1) / (1 + mu))


def angle_of_adamw(parameters: dict[str, Any], lr: float, l2: float) -> float:
    """Return sqrt(2 lr decay (1 - beta1) / (1 + beta1)); with an L2 penalty in the gradient it is unknown."""
    beta = parameters["beta1"]
    return math.nan if l2 else math.sqrt(2 * lr * parameters["weight_decay"] * (1 - beta) / (1 + beta))


def angle_of_lion(parameters: dict[str, Any], lr: float, l2: float) -> float:
    """Return sqrt(2 lr decay / S), where S is the sum of the correlations of a sign with those of all other steps.

    The sums whose signs are taken have correlations r_k = r_1 beta2^(k-1) at a lag of k steps, and the signs of normal
    numbers have 2/pi asin(r_k). Kosson et al. 2024 replace asin(r) by r and the 1 of lag 0 by 2/pi, which gives
    sqrt(pi lr decay ((1 - beta1)^2 + beta1^2 (1 - beta2)/(1 + beta2))): 1% more with the default parameters, and 25%
    more without momentum. With an L2 penalty in the gradient it is unknown.
    """
    beta1, beta2 = parameters["beta1"], parameters["beta2"]
    if l2:
        return math.nan
    mean = beta1 * (1 - beta2) / (1 + beta2)
    nearest = beta1 * (1 - beta1) * (1 - beta2) + beta1 * beta2 * mean
    terms = 1 + math.ceil(math.log(1e-9) / math.log(beta2)) if beta2 > 0 else 1
    lags = nearest / ((1 - beta1) ** 2 + beta1 * mean) * beta2 ** np.arange(terms)
    correlated = 1 + 2 * float((2 / math.pi * np.arcsin(lags)).sum())
    return math.sqrt(2 * lr * parameters["weight_decay"] / correlated)
