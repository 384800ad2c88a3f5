"""What a look takes of many numbers: their moments, norm and histogram; how far columns lie apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reportgen.engine.compile import inner
from reportgen.engine.layers import fill

_NO_SIGN, _CELL_BITS = np.uint32(0x7FFFFFFF), np.uint32(20)
"""Lowest bits of a float32 that a cell leaves out: its cells are the exponents, each of them cut in eight."""

_PART, _TABLES = 1024, 4
"""Values at a time and tables to count them in, in `fill_histogram`."""


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


def counting_room(bins: int) -> NDArray[np.int32]:
    """Return the scratch of `fill_histogram` for so many bins: places of values, and tables to count them in."""
    return np.empty(_PART + _TABLES * (bins + 1), np.int32)


@inner
def _count(places, tables, width):
    """Raise the counts at places, in several tables in turn: the processor waits for a count that was just raised."""
    whole = places.size - places.size % _TABLES
    for k in range(0, whole, _TABLES):
        for table in range(_TABLES):
            tables[table * width + places[k + table]] += 1
    for k in range(whole, places.size):
        tables[places[k]] += 1


@inner
def _add_up(tables, width, counts):
    """Set counts to the sums of the tables, each of which may have more places than counts."""
    fill(counts, 0)
    for table in range(_TABLES):
        for place in range(counts.size):
            counts[place] += tables[table * width + place]


@inner
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


def log_bins(limits: NDArray[np.float64]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return how `fill_log_histogram` finds the bin of a float32: (the first bin of each cell, upper limits of bins).

    Bin 0 is below the limits, the last one above them, and NaN is there as well. A cell is an eighth of an octave, and
    bins have to be wider than that.
    """
    uppers = limits.astype(np.float32)
    short = uppers < limits
    uppers[short] = np.nextafter(uppers[short], np.float32(np.inf))  # so that comparing float32 is as good as float64
    cells = np.arange(1 << (31 - int(_CELL_BITS)), dtype=np.uint32) << _CELL_BITS
    begins = cells.view(np.float32)
    first = np.where(np.isfinite(begins), np.searchsorted(uppers, begins, side="right"), limits.size)
    return first.astype(np.uint8), np.append(uppers, np.float32(np.nan))  # nothing is beyond the last bin


@inner
def fill_log_histogram(values, first, uppers, counts):
    """Count |values| into the bins of `log_bins`; a float's bits tell its bin to within one, without a logarithm."""
    fill(counts, 0)
    for k in range(values.size):
        bits = np.float32(values[k]).view(np.uint32) & _NO_SIGN  # abs() may leave a zero its sign
        place = np.int64(first[bits >> _CELL_BITS])
        place += np.uint32(bits).view(np.float32) >= uppers[place]  # no branch: it would be guessed wrong half the time
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
