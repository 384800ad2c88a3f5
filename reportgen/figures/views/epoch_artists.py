"""Drawing of scores by epoch: highlighted variants with their seeds, the others in grey."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from reportgen.analysis.words.numerals import exponents
from reportgen.figures.drawing import axis as _axis
from reportgen.figures.drawing import style as _style
from reportgen.figures.views.epoch_lines import Line

NAMED = range(2, 7)
"""Grey lines have labels at their ends if a panel has this number of them; the legend has the label of a single one."""

LONGEST_NAME = 0.7
"""The largest width of labels at grey lines, in inches."""

GREY_NAME: dict[str, Any] = {"ha": "right", "fontsize": _style.TINY, "color": _style.MUTED}


def strokes(line: Line) -> int:
    """Return the number of drawn lines for a score of a variant, including the edges of its band."""
    return 1 if line.grey else 3 if line.banded else 1 + len(line.curve.seeds)


def draw_line(ax: Axes, line: Line, scale: _axis.Scale, most: int) -> None:
    """Draw a highlighted variant: its seeds or their band, and its mean or median."""
    x, colour = line.curve.x, line.style.colour
    few = _thinned(len(x), most)
    if not line.banded and len(line.curve.seeds) > 1:
        seeds = [_piece(x[few], _clipped(scale, values)[few]) for values in line.curve.per_seed]
        ax.plot(*np.concatenate(seeds).T, color=colour, lw=0.5, alpha=0.45, zorder=2)
    _middle(ax, line, scale, few[few < len(line.middle)])


def _piece(x: Any, y: Any) -> Any:
    """Return points (N + 1, 2) that end in a gap, so that several lines can be drawn as one."""
    return np.column_stack([[*x, np.nan], [*y, np.nan]])


def _middle(ax: Axes, line: Line, scale: _axis.Scale, few: Any) -> None:
    """Draw the mean of the seeds, or their median with its band, at the epochs with the indices `few`."""
    x, colour = line.curve.x[few], line.style.colour
    if line.banded:
        low, _, high = _clipped(scale, line.quantiles)[:, few]
        ax.fill_between(x, low, high, color=colour, alpha=0.15, lw=0, zorder=1.9)
    y, every = _clipped(scale, line.middle)[few], 1 if len(x) <= 16 else round(len(x) / 8)
    style = {"color": colour, "ls": line.style.dash, "marker": line.style.marker, "ms": 3.2, "markevery": every}
    ax.plot(x, y, zorder=line.style.level, **style)


def draw_grey_lines(ax: Axes, lines: Sequence[Line], scale: _axis.Scale, most: int) -> None:
    """Draw the means or medians of all grey lines."""
    parts = []
    for line in lines:
        few = _thinned(len(line.middle), most)
        parts.append(_piece(line.curve.x[few], _clipped(scale, line.middle)[few]))
    if parts:
        ax.plot(*np.concatenate(parts).T, **_style.GREY_LINE)
    if len(lines) in NAMED and all(_style.text_width(line.label, _style.TINY) < LONGEST_NAME for line in lines):
        _names(ax, lines, parts, scale)


def _names(ax: Axes, lines: Sequence[Line], parts: Sequence[Any], scale: _axis.Scale) -> None:
    """Write labels at the ends of grey lines, without those that would overlap."""
    taken: list[tuple[float, float]] = []
    longest = max((float(line.curve.x[-1]) for line in lines), default=1.0)
    for line, part in zip(lines, parts, strict=True):
        drawn = part[np.isfinite(part).all(axis=1)]
        if not len(drawn):
            continue
        place = drawn[-1, 0] / longest, scale.position(drawn[-1, 1])
        hidden = place[1] > 0.88 and any(one.ended for one in lines)  # by the number of diverged runs
        if (
            drawn[-1, 0] > 0
            and not hidden
            and all(abs(place[0] - x) > 0.15 or abs(place[1] - y) > 0.08 for x, y in taken)
        ):
            taken.append(place)
            side = ("top", -2) if place[1] > 0.92 else ("bottom", 1.5)
            style = {"va": side[0], "xytext": (-1, side[1]), "textcoords": "offset points", **GREY_NAME}
            ax.annotate(exponents(line.label), drawn[-1], **style)


def _clipped(scale: _axis.Scale, values: Any) -> Any:
    """Return the values as drawn; values above the axis are at its upper end."""
    return np.minimum(scale.place(values), scale.high)


def _thinned(length: int, most: int) -> Any:
    """Return indices of at most `most` evenly spaced points, including the last one."""
    return np.unique(np.linspace(0, length - 1, min(length, most)).round().astype(int))
