"""The steps of optimizers in NumPy and float64, written from the formulas."""

from __future__ import annotations

import numpy as np

from reportgen.registry import Component


def newton_schulz(g: np.ndarray) -> np.ndarray:
    """Five steps of the iteration of Muon, by the singular value decomposition."""
    u, s, v = np.linalg.svd(g, full_matrices=False)
    s = s / (np.linalg.norm(g) + 1e-7)
    for _ in range(5):
        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    return u * s @ v


def move(
    o: Component, w: np.ndarray, g: np.ndarray, m: dict[str, np.ndarray], t: int, name: str, is_matrix: bool, lr: float
) -> np.ndarray:
    """The change of parameters w with gradient g at step t, from the state m of the optimizer.

    `name` is "W" for weights; `is_matrix` for the weights of a layer before the output layer.
    """
    p, zero = dict(o.params), np.zeros_like(g)
    if o.name == "sgd" and p["form"] == "average":
        m["v"] = p["momentum"] * m.get("v", zero) + (1 - p["momentum"]) * g
        return -lr * m["v"]
    if o.name == "sgd":
        m["v"] = p["momentum"] * m.get("v", zero) - lr * g
        return p["momentum"] * m["v"] - lr * g if p["nesterov"] else m["v"]
    if o.name == "adagrad":
        m["s"] = m.get("s", zero) + g**2
        return -lr * g / (np.sqrt(m["s"]) + p["epsilon"])
    if o.name == "rmsprop":
        m["s"] = p["rho"] * m.get("s", zero) + (1 - p["rho"]) * g**2
        return -lr * g / (np.sqrt(m["s"]) + p["epsilon"])
    decay = p.get("weight_decay", 0.0) if name == "W" else 0.0
    if o.name == "lion":
        sign = np.sign(p["beta1"] * m.get("m", zero) + (1 - p["beta1"]) * g)
        m["m"] = p["beta2"] * m.get("m", zero) + (1 - p["beta2"]) * g
        return -lr * (sign + decay * w)
    if o.name == "muon" and is_matrix:
        m["v"] = p["momentum"] * m.get("v", zero) + (1 - p["momentum"]) * g
        mean = p["momentum"] * m["v"] + (1 - p["momentum"]) * g if p["nesterov"] else m["v"]
        return -lr * (np.sqrt(max(1, w.shape[1] / w.shape[0])) * newton_schulz(mean) + decay * w)
    lr *= p.get("adam_factor", 1.0)
    m["m"] = p["beta1"] * m.get("m", zero) + (1 - p["beta1"]) * g
    m["s"] = p["beta2"] * m.get("s", zero) + (1 - p["beta2"]) * g**2
    step = (m["m"] / (1 - p["beta1"] ** t)) / (np.sqrt(m["s"] / (1 - p["beta2"] ** t)) + p["epsilon"])
    return -lr * (step + decay * w)
