"""Rounding never overstates precision."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.analysis.words import formatting
from reportgen.report import scores


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (0.21308, "0.213"),
        (1234.5, "1234"),
        (3.60500185, "3.61"),
        (2.0045001, "2.00"),
        (123456.7, "123,500"),
        (12345.6, "12,350"),
        (2.97e-7, "2.97×10⁻⁷"),
        (-3.2e10, "−3.20×10¹⁰"),
        (1e-300, "1.00×10⁻³⁰⁰"),
        (0.9999, "1.00"),
        (None, "–"),
        (math.nan, "–"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (7, "7"),
        (1234567, "1.23×10⁶"),
        (5e-324, "4.94×10⁻³²⁴"),
    ],
)
def test_numbers(value: float | None, text: str) -> None:
    assert formatting.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0%"),
        (1.0, "100%"),
        (0.99999, "above 99.9%"),
        (0.00001, "below 0.1%"),
        (0.5, "50.0%"),
        (-0.0002, "−0.02%"),
        (-0.25, "−25.0%"),
        (1.00001, "100.0010%"),
        (-0.99999, "−99.9990%"),
        (-1.0, "−100.0%"),
        (3.27, "327.0%"),
        (None, "–"),
        (math.nan, "–"),
    ],
)
def test_percent_is_0_or_100_only_if_exact(value: float | None, text: str) -> None:
    assert formatting.percent(value) == text


@pytest.mark.parametrize(
    ("bounds", "text"),
    [
        ((0.1, 0.25), "0.100 to 0.250"),
        ((-0.2, 0.1), "−0.200 to 0.100"),
        ((math.nan, 1.0), "–"),
        ((0.5, math.inf), "0.500 to ∞"),
        ((0.0, 0.0), "0"),
        ((0.0, 5e-324), "0 to 4.94×10⁻³²⁴"),
        ((-5e-324, 5e-324), "−4.94×10⁻³²⁴ to 4.94×10⁻³²⁴"),
        ((2.93e-7, 3.01e-7), "(2.93 to 3.01)×10⁻⁷"),
        ((1e-9, 3.0), "1.00×10⁻⁹ to 3.00"),
        ((2.30249, 2.30259), "2.3025 to 2.3026"),
        ((-1e300, 1e308), "−1.00×10³⁰⁰ to 1.00×10³⁰⁸"),
    ],
)
def test_intervals_have_one_precision_that_distinguishes_their_ends(bounds: tuple[float, float], text: str) -> None:
    assert formatting.interval(bounds) == text


def test_intervals_of_shares() -> None:
    assert formatting.percent_interval((0.9, 1.0)) == "90.0% to 100%"
    assert formatting.percent_interval((0.92001, 0.92049)) == "92.00% to 92.05%"
    assert formatting.percent_interval((math.nan, 1.0)) == "–"
    assert scores.estimated(0.9203, (0.92001, 0.92049), "val_accuracy") == "92.03%"
    assert scores.estimated(2.30254, (2.30249, 2.30259), "val_loss") == "2.3025"


def test_differences_of_shares_are_in_points_with_their_sign() -> None:
    assert scores.difference(0.877, "val_accuracy") == "+87.7 points"
    assert scores.difference(-0.0004, "val_accuracy") == "−0.04 points"
    assert scores.difference(0.0, "val_accuracy") == "0 points"
    assert scores.difference(math.nan, "val_accuracy") == "–"
    assert scores.difference_interval((-0.01, 0.02), "val_accuracy") == "−1.0 to +2.0 points"
    assert scores.difference(-0.4, "val_loss") == "−0.400"
    assert scores.score(0.02, "ensemble_val_gain") == "+2.0 points"
    assert scores.score(0.008, "ensemble_val_spread") == "0.8%"


def test_p_values_and_durations() -> None:
    assert formatting.p_value(1e-9) == "p < 0.001"
    assert formatting.p_value(0.0312) == "p = 0.031"
    assert formatting.p_value(0.9999) == "p > 0.99"
    assert formatting.p_value(None) == "–"
    assert [formatting.duration(s) for s in (0.25, 12.0, 300.0, 9000.0, None)] == [
        "250 ms", "12.0 s", "5.0 min", "2.5 h", "–",
    ]  # fmt: skip
    assert formatting.whole(2510010) == "2,510,010"


@pytest.mark.parametrize(("value", "text"), [(1e-5, "10⁻⁵"), (-0.5, "−0.5")])
def test_numbers_of_a_study_keep_all_digits(value: float, text: str) -> None:
    assert formatting.given(value) == text


def test_the_mantissa_of_an_estimate_lies_between_1_and_10() -> None:
    assert formatting.within(0.35e21, (0.0, 1.31e21)) == "3.5×10²⁰"
    assert formatting.within(-0.35e21, (-1.31e21, 0.0)) == "−3.5×10²⁰"
    assert formatting.within(9.999e-6, (0.8e-5, 1.2e-5)) == "1.00×10⁻⁵"
    assert formatting.within(2.05e-5, (1.43e-5, 2.66e-5)) == "2.05×10⁻⁵"


def test_an_effect_of_rounding_is_zero() -> None:
    assert [formatting.effect_size(value) for value in (1.6e-16, -0.097, None)] == ["0", "−0.097", "–"]


SHARES = st.floats(0, 1)
NUMBERS = st.floats(-1e12, 1e12).filter(lambda x: x == 0 or abs(x) > 1e-12)


def read(text: str) -> float:
    """Return the number in a text."""
    plain = text.replace("−", "-").replace(",", "").replace("×10", "e").removesuffix("%").removesuffix(" points")
    return float(plain.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")))


@given(NUMBERS)
def test_a_number_is_rounded_to_its_digits(value: float) -> None:
    assert read(formatting.number(value)) == pytest.approx(value, rel=0.005, abs=0)


@given(NUMBERS)
def test_a_number_has_no_more_than_four_significant_digits(value: float) -> None:
    mantissa = formatting.number(value).partition("×")[0]
    digits = "".join(letter for letter in mantissa if letter.isdigit()).strip("0")
    assert len(digits) <= 4


@given(st.one_of(st.tuples(SHARES, SHARES), st.tuples(NUMBERS, NUMBERS)))
def test_the_ends_of_an_interval_differ_or_are_written_once(ends: tuple[float, float]) -> None:
    bounds = (min(ends), max(ends))
    for write in (formatting.interval, formatting.percent_interval, formatting.points_interval):
        low, to, high = write(bounds).removesuffix(" points").partition(" to ")
        assert low != high if to else low


@given(SHARES, st.floats(1e-4, 0.1))
def test_percentages_of_an_interval_contain_its_ends(low: float, width: float) -> None:
    text = formatting.percent_interval((low, low + width))
    assert " to " in text
    first, _, last = text.partition(" to ")
    for end, value in ((first, low), (last, low + width)):
        if not end.startswith(("above", "below")):
            assert read(end) == pytest.approx(100 * value, abs=0.051)


@given(st.floats(-1, 1).filter(lambda x: abs(x) > formatting.ROUNDING))
def test_no_share_or_difference_that_is_not_zero_reads_as_zero(value: float) -> None:
    assert read(formatting.points(value)) != 0
    assert read(formatting.deviation(value)) != 0
    assert not formatting.percent(value).startswith(("0%", "0.0%", "−0.0%"))


@pytest.mark.parametrize("write", [formatting.points, formatting.deviation, formatting.effect_size])
@pytest.mark.parametrize("value", [0.0, -0.0, 1e-17, -1e-17])
def test_rounding_errors_read_as_zero_without_a_sign(write: Callable[[float], str], value: float) -> None:
    assert write(value)[0] == "0"


@given(st.floats(formatting.LARGEST_EFFECT, 1e18, exclude_min=True))
def test_a_huge_effect_size_is_a_bound(value: float) -> None:
    assert formatting.effect_size(value) == formatting.effect_size(math.inf)
    assert formatting.effect_size(-value) == formatting.effect_size(-math.inf)


def test_the_ends_of_a_narrow_interval_of_shares_differ() -> None:
    assert formatting.percent_interval((0.99912, 0.99987)) == "99.91% to 99.99%"
    assert formatting.percent_interval((0.9999991, 0.9999992)) == "above 99.9%"
    assert formatting.points_interval((0.0051, 0.0054)) == "+0.51 to +0.54 points"
    assert formatting.points_interval((0.0004, 0.007)) == "+0.04 to +0.70 points"
    assert formatting.deviation_interval((-0.015, 0.008)) == "−1.5% to +0.8%"
