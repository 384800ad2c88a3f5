"""Random networks that should train: data, depth, width, activation, initialization, optimizer.

A network is the body of a study file, with a typical learning rate for its optimizer. `benchmarks.diagnosis.at_random`
finds out whether the network is healthy, and at which learning rates.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from numpy.random import Generator

Study = dict[str, Any]

RECTIFIERS = ("relu", "leaky_relu", "prelu", "elu", "gelu", "silu")
INITS = {
    **dict.fromkeys(RECTIFIERS, ("he_normal", "he_uniform")),
    "selu": ("lecun_normal",),
    "softplus": ("lecun_normal", "glorot_normal"),
    "maxout": ("xavier", "glorot_normal"),
    "tanh": ("xavier", "glorot_normal", "glorot_uniform", "orthogonal"),
    "sigmoid": ("xavier", "glorot_normal"),
}
"""Suitable initializations of each activation."""

DEEPEST = {"sigmoid": 2, "softplus": 3, "maxout": 5}
"""Largest number of hidden layers without batch normalization; 12 for other activations."""

OPTIMIZERS: tuple[tuple[Any, float], ...] = (
    ("sgd", 0.1),
    ({"name": "sgd", "momentum": 0.9}, 0.02),
    ({"name": "sgd", "momentum": 0.9, "nesterov": True}, 0.02),
    ("adagrad", 0.03),
    ("rmsprop", 0.002),
    ("adam", 0.003),
    ("adamw", 0.003),
)
"""Optimizers with a typical learning rate."""

RATES = (0.1, 0.3, 1.0, 3.0)
"""Tested learning rates, as multiples of the typical one."""

BATCHES = (4, 8, 16, 32, 64, 128, "full")
STEPS = (150, 4000)
PRODUCTS = 1e9
"""Largest product of weights, examples and epochs, for which a run takes less than a second."""


def draw(rng: Generator) -> Study:
    """Return data, preprocess, network and training of a study, with the typical learning rate."""
    data, preprocess, features, examples = _data(rng)
    network, weights = _network(rng, features)
    return {"data": data, "preprocess": preprocess, "network": network, "training": _training(rng, examples, weights)}


def log_uniform(rng: Generator, low: float, high: float) -> float:
    """Return a log-uniform random number, rounded to two digits."""
    return float(f"{math.exp(rng.uniform(math.log(low), math.log(high))):.2g}")


def between(rng: Generator, low: float, high: float) -> float:
    """Return a uniform random number, rounded to hundredths."""
    return round(float(rng.uniform(low, high)), 2)


def _pick(rng: Generator, values: Any) -> Any:
    return values[int(rng.integers(len(values)))]


def _gaussian(rng: Generator) -> Study:
    sizes = {"features": int(log_uniform(rng, 4, 80)), "classes": int(rng.integers(2, 9))}
    if rng.random() < 0.5:
        return {"name": "gaussian", **sizes, "distance": between(rng, 1.5, 5)}
    return {"name": "gaussian", **sizes, "teacher": int(rng.integers(0, 8))}


def _blobs(rng: Generator) -> Study:
    sizes = {"features": int(rng.integers(2, 20)), "classes": int(rng.integers(2, 9))}
    return {"name": "blobs", **sizes, "std": between(rng, 0.5, 4)}


def _circles(rng: Generator) -> Study:
    classes = int(rng.integers(2, 4))
    return {
        "name": "circles",
        "classes": classes,
        "noise": between(rng, 0.03, 0.15),
        "factor": between(rng, 0.2, 0.6),
    }


def _spiral(rng: Generator) -> Study:
    shape = {"noise": between(rng, 0.05, 0.3), "turns": between(rng, 0.3, 0.9)}
    return {"name": "spiral", "classes": int(rng.integers(2, 5)), **shape}


DATA: tuple[Callable[[Generator], Study], ...] = (
    lambda rng: {"name": "digits"},
    _gaussian,
    _blobs,
    lambda rng: {"name": "moons", "noise": between(rng, 0.05, 0.4)},
    _circles,
    _spiral,
)


def _data(rng: Generator) -> tuple[Study, list[str], int, int]:
    """Return the data, the preprocessing, and the numbers of features and training examples."""
    data, examples = _pick(rng, DATA)(rng), int(log_uniform(rng, 150, 1300))
    if data["name"] == "digits":
        return {**data, "train": examples}, ["standardize"], 64, examples
    if rng.random() < 0.25:
        data["label_noise"] = between(rng, 0.02, 0.2)
    preprocess = ["standardize"] if data["name"] == "blobs" or rng.random() < 0.5 else []
    data["samples"] = round(examples / 0.7)
    return {**data, "validation": 0.3}, preprocess, data.get("features", 2), examples


def _network(rng: Generator, features: int) -> tuple[Study, int]:
    """Return the network and its approximate number of weights."""
    activation, normalized = _pick(rng, tuple(INITS)), bool(rng.random() < 0.2)
    depth = int(rng.integers(1, 1 + (12 if normalized else DEEPEST.get(activation, 12))))
    width = int(log_uniform(rng, 8, 200))
    network = {
        "hidden": {"layers": depth, "width": width},
        "activation": activation,
        "init": _pick(rng, INITS[activation]),
        "output_init": "xavier",
    }
    if normalized:
        network["batchnorm"] = True
    elif width >= 32 and depth <= 4 and rng.random() < 0.2:
        network["dropout"] = between(rng, 0.1, 0.4)
    return network, features * width + (depth - 1) * width**2


def _training(rng: Generator, examples: int, weights: int) -> Study:
    optimizer, rate = _pick(rng, OPTIMIZERS)
    batch = _pick(rng, BATCHES)
    steps_per_epoch = 1 if batch == "full" else -(-examples // batch)
    epochs = min(round(log_uniform(rng, *STEPS) / steps_per_epoch), int(PRODUCTS / weights / examples), 300)
    training = {"optimizer": optimizer, "lr": rate, "batch_size": batch, "epochs": max(epochs, 5)}
    if rng.random() < 0.2:
        training["l2"] = log_uniform(rng, 1e-5, 1e-3)
    if rng.random() < 0.2:
        training["schedule"] = "cosine"
    return training
