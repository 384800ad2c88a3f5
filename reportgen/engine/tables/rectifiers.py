"""Rectifiers, which are the identity for positive z up to a factor, and maxout: kernels and rows.

Kernels work in place: after `activate`, `a` holds phi(z). Comparisons are written such that NaN propagates.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from reportgen.engine.jit.compile import inline_ir, kernel
from reportgen.engine.layers.blocks import fill
from reportgen.engine.math.elementary import exp
from reportgen.engine.tables.activation import Activation
from reportgen.registry import Parameter

_ZERO, _ONE = np.float32(0), np.float32(1)
# Constants that float32 cannot represent are arguments of the kernels, in the precision of the network.
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


@inline_ir
def elu(z, alpha):
    """Return z for z >= 0, else alpha (e^z - 1)."""
    return alpha * (exp(z) - _ONE) if z < _ZERO else z


@kernel
def _activate_relu(p, a):
    for k in range(a.size):
        a[k] = _ZERO if a[k] < _ZERO else a[k]


@kernel
def _differentiate_relu(p, a, z, delta):
    for k in range(delta.size):
        delta[k] = delta[k] if a[k] > _ZERO else _ZERO


@kernel
def _activate_leaky_relu(p, a):
    slope = p[0]
    for k in range(a.size):
        a[k] *= slope if a[k] < _ZERO else _ONE


@kernel
def _differentiate_leaky_relu(p, a, z, delta):
    slope = p[0]
    for k in range(delta.size):
        delta[k] *= slope if a[k] < _ZERO else _ONE


@kernel
def _activate_elu(p, a):
    alpha = p[0]
    for k in range(a.size):
        a[k] = elu(a[k], alpha)


@kernel
def _differentiate_elu(p, a, z, delta):
    alpha = p[0]
    for k in range(delta.size):
        delta[k] *= a[k] + alpha if a[k] < _ZERO else _ONE


@kernel
def _activate_selu(p, a):
    scale, alpha = p[0], p[1]
    for k in range(a.size):
        a[k] = scale * elu(a[k], alpha)


@kernel
def _differentiate_selu(p, a, z, delta):
    scale, limit = p[0], p[0] * p[1]
    for k in range(delta.size):
        delta[k] *= a[k] + limit if a[k] < _ZERO else scale


@kernel
def activate_prelu(p, slopes, a):
    """Apply PReLU in place to a, flat (rows, units), with slopes (units,) (He et al. 2015, eq. 1)."""
    units = slopes.size
    for i in range(a.size // units):
        row = a[i * units : (i + 1) * units]
        for j in range(units):
            row[j] = slopes[j] * row[j] if row[j] < _ZERO else row[j]


@kernel
def differentiate_prelu(p, slopes, z, delta, slope_gradient):
    """Multiply delta, flat (rows, units), by phi'(z); set the gradient of the slopes (He et al. 2015, eq. 4)."""
    units = slopes.size
    fill(slope_gradient, _ZERO)
    for i in range(z.size // units):
        rows, deltas = z[i * units : (i + 1) * units], delta[i * units : (i + 1) * units]
        for j in range(units):
            if rows[j] < _ZERO:
                slope_gradient[j] += deltas[j] * rows[j]
                deltas[j] *= slopes[j]


@kernel
def activate_maxout(p, pieces, z, a):
    """Set a, flat (rows, units), to the largest of each unit's pieces in z, flat (rows, units * pieces)."""
    for u in range(a.size):
        best = z[u * pieces]
        for q in range(1, pieces):
            value = z[u * pieces + q]
            # The second comparison propagates NaN.
            best = value if value > best or value != value else best
        a[u] = best


@kernel
def differentiate_maxout(p, pieces, z, delta, spread):
    """Set spread, flat (rows, units * pieces), to a unit's delta for its first largest piece, else to 0."""
    for u in range(delta.size):
        best = 0
        for q in range(1, pieces):
            if z[u * pieces + q] > z[u * pieces + best]:
                best = q
        for q in range(pieces):
            spread[u * pieces + q] = delta[u] if q == best else _ZERO


def _elu(z: Any, alpha: float) -> Any:
    return np.where(z < 0, alpha * np.expm1(np.minimum(z, 0)), z)


def _elu_slope(z: Any, alpha: float) -> Any:
    return np.where(z < 0, alpha * np.exp(np.minimum(z, 0)), 1.0)


RECTIFIERS = [
    Activation(
        name="relu",
        summary="The identity for positive inputs, otherwise zero; the derivative at 0 is set to 0.",
        formula=r"\phi(z) = \max(0, z)",
        source="Nair and Hinton 2010",
        function=lambda z: np.maximum(z, 0.0),
        derivative=lambda z: (z > 0).astype(float),
        gain=2**0.5,
        bounds=(0.0, 5.0),
        suits="he_normal",
        silences=True,
        kinked=True,
        piecewise_linear=True,
        activate=_activate_relu,
        differentiate=_differentiate_relu,
    ),
    Activation(
        name="leaky_relu",
        aliases=("lrelu",),
        summary="ReLU with a small slope for negative inputs, so that no unit stops learning.",
        formula=r"\phi(z) = \max(z, s z)",
        source="Maas, Hannun and Ng 2013, section 2",
        parameters=(Parameter("slope", "number", 0.01, "slope for negative inputs", 0.0, 1.0),),
        function=lambda z, slope: np.where(z < 0, slope * z, z),
        derivative=lambda z, slope: np.where(z < 0, slope, 1.0),
        gain=(2 / (1 + 0.01**2)) ** 0.5,
        bounds=(-1.0, 5.0),
        suits="he_normal",
        kinked=True,
        piecewise_linear=True,
        constants=lambda p: (p["slope"],),
        activate=_activate_leaky_relu,
        differentiate=_differentiate_leaky_relu,
    ),
    Activation(
        name="prelu",
        summary="Leaky ReLU with a learned slope for each unit.",
        formula=r"\phi(z_j) = \max(0, z_j) + s_j \min(0, z_j)",
        source="He et al. 2015, eq. 1",
        parameters=(Parameter("slope", "number", 0.25, "slope at the start of training", -1.0, 1.0),),
        function=lambda z, slope: np.where(z < 0, slope * z, z),
        derivative=lambda z, slope: np.where(z < 0, slope, 1.0),
        gain=(2 / (1 + 0.25**2)) ** 0.5,
        bounds=(-1.0, 5.0),
        suits="he_normal",
        kinked=True,
        piecewise_linear=True,
        keeps_input=True,
        learned=("slope",),
        activate=activate_prelu,
        differentiate=differentiate_prelu,
    ),
    Activation(
        name="elu",
        summary="The identity for positive inputs; saturates at -alpha for negative inputs.",
        formula=r"\phi(z) = \begin{cases} z & z \ge 0 \\ \alpha (e^z - 1) & z < 0 \end{cases}",
        source="Clevert, Unterthiner and Hochreiter 2016, eq. 15",
        parameters=(Parameter("alpha", "number", 1.0, "minus the limit for large negative inputs", 0.01, 100.0),),
        function=_elu,
        derivative=_elu_slope,
        gain=(1 / 0.645) ** 0.5,
        bounds=(-1.0, 5.0),
        suits="he_normal",
        kinked=True,
        saturates=True,
        constants=lambda p: (p["alpha"],),
        activate=_activate_elu,
        differentiate=_differentiate_elu,
    ),
    Activation(
        name="maxout",
        summary="The maximum of several linear pieces, each with its own weights.",
        formula=r"\phi(x) = \max_k (w_k^\top x + b_k)",
        source="Goodfellow et al. 2013, section 3",
        parameters=(Parameter("pieces", "integer", 2, "linear pieces of a unit", 2, 64),),
        function=lambda z, pieces: np.max(z.reshape(*z.shape[:-1], -1, pieces), axis=-1),
        derivative=lambda z, pieces: np.ones_like(z),
        gain=1.0,
        bounds=(-5.0, 5.0),
        kinked=True,
        keeps_input=True,
        pieces="pieces",
        activate=activate_maxout,
        differentiate=differentiate_maxout,
    ),
    Activation(
        name="selu",
        summary="A scaled ELU whose activations converge to zero mean and unit variance.",
        formula=r"\phi(z) = \lambda \begin{cases} z & z \ge 0 \\ \alpha (e^z - 1) & z < 0 \end{cases}",
        source="Klambauer et al. 2017, eq. 2",
        function=lambda z: SELU_SCALE * _elu(z, SELU_ALPHA),
        derivative=lambda z: SELU_SCALE * _elu_slope(z, SELU_ALPHA),
        gain=1.0,
        bounds=(-2.0, 5.0),
        suits="lecun_normal",
        kinked=True,
        max_slope=SELU_SCALE * SELU_ALPHA,
        saturates=True,
        constants=lambda p: (SELU_SCALE, SELU_ALPHA),
        activate=_activate_selu,
        differentiate=_differentiate_selu,
    ),
]
