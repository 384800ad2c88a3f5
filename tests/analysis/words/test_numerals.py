"""Numerals for print."""

from __future__ import annotations

import pytest

from reportgen.analysis.words.numerals import exponents


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("epsilon 1e-05, bound -1e-05", "epsilon 10⁻⁵, bound −10⁻⁵"),
        ("between -0.02 and 4.54e-05", "between −0.02 and 4.54×10⁻⁵"),
        ("layers 3-10 of csci-497p, 2026-11-21", "layers 3-10 of csci-497p, 2026-11-21"),
        ("“lr -1e-5” at -1", "“lr -1e-5” at −1"),
        ("sgd (momentum 0.9, nesterov false)", "sgd (momentum 0.9, nesterov false)"),
    ],
)
def test_powers_of_ten_and_minus_signs(text: str, printed: str) -> None:
    assert exponents(text) == printed


def test_names_in_quotes_keep_their_exponents() -> None:
    assert exponents("with “lr 1e-5” it falls to 3e-7") == "with “lr 1e-5” it falls to 3×10⁻⁷"


def test_exponents_in_prose_become_powers_of_ten() -> None:
    assert exponents("falls to 2.97e-07 at 1e+10, not in e2e or v1e3x") == (
        "falls to 2.97×10⁻⁷ at 10¹⁰, not in e2e or v1e3x"
    )
