"""A slow reference of iterative magnitude pruning in NumPy and float64, written from the published algorithm."""

from __future__ import annotations

import copy
import dataclasses

import numpy as np

from reportgen.data.dataset import Dataset
from reportgen.data.streams import stream
from reportgen.engine.spec import RunSpec
from tests import naive


class Masked(naive.Network):
    """A network whose pruned weights have no gradient and stay 0."""

    def __init__(self, spec: RunSpec, dataset: Dataset) -> None:
        super().__init__(spec, dataset)
        self.masks = [np.ones(layer.p["W"].shape) for layer in self.layers]

    def backward(self, logits: np.ndarray, y: np.ndarray) -> float:
        loss = super().backward(logits, y)
        for layer, mask in zip(self.layers, self.masks, strict=True):
            layer.grad["W"] = layer.grad["W"] * mask
        return loss

    def update(self, t: int) -> None:
        super().update(t)
        for layer, mask in zip(self.layers, self.masks, strict=True):
            layer.p["W"] = layer.p["W"] * mask


def prune(network: Masked, number: int) -> None:
    """Keep the largest weights of each layer that are left after a number of rounds."""
    pruning = network.spec.training.pruning
    for index, layer in enumerate(network.layers):
        share = 1 - (1 - pruning.sparsity) ** (1 / pruning.rounds)
        share *= pruning.output_rate if index == len(network.layers) - 1 else 1
        w = layer.p["W"]
        count = max(1, round(w.size * (1 - share) ** number))
        largest = sorted(range(w.size), key=lambda k: abs(w.flat[k]) * network.masks[index].flat[k])[-count:]
        network.masks[index] = np.isin(np.arange(w.size), largest).reshape(w.shape).astype(float)


def restore(network: Masked, layers: list[naive.Layer], memory: dict[tuple[int, str], dict[str, np.ndarray]]) -> None:
    """Return to earlier parameters, running values and states of the optimizer, without the pruned weights."""
    network.layers, network.memory = copy.deepcopy((layers, memory))
    for index, mask in enumerate(network.masks):
        network.layers[index].p["W"] *= mask
        for name, kept in network.memory.get((index, "W"), {}).items():
            network.memory[index, "W"][name] = kept * mask


def redraw(network: Masked, number: int) -> None:
    """Draw all weights again, and set the pruned ones to 0."""
    seed = int(stream(network.spec.seed, "pruned weights", number).integers(2**63))
    layers = Masked(dataclasses.replace(network.spec, seed=seed), network.data).layers
    restore(network, layers, {})


def train_rounds(spec: RunSpec, dataset: Dataset) -> tuple[Masked, list[tuple[float, float]]]:
    """Train all rounds; return the last network and the validation scores of each round."""
    network, pruning = Masked(spec, dataset), spec.training.pruning
    network.train(last=pruning.rewind)
    early = copy.deepcopy((network.layers, network.memory))
    network.train(first=pruning.rewind + 1)
    scores = [network.score(dataset.x_val, dataset.y_val)]
    for number in range(1, pruning.rounds + 1):
        prune(network, number)
        restore(network, *early)
        winner = copy.deepcopy(network)
        if pruning.weights == "random":
            redraw(network, number)
        network.losses = network.losses[: pruning.rewind * per_epoch(network)]
        network.train(first=pruning.rewind + 1)
        scores.append(network.score(dataset.x_val, dataset.y_val))
        if pruning.weights == "random" and number < pruning.rounds:
            winner.train(first=pruning.rewind + 1)
            network = winner
    return network, scores


def per_epoch(network: Masked) -> int:
    """The number of steps of an epoch."""
    n = len(network.data.y_train)
    return -(-n // (network.spec.training.batch_size or n))
