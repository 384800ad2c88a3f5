"""Layout of the figures of one group of runs: panels below each other over steps or epochs, with findings marked."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from reportgen.analysis.training_groups import TrainingGroup
from reportgen.analysis.words.listing import listing
from reportgen.figures.drawing import axis as _axis
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import count, descriptions, prose, score, sentence
from reportgen.figures.training.lines import COLUMNS, Line, draw_line, legend_of, lines_of, rows_of, scale_of
from reportgen.figures.training.marks import (
    Mark,
    draw_marks,
    draw_names,
    lanes_height,
    mark_rows,
    marks_of,
    marks_words,
    placed,
)
from reportgen.figures.training.view import PanelView, TrainingView
from reportgen.languages.translate import _, numeral

HEIGHTS = {1: 2.3, 2: 1.7}
"""Height of a panel in inches by the number of panels; 1.3 for more."""

Panels = Sequence[tuple[PanelView, Sequence[Line]]]


def draw(group: TrainingGroup, view: TrainingView) -> Drawing | None:
    """Return the figure of a group, None if no run has one of its curves."""
    found = [(panel, lines_of(group.runs, panel.roles)) for panel in view.panels]
    panels = [(panel, lines) for panel, lines in found if lines and not (panel.varies and _is_constant(lines))]
    if not panels:
        return None
    marks = marks_of(group)
    narrow = partial(_figure, panels, marks, group)
    with _style.settings():
        figure = narrow()
    lines = [line for _view, own in panels for line in own]
    rows = [*rows_of(lines), *mark_rows(marks, group.runs[0])]
    title = f"{_(view.title)}: {group.name}"
    caption, alt = _caption(group, panels, marks), _alt(group, panels, marks)
    return Drawing(f"{view.id}-{group.id}", title, caption, alt, figure, COLUMNS, rows, narrow)


def _is_constant(lines: Sequence[Line]) -> bool:
    return all(np.ptp(line.curve.finite) == 0 for line in lines)


SMALLEST_ROOM = 1e-9
"""Room beside the lines relative to the largest position, since 0.5 is lost in rounding beside 1e16."""


def extent(lines: Sequence[Line], marks: Sequence[Mark]) -> tuple[float, float]:
    """Return the limits of the x axis."""
    ends = [*(x for line in lines for x in line.x[[0, -1]]), *(mark.position for mark in marks)]
    low, high = min(ends), max(ends)
    room = max(0.015 * (high - low) or 0.5, SMALLEST_ROOM * max(abs(low), abs(high)))
    return low - room, high + room


def _figure(panels: Panels, marks: Sequence[Mark], group: TrainingGroup) -> Figure:
    lines = [line for _view, own in panels for line in own]
    low, high = extent(lines, marks)
    inches = surface().width - _style.Margins.left - _style.Margins.right
    names = placed(marks, low, high, inches)
    handles, labels = _legend(lines)
    height = HEIGHTS.get(len(panels), 1.3)
    margins = _style.Margins(top=0.1 + lanes_height(names), between=0.14)
    figure, grid = _style.grid(len(panels), 1, height, _style.legend_height(labels), margins)
    for at, (row, (panel, own)) in enumerate(zip(grid, panels, strict=True)):
        _panel(row[0], panel, own, marks, (low, high), len(group.runs) == 1)
        row[0].tick_params(axis="x", labelbottom=at == len(panels) - 1)
    grid[-1][0].set_xlabel(_(group.runs[0].unit), labelpad=2)
    draw_names(grid[0][0], names, inches, height)
    _style.legend(figure, handles, labels)
    return figure


def _panel(
    ax: Axes, panel: PanelView, lines: Sequence[Line], marks: Sequence[Mark], ends: tuple[float, float], alone: bool
) -> None:
    scale = scale_of(lines, panel.share, panel.log)
    for line in lines:
        draw_line(ax, line, scale, alone)
    ax.set_xlim(*ends)
    _axis.set_y(ax, scale)
    ax.xaxis.set_major_locator(MaxNLocator(4 if surface().is_narrow else 7, integer=True))
    ax.set_ylabel(_(panel.label), labelpad=3)
    draw_marks(ax, marks)


def _legend(lines: Sequence[Line]) -> tuple[list[object], list[str]]:
    handles, labels = legend_of(lines)
    if any(line.ended for line in lines):
        handles.append(Line2D([], [], color=_style.INK, ls="none", marker="x", mew=1.3))
        labels.append(_("not finite from here"))
    return handles, labels


def _caption(group: TrainingGroup, panels: Panels, marks: Sequence[Mark]) -> str:
    runs = "" if len(group.runs) == 1 else f", {count(len(group.runs), 'run')}"
    parts = [
        _("{labels} of “{name}” by {unit}{runs}").format(
            labels=_labels(panels), name=group.name, unit=_(group.runs[0].unit), runs=runs
        ),
        marks_words(group, marks),
    ]
    lines = [line for _view, own in panels for line in own]
    if any(line.smooth_x.size for line in lines):
        parts.append(_("Thin lines: single values; thick lines: means of windows of steps"))
    if len(group.runs) == 1:
        parts += [_course(panel, line) for panel, own in panels for line in own][:6]
    if any(line.ended for line in lines):
        parts.append(_("A cross marks the last value before a loss or score is not a finite number"))
    return " ".join(sentence(part) for part in parts if part)


def _alt(group: TrainingGroup, panels: Panels, marks: Sequence[Mark]) -> str:
    chart = _("Line chart of {labels} of “{name}” by {unit}.").format(
        labels=_labels(panels), name=group.name, unit=_(group.runs[0].unit)
    )
    courses = [f"{_run_words(group, line)}{_course(panel, line)}" for panel, own in panels for line in own]
    return prose(chart, sentence(marks_words(group, marks)), descriptions(courses, 12, "line"))


def _labels(panels: Panels) -> str:
    return listing([_(panel.label) for panel, _lines in panels])


def _run_words(group: TrainingGroup, line: Line) -> str:
    return "" if len(group.runs) == 1 else f"{line.run.name}, "


def _course(panel: PanelView, line: Line) -> str:
    """Describe a line by its first, its extreme and its last finite value."""
    name = "val_accuracy" if panel.share else ""
    values, at = line.curve.values, line.curve.positions
    finite = np.flatnonzero(np.isfinite(values))
    first, last = finite[0], finite[-1]
    best = finite[np.argmax(values[finite]) if panel.share else np.argmin(values[finite])]
    text = _("{label} {start} to {end}").format(
        label=line.label, start=score(float(values[first]), name), end=score(float(values[last]), name)
    )
    if best not in (first, last):
        extreme = _("highest") if panel.share else _("lowest")
        text += _(", {extreme} {value} at {unit} {at}").format(
            extreme=extreme, value=score(float(values[best]), name), unit=_(line.run.unit), at=numeral(f"{at[best]:g}")
        )
    return text + (_(", then not finite") if last < values.size - 1 else "")
