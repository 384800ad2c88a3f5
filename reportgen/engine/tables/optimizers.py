"""Optimizers: one pass over flat arrays each, and one table.

To add one: a kernel and a row at the end. A kernel takes one step on the flat parameters `w`: `g` is the gradient with
penalties, `state` the optimizer's state, `hyper` the row's constants in the network's precision; t counts steps from 1,
`decay` is the weight decay of these parameters. `state` holds `states` arrays of the size of `w`, one after another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from reportgen.engine.jit.compile import internal
from reportgen.registry import Parameter, Row, Table

_ONE = np.float32(1)


@internal
def sgd(hyper, lr, t, w, g, state, decay):
    """Take a step with momentum as a velocity."""
    for k in range(w.size):
        state[k] = hyper[0] * state[k] - lr * g[k]
        w[k] += state[k]


@internal
def _nesterov(hyper, lr, t, w, g, state, decay):
    for k in range(w.size):
        state[k] = hyper[0] * state[k] - lr * g[k]
        w[k] += hyper[0] * state[k] - lr * g[k]


@internal
def _average(hyper, lr, t, w, g, state, decay):
    for k in range(w.size):
        state[k] = hyper[0] * state[k] + (_ONE - hyper[0]) * g[k]
        w[k] -= lr * state[k]


@internal
def _adagrad(hyper, lr, t, w, g, state, decay):
    for k in range(w.size):
        state[k] += g[k] * g[k]
        w[k] -= lr * g[k] / (np.sqrt(state[k]) + hyper[2])


@internal
def _rmsprop(hyper, lr, t, w, g, state, decay):
    for k in range(w.size):
        state[k] = hyper[0] * state[k] + (_ONE - hyper[0]) * g[k] * g[k]
        w[k] -= lr * g[k] / (np.sqrt(state[k]) + hyper[2])


@internal
def _adam(hyper, lr, t, w, g, state, decay):
    real = w.dtype.type
    rate = real(np.float64(lr) / (1.0 - np.float64(hyper[0]) ** t))
    correction = real(1.0 / np.sqrt(1.0 - np.float64(hyper[1]) ** t))
    m, s = state[: w.size], state[w.size : 2 * w.size]
    for k in range(w.size):
        m[k] = hyper[0] * m[k] + (_ONE - hyper[0]) * g[k]
        s[k] = hyper[1] * s[k] + (_ONE - hyper[1]) * g[k] * g[k]
        w[k] -= lr * decay * w[k] + rate * m[k] / (np.sqrt(s[k]) * correction + hyper[2])


@dataclass(frozen=True, kw_only=True)
class Optimizer(Row):
    """A row of the optimizers.

    kernel: by parameters, since SGD has several forms. hyper: the kernel's constants by parameters.
    states: how many arrays of the size of the parameters it keeps. decay: the parameter of the weight decay that the
    kernel applies itself, apart from the gradient.
    """

    kind: ClassVar[str] = "optimizer"
    kernel: Callable[[dict[str, Any]], Callable[..., Any]]
    hyper: Callable[[dict[str, Any]], tuple[float, ...]] = lambda parameters: ()
    states: int = 0
    decay: str | None = None


def _form_of_sgd(parameters: dict[str, Any]) -> Callable[..., Any]:
    if parameters["form"] == "average":
        return _average
    return _nesterov if parameters["nesterov"] else sgd


_EPSILON = Parameter("epsilon", "number", 1e-8, "keeps the division finite", 0.0, 1.0, exclusive=("minimum",))
_BETAS = (
    Parameter("beta1", "number", 0.9, "decay of the mean of gradients", 0.0, 1.0, exclusive=("maximum",)),
    Parameter("beta2", "number", 0.999, "decay of the mean of squared gradients", 0.0, 1.0, exclusive=("maximum",)),
)


def _adam_hyper(parameters: dict[str, Any]) -> tuple[float, ...]:
    return parameters["beta1"], parameters["beta2"], parameters["epsilon"]


OPTIMIZERS = Table(
    Optimizer,
    [
        Optimizer(
            name="sgd",
            kernel=_form_of_sgd,
            hyper=lambda p: (p["momentum"],),
            states=1,
            summary="Gradient descent on minibatches, optionally with momentum (velocity, average or Nesterov form).",
            formula=r"v \leftarrow \mu v - \eta g,\ w \leftarrow w + v;\quad"
            r"\text{average: } v \leftarrow \mu v + (1 - \mu) g,\ w \leftarrow w - \eta v",
            source="Polyak 1964; Sutskever et al. 2013, eqs. 1 to 4",
            parameters=(
                Parameter(
                    "momentum", "number", 0.0, "share of the last step that is kept", 0.0, 1.0, exclusive=("maximum",)
                ),
                Parameter("nesterov", "boolean", False, "take the gradient where the velocity leads"),
                Parameter(
                    "form",
                    "choice",
                    "velocity",
                    "how momentum is written; with average, momentum is 1 - b",
                    choices=("velocity", "average"),
                ),
            ),
        ),
        Optimizer(
            name="adagrad",
            kernel=lambda p: _adagrad,
            hyper=lambda p: (0.0, 0.0, p["epsilon"]),
            states=1,
            summary="Divides the learning rate of each weight by the root of the sum of its squared gradients.",
            formula=r"s \leftarrow s + g^2,\ w \leftarrow w - \eta \frac{g}{\sqrt{s} + \epsilon}",
            source="Duchi, Hazan and Singer 2011, eq. 1",
            parameters=(_EPSILON,),
        ),
        Optimizer(
            name="rmsprop",
            kernel=lambda p: _rmsprop,
            hyper=lambda p: (p["rho"], 0.0, p["epsilon"]),
            states=1,
            summary="Divides the learning rate of each weight by the root of a running mean of its squared gradients.",
            formula=r"s \leftarrow \rho s + (1 - \rho) g^2,\ w \leftarrow w - \eta \frac{g}{\sqrt{s} + \epsilon}",
            source="Tieleman and Hinton 2012, lecture 6.5",
            parameters=(
                Parameter(
                    "rho", "number", 0.9, "decay of the mean of squared gradients", 0.0, 1.0, exclusive=("maximum",)
                ),
                _EPSILON,
            ),
        ),
        Optimizer(
            name="adam",
            kernel=lambda p: _adam,
            hyper=_adam_hyper,
            states=2,
            summary="Divides a running mean of the gradient by the root of the running mean of its square.",
            formula=r"m \leftarrow \beta_1 m + (1 - \beta_1) g,\ s \leftarrow \beta_2 s + (1 - \beta_2) g^2,\ "
            r"w \leftarrow w - \eta \frac{\hat m}{\sqrt{\hat s} + \epsilon}",
            source="Kingma and Ba 2015, algorithm 1",
            parameters=(*_BETAS, _EPSILON),
        ),
        Optimizer(
            name="adamw",
            kernel=lambda p: _adam,
            hyper=_adam_hyper,
            states=2,
            summary="Adam with weight decay that is separate from the gradient and applies only to weights.",
            formula=r"w \leftarrow w - \eta \left( \frac{\hat m}{\sqrt{\hat s} + \epsilon} + \lambda w \right)",
            source="Loshchilov and Hutter 2019, algorithm 2",
            decay="weight_decay",
            parameters=(Parameter("weight_decay", "number", 0.01, "lambda", 0.0, 100.0), *_BETAS, _EPSILON),
        ),
    ],
)
