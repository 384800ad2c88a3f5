"""What is taken of many numbers meets NumPy's, at the edges too."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.engine.jit.compile import kernel
from reportgen.engine.probes.arrays import GRADIENT_EDGES
from reportgen.engine.probes.moments import counting_room, extremes, fill_histogram, fill_log_histogram, log_bins

LIMITS = 10.0**GRADIENT_EDGES


@kernel
def count(values, cuts, starts, counts, room):
    fill_log_histogram(values, cuts, starts, counts, room)


@kernel
def count_evenly(values, edges, counts, room):
    fill_histogram(values, edges, counts, room)


def binned(values: np.ndarray, limits: np.ndarray) -> np.ndarray:
    counts = np.full(limits.size + 1, 7, np.int64)
    count(values, *log_bins(limits), counts, counting_room(30))
    return counts


@pytest.mark.parametrize("scale", [1e-20, 1e-9, 1e-3, 1.0, 1e4])
def test_log_histograms_agree_with_numpy(scale: float) -> None:
    values = (np.random.default_rng(0).standard_normal(5000) * scale).astype(np.float32)
    inside = np.histogram(np.abs(values).astype(np.float64), LIMITS)[0]
    assert binned(values, LIMITS)[1:-1].tolist() == inside.tolist()


def test_floats_next_to_a_limit_are_in_different_bins() -> None:
    nearest = LIMITS.astype(np.float32)
    values = np.concatenate([np.nextafter(nearest, np.float32(0)), nearest, np.nextafter(nearest, np.float32(1e9))])
    place = np.searchsorted(LIMITS, values.astype(np.float64), side="right")
    assert binned(-values, LIMITS).tolist() == np.bincount(place, minlength=LIMITS.size + 1).tolist()


def test_zero_is_in_the_first_bin_and_values_that_are_not_finite_in_the_last() -> None:
    counts = binned(np.array([0.0, -0.0, 1e-45, np.nan, -np.nan, np.inf, -np.inf, 3e38], np.float32), LIMITS)
    assert (counts[0], counts[-1], counts[1:-1].sum()) == (3, 5, 0)


def test_bins_with_other_limits() -> None:
    limits = np.geomspace(0.3, 7000.0, 12)
    values = np.geomspace(0.01, 1e5, 4001).astype(np.float32)
    inside = np.histogram(values.astype(np.float64), limits)[0]
    # NumPy closes the last bin; no value lies on its limit here.
    assert binned(values, limits)[1:-1].tolist() == inside.tolist()


def test_the_last_equal_bin_is_closed_and_values_outside_are_ignored() -> None:
    values = np.array([-1.0, -0.999, 0.0, 0.999, 1.0, 1.001, -1.5, np.nan, np.inf], np.float32)
    counts = np.full(4, 7, np.int64)
    count_evenly(values, np.linspace(-1.0, 1.0, 5), counts, counting_room(4))
    assert counts.tolist() == [2, 0, 1, 2]


@pytest.mark.parametrize("size", [1, 3, 1023, 1024, 1025, 5000])
def test_histograms_of_any_size_agree_with_numpy(size: int) -> None:
    values = np.tanh(np.random.default_rng(size).standard_normal(size)).astype(np.float32)
    counts = np.full(30, 7, np.int64)
    count_evenly(values, np.linspace(-1.0, 1.0, 31), counts, counting_room(30))
    expected = np.histogram(values.astype(np.float64), np.linspace(-1.0, 1.0, 31))[0]
    assert counts.tolist() == expected.tolist()


@kernel
def find_extremes(values, found):
    found[0], found[1] = extremes(values)


@pytest.mark.parametrize(
    "values",
    [
        [5.0],
        [-1.0, -2.0, -1e-45],
        [3e38, np.inf, 1.0],
        [-np.inf, 2.0],
        [0.0, 1e-45, -1e-40],
        list(np.sin(np.arange(99))),
    ],
)
def test_extremes_agree_with_numpy(values: list[float]) -> None:
    numbers, found = np.array(values, np.float32), np.zeros(2, np.float32)
    find_extremes(numbers, found)
    assert found.tolist() == [numbers.min(), numbers.max()]


def test_extremes_ignore_nan_except_as_the_first_value() -> None:
    found = np.zeros(2, np.float32)
    find_extremes(np.array([1.0, np.nan, -np.nan, -3.0], np.float32), found)
    assert found.tolist() == [-3.0, 1.0]
    find_extremes(np.array([np.nan, 1.0], np.float32), found)
    assert np.isnan(found).all()
