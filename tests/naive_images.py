"""A slow reference implementation of networks on images and of residual networks, in NumPy and float64.

Loops go over the positions of an image and the places of a window. It shares with the engine what `naive` shares.
"""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np

from reportgen.engine.network_spec import ActivationSpec, LayerSpec, PoolSpec, WindowSpec
from reportgen.engine.tables.init import Place
from reportgen.registry import Component
from tests import naive

Array = np.ndarray
IDENTITY = Component("identity")


class Windows:
    """The windows on images (rows, height, width, channels), by loops over their positions."""

    def __init__(self, window: WindowSpec, shape: tuple[int, ...]) -> None:
        self.shape, self.size, self.stride = shape, window.size, window.stride
        self.before, self.after, self.out = [0, 0], [0, 0], [0, 0]
        for axis in (0, 1):
            extent, size, stride = shape[axis], window.size[axis], window.stride[axis]
            if window.padding == "same":
                self.out[axis] = (extent + stride - 1) // stride
                needed = max((self.out[axis] - 1) * stride + size - extent, 0)
                self.before[axis], self.after[axis] = needed // 2, needed - needed // 2
            else:
                self.before[axis] = self.after[axis] = window.padding[axis]
                self.out[axis] = (extent + 2 * window.padding[axis] - size) // stride + 1

    def pad(self, x: Array) -> Array:
        return np.pad(x, ((0, 0), *zip(self.before, self.after, strict=True), (0, 0)))

    def crop(self, padded: Array) -> Array:
        (top, left), (height, width, _) = self.before, self.shape
        return padded[:, top : top + height, left : left + width]

    def each(self) -> Any:
        """Yield ((i, j), slices of the padded images) for each window."""
        for i, j in itertools.product(range(self.out[0]), range(self.out[1])):
            y, x = i * self.stride[0], j * self.stride[1]
            yield (i, j), (slice(None), slice(y, y + self.size[0]), slice(x, x + self.size[1]))


class Conv(naive.Layer):
    """A convolution; its weights have the shape (window height, window width, channels, filters)."""

    def __init__(self, layer: LayerSpec, weights: Array, width: int, index: int, shape: tuple[int, ...]) -> None:
        super().__init__(layer, weights, width, index)
        assert layer.window is not None
        self.windows = Windows(layer.window, shape)
        self.shape = (*layer.window.size, shape[2], width)

    def linear(self, a: Array) -> Array:
        padded, w = self.windows.pad(a), self.p["W"].reshape(self.shape)
        z = np.empty((len(a), *self.windows.out, w.shape[-1]))
        for (i, j), place in self.windows.each():
            z[:, i, j] = np.einsum("nuvc,uvcf->nf", padded[place], w)
        return z

    def linear_back(self, a: Array, delta: Array) -> tuple[Array, Array]:
        padded, w = self.windows.pad(a), self.p["W"].reshape(self.shape)
        below, gradient = np.zeros_like(padded), np.zeros_like(w)
        for (i, j), place in self.windows.each():
            below[place] += np.einsum("nf,uvcf->nuvc", delta[:, i, j], w)
            gradient += np.einsum("nuvc,nf->uvcf", padded[place], delta[:, i, j])
        return self.windows.crop(below), gradient.reshape(self.p["W"].shape)


class Unweighted(naive.Layer):
    """An operation without weights."""

    def __init__(self, node: ActivationSpec, width: int, index: int) -> None:
        super().__init__(node, None, width, index)

    def linear(self, a: Array) -> Array:
        return a

    def linear_back(self, a: Array, delta: Array) -> tuple[Array, Array]:
        return delta, delta


class Scalars(Unweighted):
    """z = m a + b with scalars m and b of Fixup; without `multiplies`, m is 1."""

    def __init__(self, node: ActivationSpec, width: int, index: int, multiplies: bool) -> None:
        super().__init__(node, width, index)
        self.p["b"] = np.array([node.bias])
        if multiplies:
            self.p["m"] = np.ones(1)

    def linear(self, a: Array) -> Array:
        return self.p.get("m", 1.0) * a

    def linear_back(self, a: Array, delta: Array) -> tuple[Array, Array]:
        if "m" in self.p:
            self.grad["m"] = np.array([(delta * a).sum()])
        return self.p.get("m", 1.0) * delta, delta

    def gradient_of_bias(self, delta: Array) -> Array:
        return np.array([delta.sum()])


class Pool(Unweighted):
    """Pooling of each channel; the derivative of a maximum goes to the first one in the window."""

    def __init__(self, pool: PoolSpec, shape: tuple[int, ...], index: int) -> None:
        super().__init__(ActivationSpec(IDENTITY), shape[2], index)
        self.windows = Windows(pool.window or WindowSpec(shape[:2], shape[:2]), shape)
        self.is_max = pool.kind == "max_pool"

    def linear(self, a: Array) -> Array:
        z = np.empty((len(a), *self.windows.out, a.shape[3]))
        for (i, j), place in self.windows.each():
            z[:, i, j] = a[place].max(axis=(1, 2)) if self.is_max else a[place].mean(axis=(1, 2))
        return z

    def linear_back(self, a: Array, delta: Array) -> tuple[Array, Array]:
        below = np.zeros_like(a)
        count = self.windows.size[0] * self.windows.size[1]
        for (i, j), place in self.windows.each():
            values = a[place].reshape(len(a), count, -1)
            share = np.arange(count)[:, None] == values.argmax(axis=1)[:, None] if self.is_max else 1 / count
            below[place] += (share * delta[:, i, j][:, None] * np.ones_like(values)).reshape(a[place].shape)
        return below, delta


