"""Scores of the finished runs against a varied number, such as a sweep of learning rates.

There is a line for each combination of everything else that varies; more than four are parted into panels by a setting
that the claims do not compare. At most five lines of a panel are in colour: the baseline and those that the claims
compare or name. The others are in grey. Where several numbers vary, the one with the most values is the axis,
logarithmic where they span more than a factor of twenty. More than three panels show accuracy alone.

Shown are the scores that most of the study's claims measure, such as those of snapshots. Where no claim does, they are
those on test examples, or on validation examples where there is no test split, or on training examples; small dots are
seeds, the line joins their means, and the band is the 95% interval, from three seeds on. Runs that diverged have no
final score: a cross stands at the edge of the panel where they would lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reportgen.analysis.results import Analysis, Estimate, VariantSummary
from reportgen.analysis.words.names import setting_name, words
from reportgen.figures.drawing import axis as _axis
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.axis import Array
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.words import count, number, prose, sentence
from reportgen.figures.table import FIGURES
from reportgen.figures.views.scores import mean_of, shown_scores
from reportgen.figures.views.selection import Selection
from reportgen.figures.views.sweep import Line, Panel, axis_path, sweep

FIGURE = FIGURES["scores_by_setting"]

BOTH = 3
"""Up to how many panels show accuracy and loss."""

COLUMNS = ("setting", "value", "line", "variant", "score", "mean", "low", "high", "n", "diverged")
"""Columns of the data behind the figure; low and high bound the 95% interval of the mean over seeds."""


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None where nothing was trained over a varied number."""
    trained = [row for row in analysis.variants if any(record.steps > 0 for record in row.records)]
    path = axis_path(trained)
    split = shown_scores(analysis, trained)
    if path is None or split is None:
        return None
    panels, chosen = sweep(analysis, trained, path)
    if not panels:
        return None
    with _style.settings():
        figure = _figure(panels, path, split)
    note = _note(panels, chosen, len(trained))
    caption = _caption(panels, path, split, note)
    caption += f" {sentence(_axis.CUT)}" if _cut(panels, split) else ""
    alt = _alt(panels, path, split, note)
    return Drawing(FIGURE.id, FIGURE.title, caption, alt, figure, COLUMNS, _csv(panels, path, split))


def _figure(panels: Sequence[Panel], path: str, split: str) -> Figure:
    lines = [line for panel in panels for line in panel.lines]
    handles, labels = _legend(lines)
    x = _axis.scale_for([[value for line in lines for value, _ in line.points]], log=None)
    titles = _style.titles_height([panel.title for panel in panels], _title_width(len(panels)))
    figure, axes = _axes(len(panels), _style.legend_height(labels), titles)
    scores = ("accuracy", "loss") if len(panels) <= BOTH else ("accuracy",)
    for at, score in enumerate(scores):
        y = _scale([row for line in lines for _, row in line.points], f"{split}_{score}")
        for number_, panel in enumerate(panels):
            ax = axes[number_ * len(scores) + at]
            _panel(ax, panel, f"{split}_{score}", x or _axis.Scale(False, 0.0, 1.0), y, _title_width(len(panels)))
            ax.set_ylabel(f"{words(split)} {score}", labelpad=3)
            if number_ >= len(panels) - (1 if len(scores) > 1 else _across(len(panels))):
                ax.set_xlabel(_style.clip(setting_name(path), 2.6, _style.TEXT), labelpad=2)
    _style.legend(figure, handles, labels)
    return figure


def _title_width(panels: int) -> float:
    """Return the inches that a panel's title may take: with two scores, there is none above the second."""
    return 2.6 if panels <= BOTH else _style.WIDTH / _across(panels) - 0.3


