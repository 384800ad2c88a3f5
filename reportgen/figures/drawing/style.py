"""The style of all figures: sizes, fonts, colours, markers and line styles.

A figure is as wide as the text of a page (6.5 inches), and not taller than wide unless it has many rows. Its text has
8 points on a page, and 16 points or more if the same file fills a slide. The background is white and opaque, since the
colours are chosen for white; on a dark page the figure is a white card.

A series has its own colour (Okabe and Ito 2008, safe for colour-blind readers), marker and line style, so that it can
also be identified in greyscale. Yellow is not used, since it is hardly visible on white.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
from matplotlib.lines import Line2D

from reportgen.figures.drawing.surface import surface

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
"""Font sizes in points: of labels and titles, of ticks and legends, and of numbers in small panels."""

TITLE = TEXT * 1.17
"""Font size of regular text as wide as a title, whose letters are bold."""

for _file in sorted((Path(__file__).parent / "fonts").glob("*.ttf")):
    # A subset of DejaVu Sans: embedding the whole font takes longer than drawing the figure.
    fontManager.addfont(_file)

SETTINGS: dict[str, Any] = {
    "font.family": ["Report Sans", "DejaVu Sans"],
    "font.size": TEXT,
    **dict.fromkeys(("axes.titlesize", "axes.labelsize"), TEXT),
    "axes.titleweight": "bold",
    "axes.edgecolor": MUTED,
    **dict.fromkeys(("axes.labelcolor", "text.color"), INK),
    "axes.linewidth": 0.7,
    **dict.fromkeys(("axes.spines.top", "axes.spines.right"), False),
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    # Labels of studies are no formulas: "$" is a dollar sign.
    "text.parse_math": False,
    **dict.fromkeys(("xtick.labelsize", "ytick.labelsize"), SMALL),
    **dict.fromkeys(("xtick.color", "ytick.color"), MUTED),
    **dict.fromkeys(("xtick.labelcolor", "ytick.labelcolor"), INK),
    **dict.fromkeys(("xtick.major.width", "ytick.major.width"), 0.7),
    "xtick.major.size": 2.5,
    "ytick.major.size": 0,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "lines.linewidth": 1.3,
    "lines.markersize": 3.8,
    "lines.markeredgewidth": 0.9,
    **dict.fromkeys(("figure.facecolor", "savefig.facecolor"), GROUND),
    "savefig.edgecolor": "none",
    "path.simplify": True,
    "svg.fonttype": "none",
    "svg.hashsalt": "reportgen",
    # TrueType, as journals require; Type 3 text cannot be edited.
    "pdf.fonttype": 42,
    "pdf.compression": 6,
}


@dataclass(frozen=True)
class SeriesStyle:
    """Colour, marker and dash pattern of a series."""

    colour: str
    marker: str
    dash: Any

    @property
    def level(self) -> float:
        """Drawing order: lines with more gaps are drawn later, so that lines below them stay visible."""
        return 3 + 0.1 * DASHES.index(self.dash)


GREY = SeriesStyle("#bfc3c7", "", "-")
"""The style of variants that are not highlighted."""

GREY_LINE: dict[str, Any] = {"color": GREY.colour, "lw": 0.8, "zorder": 1.8}


def line_legend(
    lines: Mapping[str, SeriesStyle], inches: float, grey: Iterable[str], **marks: Any
) -> tuple[list[Any], list[str]]:
    """Return handles and labels of lines by label, and one entry for all grey lines: their label if it is the same."""
    styles = [{"color": style.colour, "ls": style.dash, "marker": style.marker, **marks} for style in lines.values()]
    labels, names = clip_all(list(lines), inches), set(grey)
    if names:
        styles.append(GREY_LINE)
        labels.append(clip(names.pop(), 2.4) if len(names) == 1 else "other variants")
    return [Line2D([], [], **style) for style in styles], labels


def settings() -> AbstractContextManager[None]:
    """Return the context in which all figures are drawn and saved; the user's own settings do not apply."""
    chosen: dict[Any, Any] = {**matplotlib.rcParamsDefault, **SETTINGS}
    return matplotlib.rc_context({key: value for key, value in chosen.items() if not key.startswith("backend")})


