"""The lines of the figures of training: curves with few enough points to draw, and their styles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from reportgen.analysis.words.foreign import table_text
from reportgen.figures.drawing import axis as _axis
from reportgen.figures.drawing import palette
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.style import SeriesStyle
from reportgen.figures.training.points import LARGEST, thinned
from reportgen.languages.translate import N_, _
from reportgen.runs.training_log import ROLES, Array, Curve, TrainingLog

MOST_POINTS = 3000
"""Largest number of points in a panel, over all lines."""

FEWEST = 60
"""Each line has at least this number of points."""


SMOOTH_FROM = 150
"""A curve by step with this number of values is noisy; the mean of windows is drawn on it."""

WINDOWS = 50
"""Number of windows of the means."""

TRAINING = SeriesStyle(palette.light("blue"), "o", "-")
VALIDATION = SeriesStyle(palette.light("vermilion"), "s", (0, (5, 1.5)))
MINIBATCH = SeriesStyle(palette.light("sky"), "", "-")
OTHER = SeriesStyle(palette.light("slate"), "", "-")

SHORT = {TRAINING: N_("training"), VALIDATION: N_("validation"), MINIBATCH: N_("training (minibatches)")}
ANY = N_("other")
"""Labels of lines of several scores, by style, and of all other ones."""

COLUMNS = ("run", "role", "column", "unit", "position", "value")
"""Columns of the CSV files: the drawn values, and rows of marked findings, whose role is "finding"."""


@dataclass(frozen=True)
class Line:
    """A curve of a run as drawn.

    Attributes
    ----------
    x, y : the drawn positions and values, (n,); NaN for values that are not finite.
    smooth_x, smooth_y : the means of windows, empty if every value is drawn with a full line.
    marked : whether the line has markers: it is the only run and has few values, or it is a single value.
    """

    run: TrainingLog
    curve: Curve
    label: str
    style: SeriesStyle
    x: Array
    y: Array
    smooth_x: Array
    smooth_y: Array
    marked: bool

    @property
    def ended(self) -> bool:
        """Whether the curve has values that are not finite."""
        return not np.isfinite(self.curve.values).all()


def lines_of(runs: Sequence[TrainingLog], roles: Iterable[str]) -> list[Line]:
    """Return the curves of all runs in these roles, thinned so that a panel has few enough points."""
    unit = runs[0].unit
    wanted = tuple(roles)
    found = [(run, curve) for run in runs if run.unit == unit for curve in run.curves if curve.role in wanted]
    found = [(run, curve) for run, curve in found if np.isfinite(curve.values).any()]
    most = max(FEWEST, MOST_POINTS // max(len(found), 1))
    return [_line(run, curve, most, len(runs) == 1) for run, curve in found]


def _line(run: TrainingLog, curve: Curve, most: int, alone: bool) -> Line:
    label, style = look(run, curve)
    x, y = thinned(curve.positions, curve.values, most)
    noisy = curve.resolution != "epoch" and curve.role == "train_loss" and curve.values.size >= SMOOTH_FROM
    smooth = window_means(curve.positions, curve.values, WINDOWS) if noisy else (np.zeros(0), np.zeros(0))
    marked = not smooth[0].size and bool(style.marker) and (alone or y.size == 1)
    return Line(run, curve, label, style, x, y, *smooth, marked)


def look(run: TrainingLog, curve: Curve) -> tuple[str, SeriesStyle]:
    """Return the label and the style of a curve. Another score is named by its column, and has its own style."""
    if curve.role.endswith("_score"):
        columns = list(dict.fromkeys(c.column for c in run.curves if c.role.endswith("_score")))
        return curve.column, _style.series_style(2 + columns.index(curve.column))
    words = _(ROLES.get(curve.role, curve.role))
    if curve.role.startswith("val"):
        return words, VALIDATION
    if not curve.role.startswith("train"):
        return words, OTHER
    by_epoch = any(c.role == curve.role and c.resolution == "epoch" for c in run.curves)
    return (
        (_("{words} (minibatches)").format(words=words), MINIBATCH)
        if curve.resolution != "epoch" and by_epoch
        else (words, TRAINING)
    )


def window_means(x: Array, y: Array, windows: int) -> tuple[Array, Array]:
    """Return the mean position and the mean of the finite values of each window, without windows that have none."""
    finite = np.isfinite(y)
    parts = zip(
        np.array_split(np.asarray(x, float), windows), np.array_split(np.where(finite, y, np.nan), windows), strict=True
    )
    means = [(float(px[ok].mean()), float(py[ok].mean())) for px, py in parts if (ok := np.isfinite(py)).any()]
    return np.array([mean[0] for mean in means]), np.array([mean[1] for mean in means])


def draw_line(ax: Axes, line: Line, scale: _axis.Scale, alone: bool) -> None:
    """Draw a line, with markers where it has few points; alone: whether it is the only run."""
    colour, y = line.style.colour, scale.place(_limited(line.y))
    width = 1.3 if alone else 0.9
    if line.smooth_x.size:
        ax.plot(line.x, y, color=colour, lw=0.5, alpha=0.35, zorder=1.9)
        ax.plot(
            line.smooth_x,
            scale.place(_limited(line.smooth_y)),
            color=colour,
            lw=width,
            ls=line.style.dash,
            zorder=line.style.level,
        )
    else:
        every = 1 if y.size <= 16 else round(y.size / 10)
        marker = line.style.marker if line.marked else None
        style: dict[str, Any] = {"lw": width, "ls": line.style.dash, "marker": marker, "ms": 3.2}
        ax.plot(line.x, y, color=colour, markevery=every, zorder=line.style.level, **style)
    if line.ended and (last := _last_before_gap(line)) is not None:
        cross: dict[str, Any] = {"marker": "x", "ms": 5, "mew": 1.3, "ls": "none", "clip_on": False, "zorder": 4.2}
        ax.plot([last[0]], scale.place(_limited(np.array([last[1]]))), color=colour, **cross)


def _limited(y: Array) -> Array:
    return np.clip(y, -LARGEST, LARGEST)


def _last_before_gap(line: Line) -> tuple[float, float] | None:
    """Return the last finite point before the first value that is not finite, None if the curve begins with it."""
    first = int(np.flatnonzero(~np.isfinite(line.curve.values))[0])
    return None if first == 0 else (float(line.curve.positions[first - 1]), float(line.curve.values[first - 1]))


def rows_of(lines: Iterable[Line]) -> Iterator[tuple[Any, ...]]:
    """Yield the drawn values as rows of COLUMNS."""
    for line in lines:
        head = table_text(line.run.name), line.curve.role, table_text(line.curve.column), line.run.unit
        yield from ((*head, float(x), float(y)) for x, y in zip(line.x, line.y, strict=True))


def scale_of(lines: Sequence[Line], share: bool = False, log: bool | None = None) -> _axis.Scale:
    """Return the y scale of lines; share: whether the values are accuracies."""
    scale = _axis.scale_for([_limited(line.y) for line in lines], False if share else log)
    if scale is None:
        return _axis.UNIT
    return _axis.accuracy_scale(scale) if share else scale


def legend_of(lines: Sequence[Line]) -> tuple[list[Any], list[str]]:
    """Return handles and labels of the lines, each style once; without lines that the label of their axis names."""
    labels: dict[SeriesStyle, set[str]] = {}
    for line in lines:
        if line.style != OTHER:
            labels.setdefault(line.style, set()).add(line.label)
    marked = {line.style for line in lines if line.marked}
    styles = {style: style if style in marked else replace(style, marker="") for style in labels}
    shown = {own.pop() if len(own) == 1 else _(SHORT.get(s, ANY)): styles[s] for s, own in labels.items()}
    return _style.line_legend(shown, 2.6 if len(shown) > 3 else 5.0, (), ms=3.2)
