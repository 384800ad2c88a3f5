"""JAX: epochs in one compiled scan with donated buffers, for one run, or for several runs with vmap."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.nets import Conv, Net, Pool, examples, initial_parameters
from benchmarks.workers import Measure, repeat

EPOCHS_PER_CALL = 5  # several epochs per call reduce the overhead of Python


def prepare(net: Net, option: str) -> Measure:
    """Return a Measure; `option` is "scan" for one run, or "vmap" with the number of runs, such as "vmap8"."""
    runs = int(option.removeprefix("vmap")) if option != "scan" else 1
    x, y = (jnp.asarray(array) for array in examples(net))
    many = option != "scan"
    train = jax.jit(jax.vmap(_train(net, x, y)) if many else _train(net, x, y), donate_argnums=(0,))
    state = [_state(net, os.getpid() + run) for run in range(runs)]
    holder = [jax.tree.map(lambda *leaves: jnp.stack(leaves), *state) if many else state[0]]
    generator = np.random.default_rng(os.getpid())

    def call() -> int:
        orders = np.stack([_batch_orders(net, generator) for _ in range(runs)])
        holder[0] = train(holder[0], orders if many else orders[0])
        jax.block_until_ready(holder[0])
        return runs * EPOCHS_PER_CALL * net.steps_per_epoch

    call()
    return lambda seconds: repeat(call, seconds)


def _batch_orders(net: Net, generator: np.random.Generator) -> np.ndarray:
    orders = [generator.permutation(net.examples) for _ in range(EPOCHS_PER_CALL)]
    return np.concatenate(orders).astype(np.int32).reshape(-1, net.batch)


def _state(net: Net, seed: int) -> Any:
    dense = [(jnp.asarray(weight), jnp.asarray(bias)) for weight, bias in initial_parameters(net, seed)]
    parameters = (_filters(net, seed), dense)
    return parameters, jax.tree.map(jnp.zeros_like, parameters)


def _filters(net: Net, seed: int) -> list[tuple[jax.Array, jax.Array]]:
    """Return weights (kernel, kernel, channels, filters) and biases of the convolutions."""
    generator, channels, found = np.random.default_rng(seed), net.image[0] if net.image else 0, []
    for block in net.blocks:
        if isinstance(block, Conv):
            shape = (block.kernel, block.kernel, channels, block.filters)
            scale = np.float32((channels * block.kernel**2) ** -0.5)
            weights = generator.standard_normal(shape, dtype=np.float32) * scale
            found.append((jnp.asarray(weights), jnp.zeros(block.filters, jnp.float32)))
            channels = block.filters
    return found


def _before_dense(net: Net, filters: Any, x: jax.Array) -> jax.Array:
    """Return the inputs of the dense layers; images are stored by row, column and channel."""
    if not net.image:
        return x
    channels, height, width = net.image
    x, left = x.reshape(-1, height, width, channels), iter(filters)
    for block in net.blocks:
        if isinstance(block, Pool):
            window = (1, block.size, block.size, 1)
            x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, window, "VALID")
        else:
            weight, bias = next(left)
            padding = [(block.padding, block.padding)] * 2
            order = ("NHWC", "HWIO", "NHWC")
            x = jax.nn.relu(jax.lax.conv_general_dilated(x, weight, (1, 1), padding, dimension_numbers=order) + bias)
    return x.reshape(len(x), -1)


def _loss(net: Net, parameters: Any, x: jax.Array, y: jax.Array) -> jax.Array:
    filters, (*hidden, (weight, bias)) = parameters
    x, phi = _before_dense(net, filters, x), jax.nn.relu if net.image else jnp.tanh
    for hidden_weight, hidden_bias in hidden:
        x = phi(x @ hidden_weight + hidden_bias)
    log_probabilities = jax.nn.log_softmax(x @ weight + bias)
    return -jnp.take_along_axis(log_probabilities, y[:, None], axis=1).mean()


def _train(net: Net, x: jax.Array, y: jax.Array) -> Any:
    def step(state: Any, rows: jax.Array) -> Any:
        parameters, velocity = state
        gradient = jax.grad(partial(_loss, net))(parameters, x[rows], y[rows])
        velocity = jax.tree.map(lambda v, g: net.momentum * v - net.lr * g, velocity, gradient)
        return (jax.tree.map(jnp.add, parameters, velocity), velocity), None

    return partial(_scan, step)


def _scan(step: Any, state: Any, orders: jax.Array) -> Any:
    return jax.lax.scan(step, state, orders)[0]
