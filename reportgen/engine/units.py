"""Units with weights or inputs of their own: PReLU with a learned slope, maxout with several pieces."""

from __future__ import annotations

import numpy as np

from reportgen.engine.compile import kernel

_ZERO = np.float32(0)


@kernel
def activate_prelu(slopes, a):
    """Apply PReLU in place; slopes (units,), a flat (rows, units)."""
    units = slopes.size
    for i in range(a.size // units):
        row = a[i * units : (i + 1) * units]
        for j in range(units):
            row[j] = slopes[j] * row[j] if row[j] < _ZERO else row[j]


@kernel
def differentiate_prelu(slopes, z, delta, slope_gradient):
    """Multiply `delta` by phi'(z) and set the slopes' gradient, summed over rows (He et al. 2015, eq. 4)."""
    units = slopes.size
    slope_gradient[:] = _ZERO
    for i in range(z.size // units):
        rows, deltas = z[i * units : (i + 1) * units], delta[i * units : (i + 1) * units]
        for j in range(units):
            if rows[j] < _ZERO:
                slope_gradient[j] += deltas[j] * rows[j]
                deltas[j] *= slopes[j]


@kernel
def activate_maxout(pieces, z, a):
    """Set a (rows, units) to the largest of each unit's pieces in z (rows, units * pieces)."""
    for u in range(a.size):
        best = z[u * pieces]
        for q in range(1, pieces):
            value = z[u * pieces + q]
            # The second test lets a NaN in.
            best = value if value > best or value != value else best
        a[u] = best


@kernel
def differentiate_maxout(pieces, z, delta, spread):
    """Hand each unit's delta to its first largest piece in `spread` (rows, units * pieces), 0 to the others."""
    for u in range(delta.size):
        best = 0
        for q in range(1, pieces):
            if z[u * pieces + q] > z[u * pieces + best]:
                best = q
        for q in range(pieces):
            spread[u * pieces + q] = delta[u] if q == best else _ZERO
