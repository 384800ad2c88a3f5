"""Elementary functions in single precision, in a form that the compiler vectorizes.

Numba calls scalar library functions instead, which would dominate the time of a step of a small network. In float64,
which only gradient checks use, the library functions are called. NaN and infinity propagate.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from reportgen.engine.jit.compile import FASTMATH

_OPTIONS: Any = {"fastmath": FASTMATH, "error_model": "numpy"}

# Above this value, tanh is 1 in float32.
_TANH_EDGE = np.float32(9.0)
_EXP_HIGH = np.float32(88.0)  # 2^127 is the largest power that float32 holds
_EXP_LOW = np.float32(-87.33654)
_LOG2E = np.float32(1.44269504088896341)
_LN2_HIGH = np.float32(0.693359375)
_LN2_LOW = np.float32(-2.12194440e-4)
_ZERO, _ONE, _HALF = np.float32(0), np.float32(1), np.float32(0.5)
_INF = np.float32(np.inf)
_TINY = np.float32(0.0004)
# Minimax polynomial of exp on [-ln2/2, ln2/2] (expf in S. Moshier's Cephes library).
_E0, _E1, _E2 = np.float32(1.9875691500e-4), np.float32(1.3981999507e-3), np.float32(8.3334519073e-3)
_E3, _E4, _E5 = np.float32(4.1665795894e-2), np.float32(1.6666665459e-1), np.float32(5.0000001201e-1)
# Rational approximation of tanh on [-9, 9] by an odd and an even polynomial of degrees 13 and 6 (as in Eigen).
_T1, _T3, _T5 = np.float32(4.89352455891786e-3), np.float32(6.37261928875436e-4), np.float32(1.48572235717979e-5)
_T7, _T9 = np.float32(5.12229709037114e-8), np.float32(-8.60467152213735e-11)
_T11, _T13 = np.float32(2.00018790482477e-13), np.float32(-2.76076847742355e-16)
_D0, _D2 = np.float32(4.89352518554385e-3), np.float32(2.26843463243900e-3)
_D4, _D6 = np.float32(1.18534705686654e-4), np.float32(1.19825839466702e-6)


def tanh(x: Any) -> Any:
    """Return tanh x, relative error below 1e-6 in float32."""
    return np.tanh(x)


def exp(x: Any) -> Any:
    """Return e^x, relative error below 1e-6 in float32; 0 below -87.3, infinity above 88."""
    return np.exp(x)


def log1p(x: Any) -> Any:
    """Return ln(1 + x) from the library."""
    return np.log1p(x)


def erfc(x: Any) -> Any:
    """Return the complementary error function from the library."""
    return math.erfc(x)


@overload(tanh, jit_options=_OPTIONS, inline="never")
def _tanh(x):
    if x != types.float32:
        return lambda x: math.tanh(x)

    def tanh32(x):
        y = _TANH_EDGE if x > _TANH_EDGE else x
        y = -_TANH_EDGE if y < -_TANH_EDGE else y
        s = y * y
        odd = y * (((((((_T13 * s + _T11) * s + _T9) * s + _T7) * s + _T5) * s + _T3) * s) + _T1)
        even = ((_D6 * s + _D4) * s + _D2) * s + _D0
        # Near 0, x is closer to tanh x than the quotient, which has a relative error of 1e-7 from rounding.
        return x if s < _TINY * _TINY else odd / even

    return tanh32


@overload(exp, jit_options=_OPTIONS, inline="never")
def _exp(x):
    if x != types.float32:
        return lambda x: math.exp(x)

    def exp32(x):
        y = _EXP_HIGH if x > _EXP_HIGH else x
        y = _EXP_LOW if y < _EXP_LOW else y
        n = np.int32(y * _LOG2E + (_HALF if y > _ZERO else -_HALF))
        whole = np.float32(n)
        r = y - whole * _LN2_HIGH - whole * _LN2_LOW
        p = ((((_E0 * r + _E1) * r + _E2) * r + _E3) * r + _E4) * r + _E5
        p = p * r * r + r + _ONE
        value = p * np.int32((n + np.int32(127)) << np.int32(23)).view(np.float32)
        value = _INF if x > _EXP_HIGH else value
        return _ZERO if x < _EXP_LOW else value

    return exp32


@overload(log1p, jit_options=_OPTIONS)
def _log1p(x):
    return lambda x: math.log1p(x)


@overload(erfc, jit_options=_OPTIONS)
def _erfc(x):
    return lambda x: math.erfc(x)
