"""Widths of text in inches, and text that is shortened or broken to fit a width."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import accumulate, takewhile

from matplotlib.font_manager import findfont, get_font
from matplotlib.ft2font import FT2Font, LoadFlags

TEXT, SMALL, TINY = 8.0, 7.0, 6.0
"""Font sizes in points: of labels and titles, of ticks and legends, and of numbers in small panels."""


def text_width(text: str, size: float = SMALL) -> float:
    """Return the width of a line in inches in DejaVu Sans; letters that the font lacks count as 1 em."""
    return sum(_advance(letter) for letter in text) * size / 72


@cache
def _advance(letter: str) -> float:
    """Return the width of a letter in em."""
    font = _font()
    if not font.get_char_index(ord(letter)):
        return 1.0
    return font.load_char(ord(letter), flags=LoadFlags.NO_SCALE).horiAdvance / font.units_per_EM


@cache
def _font() -> FT2Font:
    return get_font(findfont("DejaVu Sans"))


def clip(text: str, inches: float, size: float = SMALL) -> str:
    """Return the text on one line, shortened with an ellipsis in the middle if it is too wide."""
    line = " ".join(text.split())
    if text_width(line, size) <= inches:
        return line
    keep = max(2, int(inches / text_width("x", size)) - 1)
    while keep > 2 and text_width(line[: keep - keep // 3] + line[-(keep // 3) :], size) > inches:
        keep -= 1
    return f"{line[: keep - keep // 3]}…{line[-(keep // 3) :]}" if keep >= 3 else f"{line[:1]}…"


def clip_all(texts: Sequence[str], inches: float) -> list[str]:
    """Return the texts shortened to a width; texts that would become equal keep the words in which they differ."""
    done = [clip(text, inches) for text in texts]
    for duplicate in {text for text in done if done.count(text) > 1}:
        places = [at for at, text in enumerate(done) if text == duplicate]
        for at, text in zip(places, _differences([texts[at] for at in places]), strict=True):
            done[at] = clip(text, inches)
    return done


def _differences(texts: Sequence[str]) -> list[str]:
    """Return the texts without most of the words that all begin or end with."""
    words = [text.split() for text in texts]
    start = _shared(words)
    end = max(_shared([part[start:][::-1] for part in words]) - 2, 0)
    start = max(start - 1, 0)
    return [" ".join([*(["…"] * (start > 0)), *part[start : len(part) - end], *(["…"] * (end > 0))]) for part in words]


def _shared(words: Sequence[Sequence[str]]) -> int:
    """Return the number of leading words that all have in common."""
    columns = list(zip(*words, strict=False))
    return next((at for at, column in enumerate(columns) if len(set(column)) > 1), len(columns))


def wrap(text: str, inches: float, size: float, lines: int) -> str:
    """Return the text broken into at most `lines` lines of a width in inches; the last line is cut if needed."""
    done: list[str] = []
    rest = text.split()
    while rest and len(done) < lines - 1 and text_width(" ".join(rest), size) > inches:
        fit = _fitting(rest, inches, size)
        if not fit:
            break
        done.append(" ".join(rest[:fit]))
        rest = rest[fit:]
    last = " ".join(rest)
    if text_width(last, size) > inches:
        last = last[: _most(last, inches, size, "…")].rstrip() + "…"
    return "\n".join([*done, last])


def _fitting(words: Sequence[str], inches: float, size: float) -> int:
    """Return the number of words that fit on a line."""
    ends = accumulate(len(word) + (at > 0) for at, word in enumerate(words))
    most = _most(" ".join(words), inches, size)
    return sum(1 for _ in takewhile(lambda end: end <= most, ends))


def _most(text: str, inches: float, size: float, after: str = "") -> int:
    """Return the largest number of leading letters that fit a width in inches, with `after` behind them.

    Reads no more letters than fit: the names of hundreds of lines have thousands of letters.
    """
    widths = accumulate(map(_advance, text), initial=sum(map(_advance, after)))
    fitting = sum(1 for _ in takewhile(lambda width: width * size / 72 <= inches, widths))
    return max(fitting - 1, 0)