def series_style(number: int) -> SeriesStyle:
    """Return the style of a series, counted from 0; beyond eight series, colours are paired with other markers."""
    lap = number // len(COLOURS)
    return SeriesStyle(
        COLOURS[number % len(COLOURS)],
        MARKERS[(number + 3 * lap) % len(MARKERS)],
        DASHES[(number + lap) % len(DASHES)] if number else "-",
    )


@dataclass(frozen=True)
class Margins:
    """Space around and between panels in inches; titles: additional space for titles of several lines."""

    left: float = 0.76
    right: float = 0.12
    top: float = 0.26
    bottom: float = 0.42
    across: float = 0.16
    between: float = 0.38
    titles: float = 0.0


def grid(
    rows: int, columns: int, panel_height: float, legend_height: float = 0.0, margins: Margins | None = None
) -> tuple[Figure, list[list[Axes]]]:
    """Return an empty figure as wide as the surface and its axes by row and column, with space for a legend below."""
    gaps = margins or Margins()
    gaps = replace(gaps, top=gaps.top + gaps.titles, between=gaps.between + gaps.titles)
    used = gaps.top + (rows - 1) * gaps.between + gaps.bottom + legend_height
    panel_height = surface().panel_height(panel_height, rows, used)
    height, whole = used + rows * panel_height, surface().width
    width = (whole - gaps.left - gaps.right - (columns - 1) * gaps.across) / columns
    figure = Figure(figsize=(whole, height))
    return figure, [
        [
            figure.add_axes(
                (
                    (gaps.left + column * (width + gaps.across)) / whole,
                    (height - gaps.top - (row + 1) * panel_height - row * gaps.between) / height,
                    width / whole,
                    panel_height / height,
                )
            )
            for column in range(columns)
        ]
        for row in range(rows)
    ]


def panels(
    count: int, columns: int, panel_height: float, legend_height: float = 0.0, margins: Margins | None = None
) -> tuple[Figure, list[Axes]]:
    """Return the same for a number of panels that may not fill the last row, with the axes in reading order."""
    figure, rows = grid(-(-count // columns), columns, panel_height, legend_height, margins)
    axes = [ax for row in rows for ax in row]
    for ax in axes[count:]:
        ax.remove()
    return figure, axes[:count]


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
        while last and text_width(last + "…", size) > inches:
            last = last[:-1]
        last = last.rstrip() + "…"
    return "\n".join([*done, last])


def _fitting(words: Sequence[str], inches: float, size: float) -> int:
    """Return the number of words that fit on a line."""
    return sum(text_width(" ".join(words[: at + 1]), size) <= inches for at in range(len(words)))


def legend_rows(labels: Sequence[str]) -> int:
    """Return the least number of rows for a legend that is filled column by column."""
    widths = [text_width(label) + 0.44 for label in labels]
    for rows in range(1, len(labels)):
        columns = [widths[at : at + rows] for at in range(0, len(widths), rows)]
        if sum(max(column) + 0.14 for column in columns) < surface().width - 0.2:
            return rows
    return max(1, len(labels))


def legend_height(labels: Sequence[str]) -> float:
    """Return the height in inches of a legend below the panels."""
    return 0.06 + legend_rows(labels) * 0.155 if labels else 0.0


def legend(figure: Figure, handles: Sequence[Any], labels: Sequence[str]) -> None:
    """Draw one legend for all panels at the bottom of the figure."""
    if not labels:
        return
    figure.legend(
        handles, labels, loc="lower center", ncols=-(-len(labels) // legend_rows(labels)), borderaxespad=0.6,
        handlelength=2.4, columnspacing=1.4, labelspacing=0.3, borderpad=0.1,
    )  # fmt: skip


def titles_height(texts: Iterable[str], inches: float) -> float:
    """Return the height in inches of the lines of titles after the first."""
    return 0.14 * max((_titled(text, inches).count("\n") for text in texts), default=0)


def panel_title(axes: Axes, text: str, inches: float) -> None:
    """Set a panel's title, broken into lines of the panel's width; the fixed position avoids a layout pass."""
    axes.set_title(_titled(text, inches), loc="left", y=1.0, pad=4)


def _titled(text: str, inches: float) -> str:
    return wrap(text, inches, TITLE, 3)
