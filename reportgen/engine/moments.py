"""What a look takes of many numbers: their moments, norm and histogram; how far columns lie apart."""

from __future__ import annotations

import numpy as np

from reportgen.engine.compile import inner
from reportgen.engine.layers import fill

_MANTISSA_BITS, _EXPONENT_OF_ONE = np.int32(23), np.int32(127)  # of float32


@inner
def moments(values):
    """Return (mean, standard deviation) in float64.

    In one pass, about the first value: that is within a few standard deviations of the mean, so that no digits cancel.
    """
    first = np.float64(values[0]) if np.isfinite(values[0]) else 0.0
    total, squares = 0.0, 0.0
    for k in range(values.size):
        apart = np.float64(values[k]) - first
        total += apart
        squares += apart * apart
    shift = total / values.size
    variance = squares / values.size - shift * shift
    return first + shift, np.sqrt(0.0 if variance < 0.0 else variance)


@inner
def norm(values):
    """Return the Euclidean norm in float64."""
    squares = 0.0
    for k in range(values.size):
        squares += np.float64(values[k]) ** 2
    return np.sqrt(squares)


@inner
def fill_histogram(values, edges, counts):
    """Count values into equal bins, the last one closed; what lies outside, or is NaN, is counted in none."""
    bins = counts.size
    low, high = edges[0], edges[bins]
    per_unit = bins / (high - low)
    fill(counts, 0)
    for k in range(values.size):
        value = np.float64(values[k])
        if low <= value <= high:
            counts[min(int((value - low) * per_unit), bins - 1)] += 1


@inner
def fill_log_histogram(values, limits, counts):
    """Count |values| between `limits`, a geometric series; zeros and what lies outside are counted in none.

    The exponent of a float tells its bin to within two, which saves a logarithm for every value.
    """
    bins = counts.size
    low, per_octave = np.log2(limits[0]), bins / np.log2(limits[bins] / limits[0])
    fill(counts, 0)
    for k in range(values.size):
        size = abs(np.float32(values[k]))
        if limits[0] <= size < limits[bins]:
            octave = (np.float32(size).view(np.int32) >> _MANTISSA_BITS) - _EXPONENT_OF_ONE
            place = max(int((octave - low) * per_octave), 0)
            place += size >= limits[place + 1]  # no branch: it would be guessed wrong half the time
            place += size >= limits[place + 1]
            counts[place] += 1


@inner
def unit_spread(values, width):
    """Return how far the columns of (fan_in, width) lie from their mean column, by their norm; 0 for copies."""
    if width < 2:
        return np.nan
    apart, squares = 0.0, 0.0
    for i in range(values.size // width):
        row = values[i * width : (i + 1) * width]
        mean = 0.0
        for j in range(width):
            mean += np.float64(row[j])
        mean /= width
        for j in range(width):
            apart += (np.float64(row[j]) - mean) ** 2
            squares += np.float64(row[j]) ** 2
    return np.sqrt(apart / squares) if squares > 0.0 else 0.0
