"""The Markdown of a study as plain text: no mark and no dollar sign is drawn."""

from __future__ import annotations

import pytest

from reportgen.figures.drawing.markup import plain


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("The *loss* of **b** is `a_b`", "The loss of b is a_b"),
        ("at $10^{-3}$ and $\\sigma^2$", "at 10⁻³ and σ²"),
        ("$x_i$ by $\\sqrt{n}$", "x_i by √n"),
        ("$\\sqrt{2/n}$ or $\\frac{a}{b + c}$", "√(2/n) or a/(b+c)"),
        ("[here](https://example.org) and $5", "here and $5"),
        ("a *b\nc*", "a b c"),
    ],
)
def test_marks_are_left_out_and_formulas_are_letters(source: str, text: str) -> None:
    assert plain(source) == text


def test_a_formula_with_an_unknown_command_stays_its_source() -> None:
    assert plain(r"of $\input{x}$") == r"of $\input{x}$"
