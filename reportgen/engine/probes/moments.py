"""What a look takes of many numbers: their moments, norm and histogram; how far columns lie deviation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reportgen.engine.jit.compile import internal
from reportgen.engine.layers.dense import fill

_NO_SIGN, _MAGNITUDE, _INFINITE = np.uint32(0x7FFFFFFF), np.int32(0x7FFFFFFF), np.int32(0x7F800000)
"""Of a float32's bits: those of its magnitude, twice, and what they are where it is infinite."""

_CELL_BITS, _CELLS = 20, 1 << 11
"""Lowest bits of a float32's magnitude that a cell leaves out: cells are the exponents, each of them cut in eight."""

_PART, _TABLES = 1024, 4
"""Values at a time and tables to count them in, in `fill_histogram`."""


@internal
def moments(values):
    """Return (mean, standard deviation) in float64.

    In one pass, about the first value: that is within a few standard deviations of the mean, so that no digits cancel.
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
    """Return the (least, largest) of float32 values; NaN is passed over, unless the first value is.

    They are compared by their bits, as integers in the same order: a loop over floats would have to mind NaN at each
    comparison, and be none of vector instructions.
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
    """Return the float32 of that sign and those bits of its magnitude."""
    return np.int32(-key).view(np.float32) * np.float32(-1) if key < 0 else np.int32(key).view(np.float32)


@internal
def count_nonzero(values):
    """Return how many values are not zero; 32-bit counts make it a loop of vector instructions."""
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
    """Return the scratch of both histograms, equal bins being so many."""
    return np.empty(max(_PART + _TABLES * (bins + 1), 2 * _CELLS), np.int32)


@internal
def _count(places, tables, width):
    """Raise the counts at places, in several tables in turn: the processor waits for a count that was just raised."""
    whole = places.size - places.size % _TABLES
    for k in range(0, whole, _TABLES):
        for table in range(_TABLES):
            tables[table * width + places[k + table]] += 1
    for k in range(whole, places.size):
        tables[places[k]] += 1


@internal
def _add_up(tables, width, counts):
    """Set counts to the sums of the tables, each of which may have more places than counts."""
    fill(counts, 0)
    for table in range(_TABLES):
        for place in range(counts.size):
            counts[place] += tables[table * width + place]


@internal
def fill_histogram(values, edges, counts, room):
    """Count values into equal bins, the last one closed; what lies outside, or is NaN, is counted in none.

    Bins are found for a part of the values at a time, so that it is a loop of vector instructions.
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
    """Return how `fill_log_histogram` finds the bin of a float32: (where cells are cut, the first part of each bin).

    Bin 0 is below the limits, the last one above them, and NaN is there as well. A cell is an eighth of an octave, so
    that at most one limit is in it, at whose bits it is cut in two parts. Bins have to be wider than a cell.
    """
    uppers = limits.astype(np.float32)
    short = uppers < limits
    uppers[short] = np.nextafter(uppers[short], np.float32(np.inf))  # so that comparing float32 is as good as float64
    bits = uppers.view(np.uint32)
    cells = bits >> np.uint32(_CELL_BITS)
    cuts = np.full(_CELLS, np.iinfo(np.uint32).max, np.uint32)
    cuts[cells] = bits
    return cuts, np.array([0, *(2 * cells.astype(np.int64) + 1), 2 * _CELLS])


@internal
def fill_log_histogram(values, cuts, starts, counts, room):
    """Count |values| into the bins of `log_bins`: at first by parts of cells, which the bits of a float tell."""
    parts = room[: 2 * _CELLS]
    fill(parts, np.int32(0))
    for k in range(values.size):
        # Unsigned, since a signed place might count from the end, which would have to be asked each time.
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
    """Return how far the columns of (fan_in, width) lie from their mean column, by their norm; 0 for copies."""
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
