"""How every figure looks: sizes, fonts, colours, markers and line styles, in one place.

A figure is as wide as the text of a page (6.5 inches) and not taller than it is wide unless it has many rows. Its text
is 8 points there, and 16 points and more when the same file fills a slide, so one file serves both. The ground is white
and opaque: on a dark page the figure sits as a white card, and its colours stay those that were chosen for white.

A series is told apart by colour (Okabe and Ito 2008, safe for colour-blind readers), marker and line style together,
so that it still reads in greyscale. Yellow is left out, as it vanishes on white.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, fontManager, get_font
from matplotlib.ft2font import FT2Font, LoadFlags

WIDTH = 6.5
"""Inches: the text width of a page."""

INK = "#222222"
MUTED = "#5f6368"
GRID = "#dddddd"
GROUND = "#ffffff"
GOOD, BAD, OPEN = "#0072b2", "#d55e00", "#5f6368"
REGION = "#cfe8dc"

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#b0579a", "#595959", "#e69f00", "#56b4e9", "#7a5c3e")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (3, 1.2, 1, 1.2)), (0, (1.5, 1.2)))

TEXT, SMALL, TINY = 8.0, 7.0, 6.0
"""Points: labels and titles; ticks and legends; numbers inside small panels."""

TITLE = TEXT * 1.17
"""Points that a title is as wide as: its letters are bold."""

for _file in sorted((Path(__file__).parent / "fonts").glob("*.ttf")):
    # DejaVu Sans with the letters that figures use: embedding a part of the whole font takes longer than the figure.
    fontManager.addfont(_file)

SETTINGS: dict[str, Any] = {
    "font.family": ["Report Sans", "DejaVu Sans"],
    "font.size": TEXT,
    "axes.titlesize": TEXT,
    "axes.titleweight": "bold",
    "axes.labelsize": TEXT,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "text.color": INK,
    # A study's words are never read as formulas: "$" is a dollar.
    "text.parse_math": False,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.major.size": 2.5,
    "ytick.major.size": 0,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "lines.linewidth": 1.3,
    "lines.markersize": 3.8,
    "lines.markeredgewidth": 0.9,
    "figure.facecolor": GROUND,
    "savefig.facecolor": GROUND,
    "savefig.edgecolor": "none",
    "path.simplify": True,
    "svg.fonttype": "none",
    "svg.hashsalt": "reportgen",
    # TrueType, as journals ask for: letters of Type 3 cannot be edited.
    "pdf.fonttype": 42,
    "pdf.compression": 6,
}


@dataclass(frozen=True)
class Look:
    """Colour, marker and line style of one series."""

    colour: str
    marker: str
    dash: Any

    @property
    def level(self) -> float:
        """How far up the line is drawn: the more broken a line, the higher, so that two on one course both show."""
        return 3 + 0.1 * DASHES.index(self.dash)


GHOST = Look("#bfc3c7", "", "-")
"""How a variant looks that is drawn for comparison, but not highlighted."""

GHOST_LINE: dict[str, Any] = {"color": GHOST.colour, "lw": 0.8, "zorder": 1.8}


def ghost_words(labels: Iterable[str]) -> str:
    """Return what the legend calls the grey lines of these labels: by its name where there is one."""
    names = set(labels)
    return clip(names.pop(), 2.4) if len(names) == 1 else "other variants"


def settings() -> AbstractContextManager[None]:
    """Return the context in which every figure is drawn and saved; it leaves the user's own settings alone."""
    chosen: dict[Any, Any] = {**matplotlib.rcParamsDefault, **SETTINGS}
    return matplotlib.rc_context({key: value for key, value in chosen.items() if not key.startswith("backend")})


def look(number: int) -> Look:
    """Return the look of the series with that number, counted from 0; colours, markers and dashes go round apart."""
    lap = number // len(COLOURS)
    return Look(
        COLOURS[number % len(COLOURS)],
        MARKERS[(number + 3 * lap) % len(MARKERS)],
        DASHES[(number + lap) % len(DASHES)] if number else "-",
    )


@dataclass(frozen=True)
class Margins:
    """Inches kept free around and between panels, for labels and the legend; titles: for further lines of titles."""

    left: float = 0.7
    right: float = 0.12
    top: float = 0.26
    bottom: float = 0.42
    across: float = 0.16
    between: float = 0.38
    titles: float = 0.0


def grid(
    rows: int, columns: int, panel_height: float, legend_height: float = 0.0, margins: Margins | None = None
) -> tuple[Figure, list[list[Axes]]]:
    """Return an empty figure of the page's width and its panels by row and column, legend space left below."""
    gaps = margins or Margins()
    gaps = replace(gaps, top=gaps.top + gaps.titles, between=gaps.between + gaps.titles)
    height = gaps.top + rows * panel_height + (rows - 1) * gaps.between + gaps.bottom + legend_height
    width = (WIDTH - gaps.left - gaps.right - (columns - 1) * gaps.across) / columns
    figure = Figure(figsize=(WIDTH, height))
    return figure, [
        [
            figure.add_axes(
                (
                    (gaps.left + column * (width + gaps.across)) / WIDTH,
                    (height - gaps.top - (row + 1) * panel_height - row * gaps.between) / height,
                    width / WIDTH,
                    panel_height / height,
                )
            )
            for column in range(columns)
        ]
        for row in range(rows)
    ]


