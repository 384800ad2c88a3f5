"""What theory says of the steps of an optimizer: the largest stable curvature, and the angle by which units turn."""

from __future__ import annotations

import math
from typing import Any


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
