"""Lines of text: broken and cut at the width."""

from __future__ import annotations

import random

import pytest

from reportgen.figures.drawing.text import SMALL, text_width, wrap

WORDS = ("lr", "0.01,", "and", "width", "wiiide", "Änderung", "10⁻³;", "a")


def wrapped(text: str, inches: float, lines: int) -> str:
    """Break a text letter by letter."""
    done, rest = [], text.split()
    while rest and len(done) < lines - 1 and text_width(" ".join(rest)) > inches:
        fit = sum(text_width(" ".join(rest[: at + 1])) <= inches for at in range(len(rest)))
        if not fit:
            break
        done.append(" ".join(rest[:fit]))
        rest = rest[fit:]
    last = " ".join(rest)
    if text_width(last) > inches:
        while last and text_width(last + "…") > inches:
            last = last[:-1]
        last = last.rstrip() + "…"
    return "\n".join([*done, last])


@pytest.mark.parametrize("inches", [0.01, 0.2, 0.5, 1.05, 3.0])
@pytest.mark.parametrize("lines", [1, 2, 3])
def test_a_text_is_broken_as_letter_by_letter(inches: float, lines: int) -> None:
    draw = random.Random(7)
    for count in range(30):
        text = " ".join(draw.choices(WORDS, k=count))
        assert wrap(text, inches, SMALL, lines) == wrapped(text, inches, lines)
