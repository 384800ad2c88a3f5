"""Marks of diverged runs at the frame of a panel, with their number, so that they do not stretch its axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes

from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import count
from reportgen.languages.translate import _

TOGETHER = 1.5
"""Marks closer than this distance in inches, the width of two labels, have one label."""

BESIDE = 0.03
"""Distance between marks of different lines at the same place, as a share of the axis."""

CROSS: dict[str, Any] = {"ls": "none", "marker": "x", "ms": 4.8, "mew": 1.3, "clip_on": False, "zorder": 4}


@dataclass(frozen=True)
class Lost:
    """Diverged runs of a line at a place on the x axis."""

    x: float
    colour: str
    runs: int = 1


def mark_lost(ax: Axes, lost: Sequence[Lost], top: bool) -> None:
    """Mark diverged runs at the upper or lower edge of a panel, whose limits are set; top: at the upper edge."""
    if not lost:
        return
    places = sorted((_share(ax, one.x), one.colour, one.runs) for one in lost)
    y, groups, width = float(top), [[places[0]]], ax.get_position().width * surface().width
    for place in places[1:]:
        if (place[0] - groups[-1][0][0]) * width < TOGETHER:
            groups[-1].append(place)
        else:
            groups.append([place])
    colours = list(dict.fromkeys(one.colour for one in lost))
    for colour in colours:
        shift = BESIDE * (colours.index(colour) - (len(colours) - 1) / 2) * _overlap(places)
        at = [(share + shift, y) for share in sorted({share for share, own, _ in places if own == colour})]
        x = (ax.transScale + ax.transLimits).inverted().transform(at)[:, 0]
        ax.plot(x, [y] * len(at), transform=ax.get_xaxis_transform(), color=colour, **CROSS)
    for group in groups:
        middle, runs = (group[0][0] + group[-1][0]) / 2, sum(number for _, _, number in group)
        side = "left" if middle < 0.25 else "right" if middle > 0.75 else "center"
        inside: dict[str, Any] = {"xytext": (0, -6 if top else 6), "textcoords": "offset points", "ha": side}
        box = {"facecolor": _style.GROUND, "edgecolor": "none", "alpha": 0.8, "pad": 0.6}
        words: dict[str, Any] = {
            "fontsize": surface().tiny,
            "va": "top" if top else "bottom",
            "bbox": box,
            "zorder": 3.9,
        }
        ax.annotate(
            _("{runs} diverged").format(runs=count(runs, "run")),
            (middle, y),
            xycoords="axes fraction",
            **inside,
            **words,
        )


def _overlap(places: Sequence[tuple[float, str, int]]) -> bool:
    """Return whether marks of different lines are at the same place."""
    shares = {(round(share, 3), colour) for share, colour, _ in places}
    return len({share for share, _ in shares}) < len(shares)


def _share(ax: Axes, x: float) -> float:
    """Return a position on the x axis as a share of its length."""
    return float((ax.transScale + ax.transLimits).transform((x, ax.get_ylim()[1]))[0])
