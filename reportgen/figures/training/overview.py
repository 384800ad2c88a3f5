"""All groups of runs side by side: their losses as small multiples, the worst first, with findings marked."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reportgen.analysis.diagnosis.outcome import PartialDiagnosis
from reportgen.analysis.training_groups import TrainingGroup, worst_first
from reportgen.analysis.words.listing import listing
from reportgen.figures.drawing import axis as _axis
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import count, descriptions, number, prose, sentence
from reportgen.figures.training.lines import COLUMNS, Line, draw_line, legend_of, lines_of, rows_of, scale_of
from reportgen.figures.training.marks import COLOURS, draw_marks, mark_rows, marks_of
from reportgen.figures.training.stacked import extent
from reportgen.languages.translate import _

MOST = 12
"""Largest number of groups in the figure; the table of runs has the others."""

ACROSS = 3
HEIGHT = 0.95
BOLD = 0.84
"""Width of text relative to bold text."""

ROLES = ("train_loss", "val_loss")

MARGINS = _style.Margins(left=0.76, across=0.6, top=0.38, between=0.62)


def draw(groups: Sequence[TrainingGroup]) -> Drawing | None:
    """Return the figure, None for a single group or without losses."""
    shown = [(group, lines) for group in worst_first(groups)[:MOST] if (lines := lines_of(group.runs, ROLES))]
    if len(groups) < 2 or not shown:
        return None
    with _style.settings():
        figure = _figure(shown)
    rows = [row for group, lines in shown for row in (*rows_of(lines), *mark_rows(marks_of(group), group.runs[0]))]
    caption, alt = _caption(shown, len(groups)), _alt(shown)
    return Drawing("overview", _("The runs side by side"), caption, alt, figure, COLUMNS, rows, partial(_figure, shown))


Shown = Sequence[tuple[TrainingGroup, Sequence[Line]]]


def _figure(shown: Shown) -> Figure:
    columns = surface().columns(2 if len(shown) in (2, 4) else min(ACROSS, len(shown)))
    handles, labels = legend_of([line for _group, lines in shown for line in lines])
    figure, axes = _style.panels(len(shown), columns, HEIGHT, _style.legend_height(labels), MARGINS)
    inches = (surface().width - MARGINS.left - MARGINS.right - (columns - 1) * MARGINS.across) / columns
    for index, (ax, (group, lines)) in enumerate(zip(axes, shown, strict=True)):
        _panel(ax, group, lines, inches)
        if index % columns == 0:
            ax.set_ylabel(_("loss"), labelpad=2, fontsize=_style.SMALL)
    _style.legend(figure, handles, labels)
    return figure


def _panel(ax: Axes, group: TrainingGroup, lines: Sequence[Line], inches: float) -> None:
    scale, marks = scale_of(lines), marks_of(group)
    for line in lines:
        draw_line(ax, line, scale, len(group.runs) == 1)
    ax.set_xlim(*extent(lines, marks))
    _axis.set_y(ax, scale)
    ax.xaxis.set_major_locator(MaxNLocator(3, integer=True))
    draw_marks(ax, marks)
    text: dict[str, Any] = {"transform": ax.transAxes, "ha": "left", "va": "bottom"}
    room = inches + MARGINS.right / 2
    ax.text(0, 1 + 0.17 / HEIGHT, _style.clip(group.name, BOLD * room, _style.TEXT), weight="bold", **text)
    words, colour = _verdict(group)
    ax.text(0, 1 + 0.04 / HEIGHT, _style.clip(words, room), color=colour, fontsize=_style.SMALL, **text)
    ax.set_xlabel(_(group.runs[0].unit), labelpad=1, fontsize=_style.SMALL)


def _verdict(group: TrainingGroup) -> tuple[str, str]:
    """Return the titles of the root findings, or the verdict, and its colour."""
    if not group.findings:
        return _without_finding(group.diagnosis), _style.MUTED
    return ", ".join(map(_, group.problems)), COLOURS[group.verdict]


def _without_finding(diagnosis: PartialDiagnosis) -> str:
    """Return the verdict; if few rules could judge, with their number."""
    if diagnosis.verdict != "too little logged":
        return _(diagnosis.verdict)
    return _("{verdict} ({judged} of {total} rules)").format(
        verdict=_(diagnosis.verdict), judged=diagnosis.judged, total=diagnosis.judged + diagnosis.unjudged
    )


def _caption(shown: Shown, total: int) -> str:
    noun = _noun(shown)
    which = (
        _("the {shown} worst of {groups}").format(shown=len(shown), groups=count(total, noun))
        if total > len(shown)
        else count(total, noun)
    )
    parts = [
        _("Losses of {which}, the worst first; the scales differ").format(which=which),
        _("Below each name: its warnings and errors without their consequences, otherwise its notes or its verdict"),
        _("Vertical lines mark the findings: solid for an error, dashed for a warning, dotted for a note"),
    ]
    return " ".join(sentence(part) for part in parts)


def _alt(shown: Shown) -> str:
    words = [f"{group.name}: {_verdict(group)[0]}; {_ends(lines)}" for group, lines in shown]
    noun = _noun(shown)
    return prose(
        _("Small line charts of the losses of {groups}.").format(groups=count(len(shown), noun)),
        descriptions(words, 12, noun),
    )


def _noun(shown: Shown) -> str:
    return "run" if all(len(group.runs) == 1 for group, _lines in shown) else "setting"


def _ends(lines: Sequence[Line]) -> str:
    ends = {line.label: line.curve.values[np.isfinite(line.curve.values)] for line in lines}
    return listing(
        [
            _("{label} {low} to {high}").format(label=label, low=number(float(y[0])), high=number(float(y[-1])))
            for label, y in ends.items()
        ]
    )