def _axes(panels: int, legend: float, titles: float) -> tuple[Figure, list[Axes]]:
    """Return a figure with axes in reading order: two for each panel, or one where there are many."""
    top = 0.14 if panels == 1 else 0.26
    if panels <= BOTH:
        margins = _style.Margins(left=0.55, across=0.55, top=top, between=0.42, titles=titles)
        figure, rows = _style.grid(panels, 2, 2.4 if panels == 1 else 1.7, legend, margins)
        return figure, [ax for row in rows for ax in row]
    margins = _style.Margins(left=0.55, across=0.5, top=top, between=0.5, titles=titles)
    across = _across(panels)
    figure, rows = _style.grid(-(-panels // across), across, 1.6, legend, margins)
    axes = [ax for row in rows for ax in row]
    for ax in axes[panels:]:
        ax.remove()
    return figure, axes[:panels]


def _across(panels: int) -> int:
    """Return how many of many panels stand in a row."""
    return 2 if panels == 4 else 3


def _scale(rows: Sequence[VariantSummary], score: str) -> _axis.Scale:
    """Return one scale for all panels, so that they compare."""
    accuracy = score.endswith("accuracy")
    y = _axis.scale_for([_seeds(row, score) for row in rows], log=False if accuracy else None)
    y = y or _axis.Scale(False, 0.0, 1.0)
    return _axis.Scale(False, max(y.low, -0.03), min(y.high, 1.03)) if accuracy else y


def _panel(ax: Axes, panel: Panel, score: str, x: _axis.Scale, y: _axis.Scale, inches: float) -> None:
    _ghosts(ax, [line for line in panel.lines if line.ghost], score, x, y)
    for line in panel.lines:
        if not line.ghost:
            _one(ax, line, score, x, y)
    _crosses(ax, panel, x, y.low if score.endswith("accuracy") else y.high)
    _axis.set_x(ax, x)
    _axis.set_y(ax, y, labels=True)
    if panel.title and (score.endswith("accuracy")):
        _style.panel_title(ax, panel.title, inches)


def _ghosts(ax: Axes, lines: Sequence[Line], score: str, x: _axis.Scale, y: _axis.Scale) -> None:
    """Draw the means of all grey lines as one broken line: light to draw and to store."""
    points: list[tuple[float, float]] = []
    for line in lines:
        scored = [(value, found.value) for value, row in line.points if (found := mean_of(row, score))]
        points += [*scored, (np.nan, np.nan)]
    if points:
        at, mean = zip(*points, strict=True)
        ax.plot(x.place(at), y.place(mean), **_style.GHOST_LINE)


def _one(ax: Axes, line: Line, score: str, x: _axis.Scale, y: _axis.Scale) -> None:
    colour = line.look.colour
    place = {id(row): float(x.place([value])[0]) for value, row in line.points}
    for _, row in line.points:
        seeds = y.place(_seeds(row, score))
        ax.plot(np.full(len(seeds), place[id(row)]), seeds, ls="none", marker=".", ms=2.6, color=colour, alpha=0.5)
    scored = [(row, found) for _, row in line.points if (found := mean_of(row, score))]
    if scored:
        at = [place[id(row)] for row, _ in scored]
        mean = y.place([found.value for _, found in scored])
        lo, hi = zip(*(_band(row, found, score, y) for row, found in scored), strict=True)
        ax.fill_between(at, np.maximum(lo, y.low), np.minimum(hi, y.high), color=colour, alpha=0.13, lw=0)
        ax.plot(at, mean, color=colour, ls=line.look.dash, marker=line.look.marker, ms=3.4, zorder=line.look.level)


def _band(row: VariantSummary, found: Estimate, score: str, y: _axis.Scale) -> tuple[float, float]:
    """Return the ends of a mean's interval as drawn, the mean itself where too few seeds make one."""
    if found.n < _axis.BAND_FROM:
        return (float(y.place([found.value])[0]),) * 2
    return float(y.lower_edge([found.lo], _seeds(row, score)[:, None])[0]), float(y.place([found.hi])[0])


def _cut(panels: Sequence[Panel], split: str) -> bool:
    """Say whether an interval of the losses is not drawn whole."""
    rows = [row for panel in panels for line in panel.lines for _, row in line.points]
    score = f"{split}_loss"
    y = _scale(rows, score)
    found = [(row, mean) for row in rows if (mean := mean_of(row, score))]
    return len(panels) <= BOTH and any(y.cuts([mean.lo], _seeds(row, score)[:, None]).any() for row, mean in found)


def _crosses(ax: Axes, panel: Panel, x: _axis.Scale, edge: float) -> None:
    """Mark at the panel's edge where runs diverged; the crosses of several lines at one place stand side by side."""
    places: dict[float, list[str]] = {}
    for line in panel.lines:
        for value, row in line.points:
            if _diverged(row):
                places.setdefault(float(x.place([value])[0]), []).append(line.look.colour)
    for place, colours in places.items():
        for number_, colour in enumerate(colours):
            steps = 0.03 * (number_ - (len(colours) - 1) / 2)
            at = place * (x.high / x.low) ** steps if x.log else place + (x.high - x.low) * steps
            ax.plot([at], [edge], ls="none", marker="x", ms=4.5, mew=1.2, color=colour, clip_on=False, zorder=4)


def _seeds(row: VariantSummary, score: str) -> Array:
    good = [record for record in row.records if record.status not in ("diverged", "failed")]
    values = np.array([record.final.get(score, np.nan) for record in good], float)
    finite: Array = values[np.isfinite(values)]
    return finite


def _diverged(row: VariantSummary) -> int:
    return row.statuses.get("diverged", 0)


def _legend(lines: Sequence[Line]) -> tuple[list[Any], list[str]]:
    named = (
        list({line.label: line for line in lines if line.label and not line.ghost}.values()) if len(lines) > 1 else []
    )
    handles: list[Any] = [
        Line2D([], [], color=line.look.colour, ls=line.look.dash, marker=line.look.marker, ms=3.4) for line in named
    ]
    labels = _style.clip_all([line.label for line in named], 2.4)
    ghosts = {line.label for line in lines if line.ghost}
    if ghosts:
        handles.append(Line2D([], [], **_style.GHOST_LINE))
        labels.append(_style.ghost_words(ghosts))
    if any(_diverged(row) for line in lines for _, row in line.points):
        handles.append(Line2D([], [], color=_style.INK, ls="none", marker="x", mew=1.2))
        labels.append("runs diverged here")
    return handles, labels


def _best(line: Line, score: str) -> tuple[float, Estimate] | None:
    scored = [(value, found) for value, row in line.points if (found := mean_of(row, score))]
    return max(scored, key=lambda point: point[1].value, default=None)


def _caption(panels: Sequence[Panel], path: str, split: str, note: str) -> str:
    lines = [line for panel in panels for line in panel.lines]
    most = max(len(row.records) for line in lines for _, row in line.points)
    bands = ", bands are 95% intervals" if most >= _axis.BAND_FROM else ""
    parts = [
        f"{words(split)} scores of the finished runs against the {setting_name(path)}",
        f"dots are seeds, lines join their means{bands}",
        note,
        _ends(panels, path, split),
    ]
    lost = sum(_diverged(row) for line in lines for _, row in line.points)
    if lost:
        parts.append(
            f"{count(lost, 'run')} diverged and {'has' if lost == 1 else 'have'} no final score; crosses mark where"
        )
    return " ".join(sentence(part) for part in parts if part)


def _note(panels: Sequence[Panel], chosen: Selection, trained: int) -> str:
    """Say which lines are highlighted and why, and how many trained variants have no place along the axis."""
    off = trained - len({row.variant.id for panel in panels for line in panel.lines for _, row in line.points})
    words = f"{count(off, 'variant')} {'has' if off == 1 else 'have'} no place along this axis." if off else ""
    return prose(chosen.in_colour(len(panels)), words)


def _ends(panels: Sequence[Panel], path: str, split: str) -> str:
    lines = [(_name(panel, line), line) for panel in panels for line in panel.lines]
    found = [(name, best) for name, line in lines if (best := _best(line, f"{split}_accuracy"))]
    if not found:
        return ""
    name, (value, top) = max(found, key=lambda pair: pair[1][1].value)
    with_ = f" with “{name}”" if len(lines) > 1 and name else ""
    return f"the best {words(split)} accuracy is {number(top.value, 3)}, at {setting_name(path)} {value:g}{with_}"


def _name(panel: Panel, line: Line) -> str:
    """Return a line's name among those of all panels."""
    return ", ".join(part for part in (panel.title, line.label) if part)


def _alt(panels: Sequence[Panel], path: str, split: str, note: str) -> str:
    def course(panel: Panel, line: Line) -> str:
        ends = [
            f"{value:g}: {number(found.value, 3) if (found := mean_of(row, f'{split}_accuracy')) else 'diverged'}"
            for value, row in line.points[:12]
        ]
        return f"{_name(panel, line) or 'All'}, by {setting_name(path)}, {', '.join(ends)}"

    told = ". ".join(course(panel, line) for panel in panels for line in panel.lines)
    shown = "accuracy and loss" if len(panels) <= BOTH else "accuracy"
    chart = f"Line chart of {words(split)} {shown} against the {setting_name(path)}."
    return prose(chart, note, f"Accuracy. {told}.")


def _csv(panels: Sequence[Panel], path: str, split: str) -> list[tuple[Any, ...]]:
    missing = Estimate(float("nan"), float("nan"), float("nan"), 0)
    return [
        (
            *(path, value, _name(panel, line), row.variant.id, score),
            *(found.value, found.lo, found.hi, found.n, _diverged(row)),
        )
        for score in (f"{split}_accuracy", f"{split}_loss")
        for panel in panels
        for line in panel.lines
        for value, row in line.points
        for found in (mean_of(row, score) or missing,)
    ]
