from __future__ import annotations

import numpy as np
import pytest

from reportgen.data.streams import stream

GOLDEN = [362, 736, 138, 5]


def test_a_stream_depends_on_its_arguments_only() -> None:
    first = stream(3, "data.input", 2).standard_normal(5)
    stream(3, "data.other").standard_normal(100)
    assert np.array_equal(stream(3, "data.input", 2).standard_normal(5), first)


@pytest.mark.parametrize("other", [(4, "data.input", 2), (3, "data.inputs", 2), (3, "data.input", 3)])
def test_any_other_argument_gives_another_stream(other: tuple[int, str, int]) -> None:
    assert not np.array_equal(stream(*other).standard_normal(5), stream(3, "data.input", 2).standard_normal(5))


def test_streams_are_the_same_on_every_machine() -> None:
    """Philox and SHA-256 are standards, so these numbers must never change."""
    assert stream(0, "data.split").integers(0, 1000, 4).tolist() == GOLDEN


def test_streams_of_neighbouring_seeds_are_uncorrelated() -> None:
    draws = np.stack([stream(seed, "data.input").standard_normal(4000) for seed in range(8)])
    correlations = np.corrcoef(draws)[np.triu_indices(8, 1)]
    assert np.abs(correlations).max() < 4.5 / np.sqrt(4000)
