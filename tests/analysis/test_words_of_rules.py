"""Numbers in messages of rules are such as a person can take in."""

from __future__ import annotations

import math

import pytest

from reportgen.analysis.rules._seen import at_most, fold


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.8, "a factor of 0.8"),
        (12.34, "a factor of 12.3"),
        (999.7, "a factor of 1,000"),
        (1000.0, "a factor of 1,000"),
        (123_456.0, "a factor of 123,000"),
        (2e6, "6 orders of magnitude"),
        (1e31, "31 orders of magnitude"),
        (math.inf, "a factor of inf"),
    ],
)
def test_a_factor_beyond_imagination_becomes_orders_of_magnitude(value: float, said: str) -> None:
    assert fold(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (2.3, "up to 2.3 times"),
        (1234.0, "up to 1,230 times"),
        (1e31, "more than a million times"),
        (math.inf, "more than a million times"),
    ],
)
def test_a_bound_beyond_imagination_is_said_in_words(value: float, said: str) -> None:
    assert at_most(value) == said
