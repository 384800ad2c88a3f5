"""A slow reference implementation of the kernels in NumPy and float64, written from the formulas.

It uses the same initial weights, order of batches and dropout masks as the engine, and no other code of it.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from reportgen.data.dataset import Dataset
from reportgen.engine.math.random import key_words
from reportgen.engine.network_spec import ActivationSpec, LayerSpec
from reportgen.engine.spec import RunSpec
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.init import Place, draw_weights
from reportgen.engine.tables.inits import INITS
from tests.naive_optimizers import move


def mix(x: int) -> int:
    """The 32-bit hash of the random numbers, with Python integers."""
    x ^= x >> 16
    x = x * 0x7FEB352D % 2**32
    x ^= x >> 15
    x = x * 0x846CA68B % 2**32
    return x ^ (x >> 16)


def subkey(keys: Any, layer: int, step: int) -> int:
    """The key of a layer at a step."""
    return mix(mix((int(keys[0]) + step) % 2**32) ^ ((int(keys[1]) + layer) % 2**32))


def dropout_mask(key: int, rate: float, shape: tuple[int, ...]) -> np.ndarray:
    """1 for units that are kept, 0 for units that are dropped."""
    drawn = np.array([mix((mix(i) + key) % 2**32) for i in range(int(np.prod(shape)))])
    return (drawn >= rate * 2**32).astype(float).reshape(shape)


def shuffled(key: int, n: int) -> list[int]:
    order = list(range(n))
    for i in reversed(range(1, n)):
        j = mix((mix(i) + key) % 2**32) * (i + 1) // 2**32
        order[i], order[j] = order[j], order[i]
    return order


def loss_and_delta(name: str, logits: np.ndarray, y: np.ndarray, smoothing: float = 0.0) -> tuple[float, np.ndarray]:
    """The mean loss of the rows, and its derivative by the logits."""
    n, classes = logits.shape
    hot = np.eye(classes)[y]
    if smoothing:
        q, p = (1 - smoothing) * hot + smoothing / classes, np.exp(logits - logits.max(axis=1, keepdims=True))
        p = p / p.sum(axis=1, keepdims=True)
        return float(-(q * np.log(p)).sum(axis=1).mean()), (p - q) / n
    if name == "softmax_cross_entropy":
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        return float(-np.log(p[np.arange(n), y]).mean()), (p - hot) / n
    if name == "mse":
        return float(((logits - hot) ** 2).mean()), 2 * (logits - hot) / (n * classes)
    margins = np.maximum(0, 1 + logits - logits[np.arange(n), y][:, None]) * (1 - hot)
    active = (margins > 0).astype(float)
    return float(margins.sum(axis=1).mean()), (active - hot * active.sum(axis=1, keepdims=True)) / n


class Layer:
    """A dense layer with its parameters, running values and the values that the backward pass needs.

    Values have the shape (examples, ..., units); batch normalization takes the moments over all axes but the last.
    `index` is the number of the layer for the random numbers of its dropout.
    """

    def __init__(self, layer: LayerSpec | ActivationSpec, weights: np.ndarray | None, width: int, index: int) -> None:
        self.spec, self.index = layer, index
        self.pieces, self.drop = pieces(layer), getattr(layer, "branch_drop", None)
        self.p: dict[str, np.ndarray] = {} if weights is None else {"W": weights.copy()}
        if layer.batchnorm or getattr(layer, "has_bias", False):
            self.p["b"] = np.full(width, layer.bias)
        if layer.batchnorm or layer.norm:
            self.p["g"], self.p["b"] = np.ones(width), np.full(width, layer.bias)
        if layer.batchnorm:
            self.mean, self.var = np.zeros(width), np.ones(width)
        if layer.activation.name == "prelu":
            self.p["s"] = np.full(width, float(layer.activation["slope"]))
        self.grad: dict[str, np.ndarray] = {}

    def linear(self, a: np.ndarray) -> np.ndarray:
        """The products with the weights, without a bias."""
        return a.reshape(len(a), -1) @ self.p["W"]

    def linear_back(self, a: np.ndarray, delta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The derivatives of the loss by the inputs and by the weights."""
        return (delta @ self.p["W"].T).reshape(a.shape), a.reshape(len(a), -1).T @ delta

    def phi(self, z: np.ndarray) -> np.ndarray:
        name, parameters = self.spec.activation.name, dict(self.spec.activation.params)
        if name == "prelu":
            return np.where(z < 0, self.p["s"] * z, z)
        return ACTIVATIONS[name].function(z, **parameters)

    def forward(self, a: np.ndarray, mode: str, keys: Any, step: int, shortcut: Any = 0.0) -> np.ndarray:
        self.a = a
        z = self.linear(a)
        norm = self._batch_norm(z, mode) if self.spec.batchnorm else None
        norm = self._group_norm(z) if self.spec.norm else norm
        z = z + self.p.get("b", 0.0) if norm is None else norm
        self.factors = self._branch_factors(len(z), mode, keys, step).reshape(-1, *[1] * (z.ndim - 1))
        self.z = z * self.factors + shortcut
        self.out = self.phi(self.z)
        self.mask = self._mask(self.out.shape, mode, keys, step)
        return self.out * self.mask

    def _branch_factors(self, rows: int, mode: str, keys: Any, step: int) -> np.ndarray:
        drop = self.drop
        if drop is None or mode in ("probe", "test"):
            return np.full(rows, 1.0 if drop is None else drop.survival)
        key = subkey(keys, 2_000_003 + self.index, step)
        drawn = dropout_mask(key, 1 - drop.survival, (rows if drop.by == "example" else 1,))
        return drawn * np.ones(rows)

    def _grouped(self, z: np.ndarray) -> np.ndarray:
        """The values by (example, position, group, channel of the group)."""
        groups = self.spec.norm.get("groups", 1)
        return z.reshape(len(z), -1, groups, z.shape[-1] // groups)

    def _group_norm(self, z: np.ndarray) -> np.ndarray:
        values = self._grouped(z)
        mean, var = values.mean(axis=(1, 3), keepdims=True), values.var(axis=(1, 3), keepdims=True)
        self.scale = 1 / np.sqrt(var + self.spec.norm["epsilon"])
        self.hat = ((values - mean) * self.scale).reshape(z.shape)
        return self.p["g"] * self.hat + self.p["b"]

    def _group_norm_back(self, d: np.ndarray) -> np.ndarray:
        by_group, hat = self._grouped(d), self._grouped(self.hat)
        mean, product = (values.mean(axis=(1, 3), keepdims=True) for values in (by_group, by_group * hat))
        return (self.scale * (by_group - mean - hat * product)).reshape(d.shape)

    def _batch_norm(self, z: np.ndarray, mode: str) -> np.ndarray:
        bn = self.spec.batchnorm
        if mode in ("test", "dropping") and bn.test_mode == "running":
            return self.p["g"] * (z - self.mean) / np.sqrt(self.var + bn.epsilon) + self.p["b"]
        axes = tuple(range(z.ndim - 1))
        mean, var, n = z.mean(axis=axes), z.var(axis=axes), z[..., 0].size
        self.scale = 1 / np.sqrt(var + bn.epsilon)
        self.hat = (z - mean) * self.scale
        if mode == "train" and bn.update_running:
            m = bn.momentum
            self.mean = m * self.mean + (1 - m) * mean
            self.var = m * self.var + (1 - m) * var * (n / (n - 1) if n > 1 else 1)
        return self.p["g"] * self.hat + self.p["b"]

    def _mask(self, shape: tuple[int, ...], mode: str, keys: Any, step: int) -> np.ndarray:
        drop = self.spec.dropout
        if drop is None or mode == "probe":
            return np.ones(shape)
        if mode == "test":
            return np.full(shape, 1 - drop.rate if drop.mode == "scale_at_test" else 1.0)
        kept = dropout_mask(subkey(keys, self.index, step), drop.rate, shape)
        return kept / (1 - drop.rate) if drop.mode == "inverted" else kept

    def backward(self, delta: np.ndarray) -> np.ndarray:
        """Set the gradients, and return the derivative by the inputs; that by a shortcut is `self.delta`."""
        delta = delta * self.mask
        axes = tuple(range(delta.ndim - 1))
        name, parameters = self.spec.activation.name, dict(self.spec.activation.params)
        if name == "maxout":
            pieces = self.z.reshape(*delta.shape, self.pieces)
            first = np.arange(self.pieces) == pieces.argmax(axis=-1)[..., None]
            delta = (first * delta[..., None]).reshape(self.z.shape)
        elif name == "prelu":
            self.grad["s"] = (delta * np.minimum(self.z, 0)).sum(axis=axes)
            delta = delta * np.where(self.z < 0, self.p["s"], 1.0)
        else:
            delta = delta * ACTIVATIONS[name].derivative(self.z, **parameters)
        self.delta = delta
        delta = delta * self.factors
        if "b" in self.p:
            self.grad["b"] = self.gradient_of_bias(delta)
        if "g" in self.p:
            self.grad["g"] = (delta * self.hat).sum(axis=axes)
            d = delta * self.p["g"]
        if self.spec.norm:
            delta = self._group_norm_back(d)
        if self.spec.batchnorm:
            delta = self.scale * (d - d.mean(axis=axes) - self.hat * (d * self.hat).mean(axis=axes))
        self.linear_delta = delta
        below, gradient = self.linear_back(self.a, delta)
        if "W" in self.p:
            self.grad["W"] = gradient
        return below

    def gradient_of_bias(self, delta: np.ndarray) -> np.ndarray:
        return delta.sum(axis=tuple(range(delta.ndim - 1)))


def pieces(layer: LayerSpec | ActivationSpec) -> int:
    return int(layer.activation.get("pieces", 1)) if layer.activation.name == "maxout" else 1


class Network:
    """A run, step by step."""

    def __init__(self, spec: RunSpec, dataset: Dataset) -> None:
        self.spec, self.data = spec, dataset
        self.layers = self.build()
        self.keys = key_words(spec.seed, "kernel")
        self.memory: dict[tuple[int, str], dict[str, np.ndarray]] = {}
        self.losses: list[float] = []

    def build(self) -> list[Any]:
        fan_in, layers = self.data.features, []
        for i, layer in enumerate(self.spec.network.layers):
            width = layer.units * pieces(layer)
            layers.append(Layer(layer, self.draw(layer, Place(fan_in, width), i), width, i))
            fan_in = layer.units
        return layers

    def draw(self, layer: LayerSpec, place: Place, index: int) -> np.ndarray:
        place = dataclasses.replace(place, activation=layer.activation.name)
        return draw_weights(INITS[layer.init.name], dict(layer.init.params), place, self.spec.seed, index)

    def forward(self, x: np.ndarray, mode: str, step: int = 0) -> np.ndarray:
        a = x.astype(float)
        for layer in self.layers:
            a = layer.forward(a, mode, self.keys, step)
        return a

    def backward(self, logits: np.ndarray, y: np.ndarray) -> float:
        loss, delta = self.loss(logits, y)
        for layer in reversed(self.layers):
            delta = layer.backward(delta)
        return loss

    def loss(self, logits: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
        loss = self.spec.training.loss
        return loss_and_delta(loss.name, logits, y, loss.get("smoothing", 0.0))

    def score(self, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
        logits = self.forward(x, "test")
        return self.loss(logits, y)[0], float((logits.argmax(axis=1) == y).mean())

    def train(self, first: int = 1, last: int | None = None) -> None:
        """Train from epoch `first` to epoch `last`, by default all epochs."""
        n, epochs = len(self.data.y_train), self.spec.training.epochs if last is None else last
        size = self.spec.training.batch_size or n
        t = (first - 1) * -(-n // size)
        for epoch in range(first, epochs + 1):
            order = shuffled(subkey(self.keys, 1_000_003, epoch - 1), n)
            for begin in range(0, n, size):
                index = order[begin : begin + size]
                logits = self.forward(self.data.x_train[index], "train", t)
                self.losses.append(self.backward(logits, self.data.y_train[index]))
                t += 1
                self.update(t)

    def update(self, t: int) -> None:
        training = self.spec.training
        for layer in self.layers:
            if "W" in layer.p:
                w = layer.p["W"]
                layer.grad["W"] = layer.grad["W"] + training.l2 * w + training.l1 * np.sign(w)
        if training.clip_norm:
            norm = np.sqrt(sum((g**2).sum() for layer in self.layers for g in layer.grad.values()))
            for layer in self.layers:
                layer.grad = {k: g * min(1.0, training.clip_norm / norm) for k, g in layer.grad.items()}
        for i, layer in enumerate(self.layers):
            for name, g in layer.grad.items():
                m, is_matrix = self.memory.setdefault((i, name), {}), name == "W" and i < len(self.layers) - 1
                lr = self.spec.training.lr * layer.spec.lr_factor
                layer.p[name] = layer.p[name] + move(
                    self.spec.training.optimizer, layer.p[name], g, m, t, name, is_matrix, lr
                )
