import math

import pytest

from reportgen.analysis.words.formatting import percent
from reportgen.analysis.words.listing import listing
from reportgen.figures.drawing.words import (
    count,
    course,
    number,
    power,
    resolving,
    score,
    sentence,
    setting_value,
)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.2131, "0.21"), (0.99951, "1.0"), (1.0, "1.0"), (123.4, "123"), (3.06e-7, "3.1×10⁻⁷"), (4.2e10, "4.2×10¹⁰"),
        (0.0, "0"), (-0.5, "−0.50"), (-3.5e-5, "−3.5×10⁻⁵"), (math.nan, "no value"), (math.inf, "overflow"),
    ],
)  # fmt: skip
def test_a_number_has_two_significant_digits(value: float, words: str) -> None:
    assert number(value) == words


@pytest.mark.parametrize(("exponent", "words"), [(-7, "10⁻⁷"), (0, "1"), (1, "10"), (12, "10¹²")])
def test_a_tick_shows_a_raised_exponent(exponent: int, words: str) -> None:
    assert power(exponent) == words


def test_a_falling_course_names_both_ends() -> None:
    assert course([1, 2, 3], [0.2, 0.04, 1e-6]) == "falls from 0.20 in layer 1 to 1.0×10⁻⁶ in layer 3"


def test_a_rising_course_names_both_ends() -> None:
    assert course([1, 2], [1.0, 15.0]) == "rises from 1.0 in layer 1 to 15 in layer 2"


def test_a_change_below_a_factor_of_two_is_steady() -> None:
    assert course([1, 2, 3], [0.6, 0.5, 0.4]) == "stays between 0.40 and 0.60"


def test_a_course_that_is_not_monotone_has_a_range() -> None:
    assert course([1, 2, 3], [1.0, 9.0, 1.0]).endswith("between 1.0 and 9.0")


def test_values_of_both_signs_are_given_as_a_range() -> None:
    assert course([1, 2], [0.01, -0.02]) == "lies between −0.020 and 0.010"


def test_zeros_and_missing_values_are_described_in_words() -> None:
    assert course([1, 2], [0.0, 0.0]) == "is 0 in every layer"
    assert course([1], [0.5]) == "is 0.50 in layer 1"
    assert course([1, 2], [math.nan, math.inf]) == "has no finite value"


def test_layers_without_a_finite_value_are_skipped() -> None:
    assert course([1, 2, 3], [1.0, 8.0, math.nan]) == "rises from 1.0 in layer 1 to 8.0 in layer 2"


def test_a_course_may_be_in_percent() -> None:
    assert course([1, 2], [0.1, 0.4], write=percent) == "rises from 10.0% in layer 1 to 40.0% in layer 2"


@pytest.mark.parametrize(
    ("value", "name", "words"),
    [(0.984, "val_accuracy", "98.4%"), (0.984, "val_loss", "0.984"), (math.nan, "val_accuracy", "no value")],
)
def test_accuracies_are_in_percent(value: float, name: str, words: str) -> None:
    assert score(value, name) == words


@pytest.mark.parametrize(("value", "words"), [(0.0001, "0.0001"), (1e-5, "10⁻⁵"), (30.0, "30"), (2e7, "2×10⁷")])
def test_the_value_of_a_setting_has_all_its_digits(value: float, words: str) -> None:
    assert setting_value(value) == words


def test_lists_and_counts_in_sentences() -> None:
    assert listing(["a", "b", "c"]) == "a, b and c"
    assert listing([]) == ""
    assert (count(1, "step"), count(2, "step")) == ("1 step", "2 steps")
    assert sentence("a claim..") == "A claim."
    assert sentence(" ") == ""


@pytest.mark.parametrize(
    ("low", "high", "digits"), [(2.2951, 2.3052, 4), (0.1, 0.9, 2), (-3.0, 5.0, 2), (1.0, 1.0, 2), (1.0, math.inf, 2)]
)
def test_the_digits_at_which_the_ends_of_an_interval_differ(low: float, high: float, digits: int) -> None:
    assert resolving(low, high) == digits