def text_width(text: str, size: float = SMALL) -> float:
    """Return how many inches a line of DejaVu Sans takes; what it has no letter for counts as the widest."""
    return sum(_advance(letter) for letter in text) * size / 72


@cache
def _advance(letter: str) -> float:
    """Return a letter's width in units of the text's size."""
    font = _font()
    if not font.get_char_index(ord(letter)):
        return 1.0
    return font.load_char(ord(letter), flags=LoadFlags.NO_SCALE).horiAdvance / font.units_per_EM


@cache
def _font() -> FT2Font:
    return get_font(findfont("DejaVu Sans"))


def clip(text: str, inches: float, size: float = SMALL) -> str:
    """Return the text on one line, cut with an ellipsis in the middle where it does not fit the width."""
    line = " ".join(text.split())
    if text_width(line, size) <= inches:
        return line
    keep = max(2, int(inches / text_width("x", size)) - 1)
    while keep > 2 and text_width(line[: keep - keep // 3] + line[-(keep // 3) :], size) > inches:
        keep -= 1
    return f"{line[: keep - keep // 3]}…{line[-(keep // 3) :]}" if keep >= 3 else f"{line[:1]}…"


def clip_all(texts: Sequence[str], inches: float, size: float = SMALL) -> list[str]:
    """Return the texts cut to the width; those that would read alike keep what tells them apart."""
    done = [clip(text, inches, size) for text in texts]
    for twin in {text for text in done if done.count(text) > 1}:
        places = [at for at, text in enumerate(done) if text == twin]
        for at, text in zip(places, _apart([texts[at] for at in places]), strict=True):
            done[at] = clip(text, inches, size)
    return done


def _apart(texts: Sequence[str]) -> list[str]:
    """Return texts without most of the words that all of them begin with, and of those that all end with."""
    words = [text.split() for text in texts]
    start = _shared(words)
    end = max(_shared([part[start:][::-1] for part in words]) - 2, 0)
    start = max(start - 1, 0)
    return [" ".join([*(["…"] * (start > 0)), *part[start : len(part) - end], *(["…"] * (end > 0))]) for part in words]


def _shared(words: Sequence[Sequence[str]]) -> int:
    """Return how many first words are the same in all."""
    columns = list(zip(*words, strict=False))
    return next((at for at, column in enumerate(columns) if len(set(column)) > 1), len(columns))


def wrap(text: str, inches: float, size: float, lines: int) -> str:
    """Return the text broken into at most so many lines of that width, the last one cut where it must be."""
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
        while last and text_width(last + "…", size) > inches:
            last = last[:-1]
        last = last.rstrip() + "…"
    return "\n".join([*done, last])


def _fitting(words: Sequence[str], inches: float, size: float) -> int:
    """Return how many words fit on a line."""
    return sum(text_width(" ".join(words[: at + 1]), size) <= inches for at in range(len(words)))


def legend_rows(labels: Sequence[str], width: float = WIDTH) -> int:
    """Return into how few rows the legend's entries go, filled column by column."""
    widths = [text_width(label) + 0.44 for label in labels]
    for rows in range(1, len(labels)):
        columns = [widths[at : at + rows] for at in range(0, len(widths), rows)]
        if sum(max(column) + 0.14 for column in columns) < width - 0.2:
            return rows
    return max(1, len(labels))


def legend_height(labels: Sequence[str]) -> float:
    """Return the inches that a legend below the panels takes."""
    return 0.06 + legend_rows(labels) * 0.155 if labels else 0.0


def legend(figure: Figure, handles: Sequence[Any], labels: Sequence[str]) -> None:
    """Put one legend for all panels at the bottom of the figure."""
    if not labels:
        return
    figure.legend(
        handles, labels, loc="lower center", ncols=-(-len(labels) // legend_rows(labels)), borderaxespad=0.6,
        handlelength=2.4, columnspacing=1.4, labelspacing=0.3, borderpad=0.1,
    )  # fmt: skip


def titles_height(texts: Iterable[str], inches: float) -> float:
    """Return the inches that titles take beyond one line, where some are wider than their panels."""
    return 0.14 * max((_titled(text, inches).count("\n") for text in texts), default=0)


def panel_title(axes: Axes, text: str, inches: float) -> None:
    """Write a panel's title, broken where it is wider than the panel; a fixed place saves a layout pass."""
    axes.set_title(_titled(text, inches), loc="left", y=1.0, pad=4)


def _titled(text: str, inches: float) -> str:
    return wrap(text, inches, TITLE, 3)
