"""Names at the ends of lines, without overlaps; lines that coincide are named together.

Names replace a legend if they fit beside the panels. A phone has no space for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from reportgen.analysis.words.listing import listing
from reportgen.analysis.words.numerals import exponents
from reportgen.figures.drawing import palette
from reportgen.figures.drawing.axis import Array, Scale
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.text import SMALL, text_width, wrap
from reportgen.languages.translate import _, quoted

MOST_INCHES, MOST_LINES = 1.05, 3
"""The largest width and the largest number of lines of a name."""

LINE_HEIGHT, GAP, LEADER = 0.112, 0.03, 0.1
"""Inches: the height of a line of text, the space between two names, and the length of the line to a name."""

CLOSE = 0.012
"""Lines coincide if their distance is nowhere larger than this share of the axis."""

MOST_SHARE = 0.4
"""The largest share of the width of a panel that names take."""

AROUND = 0.7
"""Inches: the height of titles, ticks and labels of a row of panels."""

LATE = 0.85
"""A line ends at the right side of a panel if its end is beyond this share of the axis."""

MIDDLE = 0.35
"""The name of a line that ends before this share of the axis is beside its end."""

ABOVE = 0.08
"""Names may extend beyond the panel by this height in inches."""


@dataclass(frozen=True)
class Curve:
    """A line of a panel: its name, colour, and points, with y from 0 (bottom) to 1 (top) and NaN in gaps."""

    name: str
    colour: str
    x: Array
    y: Array

    @classmethod
    def of(cls, name: str, colour: str, x: Any, y: Any, scale: Scale) -> Curve:
        """Return the line through points in data coordinates."""
        placed = np.minimum(scale.place(y), scale.high)
        heights = [scale.position(float(value)) if np.isfinite(value) else np.nan for value in placed]
        return cls(name, colour, np.asarray(x, float), np.asarray(heights, float))

    @property
    def end(self) -> tuple[float, float]:
        """The last point."""
        last = np.flatnonzero(np.isfinite(self.y))[-1]
        return float(self.x[last]), float(self.y[last])

    def coincides(self, other: Curve) -> bool:
        """Return whether the lines are so close everywhere that they look like one."""
        same = np.array_equal(self.x, other.x) and np.array_equal(np.isfinite(self.y), np.isfinite(other.y))
        return same and bool(np.nanmax(np.abs(self.y - other.y)) <= CLOSE)


@dataclass(frozen=True)
class Name:
    """The name of one or several coinciding lines, broken into lines; x, y: the end of the first of them."""

    text: str
    names: tuple[str, ...]
    colour: str
    x: float
    y: float

    @property
    def height(self) -> float:
        """The height of the text in inches."""
        return LINE_HEIGHT * (self.text.count("\n") + 1)


def names_of(curves: Sequence[Curve]) -> list[Name]:
    """Return the names of the lines with finite points, those of coinciding lines together, from bottom to top."""
    found = []
    for group in _groups(curves):
        together = _together(group)
        text = wrap(exponents(_joined(together)), MOST_INCHES, SMALL, MOST_LINES)
        found.append(Name(text, together, group[0].colour, *group[0].end))
    return found


def _groups(curves: Iterable[Curve]) -> list[list[Curve]]:
    """Return the lines with finite points from bottom to top, those together that coincide with the first of them."""
    groups: list[list[Curve]] = []
    for curve in curves:
        if np.isfinite(curve.y).any():
            own = next((group for group in groups if group[0].coincides(curve)), None)
            own.append(curve) if own is not None else groups.append([curve])
    return sorted(groups, key=lambda group: group[0].end[1])


def _together(group: Iterable[Curve]) -> tuple[str, ...]:
    """Return the names of the lines of a group, each once."""
    return tuple(dict.fromkeys(curve.name for curve in group))


def _joined(names: Sequence[str]) -> str:
    """Return the names as in "A, B and C", with semicolons if a name has a comma."""
    if not any("," in name for name in names):
        return listing(names)
    return listing([part for part in ("; ".join(names[:-1]), names[-1]) if part])


def with_hidden(curves: Sequence[Curve], grey: Iterable[Curve]) -> list[Curve]:
    """Return the lines and those grey ones that a coloured line hides, so that they are named together."""
    shown = [curve for curve in curves if np.isfinite(curve.y).any()]
    drawn = [curve for curve in grey if np.isfinite(curve.y).any()]
    return [*curves, *(one for one in drawn if any(curve.coincides(one) for curve in shown))]


def coincidences(panels: Iterable[Sequence[Curve]]) -> str:
    """Return a sentence on lines that coincide in every panel, empty if there are none."""
    words = [_("{names} coincide").format(names=listing(list(map(quoted, group)))) for group in coinciding(panels)]
    return _("The lines of {words}").format(words=_("; those of ").join(words)) if words else ""


def coinciding(panels: Iterable[Sequence[Curve]]) -> list[tuple[str, ...]]:
    """Return the names of the lines that coincide in every panel that has one of them."""
    together = [[_together(group) for group in _groups(curves)] for curves in panels]
    groups = dict.fromkeys(names for panel in together for names in panel if len(names) > 1)
    drawn = [{name for names in panel for name in names} for panel in together]
    return [
        group for group in groups
        if all(group in panel for panel, names in zip(together, drawn, strict=True) if not names.isdisjoint(group))
    ]  # fmt: skip


@dataclass(frozen=True)
class Room:
    """The space for names at the right of panels: inches, 0 if a legend is better, and the panels side by side.

    Up to two panels side by side have names each; of more panels, the last one in a row has the names of all.
    """

    inches: float
    columns: int

    @property
    def everywhere(self) -> bool:
        """Whether every panel has names."""
        return self.inches > 0 and self.columns < 3

    @property
    def across(self) -> float:
        """The additional space between two panels in inches."""
        return self.inches if self.everywhere else 0.0

    @property
    def share(self) -> float:
        """The space that a panel loses, in inches."""
        return self.inches if self.everywhere else self.inches / self.columns

    def write(self, ax: Axes, row: Sequence[Sequence[Curve]], at: int) -> None:
        """Write the names of panel number `at` of a row."""
        if self.inches and (self.everywhere or at == len(row) - 1):
            write_names(ax, row[at])


def room_for(rows: Sequence[Sequence[Sequence[Curve]]], columns: int, height: float) -> Room:
    """Return the space that names need.

    rows: the lines of each panel, by row; columns: the number of panels side by side; height: of a panel in inches.
    """
    none, panels = Room(0.0, columns), [panel for row in rows for panel in (row if columns < 3 else row[-1:])]
    height = surface().panel_height(height, len(rows), AROUND)
    if surface().is_narrow or max(map(len, panels), default=0) < 2:
        return none
    if any(_ends_in_the_middle(panel) for panel in panels):
        return none
    if columns > 2 and not all(_names(panel) <= _names(row[-1]) for row in rows for panel in row):
        return none
    found = [names_of(curves) for curves in panels]
    if any(name.text.endswith("…") for names in found for name in names):
        return none
    if any(sum(name.height + GAP for name in names) > height + 2 * ABOVE for names in found):
        return none
    widths = [text_width(line) for names in found for name in names for line in name.text.split("\n")]
    room = Room(max(widths, default=0.0) + LEADER + 0.08, columns)
    return room if room.share <= MOST_SHARE * surface().width / columns else none


def _ends_in_the_middle(curves: Sequence[Curve]) -> bool:
    """Return whether a line ends in the middle of a panel, where its name would be between other lines."""
    places = np.unique(np.concatenate([curve.x for curve in curves if np.isfinite(curve.y).any()] or [np.zeros(1)]))
    last = [np.searchsorted(places, curve.end[0]) / (len(places) - 1 or 1) for curve in curves if _names([curve])]
    return any(MIDDLE < share <= LATE for share in last)


def _names(curves: Sequence[Curve]) -> set[str]:
    return {curve.name for curve in curves if np.isfinite(curve.y).any()}


def write_names(ax: Axes, curves: Sequence[Curve]) -> None:
    """Write the names of the lines at the right of a panel, each with a line to its end.

    The name of a line that ends further left is beside its end. The limits of the panel must be set.
    """
    width, height = ax.bbox.width / ax.figure.dpi, ax.bbox.height / ax.figure.dpi
    names = names_of(curves)
    if not names:  # no line of the panel has a finite value
        return
    places = (ax.transScale + ax.transLimits).transform([(name.x, ax.get_ylim()[1]) for name in names])[:, 0]
    right = min(LATE, max(places, default=1.0) - 1e-9)  # the longest lines may end before the edge of the panel
    late = [(name, float(at)) for name, at in zip(names, places, strict=True) if at > right]
    early = [(name, float(at)) for name, at in zip(names, places, strict=True) if at <= right]
    words: dict[str, Any] = {"ha": "left", "va": "center", "linespacing": 1.05, "fontsize": SMALL}
    words |= {"transform": ax.transAxes, "zorder": 5}
    text = 1 + LEADER / width
    for (name, at), place in zip(early, _spread_names(early, height), strict=True):
        y = min(max(place, name.height / height), 1 - name.height / height)
        box = {"facecolor": palette.light("ground"), "edgecolor": "none", "alpha": 0.8, "pad": 0.4}
        ax.text(at + 0.03, y, name.text, color=palette.text_colour(name.colour), bbox=box, **words)
    leaders = []
    for (name, at), y in zip(late, _spread_names(late, height), strict=True):
        leaders.append([(at, name.y), (1.0, name.y), (1 + 0.8 * (text - 1), y)])
        ax.text(text, y, name.text, color=palette.text_colour(name.colour), **words)
    colours = [name.colour for name, _ in late]
    ax.figure.add_artist(LineCollection(leaders, colors=colours, linewidths=0.6, transform=ax.transAxes))


def _spread_names(names: Sequence[tuple[Name, float]], height: float) -> list[float]:
    """Return the heights of names, as shares of the height of the panel."""
    wanted, sizes = [name.y * height for name, _ in names], [name.height + GAP for name, _ in names]
    return [place / height for place in spread(wanted, sizes, height)]


def spread(wanted: Sequence[float], sizes: Sequence[float], height: float) -> list[float]:
    """Return increasing places as close to the wanted ones as possible, so that intervals of these sizes are disjoint.

    The intervals stay inside the panel as far as they fit. The places minimize the squared distances (pool adjacent
    violators; Barlow et al. 1972).
    """
    if not wanted:
        return []
    offsets = np.cumsum([0.0, *((one + other) / 2 for one, other in pairwise(sizes))])
    blocks: list[list[float]] = []  # sum and number of the shifted places of each block
    for place, offset in zip(wanted, offsets, strict=True):
        blocks.append([place - offset, 1])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] > blocks[-1][0] / blocks[-1][1]:
            total, number = blocks.pop()
            blocks[-1] = [blocks[-1][0] + total, blocks[-1][1] + number]
    free = [total / number for total, number in blocks for _ in range(int(number))]
    lowest = -ABOVE + sizes[0] / 2
    highest = max(height + ABOVE - sizes[-1] / 2 - offsets[-1], lowest)
    return [min(max(shift, lowest), highest) + float(offset) for shift, offset in zip(free, offsets, strict=True)]
