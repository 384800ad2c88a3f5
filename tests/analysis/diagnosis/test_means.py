"""The fast means of the rules compared with NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.analysis.diagnosis.evidence.means import mean, medians, noise, spread


@pytest.mark.parametrize("count", [2, 3, 7, 8, 9, 100, 1000])
def test_means_equal_numpy_exactly(count: int) -> None:
    values = np.random.default_rng(count).lognormal(sigma=3, size=count)
    for given in (values, values.tolist()):
        assert mean(given) == float(np.mean(given))
        assert spread(given) == float(np.std(given, ddof=1))
    assert noise(values) == float(np.mean(np.diff(values) ** 2) / 2)
    table = np.stack([values, values[::-1], np.sqrt(values)], axis=1)
    np.testing.assert_array_equal(medians(table), np.median(table, axis=0))


def test_the_noise_of_a_drift_without_noise_is_small() -> None:
    drift = np.linspace(0.0, 10.0, 101)
    assert noise(drift) < 0.01 < 0.9 < noise(np.random.default_rng(0).normal(size=10_000) + 5)
