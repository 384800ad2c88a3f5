"""Statistics of flat arrays in probes: moments, extremes, norms, histograms and the spread of columns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reportgen.engine.jit.compile import internal
from reportgen.engine.layers.blocks import fill

_NO_SIGN, _MAGNITUDE, _INFINITE = np.uint32(0x7FFFFFFF), np.int32(0x7FFFFFFF), np.int32(0x7F800000)
"""Masks of the bits of a float32 without its sign, and the bits of infinity."""

_CELL_BITS, _CELLS = 20, 1 << 11
"""Number of low bits of a float32 that cells ignore, and number of cells: each exponent is divided into eight cells."""

_PART, _TABLES = 1024, 4
"""Number of values in a pass of `fill_histogram`, and number of tables of counts."""


@internal
def moments(values):
    """Return (mean, standard deviation), float64.

    The sums are taken in one pass about the first value, which is usually within a few standard deviations of the mean,
    so that cancellation is small (Chan, Golub and LeVeque 1983).
    """
    first = np.float64(values[0]) if np.isfinite(values[0]) else 0.0
    total, squares = 0.0, 0.0
    for k in range(values.size):
        deviation = np.float64(values[k]) - first
        total += deviation
        squares += deviation * deviation
    shift = total / values.size
    variance = squares / values.size - shift * shift
    return first + shift, np.sqrt(0.0 if variance < 0.0 else variance)


@internal
def extremes(values):
    """Return (minimum, maximum) of float32 values; NaN is ignored, unless it is the first value.

    The bits are compared as integers in the same order, since a loop over floats with NaN is not vectorized.
    """
    if np.isnan(values[0]):
        return values[0], values[0]
    low, high = _INFINITE, -_INFINITE
    for k in range(values.size):
        bits = np.float32(values[k]).view(np.int32)
        magnitude = np.int32(bits & _MAGNITUDE)
        key = np.int32(-magnitude if bits < 0 else magnitude)
        low = min(low, key if magnitude <= _INFINITE else _INFINITE)
        high = max(high, key if magnitude <= _INFINITE else -_INFINITE)
    return _float_of(low), _float_of(high)


@internal
def _float_of(key):
    """Return the float32 with the sign of `key` and the bits |key|."""
    return np.int32(-key).view(np.float32) * np.float32(-1) if key < 0 else np.int32(key).view(np.float32)


@internal
def count_nonzero(values):
    """Return the number of values that are not zero; a 32-bit count lets the compiler vectorize the loop."""
    count = np.int32(0)
    for k in range(values.size):
        count += np.int32(values[k] != 0)
    return np.int64(count)


@internal
def norm(values):
    """Return the Euclidean norm in float64."""
    squares = 0.0
    for k in range(values.size):
        squares += np.float64(values[k]) ** 2
    return np.sqrt(squares)


def counting_room(bins: int) -> NDArray[np.int32]:
    """Return the work buffer of both kinds of histograms, for this number of equal bins."""
    return np.empty(max(_PART + _TABLES * (bins + 1), 2 * _CELLS), np.int32)


@internal
def _count(places, tables, width):
    """Increment the counts at places, in several tables in turn, since repeated writes to one stall the processor."""
    whole = places.size - places.size % _TABLES
    for k in range(0, whole, _TABLES):
        for table in range(_TABLES):
            tables[table * width + places[k + table]] += 1
    for k in range(whole, places.size):
        tables[places[k]] += 1


@internal
def _add_up(tables, width, counts):
    """Set counts to the sums of the tables, which may be longer than counts."""
    fill(counts, 0)
    for table in range(_TABLES):
        for place in range(counts.size):
            counts[place] += tables[table * width + place]


@internal
def fill_histogram(values, edges, counts, room):
    """Count values in equal bins, the last one closed; values outside of the bins and NaN do not count.

    The bins of a block of values are computed before they are counted, so that the compiler vectorizes the loop.
    """
    bins = counts.size
    low, high, last = edges[0], edges[bins], np.float64(bins - 1)
    per_unit, outside = bins / (high - low), np.int32(bins)
    tables = room[_PART : _PART + _TABLES * (bins + 1)]
    fill(tables, 0)
    for begin in range(0, values.size, _PART):
        part = values[begin : begin + _PART]
        places = room[: part.size]
        for k in range(part.size):
            value = np.float64(part[k])
            place = np.int32(min((value - low) * per_unit, last))
            places[k] = place if low <= value <= high else outside
        _count(places, tables, bins + 1)
    _add_up(tables, bins + 1, counts)


def log_bins(limits: NDArray[np.float64]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the tables (cuts, starts) with which `fill_log_histogram` finds the bin of a float32.

    The first bin is below the limits; the last bin is above them and includes NaN. Bins must be wider than a cell,
    an eighth of an octave. A cell then contains at most one limit, whose bits cut the cell into two parts. starts holds
    the first part of each bin.
    """
    uppers = limits.astype(np.float32)
    short = uppers < limits
    uppers[short] = np.nextafter(uppers[short], np.float32(np.inf))  # comparisons then agree with those in float64
    bits = uppers.view(np.uint32)
    cells = bits >> np.uint32(_CELL_BITS)
    cuts = np.full(_CELLS, np.iinfo(np.uint32).max, np.uint32)
    cuts[cells] = bits
    return cuts, np.array([0, *(2 * cells.astype(np.int64) + 1), 2 * _CELLS])


@internal
def fill_log_histogram(values, cuts, starts, counts, room):
    """Count |values| in the bins of `log_bins`: first by parts of cells, which follow from the bits, then by bins."""
    parts = room[: 2 * _CELLS]
    fill(parts, np.int32(0))
    for k in range(values.size):
        # Unsigned, since a signed index would need a test for negative values in each iteration.
        bits = np.uint64(np.float32(values[k]).view(np.uint32) & _NO_SIGN)
        cell = bits >> np.uint64(_CELL_BITS)
        parts[cell + cell + np.uint64(bits >= np.uint64(cuts[cell]))] += np.int32(1)
    for place in range(counts.size):
        total = np.int32(0)
        for part in range(starts[place], starts[place + 1]):
            total += parts[part]
        counts[place] = total


@internal
def unit_spread(values, width):
    """Return the norm of the differences of columns to their mean, divided by the norm of all; 0 for equal columns.

    values is flat (fan_in, width).
    """
    if width < 2:
        return np.nan
    deviation, squares = 0.0, 0.0
    for i in range(values.size // width):
        row = values[i * width : (i + 1) * width]
        mean = 0.0
        for j in range(width):
            mean += np.float64(row[j])
        mean /= width
        for j in range(width):
            deviation += (np.float64(row[j]) - mean) ** 2
            squares += np.float64(row[j]) ** 2
    return np.sqrt(deviation / squares) if squares > 0.0 else 0.0
