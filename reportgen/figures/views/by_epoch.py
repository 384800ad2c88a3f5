"""What the figures of scores by epoch share: every seed a thin line, mean and interval, diverged runs marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from reportgen.analysis.results import Analysis, Curve
from reportgen.figures.drawing import axis as _axis
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.words import count, listing, number, sentence
from reportgen.figures.views.epoch_lines import COLUMNS, Group, Line, View, csv_rows, ends_of, groups_of
from reportgen.figures.views.series import Layout

POINTS = 5000
"""Points of all thin lines of a figure together; each keeps at least 25 of its own."""


def draw(analysis: Analysis, view: View) -> Drawing | None:
    """Return the figure of these scores, None where nothing was trained."""
    groups, plan = groups_of(analysis, view)
    lines = [line for row in groups for group in row for line in group.lines]
    if not lines:
        return None
    with _style.settings():
        figure = _figure(groups, view, lines)
    caption = _caption(view, lines, plan, _scale(view, lines))
    return Drawing(view.id, view.title, caption, _alt(view, lines), figure, COLUMNS, list(csv_rows(groups)))


def _figure(groups: Sequence[Sequence[Group]], view: View, lines: Sequence[Line]) -> Figure:
    columns = _columns(len(groups[0]))
    rows = [row[at : at + columns] for row in groups for at in range(0, len(row), columns)]
    handles, labels = _legend(lines)
    height = {1: 2.5, 2: 1.8}.get(len(rows), 1.35)
    inches = _style.WIDTH / columns - 0.4
    margins = _style.Margins(titles=_style.titles_height([group.title for row in groups for group in row], inches))
    figure, axes = _style.grid(len(rows), columns, height, _style.legend_height(labels), margins)
    scale = _scale(view, lines)
    most = max(25, POINTS // max(1, sum(len(line.curve.seeds) for line in lines)))
    for at, row in enumerate(rows):
        below = len(rows[at + 1]) if at + 1 < len(rows) else 0
        for column, (ax, group) in enumerate(zip(axes[at], row, strict=False)):
            for line in group.lines:
                _line(ax, line, scale, most)
            _axis.set_y(ax, scale, labels=column == 0)
            _dress(ax, group, column >= below, column == 0, inches)
        for ax in axes[at][len(row) :]:
            ax.remove()
    _style.legend(figure, handles, labels)
    return figure


def _columns(panels: int) -> int:
    """Return how many of a score's panels stand in a row."""
    return panels if panels <= 3 else 2 if panels == 4 else 3


def _dress(ax: Axes, group: Group, bottom: bool, left: bool, inches: float) -> None:
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    if bottom:
        ax.set_xlabel("epoch", labelpad=2)
    if left:
        ax.set_ylabel(group.unit, labelpad=3)
    _style.panel_title(ax, group.title, inches)


def _scale(view: View, lines: Sequence[Line]) -> _axis.Scale:
    """Return the y scale of the runs that did not diverge; those that did leave the picture at its top."""
    steady = [_steady(line) for line in lines]
    shown = [values for values in steady if np.isfinite(values).any()]
    values = shown or [np.asarray(line.curve.per_seed, dtype=float) for line in lines]
    scale = _axis.scale_for(values, log=None if view.better == "lower" else False)
    if scale is None:
        return _axis.Scale(False, 0.0, 1.0)
    if view.better == "higher":
        return _axis.Scale(False, max(scale.low, -0.03), min(scale.high, 1.03))
    return scale


def _steady(line: Line) -> Any:
    keep = [seed not in line.ended for seed in line.curve.seeds]
    return np.asarray(line.curve.per_seed, dtype=float)[keep]


def _line(ax: Axes, line: Line, scale: _axis.Scale, most: int) -> None:
    found, colour = line.curve, line.look.colour
    x = np.asarray(found.x, dtype=float)
    few = _thinned(len(x), most)
    for seed, values in zip(found.seeds, np.asarray(found.per_seed, dtype=float), strict=True):
        y = _held(scale, values)
        if len(found.seeds) > 1:
            ax.plot(x[few], y[few], color=colour, lw=0.5, alpha=0.45, zorder=2)
        if seed in line.ended:
            _cross(ax, x, np.maximum(y, scale.low), colour)  # the scale is that of the other runs
    if line.mean is not None:
        _mean(ax, line.mean, line, scale)


def _mean(ax: Axes, found: Curve, line: Line, scale: _axis.Scale) -> None:
    x, colour = np.asarray(found.x, dtype=float), line.look.colour
    mean, high = _held(scale, found.mean), _held(scale, found.hi)
    low = np.minimum(scale.lower_edge(found.lo, np.asarray(found.per_seed, dtype=float)), scale.high)
    if len(found.seeds) >= _axis.BAND_FROM and np.isfinite(low).sum() > 1:
        ax.fill_between(x, low, high, color=colour, alpha=0.13, lw=0, zorder=1.5)
    keep, marker = _thinned(len(x), 250), line.look.marker if len(x) <= 16 else None
    ax.plot(x[keep], mean[keep], color=colour, ls=line.look.dash, marker=marker, ms=3.2, zorder=line.look.level)


