"""Smooth activations: kernels and rows.

To add an activation, write a pair of kernels and a row at the end of the file. Kernels work in place: after
`activate`, `a` holds phi(z). Comparisons are written such that NaN propagates.
"""

from __future__ import annotations

import numpy as np

from reportgen.engine.jit.compile import inline_ir, kernel
from reportgen.engine.math.elementary import erfc, exp, log1p, tanh
from reportgen.engine.tables.activation import Activation, special

_ZERO, _ONE, _HALF = np.float32(0), np.float32(1), np.float32(0.5)


@inline_ir
def sigmoid(z):
    """Return 1 / (1 + e^-z)."""
    return _ONE / (_ONE + exp(-z))


@kernel
def _activate_sigmoid(p, a):
    for k in range(a.size):
        a[k] = sigmoid(a[k])


@kernel
def _differentiate_sigmoid(p, a, z, delta):
    for k in range(delta.size):
        delta[k] *= a[k] * (_ONE - a[k])


@kernel
def _activate_tanh(p, a):
    for k in range(a.size):
        a[k] = tanh(a[k])


@kernel
def _differentiate_tanh(p, a, z, delta):
    for k in range(delta.size):
        delta[k] *= _ONE - a[k] * a[k]


@kernel
def _activate_gelu(p, a):
    for k in range(a.size):
        a[k] *= _HALF * erfc(-a[k] * p[0])  # 1 + erf would lose small values to cancellation


@kernel
def _differentiate_gelu(p, a, z, delta):
    for k in range(delta.size):
        cdf = _HALF * erfc(-z[k] * p[0])
        delta[k] *= cdf + z[k] * p[1] * exp(-_HALF * z[k] * z[k])


@kernel
def _activate_silu(p, a):
    for k in range(a.size):
        a[k] = a[k] * sigmoid(a[k])


@kernel
def _differentiate_silu(p, a, z, delta):
    for k in range(delta.size):
        s = sigmoid(z[k])
        delta[k] *= s * (_ONE + z[k] * (_ONE - s))


@kernel
def _activate_softplus(p, a):
    for k in range(a.size):
        # max(z, 0) + ln(1 + e^-|z|) does not overflow and keeps small values.
        a[k] = (_ZERO if a[k] < _ZERO else a[k]) + log1p(exp(-abs(a[k])))


@kernel
def _differentiate_softplus(p, a, z, delta):
    for k in range(delta.size):
        delta[k] *= _ONE - exp(-a[k])


SMOOTH = [
    Activation(
        name="identity",
        aliases=("linear",),
        summary="The linear unit, without a nonlinearity.",
        formula=r"\phi(z) = z",
        source="Rumelhart, Hinton and Williams 1986",
        function=lambda z: z,
        derivative=np.ones_like,
        gain=1.0,
        bounds=(-5.0, 5.0),
        piecewise_linear=True,
    ),
    Activation(
        name="sigmoid",
        aliases=("logistic",),
        summary="Maps to (0, 1); saturates on both sides, and its outputs are never negative.",
        formula=r"\phi(z) = \frac{1}{1 + e^{-z}}",
        source="LeCun et al. 1998, Efficient BackProp, section 4.4",
        function=lambda z: special().expit(z),
        derivative=lambda z: special().expit(z) * special().expit(-z),
        gain=1.0,
        bounds=(0.0, 1.0),
        bounded=True,
        max_slope=0.25,
        saturates=True,
        activate=_activate_sigmoid,
        differentiate=_differentiate_sigmoid,
    ),
    Activation(
        name="tanh",
        summary="Maps to (-1, 1), centred on zero; saturates on both sides.",
        formula=r"\phi(z) = \tanh z = 2\sigma(2z) - 1",
        source="LeCun et al. 1998, Efficient BackProp, section 4.4",
        function=np.tanh,
        derivative=lambda z: 1 - np.tanh(z) ** 2,
        gain=5 / 3,
        bounds=(-1.0, 1.0),
        bounded=True,
        saturates=True,
        activate=_activate_tanh,
        differentiate=_differentiate_tanh,
    ),
    Activation(
        name="gelu",
        summary="The input times the probability that a standard normal variable is below it.",
        formula=r"\phi(z) = z\,\Phi(z)",
        source="Hendrycks and Gimpel 2016, section 2",
        function=lambda z: z * special().ndtr(z),
        derivative=lambda z: special().ndtr(z) + z * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi),
        gain=(1 / 0.425) ** 0.5,
        bounds=(-0.5, 5.0),
        suits="he_normal",
        max_slope=1.13,
        keeps_input=True,
        constants=lambda p: (0.5**0.5, (2 * np.pi) ** -0.5),
        activate=_activate_gelu,
        differentiate=_differentiate_gelu,
    ),
    Activation(
        name="silu",
        aliases=("swish",),
        summary="The input times its sigmoid, also called swish.",
        formula=r"\phi(z) = z\,\sigma(z)",
        source="Elfwing, Uchibe and Doya 2018, eq. 8",
        function=lambda z: z * special().expit(z),
        derivative=lambda z: special().expit(z) * (1 + z * special().expit(-z)),
        gain=(1 / 0.355) ** 0.5,
        bounds=(-0.5, 5.0),
        suits="he_normal",
        max_slope=1.1,
        keeps_input=True,
        activate=_activate_silu,
        differentiate=_differentiate_silu,
    ),
    Activation(
        name="softplus",
        summary="A smooth ReLU, which is always positive.",
        formula=r"\phi(z) = \ln(1 + e^z)",
        source="Dugas et al. 2001, eq. 4",
        function=lambda z: np.logaddexp(0.0, z),
        derivative=lambda z: special().expit(z),
        gain=1.0,
        bounds=(0.0, 5.0),
        activate=_activate_softplus,
        differentiate=_differentiate_softplus,
    ),
]
