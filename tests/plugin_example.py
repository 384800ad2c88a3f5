"""A plug-in with a row of every kind of table; tests load it from a file and from an installed package."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from reportgen.analysis.finding import Rule
from reportgen.data.datasets import DataSet
from reportgen.data.preprocessing.fitted import Fitted
from reportgen.data.preprocessing.steps import Step
from reportgen.data.source import Source
from reportgen.engine.jit.compile import internal, kernel
from reportgen.engine.tables.activation import Activation
from reportgen.engine.tables.inits import Init
from reportgen.engine.tables.losses import Loss
from reportgen.engine.tables.optimizer import Optimizer
from reportgen.engine.tables.schedules import Schedule
from reportgen.figures.drawing.figure import Drawing, FigureKind
from reportgen.registry import Parameter

ZERO, ONE = np.float32(0), np.float32(1)


@kernel
def activate_scaled_tanh(p, a):
    for k in range(a.size):
        a[k] = p[0] * np.tanh(p[1] * a[k])


@kernel
def differentiate_scaled_tanh(p, a, z, delta):
    for k in range(delta.size):
        delta[k] *= p[1] * (p[0] - a[k] * a[k] / p[0])


SCALED_TANH = Activation(
    name="scaled_tanh",
    summary="A tanh with two scales.",
    formula=r"\phi(z) = A \tanh(S z)",
    source="LeCun et al. 1998, Efficient BackProp, section 4.4",
    parameters=(
        Parameter("height", "number", 1.7159, "A", 0.1, 10.0),
        Parameter("steepness", "number", 0.6667, "S", 0.1, 10.0),
    ),
    function=lambda z, height, steepness: height * np.tanh(steepness * z),
    derivative=lambda z, height, steepness: height * steepness * (1 - np.tanh(steepness * z) ** 2),
    gain=1.0,
    bounds=(-1.8, 1.8),
    max_slope=1.144,
    saturates=True,
    bounded=True,
    constants=lambda p: (p["height"], p["steepness"]),
    activate=activate_scaled_tanh,
    differentiate=differentiate_scaled_tanh,
)


@kernel
def activate_two_slopes(p, w, a):
    units = w.size // 2
    for k in range(a.size):
        a[k] *= w[units + k % units] if a[k] < ZERO else w[k % units]


@kernel
def differentiate_two_slopes(p, w, z, delta, gradient):
    units = w.size // 2
    for k in range(gradient.size):
        gradient[k] = ZERO
    for k in range(delta.size):
        place = units + k % units if z[k] < ZERO else k % units
        gradient[place] += delta[k] * z[k]
        delta[k] *= w[place]


TWO_SLOPES = Activation(
    name="two_slopes",
    summary="Learns a slope on each side of zero.",
    formula=r"\phi(z) = u \max(0, z) + d \min(0, z)",
    source="an example",
    parameters=(
        Parameter("up", "number", 1.0, "slope above zero at the start", 0.0, 2.0),
        Parameter("down", "number", 0.1, "slope below zero at the start", 0.0, 2.0),
    ),
    function=lambda z, up, down: np.where(z < 0, down * z, up * z),
    derivative=lambda z, up, down: np.where(z < 0, down, up),
    gain=2**0.5,
    bounds=(-1.0, 5.0),
    suits="he_normal",
    kinked=True,
    keeps_input=True,
    learned=("up", "down"),
    activate=activate_two_slopes,
    differentiate=differentiate_two_slopes,
)

HALF = Init(
    name="half_fan_in",
    summary="Normal numbers, their variance half the inverse of fan-in.",
    formula=r"w \sim N\left(0, \frac{1}{2 n_{in}}\right)",
    source="an example",
    aliases=("halved",),
    sample=lambda draw: draw.normal * (0.5 / draw.fan_in) ** 0.5,
    variance=lambda place, parameters: 0.5 / place.fan_in,
)


@internal
def amsgrad_step(hyper, lr, t, w, g, state, decay):
    n = w.size
    m, v, top = state[:n], state[n : 2 * n], state[2 * n : 3 * n]
    for k in range(n):
        m[k] = hyper[0] * m[k] + (ONE - hyper[0]) * g[k]
        v[k] = hyper[1] * v[k] + (ONE - hyper[1]) * g[k] * g[k]
        top[k] = max(top[k], v[k])
        w[k] -= lr * m[k] / (np.sqrt(top[k]) + hyper[2])


AMSGRAD = Optimizer(
    name="amsgrad",
    summary="Divides by the root of the largest running mean of squared gradients so far.",
    formula=r"w \leftarrow w - \eta \frac{m}{\sqrt{\max_t v_t} + \epsilon}",
    source="Reddi, Kale and Kumar 2018, algorithm 2",
    kernel=lambda p: amsgrad_step,
    hyper=lambda p: (0.9, 0.99, 1e-8),
    states=3,
)


@internal
def absolute_loss(logits, y, classes, delta):
    total = 0.0
    share = ONE / logits.dtype.type(y.size)
    for k in range(y.size * classes):
        error = logits[k] - (ONE if k % classes == y[k // classes] else ZERO)
        total += abs(np.float64(error))
        delta[k] = share if error > ZERO else -share
    return total


ABSOLUTE = Loss(
    name="absolute",
    summary="Sum of absolute differences between the outputs and the one-hot label.",
    formula=r"L = \sum_j |z_j - [j = y]|",
    source="an example",
    kernel=absolute_loss,
    chance=lambda classes: 1.0,
    at_variance=lambda variance, classes: 1.0 + classes * variance**0.5,
    guess=lambda counts: 1.0,
    kinked=True,
)

HALVING = Schedule(
    name="halving",
    summary="Halves the rate each epoch.",
    formula=r"\eta_t = \eta\, 2^{-\lfloor t \rfloor}",
    source="an example",
    factor=lambda clock, p: 0.5 ** np.floor(clock.epochs),
)

MIRROR = Step(
    name="mirror",
    summary="Changes the sign of every feature.",
    formula="-x",
    source="an example",
    fit=lambda x, image_shape, params: Fitted(multiply=-1.0),
)


def make_bands(request):
    rng = np.random.default_rng(request.seed)
    y = np.arange(request.samples) % 2
    x = rng.normal(size=(request.samples, 2)) + 2.0 * y[:, None]
    return Source(x, y, 2)


BANDS = DataSet(
    name="bands",
    summary="Two clouds side by side.",
    formula=r"x \sim N(2 y, I)",
    source="an example",
    make=make_bands,
    sizes={"samples": 60},
    fixed={"features": 2, "classes": 2},
)


def notice(evidence):
    return NOTICED.finding(
        evidence,
        severity="info",
        seeds=tuple(record.spec.seed for record in evidence.records),
        step=None,
        evidence={"steps": evidence.records[0].steps},
        message="The plug-in has seen this variant.",
        advice="Nothing needs to change.",
    )


NOTICED = Rule("noticed", "Seen by a plug-in", notice, sources=("an example",), stage="data")


def draw_steps(analysis):
    rows = [(row.variant.label, row.records[0].steps) for row in analysis.variants]
    figure = Figure(figsize=(4, 2), layout="constrained")
    figure.subplots().barh([label for label, _ in rows], [steps for _, steps in rows])
    return Drawing("steps_taken", "Steps", "Steps of each variant.", "Steps.", figure, ("variant", "steps"), rows)


STEPS_TAKEN = FigureKind("steps_taken", "Steps of each variant", draw_steps, order=5)

ROWS = [
    SCALED_TANH,
    TWO_SLOPES,
    HALF,
    AMSGRAD,
    ABSOLUTE,
    HALVING,
    MIRROR,
    BANDS,
    NOTICED,
    STEPS_TAKEN,
]