def _held(scale: _axis.Scale, values: Any) -> Any:
    """Return the values as drawn, what lies above the picture at its upper edge."""
    return np.minimum(scale.place(values), scale.high)


def _cross(ax: Axes, x: Any, y: Any, colour: str) -> None:
    finite = np.flatnonzero(np.isfinite(y))
    if finite.size:
        end = finite[-1]
        ax.plot([x[end]], [y[end]], marker="x", ms=5, mew=1.3, color=colour, ls="none", clip_on=False, zorder=4)


def _thinned(length: int, most: int) -> Any:
    """Return indices of at most about so many points, evenly spread, the last one included."""
    return np.unique(np.linspace(0, length - 1, min(length, most)).round().astype(int))


def _legend(lines: Sequence[Line]) -> tuple[list[Any], list[str]]:
    shown = {line.label: line for line in lines}
    longest = 2.6 if len(shown) > 3 else 5.0
    handles: list[Any] = [
        Line2D([], [], color=line.look.colour, ls=line.look.dash, marker=line.look.marker, ms=3.2)
        for line in shown.values()
    ]
    labels = _style.clip_all(list(shown), longest)
    if any(line.ended for line in lines):
        handles.append(Line2D([], [], color=_style.INK, ls="none", marker="x", mew=1.3))
        labels.append("run diverged here")
    return handles, labels


def _caption(view: View, lines: Sequence[Line], plan: Layout, scale: _axis.Scale) -> str:
    seeds = max(len(line.curve.seeds) for line in lines)
    parts = [f"{view.unit} by epoch; epoch 0 is the network before training", *_modes(lines)]
    interval = " with its 95% interval" if seeds >= _axis.BAND_FROM else ", too few for an interval"
    parts.append(
        f"Thin lines: single seeds; thick lines: mean over {seeds} seeds{interval}"
        if seeds > 1
        else "One seed, so no interval is given"
    )
    parts += [_result(view, lines), *_ended(lines), *_cut(lines, scale)]
    return " ".join(sentence(part) for part in [*parts, plan.note] if part)


def _modes(lines: Sequence[Line]) -> list[str]:
    if any(line.column == "batch_loss" for line in lines):
        return [
            "The minibatch loss is the mean over the epoch's minibatches in training mode, while the weights change; "
            "the other losses are evaluated in test mode at the end of each epoch, without penalties"
        ]
    return ["Scores are evaluated in test mode at the end of each epoch"]


def _headline(view: View, lines: Sequence[Line]) -> list[tuple[Line, int, float]]:
    """Return the lines that the caption compares with their end, best first."""
    present = next((column for column in view.headline if any(line.column == column for line in lines)), None)
    ends = [(line, ends_of(line)) for line in lines if line.column == present]
    found = [(line, *end[1:]) for line, end in ends if end is not None]
    return sorted(found, key=lambda item: item[2], reverse=view.better == "higher")


def _result(view: View, lines: Sequence[Line]) -> str:
    ranked = _headline(view, lines)
    if not ranked:
        return "No run has a finite score"
    words = view.columns[ranked[0][0].column]
    told = [ranked[0], ranked[-1]] if len(ranked) > 1 else ranked
    ends = [f"{number(value, 3)} with “{line.series.name}” (epoch {epoch})" for line, epoch, value in told]
    if len(ranked) == 1:
        return f"The {words} ends at {number(ranked[0][2], 3)} after {count(ranked[0][1], 'epoch')}"
    return f"The {words} ends between {' and '.join(ends)}"


def _ended(lines: Sequence[Line]) -> list[str]:
    runs = {line.series.name: (len(line.ended), len(line.curve.seeds)) for line in lines if line.ended}
    words = [f"{ended} of {of} with “{name}”" for name, (ended, of) in runs.items()]
    told = words if len(words) <= 4 else [*words[:3], count(len(words) - 3, "more variant")]
    return [f"A cross marks where a run diverged, and the mean leaves it out: {listing(told)}"] if words else []


def _cut(lines: Sequence[Line], scale: _axis.Scale) -> list[str]:
    means = [line.mean for line in lines if line.mean is not None]
    cut = any(scale.cuts(mean.lo, np.asarray(mean.per_seed, dtype=float)).any() for mean in means)
    return [_axis.CUT] if cut else []


def _alt(view: View, lines: Sequence[Line]) -> str:
    def course(line: Line) -> str:
        ends = ends_of(line)
        if ends is None:
            return f"{line.series.name}, {view.columns[line.column]}: every run diverged"
        words = f"{number(ends[0], 3)} to {number(ends[2], 3)} at epoch {ends[1]}"
        return f"{line.series.name}, {view.columns[line.column]}: {words}"

    more = f" And {count(len(lines) - 12, 'more line')}." if len(lines) > 12 else ""
    return f"Line chart of {view.unit} by epoch. {'. '.join(course(line) for line in lines[:12])}.{more}"
