"""Activations: a scalar function and its derivative side by side, the loops that apply them, and one table.

To add one: a branch in `activate` and in `differentiate`, and a row at the end. Kernels work in place: after
`activate`, `a` holds phi(z). Comparisons are written so that a NaN stays a NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from reportgen.engine.compile import inline, kernel
from reportgen.engine.elementary import erfc, exp, log1p, tanh
from reportgen.table import Parameter, Row, table

IDENTITY, SIGMOID, TANH, RELU, LEAKY_RELU, PRELU, ELU, MAXOUT, SELU, GELU, SILU, SOFTPLUS = range(12)

_ZERO, _ONE, _HALF = np.float32(0), np.float32(1), np.float32(0.5)
# Constants that float32 cannot hold exactly come as kernel arguments in the network's own precision.
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


@inline
def sigmoid(z):
    """Return 1 / (1 + e^-z)."""
    return _ONE / (_ONE + exp(-z))


@inline
def leaky(z, slope):
    """Return z, times the slope where z is negative."""
    return slope * z if z < _ZERO else z


@inline
def elu(z, alpha):
    """Return z, or alpha (e^z - 1) where z is negative."""
    return alpha * (exp(z) - _ONE) if z < _ZERO else z


@kernel
def activate(code, p, a):
    """Replace pre-activations by activations in the flat array `a`; p holds the row's constants."""
    if code == TANH:
        for k in range(a.size):
            a[k] = tanh(a[k])
    elif code == RELU:
        for k in range(a.size):
            a[k] = _ZERO if a[k] < _ZERO else a[k]
    elif code == SIGMOID:
        for k in range(a.size):
            a[k] = sigmoid(a[k])
    elif code == LEAKY_RELU:
        for k in range(a.size):
            a[k] = leaky(a[k], p[0])
    elif code == ELU:
        for k in range(a.size):
            a[k] = elu(a[k], p[0])
    elif code == SELU:
        for k in range(a.size):
            a[k] = p[0] * elu(a[k], p[1])
    elif code == GELU:
        for k in range(a.size):
            a[k] *= _HALF * erfc(-a[k] * p[0])  # erfc, since 1 + erf loses small values
    elif code == SILU:
        for k in range(a.size):
            a[k] = a[k] * sigmoid(a[k])
    elif code == SOFTPLUS:
        for k in range(a.size):
            # max(z, 0) + ln(1 + e^-|z|) neither overflows nor loses small values.
            a[k] = (_ZERO if a[k] < _ZERO else a[k]) + log1p(exp(-abs(a[k])))


@kernel
def differentiate(code, p, a, z, delta):
    """Multiply `delta` by phi'(z), elementwise; z is read only by rows with keeps_input."""
    if code == TANH:
        for k in range(delta.size):
            delta[k] *= _ONE - a[k] * a[k]
    elif code == RELU:
        for k in range(delta.size):
            delta[k] = delta[k] if a[k] > _ZERO else _ZERO
    elif code == SIGMOID:
        for k in range(delta.size):
            delta[k] *= a[k] * (_ONE - a[k])
    elif code == LEAKY_RELU:
        for k in range(delta.size):
            delta[k] = p[0] * delta[k] if a[k] < _ZERO else delta[k]
    elif code == ELU:
        for k in range(delta.size):
            delta[k] = (a[k] + p[0]) * delta[k] if a[k] < _ZERO else delta[k]
    elif code == SELU:
        for k in range(delta.size):
            delta[k] *= a[k] + p[0] * p[1] if a[k] < _ZERO else p[0]
    elif code == GELU:
        for k in range(delta.size):
            cdf = _HALF * erfc(-z[k] * p[0])
            delta[k] *= cdf + z[k] * p[1] * exp(-_HALF * z[k] * z[k])
    elif code == SILU:
        for k in range(delta.size):
            s = sigmoid(z[k])
            delta[k] *= s * (_ONE + z[k] * (_ONE - s))
    elif code == SOFTPLUS:
        for k in range(delta.size):
            delta[k] *= _ONE - exp(-a[k])


