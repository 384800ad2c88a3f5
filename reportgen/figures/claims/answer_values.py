"""The values behind the answer: of each claim that the answer quotes or needs, the values of both sides.

A panel shows one metric, at one place and time. Dots are single seeds, the stroke is their mean, and the bar is its 95%
interval. Each panel has its own scale. If a claim lets each side use its best value of a setting, such as the learning
rate, the row shows the value at the best one. A run that does not reach a level counts with the last epoch or step that
it trained for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reportgen.analysis.claims.quoted_sides import Side, quoted_sides
from reportgen.analysis.metrics.scales import in_points, is_share
from reportgen.analysis.results import Analysis
from reportgen.analysis.words.measured import unit
from reportgen.analysis.words.names import setting_name, words
from reportgen.analysis.words.numerals import exponents
from reportgen.analysis.words.places import own_place, reference
from reportgen.analysis.words.scores import estimated
from reportgen.figures.drawing import axis as _axis
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import joined, sentence
from reportgen.figures.table import FIGURES
from reportgen.languages.translate import _, in_english

FIGURE = FIGURES["answer_values"]

PANELS, ROWS = 4, 10
"""The largest numbers of panels and of rows in all panels; those that the answer mentions first are shown."""

ROW, TITLE, TICKS, ABOVE = 0.18, 0.2, 0.26, 0.13
"""Inches: the heights of a row, of a title, of ticks, and of a label above its row."""

LABEL, VALUE, MOST_LABEL = 0.12, 0.95, 2.3
"""Inches: the least space left of the scales, the space for values at their right, and the most space for labels."""


@dataclass(frozen=True)
class Row:
    """A side of a claim, with its name in the panel.

    bounds: the interval that determines the digits of the value; the same for values of similar size.
    """

    label: str
    side: Side
    bounds: tuple[float, float]

    @property
    def value(self) -> str:
        """The mean as text, with its unit."""
        value, least = self.side.estimate.value, "≥ " if self.side.censored else ""
        metric = "" if self.side.measure.relative_to else self.side.measure.metric
        count = metric and value.is_integer()  # a constant count has no decimal places, other constants three digits
        constant = self.bounds[0] == self.bounds[1] and not count
        text = estimated(value, (math.nan, math.nan) if constant else self.bounds, metric)
        return f"{least}{text}{unit(metric) if metric else ''}"


@dataclass(frozen=True)
class Panel:
    """The rows of a metric at one place and time."""

    title: str
    rows: tuple[Row, ...]


COLUMNS = ("panel", "side", "metric", "mean", "low", "high", "n", "seeds", "values_by_seed")
"""Columns of the CSV file; low and high are the ends of the 95% interval of the mean over seeds."""


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None if the study has no answer or it compares no values."""
    sides = quoted_sides(analysis)
    panels = panels_of(sides)
    if sum(len(panel.rows) for panel in panels) < 2:
        return None
    narrow = partial(_figure, panels)
    with _style.settings():
        figure = narrow()
    rows = [_csv(panel, row) for panel in in_english(lambda: panels_of(sides)) for row in panel.rows]
    caption, finding = _caption(panels), sentence(_named_values(panels[0]))
    return Drawing(FIGURE.id, _(FIGURE.title), caption, _alt(panels), figure, COLUMNS, rows, narrow, finding)


def panels_of(sides: Sequence[Side]) -> list[Panel]:
    """Return the panels, in the order in which the answer mentions their metrics.

    A single value that the answer needs but does not quote is left out.
    """
    groups: dict[str, list[Side]] = {}
    for side in sides:
        key = repr(side.measure)
        if (key in groups or len(groups) < PANELS) and sum(map(len, groups.values())) < ROWS:
            groups.setdefault(key, []).append(side)
    return [_panel(group) for group in groups.values() if len(group) > 1 or group[0].quoted]


def _panel(sides: Sequence[Side]) -> Panel:
    """Return a panel; what the labels of all rows share is in its title, the rest names the rows."""
    parts = [(*side.parts, *_best(side)) for side in sides]
    shared = [part for part in parts[0] if len(sides) > 1 and all(part in own for own in parts)]
    if any(all(part in shared for part in own) for own in parts):
        shared = []  # the row needs a name
    labels = [", ".join(part for part in own if part not in shared) for own in parts]
    measure = sides[0].measure
    measured = " ".join(part for part in (words(measure.metric), own_place(measure)) if part)
    title = ", ".join(part for part in (measured, *shared, reference(measure)) if part)
    rows = [
        Row(label or _("all variants"), *row)
        for label, row in zip(labels, zip(sides, _bounds(sides), strict=True), strict=True)
    ]
    return Panel(sentence(title).removesuffix("."), tuple(rows))


def _best(side: Side) -> list[str]:
    return [_("best {setting}").format(setting=setting_name(side.tuned))] if side.tuned else []


def _bounds(sides: Sequence[Side]) -> list[tuple[float, float]]:
    """Return the interval of each side; if the values are of similar size, the widest one around the smallest value."""
    values = [side.estimate.value for side in sides]
    halves = [(side.estimate.hi - side.estimate.lo) / 2 for side in sides]
    least, most = min(values, key=abs), max(map(abs, values))
    if 0 < most < 10 * abs(least) and all(map(math.isfinite, halves)) and max(halves) > 0:
        return [(least - max(halves), least + max(halves))] * len(sides)
    return [(value - half, value + half) for value, half in zip(values, halves, strict=True)]


