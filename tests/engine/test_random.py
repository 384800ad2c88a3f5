"""Dropout's masks are a hash of (key, place): the twin's numbers, fair, and independent between steps and layers."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.engine.random import dropout_mask, key_words, subkey
from tests import naive


def mask(rate: float, layer: int = 0, step: int = 0, n: int = 100_000) -> np.ndarray:
    out = np.zeros(n, np.float32)
    dropout_mask(subkey(key_words(3, "kernel"), layer, step), rate, np.float32(1), out)
    return out


def test_the_hash_is_the_twin_s() -> None:
    keys = key_words(3, "kernel")
    assert int(subkey(keys, 2, 77)) == naive.subkey(keys, 2, 77)
    np.testing.assert_array_equal(mask(0.3, n=500), naive.dropout_mask(naive.subkey(keys, 0, 0), 0.3, (500,)))


@pytest.mark.parametrize("rate", [0.01, 0.3, 0.5, 0.99])
def test_units_are_dropped_at_the_rate(rate: float) -> None:
    share = 1 - mask(rate).mean()
    assert abs(share - rate) < 5 * (rate * (1 - rate) / 1e5) ** 0.5


def test_masks_of_other_steps_and_layers_and_neighbours_are_uncorrelated() -> None:
    base = mask(0.5)
    for other in (mask(0.5, step=1), mask(0.5, layer=1), np.roll(base, 1)):
        assert abs(np.corrcoef(base, other)[0, 1]) < 5 / 1e5**0.5


def test_seeds_and_purposes_have_their_own_keys() -> None:
    assert not np.array_equal(key_words(0, "kernel"), key_words(1, "kernel"))
    assert not np.array_equal(key_words(0, "kernel"), key_words(0, "other"))
