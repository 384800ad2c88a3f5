"""Networks of the speed measurements, and the number of operations of a training step."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Conv:
    """A convolution with square kernels and a stride of 1."""

    filters: int
    kernel: int
    padding: int = 0


@dataclass(frozen=True)
class Pool:
    """A max pooling of windows of size by size."""

    size: int = 2


@dataclass(frozen=True)
class Net:
    """A network with softmax cross-entropy, trained by SGD with momentum in float32.

    sizes: inputs of the dense layers, units of each hidden layer, classes. examples: a multiple of the batch size, for
    batches of equal size. epochs: length of a run with its probes. image: (channels, height, width) of the inputs, and
    blocks: what comes before the dense layers, both empty for a dense network. Dense networks use tanh, others ReLU.
    """

    name: str
    sizes: tuple[int, ...]
    batch: int
    examples: int
    epochs: int = 100
    lr: float = 0.01
    momentum: float = 0.9
    image: tuple[int, ...] = ()
    blocks: tuple[Conv | Pool, ...] = ()

    @property
    def features(self) -> int:
        """Number of inputs."""
        return math.prod(self.image) if self.image else self.sizes[0]

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """(fan_in, fan_out) of every dense layer."""
        return tuple(zip(self.sizes[:-1], self.sizes[1:], strict=True))

    @property
    def products(self) -> tuple[tuple[int, int, int], ...]:
        """(rows, fan_in, fan_out) of the forward product of every layer; the positions of an image are rows."""
        found = []
        channels, *extent = self.image or (0,)
        for block in self.blocks:
            if isinstance(block, Pool):
                extent = [size // block.size for size in extent]
                continue
            extent = [size + 2 * block.padding - block.kernel + 1 for size in extent]
            found.append((self.batch * math.prod(extent), channels * block.kernel**2, block.filters))
            channels = block.filters
        return (*found, *((self.batch, fan_in, fan_out) for fan_in, fan_out in self.shapes))

    @property
    def steps_per_epoch(self) -> int:
        """Number of training steps per epoch."""
        return self.examples // self.batch

    @property
    def flops_per_step(self) -> int:
        """Floating-point operations of the matrix products: forward, weight gradients, and deltas of hidden layers."""
        sizes = [2 * math.prod(product) for product in self.products]
        return 3 * sum(sizes) - sizes[0]


NETS = (
    Net("500-[500]x10-10", (500,) + (500,) * 10 + (10,), batch=128, examples=1024),
    Net("64-100-100-10", (64, 100, 100, 10), batch=64, examples=1408),
    Net("64-32-32-10", (64, 32, 32, 10), batch=32, examples=1408),
)
"""The dense networks."""

IMAGE_NETS = (
    Net(
        "digits-conv",
        (512, 64, 10),
        batch=64,
        examples=1408,
        image=(1, 8, 8),
        blocks=(Conv(16, 3, 1), Conv(32, 3, 1), Pool()),
    ),
    Net(
        "lenet",
        (400, 120, 84, 10),
        batch=64,
        examples=1408,
        epochs=50,
        image=(1, 28, 28),
        blocks=(Conv(6, 5, 2), Pool(), Conv(16, 5), Pool()),
    ),
    Net(
        "cifar-conv",
        (4096, 256, 10),
        batch=128,
        examples=256,
        image=(3, 32, 32),
        blocks=(Conv(32, 3, 1), Conv(32, 3, 1), Pool(), Conv(64, 3, 1), Conv(64, 3, 1), Pool()),
    ),
)
"""The convolutional networks."""


def examples(net: Net) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return standard normal inputs (n, features) and random labels (n,); the values do not affect the cost."""
    generator = np.random.default_rng(0)
    x = generator.standard_normal((net.examples, net.features), dtype=np.float32)
    return x, generator.integers(0, net.sizes[-1], net.examples)


def initial_parameters(net: Net, seed: int) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Return weights with standard deviation 1/sqrt(fan_in) and zero biases of each dense layer."""
    generator = np.random.default_rng(seed)
    return [
        (
            generator.standard_normal(shape, dtype=np.float32) / np.float32(shape[0] ** 0.5),
            np.zeros(shape[1], np.float32),
        )
        for shape in net.shapes
    ]
