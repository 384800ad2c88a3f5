"""Accuracy of ensembles against the number of members, which are networks with different seeds.

A line connects the mean accuracies of all sets of members of one size, or of 200 random ones. Dots at size 1 are the
single networks, and their mean is the start of the line. The accuracy is measured on validation examples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reportgen.analysis.results import Analysis, EnsembleScore, VariantSummary
from reportgen.analysis.words.formatting import percent, signed
from reportgen.figures.drawing import axis as _axis
from reportgen.figures.drawing import ends
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.words import count, descriptions, joined, prose, sentence
from reportgen.figures.table import FIGURES
from reportgen.figures.views.selection import Selection, select
from reportgen.figures.views.styles import line_styles
from reportgen.languages.translate import _

FIGURE = FIGURES["ensemble_size"]

COLUMNS = ("variant", "label", "members", "accuracy", "sets", "gain", "low", "high", "values_by_member")
"""Columns of the CSV file; low and high are the ends of the 95% interval of the gain over the mean of the members."""


@dataclass(frozen=True)
class Line:
    """The ensembles of a variant by increasing size."""

    summary: VariantSummary
    style: _style.SeriesStyle
    grey: bool
    scores: tuple[EnsembleScore, ...]

    @property
    def label(self) -> str:
        """The label of the variant."""
        return self.summary.variant.label

    @property
    def members(self) -> tuple[float, ...]:
        """The accuracies of the single networks."""
        return self.scores[0].members

    @property
    def points(self) -> list[tuple[int, float]]:
        """The sizes with their accuracies; size 1 is the mean of the single networks."""
        return [(1, float(np.mean(self.members))), *((one.size, one.score) for one in self.scores)]


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None if the study has no ensembles."""
    sizes: dict[str, list[EnsembleScore]] = {}
    for one in analysis.ensembles:
        sizes.setdefault(one.variant, []).append(one)
    rows = [row for row in analysis.outcomes if row.variant.id in sizes]
    if not rows:
        return None
    variants = {row.variant.label: [row.variant] for row in rows}
    chosen = select(analysis.plan, variants)
    styles = line_styles({label: variants[label] for label in chosen.highlighted})
    lines = [_line(row, styles.get(row.variant.label), sizes[row.variant.id]) for row in rows]
    narrow = partial(_figure, lines)
    with _style.settings():
        figure = narrow()
    return Drawing(
        FIGURE.id, _(FIGURE.title), _caption(lines, chosen), _alt(lines, chosen), figure, COLUMNS, _csv(lines), narrow
    )


def _line(row: VariantSummary, style: _style.SeriesStyle | None, found: Sequence[EnsembleScore]) -> Line:
    scores = tuple(sorted(found, key=lambda one: one.size))
    return Line(row, style or _style.GREY, style is None, scores)


def _figure(lines: Sequence[Line]) -> Figure:
    scale = _axis.scale_for([[*line.members, *(y for _, y in line.points)] for line in lines], log=False) or _axis.UNIT
    y, height = _axis.accuracy_scale(scale), 2.4
    curves = [
        ends.Curve.of(line.label, line.style.colour, [n for n, _ in line.points], [a for _, a in line.points], y)
        for line in lines
        if not line.grey
    ]
    names = ends.room_for([[curves]], 1, height)
    shown = {} if names.inches else {line.label: line.style for line in lines if not line.grey}
    handles, labels = _style.line_legend(shown, 2.6, [line.label for line in lines if line.grey], ms=3.4)
    margins = _style.Margins(left=0.62, right=_style.Margins.right + names.inches, top=0.12)
    figure, (ax,) = _style.panels(1, 1, height, _style.legend_height(labels), margins)
    for line in lines:
        _draw_line(ax, line, y)
    sizes = sorted({size for line in lines for size, _ in line.points})
    _axis.fix_ticks(ax.xaxis, sizes, [str(size) for size in sizes])
    ax.set_xlim(1 - 0.03 * sizes[-1], 1.03 * sizes[-1])
    _axis.set_y(ax, y)
    ax.set_xlabel(_("networks in the ensemble"), labelpad=2)
    ax.set_ylabel(_("validation accuracy"), labelpad=3)
    names.write(ax, [curves], 0)
    _style.legend(figure, handles, labels)
    return figure


def _draw_line(ax: Axes, line: Line, y: _axis.Scale) -> None:
    sizes, accuracies = zip(*line.points, strict=True)
    if line.grey:
        ax.plot(sizes, y.place(accuracies), **_style.GREY_LINE)
        return
    dots: dict[str, Any] = {"ls": "none", "marker": ".", "ms": 4, "alpha": 0.6, "zorder": 2}
    ax.plot(np.ones(len(line.members)), y.place(line.members), color=line.style.colour, **dots)
    style: dict[str, Any] = {"ls": line.style.dash, "marker": line.style.marker, "zorder": line.style.level}
    ax.plot(sizes, y.place(accuracies), color=line.style.colour, **style)


def _caption(lines: Sequence[Line], chosen: Selection) -> str:
    most = max(len(line.members) for line in lines)
    parts = [
        _("Validation accuracy of ensembles against the number of networks whose probabilities they average"),
        _("Each point is the mean over sets of the {networks} of a variant; dots are the single networks").format(
            networks=count(most, "network")
        ),
        "; ".join(_gain(line) for line in lines if not line.grey),
        chosen.in_colour(),
    ]
    return " ".join(sentence(part) for part in parts if part)


def _gain(line: Line) -> str:
    last = line.scores[-1]
    start, gain = percent(line.points[0][1]), signed(100 * last.difference)
    return _("“{label}”: {start} for one network, {score} for {size}, {gain} points").format(
        label=line.label, start=start, score=percent(last.score), size=last.size, gain=gain
    )


def _alt(lines: Sequence[Line], chosen: Selection) -> str:
    words = [
        f"{line.label}: " + ", ".join(f"{size}: {percent(accuracy)}" for size, accuracy in line.points)
        for line in lines
    ]
    chart = _("Line chart of the validation accuracy of ensembles by the number of networks.")
    return prose(chart, chosen.in_colour(), descriptions(words, 8, "line"))


def _csv(lines: Sequence[Line]) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for line in lines:
        start, members = (line.summary.variant.id, line.label), joined(line.members)
        rows.append((*start, 1, line.points[0][1], len(line.members), 0.0, None, None, members))
        rows += [(*start, e.size, e.score, e.count, e.difference, *e.interval, members) for e in line.scores]
    return rows
