"""Final scores against a varied number, such as the learning rate of a sweep.

Each combination of the other varied settings is a line. More than four lines are split into panels by a setting that
the claims do not compare. A panel shows at most five lines in colour: the baseline and the lines that the claims
compare or name. The others are grey. If several numbers vary, the axis is the one with the most values; it is
logarithmic if they span more than a factor of twenty. With more than three panels, the figure shows only accuracy.

The figure shows the scores that most of the study's claims measure, such as those of snapshots. If no claim measures a
score, it shows scores on test examples, or on validation examples if there is no test split, or on training examples.
Dots are seeds, lines connect their means, and bands are 95% intervals, which need three seeds. Diverged runs have no
final score; a cross at the frame marks their setting.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reportgen.analysis.results import Analysis, Estimate, VariantSummary
from reportgen.analysis.words.formatting import percent
from reportgen.analysis.words.names import words
from reportgen.figures.drawing import axis as _axis
from reportgen.figures.drawing import ends
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.axis import Array
from reportgen.figures.drawing.figure import Drawing, FigureKind
from reportgen.figures.drawing.frame import Lost, mark_lost
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import prose, sentence, setting_value
from reportgen.figures.table import FIGURES
from reportgen.figures.views.scores import MISSING, mean_of, seeds_note, seeds_of, shown_scores, some_seeds
from reportgen.figures.views.selection import Selection
from reportgen.figures.views.sweep import Line, Panel, Quantity, axis_path, sweep
from reportgen.languages.translate import _, ngettext
from reportgen.study.metrics.table import metric_of

FIGURE = FIGURES["scores_by_setting"]

BOTH = 3
"""The largest number of panels that show both accuracy and loss."""

COLUMNS = ("setting", "value", "line", "variant", "score", "mean", "low", "high", "n", "diverged")
"""Columns of the CSV file; low and high are the ends of the 95% interval of the mean over seeds."""


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None if the study trained no networks with different values of a number."""
    path = axis_path(trained(analysis))
    return None if path is None else drawing(analysis, FIGURE, Quantity.of_setting(path))


def trained(analysis: Analysis) -> list[VariantSummary]:
    """Return the variants with training steps."""
    return [row for row in analysis.variants if any(record.steps > 0 for record in row.records)]


def drawing(analysis: Analysis, kind: FigureKind, axis: Quantity) -> Drawing | None:
    """Return the figure of final scores against a quantity, None if too few variants have a value of it."""
    rows = trained(analysis)
    split = shown_scores(analysis, rows)
    if split is None:
        return None
    panels, chosen = sweep(analysis, rows, axis)
    if not panels:
        return None
    narrow = partial(_figure, panels, axis, split)
    with _style.settings():
        figure = narrow()
    note = _note(panels, chosen, len(rows))
    caption, alt = _caption(panels, axis, split, note), _alt(panels, axis, split, note)
    caption += f" {sentence(_axis.CUT)}" if _cut(panels, split) else ""
    finding = sentence(_ends(panels, axis, split))
    return Drawing(kind.id, _(kind.title), caption, alt, figure, COLUMNS, _csv(panels, axis, split), narrow, finding)


