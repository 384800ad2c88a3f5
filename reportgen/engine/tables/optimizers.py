"""The table of optimizers.

To add an optimizer, write a kernel and a row at the end. The kernel makes a step for a part of the parameters and has
the arguments

- hyper : constants of the row, in the precision of the network;
- lr : learning rate;
- t : number of the step, counted from 1;
- w, g : parameters and their gradient including penalties, flat arrays of the same size;
- state : state of the optimizer, `states` arrays of the size of w, one after another;
- decay : weight decay of these parameters.

An optimizer that treats the weights of a layer as a matrix has a second kernel, see `Optimizer.matrix_kernel`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.engine.jit.compile import internal
from reportgen.engine.tables import muon, theory
from reportgen.engine.tables.optimizer import Optimizer
from reportgen.registry import Parameter, Table

_ONE = np.float32(1)


@internal
def sgd(hyper, lr, t, w, g, state, decay):
    """Make a step of gradient descent with momentum in the velocity form (Polyak 1964)."""
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
    moment1, moment2 = state[: w.size], state[w.size : 2 * w.size]
    for k in range(w.size):
        moment1[k] = hyper[0] * moment1[k] + (_ONE - hyper[0]) * g[k]
        moment2[k] = hyper[1] * moment2[k] + (_ONE - hyper[1]) * g[k] * g[k]
        w[k] -= lr * decay * w[k] + rate * moment1[k] / (np.sqrt(moment2[k]) * correction + hyper[2])


@internal
def _adam_beside_muon(hyper, lr, t, w, g, state, decay):
    _adam(hyper, hyper[3] * lr, t, w, g, state, decay)


@internal
def _lion(hyper, lr, t, w, g, state, decay):
    zero = w.dtype.type(0)
    for k in range(w.size):
        mean = hyper[0] * state[k] + (_ONE - hyper[0]) * g[k]
        sign = _ONE if mean > zero else (-_ONE if mean < zero else mean)  # the mean itself propagates NaN
        w[k] -= lr * decay * w[k] + lr * sign
        state[k] = hyper[1] * state[k] + (_ONE - hyper[1]) * g[k]


def _form_of_sgd(parameters: dict[str, Any]) -> Callable[..., Any]:
    if parameters["form"] == "average":
        return _average
    return _nesterov if parameters["nesterov"] else sgd


def _share(name: str, default: float, description: str) -> Parameter:
    """Return a parameter in the range from 0 to below 1."""
    return Parameter(name, "number", default, description, 0.0, 1.0, exclusive=("maximum",))


_EPSILON = Parameter("epsilon", "number", 1e-8, "keeps the division finite", 0.0, 1.0, exclusive=("minimum",))
_BETAS = (
    _share("beta1", 0.9, "decay of the mean of gradients"),
    _share("beta2", 0.999, "decay of the mean of squared gradients"),
)


def _adam_hyper(parameters: dict[str, Any]) -> tuple[float, ...]:
    return parameters["beta1"], parameters["beta2"], parameters["epsilon"]


def _root(parameters: dict[str, Any], states: NDArray[np.float64], step: int) -> NDArray[np.float64]:
    divisor: NDArray[np.float64] = np.sqrt(states[0]) + parameters["epsilon"]
    return divisor


def _preconditioner_of_adam(parameters: dict[str, Any], states: NDArray[np.float64], step: int) -> NDArray[np.float64]:
    """Return the divisor of the first moment, with the corrections of the bias of both moments."""
    root = np.sqrt(states[1] / (1 - parameters["beta2"] ** step))
    divisor: NDArray[np.float64] = (1 - parameters["beta1"] ** step) * (root + parameters["epsilon"])
    return divisor


def _muon_hyper(parameters: dict[str, Any]) -> tuple[float, ...]:
    return (
        *_adam_hyper(parameters),
        parameters["adam_factor"],
        parameters["momentum"],
        float(parameters["nesterov"]),
    )


OPTIMIZERS = Table(
    Optimizer,
    [
        Optimizer(
            name="sgd",
            highest_rate=10.0,
            common_rate=0.01,
            proportional=True,
            aliases=("gradient_descent",),
            kernel=_form_of_sgd,
            stable_product=theory.stable_product_of_sgd,
            equilibrium_angle=theory.angle_of_sgd,
            hyper=lambda p: (p["momentum"],),
            states=1,
            summary="Gradient descent on minibatches; momentum as a velocity, as an average or in Nesterov's form.",
            formula=r"v \leftarrow \mu v - \eta g,\ w \leftarrow w + v;\quad"
            r"\text{average: } v \leftarrow \mu v + (1 - \mu) g,\ w \leftarrow w - \eta v",
            source="Polyak 1964; Sutskever et al. 2013, eqs. 1 to 4",
            parameters=(
                _share("momentum", 0.0, "share of the previous step that is kept"),
                Parameter("nesterov", "boolean", False, "take the gradient after the step of the velocity"),
                Parameter(
                    "form",
                    "choice",
                    "velocity",
                    "form of momentum; `average` weights the gradient by 1 - momentum",
                    choices=("velocity", "average"),
                ),
            ),
        ),
        Optimizer(
            name="adagrad",
            highest_rate=1.0,
            common_rate=0.01,
            kernel=lambda p: _adagrad,
            stable_product=lambda p: 2.0,
            preconditioner=_root,
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
            stable_product=lambda p: 2.0,
            preconditioner=_root,
            hyper=lambda p: (p["rho"], 0.0, p["epsilon"]),
            states=1,
            summary="Divides the learning rate of each weight by the root of a running mean of its squared gradients.",
            formula=r"s \leftarrow \rho s + (1 - \rho) g^2,\ w \leftarrow w - \eta \frac{g}{\sqrt{s} + \epsilon}",
            source="Tieleman and Hinton 2012, lecture 6.5",
            parameters=(
                _share("rho", 0.9, "decay of the mean of squared gradients"),
                _EPSILON,
            ),
        ),
        Optimizer(
            name="adam",
            kernel=lambda p: _adam,
            stable_product=theory.stable_product_of_adam,
            preconditioner=_preconditioner_of_adam,
            hyper=_adam_hyper,
            states=2,
            summary="Running means of the gradient and the squared gradient, corrected for their start at zero.",
            formula=r"m \leftarrow \beta_1 m + (1 - \beta_1) g,\ s \leftarrow \beta_2 s + (1 - \beta_2) g^2,\ "
            r"w \leftarrow w - \eta \frac{\hat m}{\sqrt{\hat s} + \epsilon}",
            source="Kingma and Ba 2015, algorithm 1",
            parameters=(*_BETAS, _EPSILON),
        ),
        Optimizer(
            name="adamw",
            kernel=lambda p: _adam,
            stable_product=theory.stable_product_of_adam,
            preconditioner=_preconditioner_of_adam,
            equilibrium_angle=theory.angle_of_adamw,
            hyper=_adam_hyper,
            states=2,
            summary="Adam with weight decay separate from the gradient, for weights only.",
            formula=r"w \leftarrow w - \eta \left( \frac{\hat m}{\sqrt{\hat s} + \epsilon} + \lambda w \right)",
            source="Loshchilov and Hutter 2019, algorithm 2",
            decay="weight_decay",
            parameters=(Parameter("weight_decay", "number", 0.01, "lambda", 0.0, 100.0), *_BETAS, _EPSILON),
        ),
        Optimizer(
            name="lion",
            highest_rate=0.01,
            common_rate=1e-4,
            kernel=lambda p: _lion,
            hyper=lambda p: (p["beta1"], p["beta2"]),
            states=1,
            summary="Moves every weight by the learning rate, in the direction of the sign of a running mean of the "
            "gradient; weight decay is separate from the gradient and for weights only.",
            formula=r"w \leftarrow w - \eta \left( \mathrm{sign}(\beta_1 m + (1 - \beta_1) g) + \lambda w \right),\ "
            r"m \leftarrow \beta_2 m + (1 - \beta_2) g",
            source="Chen et al. 2023, algorithm 2",
            decay="weight_decay",
            equilibrium_angle=theory.angle_of_lion,
            parameters=(
                Parameter("weight_decay", "number", 0.0, "lambda", 0.0, 100.0),
                _share("beta1", 0.9, "weight of the mean in the sum whose sign is taken"),
                _share("beta2", 0.99, "decay of the mean of gradients"),
            ),
        ),
        Optimizer(
            name="muon",
            highest_rate=1.0,
            common_rate=0.02,
            kernel=lambda p: _adam_beside_muon,
            hyper=_muon_hyper,
            states=2,
            matrix_kernel=muon.step_of_matrix,
            scratch=muon.SCRATCH,
            matrix_operations=muon.operations,
            summary="Makes the momentum of each hidden weight matrix nearly orthogonal, by five Newton-Schulz steps; "
            "Adam trains the output layer, biases and other vectors.",
            formula=r"m \leftarrow \mu m + (1 - \mu) g,\ "
            r"W \leftarrow W - \eta \left( \sqrt{\max(1, n_{out} / n_{in})}\ "
            r"\mathrm{NS}_5(\mu m + (1 - \mu) g) + \lambda W \right)",
            source="Jordan et al. 2024; the factor of the shape is the one of their implementation",
            decay="weight_decay",
            parameters=(
                _share("momentum", 0.95, "decay of the mean of gradients"),
                Parameter("nesterov", "boolean", True, "mix the gradient into the mean before it is made orthogonal"),
                Parameter("weight_decay", "number", 0.0, "lambda", 0.0, 100.0),
                Parameter(
                    "adam_factor",
                    "number",
                    0.015,
                    "learning rate of Adam for the other parameters, divided by the learning rate; 0.015 is 0.0003 "
                    "for 0.02",
                    0.0,
                    1e6,
                ),
                _share("beta1", 0.9, "decay of Adam's mean of gradients"),
                _share("beta2", 0.95, "decay of Adam's mean of squared gradients"),
                Parameter("epsilon", "number", 1e-10, "keeps Adam's division finite", 0.0, 1.0, exclusive=("minimum",)),
            ),
        ),
    ],
)
