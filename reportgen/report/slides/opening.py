"""The first pages of the slides: title, question and answer, in letters that fit."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.figures.drawing.markup import plain
from reportgen.figures.drawing.text import wrap

BOLD = 1.17
"""Width of bold letters relative to regular ones."""

MOST_LINES = 40
"""The largest number of lines of a text."""

OPENINGS = ((38, 26, 26), (32, 24, 24), (28, 22, 22), (24, 20, 20), (22, 18, 18))
"""Font sizes in points of the title, the question and the answer on the first page, the preferred ones first."""

HIGHEST_OPENING, COLUMN_OPENING = 5.0, 11.3
"""Inches: the height of all text on the first page, and its width."""


@dataclass(frozen=True)
class Opening:
    """A page with the title, and with the question or the answer or both; a part that is missing is empty.

    Attributes
    ----------
    answer : Markdown.
    sizes : the font sizes in points of the title, of the question and of the answer.
    """

    title: str
    question: str
    answer: str
    sizes: tuple[int, int, int]


def openings(title: str, question: str, answer: str) -> tuple[Opening, ...]:
    """Return the page with title, question and answer in the largest letters that fit, or a page for each."""
    if (fitting := _fitting(title, question, answer)) is not None:
        return (Opening(title, question, answer, fitting),)
    pages = [page for page in ((question, ""), ("", answer)) if any(page)]
    return tuple(Opening(title, *page, _fitting(title, *page) or OPENINGS[-1]) for page in pages)


def _fitting(title: str, question: str, answer: str) -> tuple[int, int, int] | None:
    """Return the largest font sizes in points at which the texts fit on a page, or None."""
    for sizes in OPENINGS:
        texts = zip((title, question, plain(answer)), sizes, (BOLD, 1, 1), strict=True)
        broken = [(wrap(text, COLUMN_OPENING / bold, size, MOST_LINES), size) for text, size, bold in texts]
        lines = [size * (text.count("\n") + 1) for text, size in broken]
        if sum(lines) * 1.3 / 72 <= HIGHEST_OPENING:
            return sizes
    return None
