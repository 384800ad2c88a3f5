"""Scores of the finished runs against a varied number, such as a sweep of learning rates.

There is a line for each combination of everything else that varies. Where several numbers vary, the one with the most
values is the axis, logarithmic where they span more than a factor of twenty. Shown are scores on test examples, or on
validation examples where there is no test split, or on training examples where there is neither; small dots are seeds,
the line joins their means, and the band is the 95% interval. Runs that diverged have no final score: a cross stands at
the edge of the panel where they would lie.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reportgen.analysis.model import Analysis, Estimate, VariantSummary
from reportgen.analysis.naming import setting_name, words
from reportgen.figures import _axis, _style
from reportgen.figures._axis import Array
from reportgen.figures._words import count, number, sentence
from reportgen.figures.figure import Drawing, FigureKind

LEAST, LINES = 3, 8
"""The least values that make an axis; the most lines of a panel."""

SPLITS = ("test", "val", "train")
"""Whose scores are shown: those of the first split that the runs have."""
COLUMNS = ("setting", "value", "line", "variant", "score", "mean", "low", "high", "n", "diverged")
"""Columns of the data behind the figure; low and high bound the 95% interval of the mean over seeds."""


@dataclass(frozen=True)
class Line:
    """Variants that differ in the axis' setting alone, by rising value."""

    label: str
    look: _style.Look
    points: tuple[tuple[float, VariantSummary], ...]


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None where nothing was trained over a varied number."""
    trained = [row for row in analysis.variants if any(record.steps > 0 for record in row.records)]
    path = _axis_path(trained)
    split = next((name for name in SPLITS if any(_mean(row, f"{name}_accuracy") for row in trained)), None)
    if path is None or split is None:
        return None
    lines, left_out = _lines(trained, path)
    if not lines:
        return None
    with _style.settings():
        figure = _figure(lines, path, split)
    caption = _caption(lines, path, split, left_out)
    return Drawing(
        FIGURE.id, FIGURE.title, caption, _alt(lines, path, split), figure, COLUMNS, _csv(lines, path, split)
    )


def value_of(summary: VariantSummary, path: str) -> float | None:
    """Return a setting as a number, None where it is none; a list of one number is that number."""
    value = summary.variant.settings.get(path)
    value = value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else value
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _axis_path(rows: Sequence[VariantSummary]) -> str | None:
    """Return the varied path with the most values that are numbers."""
    paths = list(dict.fromkeys(path for row in rows for path in row.variant.varied))
    sizes = {path: len({value for row in rows if (value := value_of(row, path)) is not None}) for path in paths}
    able = [path for path in paths if sizes[path] >= LEAST]
    return max(able, key=lambda path: sizes[path], default=None)


def _lines(rows: Sequence[VariantSummary], path: str) -> tuple[list[Line], int]:
    """Return the lines with enough points, and how many are left out for want of room."""
    others = [p for p in dict.fromkeys(p for row in rows for p in row.variant.varied) if p != path]
    groups: dict[str, list[VariantSummary]] = {}
    for row in rows:
        key = json.dumps([row.variant.settings.get(other) for other in others], default=str)
        groups.setdefault(key, []).append(row)
    full = [_points(group, path) for group in groups.values()]
    full = [points for points in full if len({value for value, _ in points}) >= LEAST]
    looks = [_style.look(index) for index in range(LINES)]
    lines = [Line(_label(points, others), look, tuple(points)) for points, look in zip(full, looks, strict=False)]
    return lines, len(full) - len(lines)


def _points(group: Sequence[VariantSummary], path: str) -> list[tuple[float, VariantSummary]]:
    found = ((value_of(row, path), row) for row in group)
    return sorted(((value, row) for value, row in found if value is not None), key=lambda point: point[0])


def _label(points: Sequence[tuple[float, VariantSummary]], others: Sequence[str]) -> str:
    """Return what names a line: the labels of the other settings that its variants share."""
    shared = [{row.variant.varied.get(other, "") for _, row in points} for other in others]
    return ", ".join(dict.fromkeys(label for labels in shared if len(labels) == 1 for label in labels if label))


def _mean(row: VariantSummary, score: str) -> Estimate | None:
    found = row.scores.get(score)
    return found if found is not None and np.isfinite(found.value) else None


def _figure(lines: Sequence[Line], path: str, split: str) -> Figure:
    handles, labels = _legend(lines)
    margins = _style.Margins(left=0.55, across=0.55, top=0.14)
    figure, (axes,) = _style.grid(1, 2, 2.4, _style.legend_height(labels), margins)
    xs = [value for line in lines for value, _ in line.points]
    x = _axis.scale_for([xs], log=None) or _axis.Scale(False, 0.0, 1.0)
    for ax, score in zip(axes, ("accuracy", "loss"), strict=True):
        _panel(ax, lines, f"{split}_{score}", x)
        ax.set_xlabel(_style.clip(setting_name(path), 2.6, _style.TEXT), labelpad=2)
        ax.set_ylabel(f"{words(split)} {score}", labelpad=3)
    _style.legend(figure, handles, labels)
    return figure


def _panel(ax: Axes, lines: Sequence[Line], score: str, x: _axis.Scale) -> None:
    accuracy = score.endswith("accuracy")
    values = [_seeds(row, score) for line in lines for _, row in line.points]
    y = _axis.scale_for(values, log=False if accuracy else None) or _axis.Scale(False, 0.0, 1.0)
    y = _axis.Scale(False, max(y.low, -0.03), min(y.high, 1.03)) if accuracy else y
    for line in lines:
        _one(ax, line, score, x, y)
    _axis.set_x(ax, x)
    _axis.set_y(ax, y, labels=True)


def _one(ax: Axes, line: Line, score: str, x: _axis.Scale, y: _axis.Scale) -> None:
    colour, edge = line.look.colour, y.low if score.endswith("accuracy") else y.high
    place = {id(row): float(x.place([value])[0]) for value, row in line.points}
    for _, row in line.points:
        seeds = y.place(_seeds(row, score))
        ax.plot(np.full(len(seeds), place[id(row)]), seeds, ls="none", marker=".", ms=2.6, color=colour, alpha=0.5)
        if _diverged(row):
            ax.plot(
                [place[id(row)]], [edge], ls="none", marker="x", ms=5, mew=1.2, color=colour, clip_on=False, zorder=4
            )
    scored = [(place[id(row)], found) for _, row in line.points if (found := _mean(row, score))]
    if scored:
        at = [where for where, _ in scored]
        mean, lo, hi = (y.place([getattr(found, name) for _, found in scored]) for name in ("value", "lo", "hi"))
        ax.fill_between(at, np.maximum(lo, y.low), np.minimum(hi, y.high), color=colour, alpha=0.13, lw=0)
        ax.plot(at, mean, color=colour, ls=line.look.dash, marker=line.look.marker, ms=3.4, zorder=line.look.level)


def _seeds(row: VariantSummary, score: str) -> Array:
    good = [record for record in row.records if record.status not in ("diverged", "failed")]
    values = np.array([record.final.get(score, np.nan) for record in good], float)
    finite: Array = values[np.isfinite(values)]
    return finite


def _diverged(row: VariantSummary) -> int:
    return row.statuses.get("diverged", 0)


def _legend(lines: Sequence[Line]) -> tuple[list[Any], list[str]]:
    named = [line for line in lines if line.label] if len(lines) > 1 else []
    handles: list[Any] = [
        Line2D([], [], color=line.look.colour, ls=line.look.dash, marker=line.look.marker, ms=3.4) for line in named
    ]
    labels = [_style.clip(line.label, 2.4) for line in named]
    if any(_diverged(row) for line in lines for _, row in line.points):
        handles.append(Line2D([], [], color=_style.INK, ls="none", marker="x", mew=1.2))
        labels.append("runs diverged here")
    return handles, labels


def _best(line: Line, score: str) -> tuple[float, Estimate] | None:
    scored = [(value, found) for value, row in line.points if (found := _mean(row, score))]
    return max(scored, key=lambda point: point[1].value, default=None)


def _caption(lines: Sequence[Line], path: str, split: str, left_out: int) -> str:
    parts = [
        f"{words(split)} scores of the finished runs against the {setting_name(path)}; dots are seeds, lines join "
        "their means, bands are 95% intervals",
        _ends(lines, path, split),
    ]
    lost = sum(_diverged(row) for line in lines for _, row in line.points)
    if lost:
        parts.append(f"{count(lost, 'run')} diverged and have no final score; crosses mark where")
    if left_out:
        parts.append(f"{count(left_out, 'more line')} {'is' if left_out == 1 else 'are'} in the tables only")
    return " ".join(sentence(part) for part in parts if part)


def _ends(lines: Sequence[Line], path: str, split: str) -> str:
    found = [(line, best) for line in lines if (best := _best(line, f"{split}_accuracy"))]
    if not found:
        return ""
    line, (value, top) = max(found, key=lambda pair: pair[1][1].value)
    name = f" with “{line.label}”" if len(lines) > 1 and line.label else ""
    return f"the best {words(split)} accuracy is {number(top.value, 3)}, at {setting_name(path)} {value:g}{name}"


def _alt(lines: Sequence[Line], path: str, split: str) -> str:
    def course(line: Line) -> str:
        ends = [
            f"{value:g}: {number(found.value, 3) if (found := _mean(row, f'{split}_accuracy')) else 'diverged'}"
            for value, row in line.points[:12]
        ]
        return f"{line.label or 'All'}, by {setting_name(path)}, {', '.join(ends)}"

    told = ". ".join(course(line) for line in lines)
    return f"Line chart of {words(split)} accuracy and loss against the {setting_name(path)}. Accuracy. {told}."


def _csv(lines: Sequence[Line], path: str, split: str) -> list[tuple[Any, ...]]:
    missing = Estimate(float("nan"), float("nan"), float("nan"), 0)
    return [
        (path, value, line.label, row.variant.id, score, found.value, found.lo, found.hi, found.n, _diverged(row))
        for score in (f"{split}_accuracy", f"{split}_loss")
        for line in lines
        for value, row in line.points
        for found in (_mean(row, score) or missing,)
    ]


FIGURE = FigureKind(
    "scores_by_setting",
    "Scores against the setting that varies",
    draw,
    order=85,
    shows=("train_accuracy", "val_accuracy", "test_accuracy", "train_loss", "val_loss", "diverged"),
)
