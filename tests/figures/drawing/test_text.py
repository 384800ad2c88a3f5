"""Text that is broken to fit a width: each line takes as many words, and the last one as many letters, as fit."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.figures.drawing.text import text_width, wrap

WORDS = ("a", "of", "the", "rate", "Größe", "∑", "漢字", "initialization", "W", "and, more")


def naive(text: str, inches: float, size: float, lines: int) -> str:
    """Break a text by measuring every line that it could begin with."""
    done, rest = [], text.split()
    while rest and len(done) < lines - 1 and text_width(" ".join(rest), size) > inches:
        fit = [end for end in range(1, len(rest) + 1) if text_width(" ".join(rest[:end]), size) <= inches]
        if not fit:
            break
        done.append(" ".join(rest[: fit[-1]]))
        rest = rest[fit[-1] :]
    last = " ".join(rest)
    if text_width(last, size) > inches:
        kept = [last[:end] for end in range(len(last) + 1) if text_width(last[:end] + "…", size) <= inches]
        last = (kept[-1].rstrip() if kept else "") + "…"
    return "\n".join([*done, last])


@pytest.mark.parametrize("lines", [1, 2, 4])
def test_a_text_is_broken_where_the_next_word_or_letter_would_not_fit(lines: int) -> None:
    rng = np.random.default_rng(lines)
    for _ in range(100):
        text = " ".join(rng.choice(WORDS, rng.integers(0, 12)))
        inches = float(rng.uniform(0.0, 3.0))
        assert wrap(text, inches, 7.0, lines) == naive(text, inches, 7.0, lines)
