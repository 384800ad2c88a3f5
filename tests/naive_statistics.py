"""The statistics of a probe, from the values of the reference implementation of a network."""

from __future__ import annotations

from typing import Any

import numpy as np

from reportgen.engine.tables.activations import ACTIVATIONS
from tests.naive_images import Conv, Network

Array = np.ndarray
Parameters = list[dict[str, Array]]

EXAMPLES_OF_AGREEMENT = 16
"""Examples of the sign agreement of a convolution."""


def probe(network: Network, x: Array, y: Array) -> None:
    """Pass the examples forward and back, as a probe does."""
    network.backward(network.forward(x, "probe"), y)


def statistics(network: Network, before: Parameters | None = None) -> dict[str, list[float]]:
    """Return the statistics by layer after `probe`; `before` holds the parameters before the last step."""
    layers = len(network.spec.network.layers)
    found: list[dict[str, float]] = [{} for _ in range(layers)]
    for i, operation in enumerate(network.layers):
        weights_of, units_of = network.weights_of[i], network.units_of[i]
        if units_of is not None:
            found[units_of] |= of_units(operation, is_hidden=units_of < layers - 1)
        if weights_of is not None:
            found[weights_of] |= of_weights(operation, None if before is None else before[i]["W"])
    return {name: [row.get(name, np.nan) for row in found] for row in found for name in row}


def of_units(operation: Any, is_hidden: bool) -> dict[str, float]:
    a, z, delta = operation.out, operation.z, operation.delta
    row = ACTIVATIONS[operation.spec.activation.name]
    channels = a.reshape(-1, a.shape[-1])
    found = {
        "activation_mean": a.mean(),
        "activation_std": a.std(),
        "activation_min": a.min(),
        "activation_max": a.max(),
        "zero_fraction": (a == 0).mean(),
        "preactivation_mean": z.mean(),
        "preactivation_std": z.std(),
        "gradient_mean": delta.mean(),
        "gradient_std": delta.std(),
        "gradient_norm": np.linalg.norm(delta),
        "activation_effective_rank": effective_rank(channels),
        "activation_singular_max": singular_values(channels).max(),
    }
    if is_hidden:
        found["dead_fraction"] = (channels == 0).all(axis=0).mean()
    if is_hidden and row.saturates:
        slopes = row.derivative(z, **dict(operation.spec.activation.params))
        found["saturated_fraction"] = (slopes < 0.05 * row.max_slope).mean()
    return found


def of_weights(operation: Any, before: Array | None) -> dict[str, float]:
    w, g, p, grad = operation.p["W"], operation.grad["W"], operation.p, operation.grad
    found = {
        "weight_std": w.std(),
        "weight_norm": np.linalg.norm(w),
        "weight_max": np.abs(w).max(),
        "weight_evenness": np.abs(w).mean() ** 2 / (w**2).mean() if w.any() else np.nan,
        "weight_gradient_norm": np.linalg.norm(g),
        "weight_unit_spread": unit_spread(w),
        "gradient_unit_spread": unit_spread(g),
        "weight_effective_rank": effective_rank(w),
        "weight_singular_max": singular_values(w).max(),
        "sign_agreement_batch": share(agreeing(g)),
        "sign_agreement_example": share(np.sum([agreeing(one) for one in gradients_by_example(operation)], axis=0)),
    }
    if before is not None:
        norm = np.linalg.norm(before)
        found["update_ratio"] = np.linalg.norm(w - before) / norm if norm > 0 else np.nan
    if "b" in p:
        found |= {"bias_mean": p["b"].mean(), "bias_gradient_norm": np.linalg.norm(grad["b"])}
    if "g" in p:
        found |= {
            "bn_gamma_mean": p["g"].mean(),
            "bn_gamma_std": p["g"].std(),
            "bn_beta_mean": p["b"].mean(),
            "bn_beta_std": p["b"].std(),
        }
    if operation.spec.batchnorm:
        found |= {"bn_running_mean_mean": operation.mean.mean(), "bn_running_var_mean": operation.var.mean()}
    return found


def gradients_by_example(operation: Any) -> list[Array]:
    """The gradients of the weights of single examples; of a convolution, of the first ones."""
    count = EXAMPLES_OF_AGREEMENT if isinstance(operation, Conv) else len(operation.a)
    pairs = list(zip(operation.a, operation.linear_delta, strict=True))[:count]
    return [operation.linear_back(a[None], delta[None])[1] for a, delta in pairs]


def agreeing(gradient: Array) -> tuple[int, int]:
    """The number of units with a gradient, shape (fan_in, width), and of units whose gradients have the same sign."""
    moved = (gradient != 0).any(axis=0)
    mixed = (gradient > 0).any(axis=0) & (gradient < 0).any(axis=0)
    return int(moved.sum()), int((moved & ~mixed).sum())


def share(counts: Any) -> float:
    return counts[1] / counts[0] if counts[0] else np.nan


def unit_spread(values: Array) -> float:
    total = np.linalg.norm(values)
    return float(np.linalg.norm(values - values.mean(axis=1, keepdims=True)) / total) if total > 0 else 0.0


def singular_values(matrix: Array) -> Array:
    return np.linalg.svd(matrix, compute_uv=False)


def effective_rank(matrix: Array) -> float:
    values = singular_values(matrix)
    p = values[values > 0] / values.sum() if values.any() else np.full(1, np.nan)
    return float(np.exp(-(p * np.log(p)).sum()))


def dead_units(network: Network) -> Array:
    """1 for each unit, or channel, of the hidden layers that is 0 at all positions of all examples."""
    layers = len(network.spec.network.layers)
    hidden = [op for op, layer in zip(network.layers, network.units_of, strict=True) if layer in range(layers - 1)]
    return np.concatenate([(op.out.reshape(-1, op.out.shape[-1]) == 0).all(axis=0) for op in hidden])
