"""The style of all figures: sizes, fonts, colours, markers and line styles.

A figure is as wide as the text of a page (6.5 inches), and not taller than wide unless it has many rows. Its text has
8 points on a page, and 16 points or more if the same file fills a slide. The background is opaque.

A series has its own colour, marker and line style, so that it can also be identified in greyscale.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.lines import Line2D

from reportgen.analysis.words.numerals import exponents
from reportgen.figures.drawing import palette
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.text import SMALL as SMALL
from reportgen.figures.drawing.text import TEXT as TEXT
from reportgen.figures.drawing.text import TINY as TINY
from reportgen.figures.drawing.text import clip as clip
from reportgen.figures.drawing.text import clip_all as clip_all
from reportgen.figures.drawing.text import text_width as text_width
from reportgen.figures.drawing.text import wrap as wrap
from reportgen.languages.translate import _

INK, MUTED, GRID, GROUND, REGION = (palette.light(name) for name in ("ink", "muted", "grid", "ground", "region"))
GOOD, BAD, OPEN = (palette.light(name) for name in ("blue", "vermilion", "muted"))
COLOURS = palette.COLOURS

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (3, 1.2, 1, 1.2)), (0, (1.5, 1.2)))

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


GREY = SeriesStyle(palette.light("grey"), "", "-")
"""The style of variants that are not highlighted."""

GREY_LINE: dict[str, Any] = {"color": GREY.colour, "lw": 0.8, "zorder": 1.8}


def line_legend(
    lines: Mapping[str, SeriesStyle], inches: float, grey: Iterable[str], **marks: Any
) -> tuple[list[Any], list[str]]:
    """Return handles and labels of lines by label, and one entry for all grey lines: their label if it is the same."""
    styles = [{"color": style.colour, "ls": style.dash, "marker": style.marker, **marks} for style in lines.values()]
    labels, names = clip_all([exponents(label) for label in lines], min(inches, surface().width - 0.7)), set(grey)
    if names:
        styles.append(GREY_LINE)
        labels.append(clip(exponents(names.pop()), 2.4) if len(names) == 1 else _("other variants"))
    return [Line2D([], [], **style) for style in styles], labels


_DRAWING = threading.RLock()
"""Held while a figure is drawn or saved, because matplotlib has one set of settings for all threads."""


@contextmanager
def settings() -> Iterator[None]:
    """Draw and save figures in the block, one thread at a time; the user's own settings do not apply."""
    chosen: dict[Any, Any] = {**matplotlib.rcParamsDefault, **SETTINGS}
    known = {key: value for key, value in chosen.items() if not key.startswith("backend")}
    with _DRAWING, matplotlib.rc_context(known):
        yield


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
    """Return an empty figure as wide as the surface and its axes by row and column, with space for a legend.

    The legend is below the panels, on a phone above them.
    """
    gaps = margins or Margins()
    gaps = replace(gaps, top=gaps.top + gaps.titles, between=gaps.between + gaps.titles)
    used = gaps.top + (rows - 1) * gaps.between + gaps.bottom + legend_height
    panel_height = surface().panel_height(panel_height, rows, used)
    height, whole = used + rows * panel_height, surface().width
    above = legend_height if surface().is_narrow else 0.0
    width = (whole - gaps.left - gaps.right - (columns - 1) * gaps.across) / columns
    figure = Figure(figsize=(whole, height))
    return figure, [
        [
            figure.add_axes(
                (
                    (gaps.left + column * (width + gaps.across)) / whole,
                    (height - above - gaps.top - (row + 1) * panel_height - row * gaps.between) / height,
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


def legend_rows(labels: Sequence[str]) -> int:
    """Return the least number of rows for a legend that is filled column by column."""
    widths = [text_width(label) + 0.44 for label in labels]
    for rows in range(1, len(labels)):
        columns = [widths[at : at + rows] for at in range(0, len(widths), rows)]
        if sum(max(column) + 0.14 for column in columns) < surface().width - 0.2:
            return rows
    return max(1, len(labels))


def legend_height(labels: Sequence[str]) -> float:
    """Return the height in inches of a legend."""
    return 0.1 + legend_rows(labels) * 0.13 if labels else 0.0


def legend(figure: Figure, handles: Sequence[Any], labels: Sequence[str]) -> None:
    """Draw one legend for all panels at the bottom of the figure, on a phone at its top."""
    if not labels:
        return
    place: Literal["upper center", "lower center"] = "upper center" if surface().is_narrow else "lower center"
    figure.legend(
        handles, labels, loc=place, ncols=-(-len(labels) // legend_rows(labels)), borderaxespad=0.6,
        handlelength=2.4, columnspacing=1.4, labelspacing=0.3, borderpad=0.1,
    )  # fmt: skip


def titles_height(texts: Iterable[str], inches: float) -> float:
    """Return the height in inches of the lines of titles after the first."""
    return 0.14 * max((_titled(text, inches).count("\n") for text in texts), default=0)


def panel_title(axes: Axes, text: str, inches: float) -> None:
    """Set a panel's title, broken into lines of the panel's width; the fixed position avoids a layout pass."""
    axes.set_title(_titled(text, inches), loc="left", y=1.0, pad=4)


def _titled(text: str, inches: float) -> str:
    return wrap(exponents(text), inches, TITLE, 3)