def _figure(panels: Sequence[Panel], axis: Quantity, split: str) -> Figure:
    lines = [line for panel in panels for line in panel.lines]
    x = _axis.scale_for([[value for line in lines for value, _ in line.points]], marked=True) or _axis.UNIT
    scores = [f"{split}_{name}" for name in ("accuracy", "loss")[: 2 if _shows_both(len(panels)) else 1]]
    scales = [_scale([row for line in lines for _, row in line.points], score) for score in scores]
    curves = [_curves(panel, score, x, y) for panel in panels for score, y in zip(scores, scales, strict=True)]
    across = surface().columns(2 if len(scores) > 1 else _across(len(panels)))
    height = 2.4 if len(panels) == 1 else 1.7 if len(scores) > 1 else 1.6
    rows = [curves[at : at + across] for at in range(0, len(curves), across)]
    names = ends.room_for(rows, across, height)
    handles, labels = _legend([line for line in lines if line.grey or not names.inches])
    inches = surface().title_width(across, 0.5) - names.share
    margins = _style.Margins(
        left=0.55,
        right=_style.Margins.right + names.inches,
        top=0.14 if len(panels) == 1 else 0.26,
        between=0.42 if len(scores) > 1 else 0.5,
        across=0.52 + names.across,
        titles=_style.titles_height([panel.title for panel in panels], inches),
    )
    figure, axes = _style.panels(len(curves), across, height, _style.legend_height(labels), margins)
    for at, ax in enumerate(axes):
        panel, which = panels[at // len(scores)], at % len(scores)
        _panel(ax, panel, scores[which], x, scales[which], inches, _coloured(panels))
        if at == 0 or len(scores) > 1 or not surface().flat:
            ax.set_ylabel(words(scores[which]), labelpad=3)
        if at + across >= len(axes):
            ax.set_xlabel(_style.clip(axis.name, 2.6, _style.TEXT), labelpad=2)
        names.write(ax, rows[at // across], at % across)
    _style.legend(figure, handles, labels)
    return figure


def _shows_both(panels: int) -> bool:
    """Return whether each panel has a panel of its loss beside it; a slide has one row of panels."""
    return panels <= (BOTH if not surface().flat else 1)


def _across(panels: int) -> int:
    """Return the number of panels in a row if there are many."""
    return 2 if panels == 4 else min(3, panels)


def _curves(panel: Panel, score: str, x: _axis.Scale, y: _axis.Scale) -> list[ends.Curve]:
    """Return the lines of the means of a panel, without grey ones."""
    found = []
    for line in panel.lines:
        means = [(value, mean_of(row, score)) for value, row in line.points]
        at, values = x.place([value for value, _ in means]), [mean.value if mean else np.nan for _, mean in means]
        if line.label and not line.grey:
            found.append(ends.Curve.of(line.label, line.style.colour, at, values, y))
    return found


def _scale(rows: Sequence[VariantSummary], score: str) -> _axis.Scale:
    """Return a common scale, so that panels can be compared."""
    accuracy = metric_of(score).is_accuracy
    y = _axis.scale_for([_seeds(row, score) for row in rows], log=False if accuracy else None) or _axis.UNIT
    return _axis.accuracy_scale(y) if accuracy else y


def _panel(ax: Axes, panel: Panel, score: str, x: _axis.Scale, y: _axis.Scale, inches: float, groups: int) -> None:
    _draw_grey(ax, [line for line in panel.lines if line.grey], score, x, y)
    for line in panel.lines:
        if not line.grey:
            _draw_line(ax, line, score, x, y, groups)
    _axis.set_x(ax, x)
    _axis.set_y(ax, y)
    mark_lost(ax, _lost(panel, x), top=not metric_of(score).is_accuracy)
    if panel.title and (metric_of(score).is_accuracy or surface().is_narrow):
        _style.panel_title(ax, panel.title, inches)


def _draw_grey(ax: Axes, lines: Sequence[Line], score: str, x: _axis.Scale, y: _axis.Scale) -> None:
    """Draw the means of all grey lines as one line with gaps, which is fast to draw and small to store."""
    points: list[tuple[float, float]] = []
    for line in lines:
        scored = [(value, found.value) for value, row in line.points if (found := mean_of(row, score))]
        points += [*scored, (np.nan, np.nan)]
    if points:
        at, mean = zip(*points, strict=True)
        ax.plot(x.place(at), y.place(mean), **_style.GREY_LINE)


def _draw_line(ax: Axes, line: Line, score: str, x: _axis.Scale, y: _axis.Scale, groups: int) -> None:
    colour = line.style.colour
    place = {id(row): float(x.place([value])[0]) for value, row in line.points}
    for _value, row in line.points:
        seeds = y.place(some_seeds(_seeds(row, score), groups))
        ax.plot(np.full(len(seeds), place[id(row)]), seeds, ls="none", marker=".", ms=2.6, color=colour, alpha=0.5)
    scored = [(row, found) for _, row in line.points if (found := mean_of(row, score))]
    if scored:
        at = [place[id(row)] for row, _ in scored]
        mean = y.place([found.value for _, found in scored])
        lo, hi = zip(*(_band(row, found, score, y) for row, found in scored), strict=True)
        ax.fill_between(at, np.maximum(lo, y.low), np.minimum(hi, y.high), color=colour, alpha=0.13, lw=0)
        ax.plot(at, mean, color=colour, ls=line.style.dash, marker=line.style.marker, ms=3.4, zorder=line.style.level)


def _coloured(panels: Sequence[Panel]) -> int:
    """Return the number of variants with dots."""
    return sum(len(line.points) for panel in panels for line in panel.lines if not line.grey)


def _band(row: VariantSummary, found: Estimate, score: str, y: _axis.Scale) -> tuple[float, float]:
    """Return the ends of the interval as drawn, the mean itself if there are too few seeds."""
    if found.n < _axis.BAND_FROM:
        return (float(y.place([found.value])[0]),) * 2
    return float(y.lower_edge([found.lo], _seeds(row, score)[:, None])[0]), float(y.place([found.hi])[0])


def _cut(panels: Sequence[Panel], split: str) -> bool:
    """Return whether an interval of a loss is cut."""
    rows = [row for panel in panels for line in panel.lines for _, row in line.points]
    score = f"{split}_loss"
    y = _scale(rows, score)
    found = [(row, mean) for row in rows if (mean := mean_of(row, score))]
    return _shows_both(len(panels)) and any(y.cuts([mean.lo], _seeds(row, score)[:, None]).any() for row, mean in found)


def _lost(panel: Panel, x: _axis.Scale) -> list[Lost]:
    """Return the diverged runs of a panel at their settings."""
    return [
        Lost(float(x.place([value])[0]), line.style.colour, row.diverged)
        for line in panel.lines
        for value, row in line.points
        if row.diverged
    ]


def _seeds(row: VariantSummary, score: str) -> Array:
    return np.array([*seeds_of(row, score).values()])


def _legend(lines: Sequence[Line]) -> tuple[list[Any], list[str]]:
    shown = {line.label: line.style for line in lines if line.label and not line.grey} if len(lines) > 1 else {}
    return _style.line_legend(shown, 2.4, [line.label for line in lines if line.grey], ms=3.4)


def _best(line: Line, score: str) -> tuple[float, Estimate] | None:
    scored = [(value, found) for value, row in line.points if (found := mean_of(row, score))]
    return max(scored, key=lambda point: point[1].value, default=None)


def _caption(panels: Sequence[Panel], axis: Quantity, split: str, note: str) -> str:
    lines = [line for panel in panels for line in panel.lines]
    most = max(len(row.records) for line in lines for _, row in line.points)
    bands = _(", bands are 95% intervals") if most >= _axis.BAND_FROM else ""
    parts = [
        _("{split} scores of the finished runs against the {setting}").format(split=words(split), setting=axis.name),
        _("dots are seeds, lines connect their means{bands}").format(bands=bands),
        seeds_note(most, _coloured(panels)),
        note,
        _ends(panels, axis, split),
    ]
    lost = sum(row.diverged for line in lines for _, row in line.points)
    if lost:
        text = ngettext(
            "{count} run diverged and has no final score; crosses mark their settings",
            "{count} runs diverged and have no final score; crosses mark their settings",
            lost,
        )
        parts.append(text.format(count=lost))
    return " ".join(sentence(part) for part in parts if part)


def _note(panels: Sequence[Panel], chosen: Selection, trained: int) -> str:
    """Return sentences on the highlighted lines and on trained variants without a value on the axis."""
    off = trained - len({row.variant.id for panel in panels for line in panel.lines for _, row in line.points})
    text = ngettext("{count} variant is not on this axis.", "{count} variants are not on this axis.", off)
    return prose(chosen.in_colour(len(panels)), text.format(count=off) if off else "")


def _ends(panels: Sequence[Panel], axis: Quantity, split: str) -> str:
    lines = [(_name(panel, line), line) for panel in panels for line in panel.lines]
    found = [(name, best) for name, line in lines if (best := _best(line, f"{split}_accuracy"))]
    if not found:
        return ""
    name, (value, top) = max(found, key=lambda pair: pair[1][1].value)
    of_line = _(" with “{name}”").format(name=name) if len(lines) > 1 and name else ""
    at = f"{axis.name} {setting_value(value)}"
    return _("the best {metric} is {value}, at {at}{line}").format(
        metric=words(f"{split}_accuracy"), value=percent(top.value), at=at, line=of_line
    )


def _name(panel: Panel, line: Line) -> str:
    """Return the name of a line in the figure."""
    return ", ".join(part for part in (panel.title, line.label) if part)


def _alt(panels: Sequence[Panel], axis: Quantity, split: str, note: str) -> str:
    def course(panel: Panel, line: Line) -> str:
        scores = [(value, mean_of(row, f"{split}_accuracy")) for value, row in line.points[:12]]
        lost = _("diverged")
        ends = [f"{setting_value(value)}: {percent(mean.value) if mean else lost}" for value, mean in scores]
        return _("{line}, by {setting}, {ends}").format(
            line=_name(panel, line) or _("All"), setting=axis.name, ends=", ".join(ends)
        )

    courses = ". ".join(course(panel, line) for panel in panels for line in panel.lines)
    shown = _("accuracy and loss") if _shows_both(len(panels)) else _("accuracy")
    chart = _("Line chart of {split} {shown} against the {setting}.").format(
        split=words(split), shown=shown, setting=axis.name
    )
    return prose(chart, note, _("Accuracy. {courses}.").format(courses=courses))


def _csv(panels: Sequence[Panel], axis: Quantity, split: str) -> list[tuple[Any, ...]]:
    return [
        (
            *(axis.path, value, _name(panel, line), row.variant.id, score),
            *(found.value, found.lo, found.hi, found.n, row.diverged),
        )
        for score in (f"{split}_accuracy", f"{split}_loss")
        for panel in panels
        for line in panel.lines
        for value, row in line.points
        for found in (mean_of(row, score) or MISSING,)
    ]