@dataclass(frozen=True, kw_only=True)
class Activation(Row):
    """A row of the activations.

    code: what kernels dispatch on. function, derivative: phi and phi' of float64 arrays and the row's parameters.
    gain: by what weights are commonly scaled for it. bounds: the range of histograms. max_slope: the largest |phi'|.
    saturates: phi has flat parts. keeps_input: phi' needs z. constants: the kernel's p.
    """

    code: int
    function: Callable[..., Any]
    derivative: Callable[..., Any]
    gain: float
    bounds: tuple[float, float]
    max_slope: float = 1.0
    saturates: bool = False
    keeps_input: bool = False
    constants: Callable[[dict[str, Any]], tuple[float, ...]] = lambda parameters: ()


def _elu(z: Any, alpha: float) -> Any:
    return np.where(z < 0, alpha * np.expm1(np.minimum(z, 0)), z)


def _elu_slope(z: Any, alpha: float) -> Any:
    return np.where(z < 0, alpha * np.exp(np.minimum(z, 0)), 1.0)


def _density(z: Any) -> Any:
    return np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)


ACTIVATIONS = table(
    [
        Activation(
            name="identity",
            code=IDENTITY,
            summary="The linear unit: no nonlinearity at all.",
            formula=r"\phi(z) = z",
            source="Rumelhart, Hinton and Williams 1986",
            function=lambda z: z,
            derivative=np.ones_like,
            gain=1.0,
            bounds=(-5.0, 5.0),
        ),
        Activation(
            name="sigmoid",
            code=SIGMOID,
            summary="Squashes to (0, 1); flat on both sides, and its outputs are never negative.",
            formula=r"\phi(z) = \frac{1}{1 + e^{-z}}",
            source="LeCun et al. 1998, Efficient BackProp, section 4.4",
            function=special.expit,
            derivative=lambda z: special.expit(z) * special.expit(-z),
            gain=1.0,
            bounds=(0.0, 1.0),
            max_slope=0.25,
            saturates=True,
        ),
        Activation(
            name="tanh",
            code=TANH,
            summary="Squashes to (-1, 1), centred on zero; flat on both sides.",
            formula=r"\phi(z) = \tanh z = 2\sigma(2z) - 1",
            source="LeCun et al. 1998, Efficient BackProp, section 4.4",
            function=np.tanh,
            derivative=lambda z: 1 - np.tanh(z) ** 2,
            gain=5 / 3,
            bounds=(-1.0, 1.0),
            saturates=True,
        ),
        Activation(
            name="relu",
            code=RELU,
            summary="Passes what is positive, silences the rest; the derivative at 0 is taken as 0.",
            formula=r"\phi(z) = \max(0, z)",
            source="Nair and Hinton 2010",
            function=lambda z: np.maximum(z, 0.0),
            derivative=lambda z: (z > 0).astype(float),
            gain=2**0.5,
            bounds=(0.0, 5.0),
        ),
        Activation(
            name="leaky_relu",
            code=LEAKY_RELU,
            summary="ReLU with a small slope where z is negative, so that no unit goes silent for good.",
            formula=r"\phi(z) = \max(z, s z)",
            source="Maas, Hannun and Ng 2013, section 2",
            parameters=(Parameter("slope", "number", 0.01, "slope where z is negative", 0.0, 1.0),),
            function=lambda z, slope: np.where(z < 0, slope * z, z),
            derivative=lambda z, slope: np.where(z < 0, slope, 1.0),
            gain=(2 / (1 + 0.01**2)) ** 0.5,
            bounds=(-1.0, 5.0),
            constants=lambda p: (p["slope"],),
        ),
        Activation(
            name="prelu",
            code=PRELU,
            summary="Leaky ReLU whose slope is learned, one for each unit.",
            formula=r"\phi(z_j) = \max(0, z_j) + s_j \min(0, z_j)",
            source="He et al. 2015, eq. 1",
            parameters=(Parameter("slope", "number", 0.25, "slope at the start of training", -1.0, 1.0),),
            function=lambda z, slope: np.where(z < 0, slope * z, z),
            derivative=lambda z, slope: np.where(z < 0, slope, 1.0),
            gain=(2 / (1 + 0.25**2)) ** 0.5,
            bounds=(-1.0, 5.0),
            keeps_input=True,
        ),
        Activation(
            name="elu",
            code=ELU,
            summary="Identity where positive; below zero it levels off at -alpha.",
            formula=r"\phi(z) = \begin{cases} z & z \ge 0 \\ \alpha (e^z - 1) & z < 0 \end{cases}",
            source="Clevert, Unterthiner and Hochreiter 2016, eq. 15",
            parameters=(Parameter("alpha", "number", 1.0, "minus the value far below zero", 0.01, 100.0),),
            function=_elu,
            derivative=_elu_slope,
            gain=(1 / 0.645) ** 0.5,
            bounds=(-1.0, 5.0),
            saturates=True,
            constants=lambda p: (p["alpha"],),
        ),
        Activation(
            name="maxout",
            code=MAXOUT,
            summary="The largest of several linear pieces; every piece has weights of its own.",
            formula=r"\phi(x) = \max_k (w_k^\top x + b_k)",
            source="Goodfellow et al. 2013, section 3",
            parameters=(Parameter("pieces", "integer", 2, "linear pieces of a unit", 2, 64),),
            function=lambda z, pieces: np.max(z.reshape(*z.shape[:-1], -1, pieces), axis=-1),
            derivative=lambda z, pieces: np.ones_like(z),
            gain=1.0,
            bounds=(-5.0, 5.0),
            keeps_input=True,
        ),
        Activation(
            name="selu",
            code=SELU,
            summary="A scaled ELU whose activations tend to zero mean and unit variance by themselves.",
            formula=r"\phi(z) = \lambda \begin{cases} z & z \ge 0 \\ \alpha (e^z - 1) & z < 0 \end{cases}",
            source="Klambauer et al. 2017, eq. 2",
            function=lambda z: SELU_SCALE * _elu(z, SELU_ALPHA),
            derivative=lambda z: SELU_SCALE * _elu_slope(z, SELU_ALPHA),
            gain=1.0,
            bounds=(-2.0, 5.0),
            max_slope=SELU_SCALE * SELU_ALPHA,
            saturates=True,
            constants=lambda p: (SELU_SCALE, SELU_ALPHA),
        ),
        Activation(
            name="gelu",
            code=GELU,
            summary="The input times the chance that a standard normal number lies below it.",
            formula=r"\phi(z) = z\,\Phi(z)",
            source="Hendrycks and Gimpel 2016, section 2",
            function=lambda z: z * special.ndtr(z),
            derivative=lambda z: special.ndtr(z) + z * _density(z),
            gain=(1 / 0.425) ** 0.5,
            bounds=(-0.5, 5.0),
            max_slope=1.13,
            keeps_input=True,
            constants=lambda p: (0.5**0.5, (2 * np.pi) ** -0.5),
        ),
        Activation(
            name="silu",
            code=SILU,
            summary="The input times its sigmoid, also called swish.",
            formula=r"\phi(z) = z\,\sigma(z)",
            source="Elfwing, Uchibe and Doya 2018, eq. 8",
            function=lambda z: z * special.expit(z),
            derivative=lambda z: special.expit(z) * (1 + z * special.expit(-z)),
            gain=(1 / 0.355) ** 0.5,
            bounds=(-0.5, 5.0),
            max_slope=1.1,
            keeps_input=True,
        ),
        Activation(
            name="softplus",
            code=SOFTPLUS,
            summary="A smooth ReLU; never quite zero.",
            formula=r"\phi(z) = \ln(1 + e^z)",
            source="Dugas et al. 2001, eq. 4",
            function=lambda z: np.logaddexp(0.0, z),
            derivative=special.expit,
            gain=1.0,
            bounds=(0.0, 5.0),
        ),
    ]
)
