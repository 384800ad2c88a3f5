"""The angle of a step in equilibrium, against random walks of weights whose length has no effect.

Some of the walks are steps of the optimizers of PyTorch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from reportgen.engine.tables.optimizer import turning_angle
from reportgen.engine.tables.optimizers import OPTIMIZERS

LR, DECAY, SIZE, STEPS = 0.02, 1.0, 400, 1200
Step = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def walked(step: Step) -> float:
    """Return the root mean square angle of the last steps with random gradients that are orthogonal to the weights."""
    rng = np.random.default_rng(0)
    w, momentum, angles = rng.standard_normal(SIZE), np.zeros(SIZE), []
    for _ in range(STEPS):
        g = rng.standard_normal(SIZE)
        g -= (g @ w) / (w @ w) * w
        after = step(w, g / np.linalg.norm(w), momentum)
        angles.append(math.acos(min(1.0, (w @ after) / np.linalg.norm(w) / np.linalg.norm(after))))
        w = after
    return float(np.sqrt(np.mean(np.square(angles[STEPS // 2 :]))))


def velocity(w: np.ndarray, g: np.ndarray, momentum: np.ndarray) -> np.ndarray:
    momentum[:] = 0.9 * momentum - LR * (g + DECAY * w)
    return w + momentum


def average(w: np.ndarray, g: np.ndarray, momentum: np.ndarray) -> np.ndarray:
    momentum[:] = 0.9 * momentum + 0.1 * (g + DECAY * w)
    return w - LR * momentum


def adamw(w: np.ndarray, g: np.ndarray, momentum: np.ndarray) -> np.ndarray:
    """Make a step with the squared gradients of all weights alike, so that they divide by the size of the gradient."""
    momentum[:] = 0.9 * momentum + 0.1 * g * np.linalg.norm(w)
    return w - LR * (momentum + DECAY * w)


def lion(beta1: float, beta2: float) -> Step:
    def step(w: np.ndarray, g: np.ndarray, momentum: np.ndarray) -> np.ndarray:
        sign = np.sign(beta1 * momentum + (1 - beta1) * g)
        momentum[:] = beta2 * momentum + (1 - beta2) * g
        return w - LR * (sign + DECAY * w)

    return step


@pytest.mark.parametrize(
    ("name", "parameters", "step"),
    [
        ("sgd", {"momentum": 0.9, "nesterov": False, "form": "velocity"}, velocity),
        ("sgd", {"momentum": 0.9, "nesterov": False, "form": "average"}, average),
        ("adamw", {"weight_decay": DECAY, "beta1": 0.9}, adamw),
        ("lion", {"weight_decay": DECAY, "beta1": 0.9, "beta2": 0.9}, lion(0.9, 0.9)),
        ("lion", {"weight_decay": DECAY, "beta1": 0.5, "beta2": 0.7}, lion(0.5, 0.7)),
        ("lion", {"weight_decay": DECAY, "beta1": 0.0, "beta2": 0.0}, lion(0.0, 0.0)),
    ],
)
def test_the_angle_is_that_of_a_random_walk(name: str, parameters: dict[str, Any], step: Step) -> None:
    expected = turning_angle(OPTIMIZERS[name], parameters, LR, 0.0 if "weight_decay" in parameters else DECAY)
    assert walked(step) == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize(
    ("name", "parameters", "settings"),
    [
        ("sgd", {"momentum": 0.0, "nesterov": False, "form": "velocity"}, {}),
        ("sgd", {"momentum": 0.9, "nesterov": False, "form": "velocity"}, {"momentum": 0.9}),
        ("adamw", {"weight_decay": DECAY, "beta1": 0.9}, {"betas": (0.9, 0.99)}),
        ("adamw", {"weight_decay": DECAY, "beta1": 0.5}, {"betas": (0.5, 0.99)}),
    ],
)
def test_the_angle_is_that_of_the_optimizers_of_pytorch(
    name: str, parameters: dict[str, Any], settings: dict[str, Any]
) -> None:
    """The loss of each step is a random linear function of the direction of the weights."""
    torch = pytest.importorskip("torch")
    made = {"sgd": torch.optim.SGD, "adamw": torch.optim.AdamW}[name]
    random = torch.Generator().manual_seed(0)
    w = torch.randn(SIZE, dtype=torch.float64, generator=random).requires_grad_()
    optimizer, cosines = made([w], lr=LR, weight_decay=DECAY, **settings), []
    for _ in range(STEPS):
        before = w.detach().clone()
        optimizer.zero_grad()
        (torch.randn(SIZE, dtype=torch.float64, generator=random) @ w / w.norm()).backward()
        optimizer.step()
        cosines.append(torch.nn.functional.cosine_similarity(before, w.detach(), dim=0))
    expected = float(torch.stack(cosines)[STEPS // 2 :].acos().square().mean().sqrt())
    angle = turning_angle(OPTIMIZERS[name], parameters, LR, 0.0 if "weight_decay" in parameters else DECAY)
    assert angle == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(
    ("name", "parameters", "l2"),
    [
        ("sgd", {"momentum": 0.9, "nesterov": False, "form": "velocity"}, 0.0),
        ("sgd", {"momentum": 0.9, "nesterov": True, "form": "velocity"}, 0.1),
        ("adamw", {"weight_decay": 0.0, "beta1": 0.9}, 0.0),
        ("adam", {"beta1": 0.9}, 0.1),
        ("lion", {"weight_decay": 0.0, "beta1": 0.9, "beta2": 0.99}, 0.0),
        ("lion", {"weight_decay": 0.1, "beta1": 0.9, "beta2": 0.99}, 0.1),
    ],
)
def test_without_decay_or_a_formula_the_angle_is_unknown(name: str, parameters: dict[str, Any], l2: float) -> None:
    assert math.isnan(turning_angle(OPTIMIZERS[name], parameters, LR, l2))


def test_lion_turns_a_little_less_than_a_linear_sign_would() -> None:
    parameters = {"weight_decay": 0.1, "beta1": 0.9, "beta2": 0.99}
    linear = math.sqrt(math.pi * 0.01 * 0.1 * (0.1**2 + 0.9**2 * 0.01 / 1.99))  # Kosson et al. 2024
    assert turning_angle(OPTIMIZERS["lion"], parameters, 0.01, 0.0) == pytest.approx(linear / 1.007, rel=1e-3)
