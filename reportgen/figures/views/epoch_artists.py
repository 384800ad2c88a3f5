"""The lines of a score by epoch as drawn: highlighted variants with their seeds, the others in grey."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from reportgen.figures.drawing import axis as _axis
from reportgen.figures.drawing import style as _style
from reportgen.figures.views.epoch_lines import Line

NAMED = range(2, 7)
"""How many grey lines of a panel have their names at their ends; the legend names a single one."""

LONGEST_NAME = 0.7
"""Inches; longer names would cover too much of a panel."""

GHOST_NAME: dict[str, Any] = {"ha": "right", "fontsize": _style.TINY, "color": _style.MUTED}


def strokes(line: Line) -> int:
    """Return how many lines are drawn for a line: the edges of its band count."""
    return 1 if line.ghost else 3 if line.banded else 1 + len(line.curve.seeds)


def draw_line(ax: Axes, line: Line, scale: _axis.Scale, most: int) -> None:
    """Draw a highlighted variant: its seeds or their band, its mean or median, and where its runs diverged."""
    x, colour = np.asarray(line.curve.x, dtype=float), line.look.colour
    few = _thinned(len(x), most)
    if not line.banded and len(line.curve.seeds) > 1:
        seeds = [_piece(x[few], _held(scale, values)[few]) for values in np.asarray(line.curve.per_seed, dtype=float)]
        ax.plot(*np.concatenate(seeds).T, color=colour, lw=0.5, alpha=0.45, zorder=2)
    _middle(ax, line, scale, few[few < len(line.middle)])
    _crosses(ax, [line], scale, colour)


def _piece(x: Any, y: Any) -> Any:
    """Return points (N + 1, 2) that end in a gap: lines of one look are drawn as one, which is light to store."""
    return np.column_stack([[*x, np.nan], [*y, np.nan]])


def _middle(ax: Axes, line: Line, scale: _axis.Scale, few: Any) -> None:
    """Draw the mean of the seeds, or their median with its band, at the epochs few."""
    x, colour = np.asarray(line.curve.x, dtype=float)[few], line.look.colour
    if line.banded:
        low, _, high = _held(scale, line.quantiles)[:, few]
        ax.fill_between(x, low, high, color=colour, alpha=0.15, lw=0, zorder=1.9)
    y, every = _held(scale, line.middle)[few], 1 if len(x) <= 16 else round(len(x) / 8)
    style = {"color": colour, "ls": line.look.dash, "marker": line.look.marker, "ms": 3.2, "markevery": every}
    ax.plot(x, y, zorder=line.look.level, **style)


def draw_ghosts(ax: Axes, lines: Sequence[Line], scale: _axis.Scale, most: int) -> None:
    """Draw the middles of all grey lines."""
    parts = []
    for line in lines:
        few = _thinned(len(line.middle), most)
        parts.append(_piece(np.asarray(line.curve.x, dtype=float)[few], _held(scale, line.middle)[few]))
    if parts:
        ax.plot(*np.concatenate(parts).T, **_style.GHOST_LINE)
        _crosses(ax, lines, scale, _style.GHOST.colour)
    if len(lines) in NAMED and all(_style.text_width(line.label, _style.TINY) < LONGEST_NAME for line in lines):
        _names(ax, lines, parts, scale)


def _names(ax: Axes, lines: Sequence[Line], parts: Sequence[Any], scale: _axis.Scale) -> None:
    """Write the names of grey lines at their ends, without those that would cover another one."""
    taken: list[tuple[float, float]] = []
    longest = max((float(line.curve.x[-1]) for line in lines), default=1.0)
    for line, part in zip(lines, parts, strict=True):
        drawn = part[np.isfinite(part).all(axis=1)]
        if not len(drawn):
            continue
        place = drawn[-1, 0] / longest, scale.part(drawn[-1, 1])
        if drawn[-1, 0] > 0 and all(abs(place[0] - x) > 0.15 or abs(place[1] - y) > 0.08 for x, y in taken):
            taken.append(place)
            side = ("top", -2) if place[1] > 0.92 else ("bottom", 1.5)
            style = {"va": side[0], "xytext": (-1, side[1]), "textcoords": "offset points", **GHOST_NAME}
            ax.annotate(line.label, drawn[-1], **style)


def _crosses(ax: Axes, lines: Sequence[Line], scale: _axis.Scale, colour: str) -> None:
    """Mark the last finite value of every run that diverged; the scale is that of the other runs."""
    ends = [end for line in lines for seed in line.ended if (end := _end(line, seed, scale)) is not None]
    if ends:
        x, y = zip(*ends, strict=True)
        level = 4.0 if colour != _style.GHOST.colour else 1.8
        ax.plot(x, y, marker="x", ms=5, mew=1.3, color=colour, ls="none", clip_on=False, zorder=level)


def _end(line: Line, seed: int, scale: _axis.Scale) -> tuple[float, float] | None:
    y = _held(scale, np.asarray(line.curve.per_seed, dtype=float)[line.curve.seeds.index(seed)])
    finite = np.flatnonzero(np.isfinite(y))
    return (float(line.curve.x[finite[-1]]), max(float(y[finite[-1]]), scale.low)) if finite.size else None


def _held(scale: _axis.Scale, values: Any) -> Any:
    """Return the values as drawn, what lies above the picture at its upper edge."""
    return np.minimum(scale.place(values), scale.high)


def _thinned(length: int, most: int) -> Any:
    """Return indices of at most about so many points, evenly spread, the last one included."""
    return np.unique(np.linspace(0, length - 1, min(length, most)).round().astype(int))
