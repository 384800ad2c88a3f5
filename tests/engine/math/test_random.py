"""Random numbers agree with the reference, have the right rate, and are independent between steps and layers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare

from reportgen.engine.jit.compile import kernel
from reportgen.engine.math.random import dropout_mask, key_words, shuffle, subkey
from tests import naive


def mask(rate: float, layer: int = 0, step: int = 0, n: int = 100_000) -> np.ndarray:
    out = np.zeros(n, np.float32)
    dropout_mask(subkey(key_words(3, "kernel"), layer, step), rate, np.float32(1), out)
    return out


def test_the_hash_equals_the_reference() -> None:
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


@kernel
def _shuffled(keys, epoch, order):
    shuffle(subkey(keys, np.int64(1_000_003), epoch), order)


def orders(n: int, epochs: int, seed: int = 7) -> np.ndarray:
    found = np.empty((epochs, n), np.int64)
    for epoch in range(epochs):
        _shuffled(key_words(seed, "kernel"), epoch, found[epoch])
    return found


def test_an_order_is_a_permutation_and_equals_the_reference() -> None:
    for n in (1, 2, 100):
        keys = key_words(7, "kernel")
        for epoch, order in enumerate(orders(n, 3)):
            assert sorted(order) == list(range(n))
            assert list(order) == naive.shuffled(naive.subkey(keys, 1_000_003, epoch), n)


def test_all_orders_of_four_examples_are_equally_frequent() -> None:
    _, counts = np.unique(orders(4, 24_000), axis=0, return_counts=True)
    assert len(counts) == 24
    assert chisquare(counts).pvalue > 1e-3


def test_every_place_is_equally_likely_for_every_example() -> None:
    found = orders(50, 20_000)
    at = np.array([np.bincount(found[:, place], minlength=50) for place in (0, 1, 25, 49)])
    assert all(chisquare(row).pvalue > 1e-4 for row in at)
