"""Rounding happens in one place, and never says more than is true."""

from __future__ import annotations

import math

import pytest

from reportgen.report import formatting


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (0.21308, "0.213"),
        (1234.5, "1230"),
        (2.97e-7, "2.97 × 10⁻⁷"),
        (-3.2e10, "−3.20 × 10¹⁰"),
        (1e-300, "1.00 × 10⁻³⁰⁰"),
        (0.9999, "1.00"),
        (None, "–"),
        (math.nan, "–"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (7, "7.00"),
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
        (None, "–"),
        (math.nan, "–"),
    ],
)
def test_percent_says_none_and_all_only_where_true(value: float | None, text: str) -> None:
    assert formatting.percent(value) == text


def test_intervals_p_values_and_durations() -> None:
    assert formatting.interval((0.1, 0.25)) == "0.100 to 0.250"
    assert formatting.interval((math.nan, 1.0)) == "–"
    assert formatting.percent_interval((0.9, 1.0)) == "90.0% to 100%"
    assert formatting.p_value(1e-9) == "p < 0.001"
    assert formatting.p_value(0.0312) == "p = 0.031"
    assert formatting.p_value(None) == "–"
    assert [formatting.duration(s) for s in (0.25, 12.0, 300.0, 9000.0, None)] == [
        "250 ms", "12.0 s", "5.0 min", "2.5 h", "–",
    ]  # fmt: skip
    assert formatting.whole(2510010) == "2\u202f510\u202f010"


def test_exponents_in_prose_become_powers_of_ten() -> None:
    assert formatting.exponents("falls to 2.97e-07 at 1e+10, not in e2e or v1e3x") == (
        "falls to 2.97 × 10⁻⁷ at 1 × 10¹⁰, not in e2e or v1e3x"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "none"),
        (True, "true"),
        ({"name": "gaussian", "std": 0.01}, "gaussian (std 0.01)"),
        ([500] * 10, "10 × 500"),
        ([], "none"),
        ([64, 32], "64, 32"),
        (1e-05, "1e-05"),
    ],
)
def test_settings(value: object, text: str) -> None:
    assert formatting.setting(value) == text
