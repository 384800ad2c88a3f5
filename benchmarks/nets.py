"""Networks of the speed measurements, and the number of operations of a training step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Net:
    """A tanh network with softmax cross-entropy, trained by SGD with momentum in float32.

    sizes: features, units of each hidden layer, classes. examples: a multiple of the batch size, for
    batches of equal size. epochs: length of a run with its probes.
    """

    name: str
    sizes: tuple[int, ...]
    batch: int
    examples: int
    epochs: int = 100
    lr: float = 0.01
    momentum: float = 0.9

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """(fan_in, fan_out) of every layer."""
        return tuple(zip(self.sizes[:-1], self.sizes[1:], strict=True))

    @property
    def steps_per_epoch(self) -> int:
        """Number of training steps per epoch."""
        return self.examples // self.batch

    @property
    def flops_per_step(self) -> int:
        """Floating-point operations of the matrix products: forward, weight gradients, and deltas of hidden layers."""
        forward = sum(2 * self.batch * fan_in * fan_out for fan_in, fan_out in self.shapes)
        input_deltas = 2 * self.batch * self.shapes[0][0] * self.shapes[0][1]
        return 3 * forward - input_deltas


NETS = (
    Net("500-[500]x10-10", (500,) + (500,) * 10 + (10,), batch=128, examples=1024),
    Net("64-100-100-10", (64, 100, 100, 10), batch=64, examples=1408),
    Net("64-32-32-10", (64, 32, 32, 10), batch=32, examples=1408),
)


def examples(net: Net) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return standard normal inputs (n, features) and random labels (n,); the values do not affect the cost."""
    generator = np.random.default_rng(0)
    x = generator.standard_normal((net.examples, net.sizes[0]), dtype=np.float32)
    return x, generator.integers(0, net.sizes[-1], net.examples)


def initial_parameters(net: Net, seed: int) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Return weights with standard deviation 1/sqrt(fan_in) and zero biases of each layer."""
    generator = np.random.default_rng(seed)
    return [
        (
            generator.standard_normal(shape, dtype=np.float32) / np.float32(shape[0] ** 0.5),
            np.zeros(shape[1], np.float32),
        )
        for shape in net.shapes
    ]
