"""JAX: epochs in one compiled scan with donated buffers, for one run, or for several runs with vmap."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.nets import Net, examples, initial_parameters
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
    parameters = [(jnp.asarray(weight), jnp.asarray(bias)) for weight, bias in initial_parameters(net, seed)]
    return parameters, jax.tree.map(jnp.zeros_like, parameters)


def _loss(parameters: Any, x: jax.Array, y: jax.Array) -> jax.Array:
    *hidden, (weight, bias) = parameters
    for hidden_weight, hidden_bias in hidden:
        x = jnp.tanh(x @ hidden_weight + hidden_bias)
    log_probabilities = jax.nn.log_softmax(x @ weight + bias)
    return -jnp.take_along_axis(log_probabilities, y[:, None], axis=1).mean()


def _train(net: Net, x: jax.Array, y: jax.Array) -> Any:
    def step(state: Any, rows: jax.Array) -> Any:
        parameters, velocity = state
        gradient = jax.grad(_loss)(parameters, x[rows], y[rows])
        velocity = jax.tree.map(lambda v, g: net.momentum * v - net.lr * g, velocity, gradient)
        return (jax.tree.map(jnp.add, parameters, velocity), velocity), None

    return partial(_scan, step)


def _scan(step: Any, state: Any, orders: jax.Array) -> Any:
    return jax.lax.scan(step, state, orders)[0]
