"""Numbers in the messages of rules are easy to read."""

from __future__ import annotations

import math

import pytest

from reportgen.analysis.diagnosis.evidence.symptoms import (
    at_most,
    fold,
    from_to,
    number,
    percent,
    percent_at_most,
    percent_up_to,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.8, "a factor of 0.8"),
        (12.34, "a factor of 12.3"),
        (999.7, "a factor of 1000"),
        (1000.0, "a factor of 1000"),
        (123_456.0, "a factor of 123,000"),
        (2e6, "6 orders of magnitude"),
        (1e31, "31 orders of magnitude"),
        (math.inf, "a factor of inf"),
    ],
)
def test_large_factors_become_orders_of_magnitude(value: float, text: str) -> None:
    assert fold(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.3, "up to 2.3 times"),
        (1234.0, "up to 1230 times"),
        (1e31, "more than a million times"),
        (math.inf, "more than a million times"),
    ],
)
def test_large_bounds_are_written_in_words(value: float, text: str) -> None:
    assert at_most(value) == text


@pytest.mark.parametrize(
    ("share", "alone", "bound"),
    [
        (0.0, "0%", "less than 0.1%"),
        (0.0004, "less than 0.1%", "less than 0.1%"),
        (0.025, "2.5%", "at most 2.5%"),
        (0.9996, "more than 99.9%", None),
        (1.0, "100%", "at most 100%"),
        (2**0.5, "141%", "at most 141%"),
        (1e9, "more than a million times", None),
    ],
)
def test_zero_and_full_shares_are_exact(share: float, alone: str, bound: str | None) -> None:
    assert percent(share) == alone
    assert bound is None or percent_at_most(share) == bound


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.12345, "0.123"), (1650.4, "1650"), (-1650.4, "-1650"), (3.27e6, "3.27e+06"), (8.5e-9, "8.5e-09")],
)
def test_thousands_are_written_without_an_exponent(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (2.303, 0.5, "from 2.3 to 0.5"),
        (2.3031, 2.2994, "from 2.303 to 2.299"),
        (2.30199, 2.30221, "from 2.3020 to 2.3022"),
        (2.3, 2.3, "from 2.3 to 2.3"),
    ],
)
def test_the_ends_of_a_change_are_distinguishable(before: float, after: float, text: str) -> None:
    assert from_to(before, after) == text


@pytest.mark.parametrize(("share", "text"), [(0.847, "up to 84.7%"), (0.9996, "more than 99.9%"), (1.0, "up to 100%")])
def test_the_largest_share_has_a_single_bound(share: float, text: str) -> None:
    assert percent_up_to(share) == text