def _figure(panels: Sequence[Panel]) -> Figure:
    names = [exponents(row.label) for panel in panels for row in panel.rows]
    above = surface().is_narrow
    left = LABEL if above else min(MOST_LABEL, 0.2 + max(map(_style.text_width, names)))
    row = ROW + (ABOVE if above else 0.0)
    titles = [_style.wrap(exponents(panel.title), surface().width - 0.2, _style.TITLE, 3) for panel in panels]
    heights = [TITLE + 0.13 * title.count("\n") for title in titles]
    total = sum(heights) + sum(row * len(panel.rows) + TICKS for panel in panels) + 0.05
    figure, width = Figure(figsize=(surface().width, total)), surface().width
    top = total
    for panel, title, height in zip(panels, titles, heights, strict=True):
        figure.text(0.09 / width, (top - 0.05) / total, title, va="top", weight="bold", fontsize=_style.TEXT)
        tall = row * len(panel.rows)
        top -= height + tall
        box = (left / width, top / total, 1 - (left + VALUE) / width, tall / total)
        _draw(figure.add_axes(box), panel, left)
        top -= TICKS
    return figure


def _draw(ax: Axes, panel: Panel, left: float) -> None:
    estimates = [row.side.estimate for row in panel.rows]
    values = [[*row.side.values.values()] for row in panel.rows]
    measure = panel.rows[0].side.measure
    percent = not measure.relative_to and in_points(measure.metric)
    scale = _axis.scale_for([*values, *([e.lo, e.hi] for e in estimates)], False if percent else None) or _axis.UNIT
    if percent:
        scale = _axis.accuracy_scale(scale) if is_share(measure.metric) else replace(scale, points=True)
    low = 0.3 if surface().is_narrow else 0.0  # where the label of a row is above it
    for at, (row, found) in enumerate(zip(panel.rows, estimates, strict=True)):
        y = at + low / 2
        x = scale.place([*row.side.values.values()])
        ax.plot(x, np.full(len(x), y), **DOT)
        if found.n >= _axis.BAND_FROM and np.isfinite(found.lo):
            ends = scale.place([found.lo, found.hi])
            ax.plot(ends, [y, y], color=_style.GOOD, lw=3.6, alpha=0.3, solid_capstyle="butt", zorder=2)
        ax.plot(scale.place([found.value]), [y], **MEAN)
        ax.text(1.02, y, exponents(row.value), transform=ax.get_yaxis_transform(), va="center", fontsize=_style.SMALL)
    _axis.set_x(ax, scale)
    ax.set_ylim(len(panel.rows) - 0.5, -0.5)
    ax.set_yticks([])
    ax.grid(axis="x")
    ax.spines["left"].set_visible(False)
    _write_labels(ax, panel, left)


def _write_labels(ax: Axes, panel: Panel, left: float) -> None:
    names = _style.clip_all(
        [exponents(row.label) for row in panel.rows], surface().width - 0.3 if surface().is_narrow else left - 0.15
    )
    if not surface().is_narrow:
        ax.set_yticks(range(len(names)), names)
        ax.tick_params(axis="y", length=0)
        return
    for at, name in enumerate(names):
        ax.text(0, at - 0.1, name, transform=ax.get_yaxis_transform(), va="bottom", fontsize=_style.SMALL)


DOT: dict[str, Any] = {
    "ls": "none", "marker": "o", "ms": 3.2, "mfc": "none", "mec": _style.INK, "mew": 0.6, "zorder": 3,
}  # fmt: skip
MEAN: dict[str, Any] = {"color": _style.GOOD, "marker": "|", "ms": 9, "mew": 1.8, "ls": "none", "zorder": 4}


def _csv(panel: Panel, row: Row) -> tuple[Any, ...]:
    found, values = row.side.estimate, row.side.values
    return (
        panel.title, row.label, row.side.measure.metric, found.value, found.lo, found.hi, found.n,
        " ".join(map(str, values)), joined(values.values()),
    )  # fmt: skip


def _caption(panels: Sequence[Panel]) -> str:
    parts = [
        _("the values behind the answer: dots are single seeds, the stroke is their mean, the bar its 95% interval"),
        _("each panel has its own scale"),
    ]
    if any(row.side.is_geometric for panel in panels for row in panel.rows):
        parts.append(_("the mean of ratios is their geometric mean"))
    if any(row.side.tuned for panel in panels for row in panel.rows):
        parts.append(_("“Best” is the best value of the setting for each seed, chosen by the other seeds"))
    if any(row.side.censored for panel in panels for row in panel.rows):
        parts.append(_("“≥”: some runs did not reach the level, and count with the end of their training"))
    return " ".join(sentence(part) for part in parts)


def _alt(panels: Sequence[Panel]) -> str:
    text = _("Dot plots of the values behind the answer. {panels}.")
    return exponents(text.format(panels=". ".join(map(_named_values, panels))))


def _named_values(panel: Panel) -> str:
    return f"{panel.title}: {'; '.join(f'{row.label}, {row.value}' for row in panel.rows)}"