class Network(naive.Network):
    """A run of any network; `layers` are its operations, in the order of the forward pass.

    `sources` and `shortcuts` are the indices of the operations whose outputs are inputs, or added; -1 is the batch.
    `weights_of` and `units_of` are the layers that an operation belongs to in probes, None for no layer.
    """

    def build(self) -> list[Any]:
        nodes = self.spec.network.nodes
        self.sources, self.shortcuts, self.weights_of, self.units_of = [], [], [], []
        self.operations: list[Any] = []
        self.shapes: dict[int, tuple[int, ...]] = {-1: (self.data.features,)}
        if self.spec.network.needs_images:
            channels, height, width = self.data.image_shape or (0, 0, 0)
            self.shapes[-1] = (height, width, channels)
        last: dict[int | None, int | None] = {-1: -1, None: None}
        layer = 0
        for index, node in enumerate(nodes):
            before = len(self.operations) - 1
            source = last[getattr(node, "source", None)]
            source = before if source is None else source
            if isinstance(node, LayerSpec):
                self.add_layer(node, layer, source, last[node.adds], is_output=index == len(nodes) - 1)
                layer += 1
            elif isinstance(node, PoolSpec):
                self.add(Pool(node, self.shapes[source], before + 1), source)
            else:
                self.add(Unweighted(node, self.shapes[source][-1], before + 1), source)
            last[index] = len(self.operations) - 1
        return self.operations

    def add(
        self, operation: Any, source: int, shortcut: int | None = None, weights_of: Any = None, units_of: Any = None
    ):
        self.operations.append(operation)
        for values, value in zip(
            (self.sources, self.shortcuts, self.weights_of, self.units_of),
            (source, shortcut, weights_of, units_of),
            strict=True,
        ):
            values.append(value)
        zeros = np.zeros((1, *self.shapes[source]))
        z = operation.linear(zeros)
        operation.z = z
        self.shapes[len(self.operations) - 1] = operation.phi(z).shape[1:]

    def add_layer(self, node: LayerSpec, layer: int, source: int, shortcut: int | None, is_output: bool) -> None:
        branch = node.branch
        if node.init.name != "fixup" or node.batchnorm or (branch and branch.place == 0):
            self.add(self.weighted(node, layer, source, is_output), source, shortcut, layer, layer)
            return
        self.add(Scalars(ActivationSpec(IDENTITY), 1, len(self.operations), multiplies=False), source)
        before = len(self.operations) - 1
        if is_output:
            self.add(self.weighted(node, layer, before, is_output), before, None, layer, layer)
            return
        bare = dataclasses.replace(node, activation=IDENTITY, dropout=None, has_bias=False, branch_drop=None)
        self.add(self.weighted(bare, layer, before, is_output), before, None, layer)
        ends = branch is not None and branch.place == branch.length
        after = ActivationSpec(node.activation, node.bias, None, node.dropout)
        scalars = Scalars(after, node.units, len(self.operations), multiplies=ends)
        scalars.drop = node.branch_drop
        self.add(scalars, before + 1, shortcut, None, layer)

    def weighted(self, node: LayerSpec, layer: int, source: int, is_output: bool) -> Any:
        shape, width, index = self.shapes[source], node.units * naive.pieces(node), len(self.operations)
        kernel = int(np.prod(node.window.size)) if node.window else 1
        fan_in = kernel * shape[-1] if node.window else int(np.prod(shape))
        weights = self.draw(node, Place(fan_in, width, kernel, branch=node.branch, is_output=is_output), layer)
        return Conv(node, weights, width, index, shape) if node.window else naive.Layer(node, weights, width, index)

    def forward(self, x: Array, mode: str, step: int = 0) -> Array:
        x = x.astype(float)
        if self.spec.network.needs_images:
            x = x.reshape(len(x), *(self.data.image_shape or ())).transpose(0, 2, 3, 1)
        self.outputs = {-1: x}
        for i, operation in enumerate(self.layers):
            shortcut = 0.0 if self.shortcuts[i] is None else self.outputs[self.shortcuts[i]]
            self.outputs[i] = operation.forward(self.outputs[self.sources[i]], mode, self.keys, step, shortcut)
        return self.outputs[len(self.layers) - 1]

    def backward(self, logits: Array, y: Array) -> float:
        loss, delta = self.loss(logits, y)
        derivatives = {i: np.zeros_like(values) for i, values in self.outputs.items()}
        derivatives[len(self.layers) - 1] = delta
        for i in reversed(range(len(self.layers))):
            derivatives[self.sources[i]] += self.layers[i].backward(derivatives[i])
            if self.shortcuts[i] is not None:
                derivatives[self.shortcuts[i]] += self.layers[i].delta
        return loss

    def parameters(self) -> list[tuple[int, str, Array]]:
        """(operation, name, values) of all parameters."""
        return [(i, name, values) for i, layer in enumerate(self.layers) for name, values in layer.p.items()]
