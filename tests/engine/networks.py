"""Small networks and data for the engine's tests."""

from __future__ import annotations

import numpy as np

from reportgen.data.dataset import Dataset
from reportgen.data.spec import DataSpec
from reportgen.engine.network_spec import LayerSpec, NetworkSpec
from reportgen.engine.probes.probe_spec import ProbeSpec
from reportgen.engine.spec import RunSpec, TrainingSpec
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.inits import INITS
from reportgen.engine.tables.optimizers import OPTIMIZERS
from reportgen.registry import Component, Row


def component(rows: dict[str, Row], name: str, **parameters: object) -> Component:
    """Return the row's component with its defaults, as a plan would make it."""
    defaults = {parameter.name: parameter.default for parameter in rows[name].parameters}
    return Component.of(name, **(defaults | parameters))


def activation(name: str, **parameters: object) -> Component:
    """Return an activation with its defaults."""
    return component(ACTIVATIONS, name, **parameters)


def init(name: str, **parameters: object) -> Component:
    """Return an initialization with its defaults."""
    return component(INITS, name, **parameters)


def optimizer(name: str, **parameters: object) -> Component:
    """Return an optimizer with its defaults."""
    return component(OPTIMIZERS, name, **parameters)


def spec(
    widths: tuple[int, ...] = (7, 6),
    classes: int = 4,
    act: Component | None = None,
    weights: Component | None = None,
    bias: float = 0.1,
    batchnorm: object = None,
    dropout: object = None,
    looks: int = 5,
    examples: int = 1000,
    seed: int = 0,
    **training: object,
) -> RunSpec:
    """Return a small run; `training` holds arguments of TrainingSpec."""
    act, weights = act or activation("tanh"), weights or init("xavier")
    hidden = [LayerSpec(u, act, weights, bias, batchnorm, dropout) for u in widths]
    last = LayerSpec(classes, activation("identity"), weights, 0.0)
    return RunSpec(
        DataSpec(Component("gaussian")),
        (),
        NetworkSpec((*hidden, last)),
        TrainingSpec(**{"epochs": 3, "batch_size": 8, "lr": 0.1, **training}),
        ProbeSpec(looks, examples),
        seed,
    )


def data(n: int = 30, features: int = 5, classes: int = 4, val: int = 10, seed: int = 0) -> Dataset:
    """Return Gaussian examples whose labels follow a linear teacher."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n + val, features)).astype(np.float32)
    y = np.argmax(x @ rng.standard_normal((features, classes)), axis=1).astype(np.int64)
    none = np.zeros((0, features), np.float32)
    return Dataset(x[:n], y[:n], x[n:], y[n:], none, np.zeros(0, np.int64), classes)
