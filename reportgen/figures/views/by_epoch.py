"""Layout of the figures of scores by epoch: panels of lines over epochs, with marks for diverged runs.

Up to five seeds, thin lines show single seeds and a thick line their mean. From six seeds on, the line is the median,
with a band from the 10% to the 90% quantile. Variants that are not highlighted are grey.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reportgen.analysis.results import Analysis
from reportgen.analysis.words.listing import listing
from reportgen.figures.drawing import axis as _axis
from reportgen.figures.drawing import ends
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import Drawing, Rows
from reportgen.figures.drawing.frame import Lost, mark_lost
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import count, descriptions, prose, score, sentence
from reportgen.figures.views.epoch_artists import draw_grey_lines, draw_line, strokes
from reportgen.figures.views.epoch_lines import COLUMNS, Group, Line, csv_rows, ends_of, groups_of
from reportgen.figures.views.layer_words import zeros_note
from reportgen.figures.views.pruned import last_training
from reportgen.figures.views.series import Layout
from reportgen.figures.views.view import CurveView
from reportgen.languages.translate import _
from reportgen.study.metrics.table import metric_of

POINTS, POINTS_OF_PHONE = 9000, 5000
"""The largest number of points in a figure, over all lines."""

FEWEST = 25
"""Each line has at least this number of points."""

LEAST_FILLED = 0.6
"""The scores share an axis if each fills at least this fraction of it."""


def draw(analysis: Analysis, view: CurveView) -> Drawing | None:
    """Return the figure of the scores, None if no run was trained."""
    groups, plan = groups_of(analysis, view)
    lines = [line for row in groups for group in row for line in group.lines]
    if not lines:
        return None
    narrow = partial(_figure, groups, view, lines)
    with _style.settings():
        figure = narrow()
    scales = _scales(view, lines)
    caption, alt = _caption(view, lines, plan, scales), _alt(view, lines, plan)
    same = ends.coincidences(
        _curves(group, scales.get(_column(group), scales[None])) for row in groups for group in row
    )
    caption, finding = prose(caption, sentence(same)), sentence(_result(view, lines))
    return Drawing(
        view.id, _(view.title), caption, alt, figure, COLUMNS, Rows(partial(csv_rows, groups)), narrow, finding
    )


def _figure(groups: Sequence[Sequence[Group]], view: CurveView, lines: Sequence[Line]) -> Figure:
    columns = surface().columns(_columns(len(groups[0])))
    rows = [row[at : at + columns] for row in groups for at in range(0, len(row), columns)]
    height, scales = {1: 2.5, 2: 1.8}.get(len(rows), 1.35), _scales(view, lines)
    curves = [[_curves(group, scales.get(_column(group), scales[None])) for group in row] for row in rows]
    names = ends.room_for(curves, columns, height)
    handles, labels = _legend([line for line in lines if line.grey or not names.inches])
    inches = surface().title_width(columns, 0.4) - names.share
    # Panels side by side have ticks of their own if their scales differ.
    ticks = surface().flat and len(scales) > 1 and all(map(_column, rows[0]))
    margins = _style.Margins(
        right=_style.Margins.right + names.inches,
        across=(0.5 if ticks else _style.Margins.across) + names.across,
        titles=_style.titles_height([group.title for row in groups for group in row], inches),
    )
    figure, axes = _style.grid(len(rows), columns, height, _style.legend_height(labels), margins)
    points = POINTS_OF_PHONE if surface().is_narrow else POINTS
    most = max(FEWEST, points // sum(strokes(line) for line in lines))
    for at, row in enumerate(rows):
        below = len(rows[at + 1]) if at + 1 < len(rows) else 0
        for column, (ax, group) in enumerate(zip(axes[at], row, strict=False)):
            scale = scales.get(_column(group), scales[None])
            draw_grey_lines(ax, [line for line in group.lines if line.grey], scale, most)
            for line in (line for line in group.lines if not line.grey):
                draw_line(ax, line, scale, most)
            _axis.set_y(ax, scale, labels=column == 0 or ticks)
            _label_axes(ax, group, column >= below, column == 0, inches)
            mark_lost(ax, _lost(group), top=view.better == "lower")
            names.write(ax, curves[at], column)
        for ax in axes[at][len(row) :]:
            ax.remove()
    _style.legend(figure, handles, labels)
    return figure


def _columns(panels: int) -> int:
    """Return the number of panels in a row."""
    return panels if panels <= 3 else {4: 2, 5: 3, 6: 3}.get(panels, 4)


def _label_axes(ax: Axes, group: Group, bottom: bool, left: bool, inches: float) -> None:
    ax.xaxis.set_major_locator(MaxNLocator(6 if inches > 1.5 else 3, integer=True))
    if bottom:
        ax.set_xlabel(_("epoch"), labelpad=2)
    if left:
        ax.set_ylabel(group.y_label, labelpad=3)
    _style.panel_title(ax, group.title, inches)


def _curves(group: Group, scale: _axis.Scale) -> list[ends.Curve]:
    """Return the lines of the means or medians of a panel, without grey ones."""
    found = [line for line in group.lines if not line.grey]
    return [
        ends.Curve.of(line.label, line.style.colour, line.curve.x[: len(line.middle)], line.middle, scale)
        for line in found
    ]


def _lost(group: Group) -> list[Lost]:
    """Return the diverged runs of a panel, each at the epoch of its last finite score."""
    found: dict[tuple[str, int], Lost] = {}
    for line in group.lines:
        for seed in line.ended:
            finite = np.flatnonzero(np.isfinite(line.curve.per_seed[line.curve.seeds.index(seed)]))
            if finite.size:
                lost = Lost(float(line.curve.x[finite[-1]]), line.style.colour)
                found.setdefault((line.series.id, seed), lost)
    return list(found.values())


def _column(group: Group) -> str | None:
    """Return the score of a panel, None if it shows several scores or none."""
    found = {line.column for line in group.lines}
    return found.pop() if len(found) == 1 else None


def _scales(view: CurveView, lines: Sequence[Line]) -> dict[str | None, _axis.Scale]:
    """Return the shared y scale under None, and one for each score if the scores would not fill the shared one."""
    whole = _scale(view, lines)
    own: dict[str | None, _axis.Scale]
    own = {column: _scale(view, [line for line in lines if line.column == column]) for column in view.evaluated}
    empty = any(scale.log != whole.log or scale.height < LEAST_FILLED * whole.height for scale in own.values())
    return {None: whole, **(own if empty else {})}


def _scale(view: CurveView, lines: Sequence[Line]) -> _axis.Scale:
    """Return the y scale for the runs that did not diverge; lines of diverged runs end at the top edge."""
    steady = [part for line in lines for part in _drawn(line)]
    shown = [values for values in steady if np.isfinite(values).any()]
    values = shown or [line.curve.per_seed for line in lines]
    scale = _axis.scale_for(values, log=None if view.better == "lower" else False)
    if scale is None:
        return _axis.UNIT
    return _axis.accuracy_scale(scale) if view.better == "higher" else scale


def _drawn(line: Line) -> list[Any]:
    """Return the drawn values of the runs that did not diverge, which the axis must contain."""
    if line.mean is None:
        return []
    if line.grey:
        return [line.middle]
    if line.banded:
        return [line.quantiles]
    return [line.mean.per_seed]


def _legend(lines: Sequence[Line]) -> tuple[list[Any], list[str]]:
    shown = {line.label: line.style for line in lines if not line.grey}
    longest = 2.6 if len(shown) > 3 else 5.0
    return _style.line_legend(shown, longest, [line.label for line in lines if line.grey], ms=3.2)


def _caption(view: CurveView, lines: Sequence[Line], plan: Layout, scales: Mapping[str | None, _axis.Scale]) -> str:
    parts = [
        _("{label} by epoch; epoch 0 is the network before training").format(label=_(view.label)),
        *_modes(lines),
        _seed_words(lines),
    ]
    parts += [last_training((record for line in lines for record in line.series.summary.records), _("epoch 0"))]
    parts += [plan.note, _result(view, lines), *_ended(lines)]
    parts += [_("The scores have different vertical scales")] if len(scales) > 1 else []
    parts.append(zeros_note([scale for score, scale in scales.items() if score or len(scales) == 1]))
    return " ".join(sentence(part) for part in parts if part)


def _seed_words(lines: Sequence[Line]) -> str:
    """Return sentences on how seeds are drawn; the number of seeds may differ between variants of another program."""
    numbers = {banded: [len(line.curve.seeds) for line in lines if line.banded == banded] for banded in (True, False)}
    many, few = (max(found, default=0) for found in (numbers[True], numbers[False]))
    parts = [_("Lines: median over {many} seeds; bands: 10% to 90% quantile").format(many=many)] if many else []
    if few > 1:
        parts.append(_("Thin lines: single seeds; thick lines: mean over {few} seeds").format(few=few))
    return ". ".join(parts) or _("One seed")


def _modes(lines: Sequence[Line]) -> list[str]:
    rows = [metric_of(line.column) for line in lines]
    if any(row.scale == "loss" and not row.initial for row in rows):
        return [
            _(
                "The minibatch loss is the mean over the epoch's minibatches in training mode, while the "
                "weights change; the other losses are evaluated in test mode at the end of each epoch, "
                "without penalties"
            )
        ]
    return [_("Scores are evaluated in test mode at the end of each epoch")]


def _headline(view: CurveView, lines: Sequence[Line]) -> list[tuple[Line, int, float]]:
    """Return the lines of the score that the caption reports with their last epoch and value, best first."""
    present = next((column for column in view.headline if any(line.column == column for line in lines)), None)
    ends = [(line, ends_of(line)) for line in lines if line.column == present]
    found = [(line, *end[1:]) for line, end in ends if end is not None]
    return sorted(found, key=lambda item: item[2], reverse=view.better == "higher")


def _result(view: CurveView, lines: Sequence[Line]) -> str:
    ranked = _headline(view, lines)
    if not ranked:
        return _("No run has a finite score")
    column = ranked[0][0].column
    words = _(view.columns[column])
    named = [ranked[0], ranked[-1]] if len(ranked) > 1 else ranked
    ends = [
        _("{value} with “{name}” (epoch {epoch})").format(
            value=score(value, column), name=line.series.name, epoch=epoch
        )
        for line, epoch, value in named
    ]
    if len(ranked) == 1:
        return _("The {words} is {value} after {epochs}").format(
            words=words, value=score(ranked[0][2], column), epochs=count(ranked[0][1], "epoch")
        )
    return _("The final {words} ranges from {low} to {high}").format(words=words, low=ends[0], high=ends[1])


def _ended(lines: Sequence[Line]) -> list[str]:
    runs = {line.series.name: (len(line.ended), len(line.curve.seeds)) for line in lines if line.ended}
    if not runs:
        return []
    words = [
        _("{ended} of {of} with “{name}”").format(ended=ended, of=of, name=name) for name, (ended, of) in runs.items()
    ]
    listed = words if len(words) <= 4 else [*words[:3], count(len(words) - 3, "more variant")]
    rule = _("Means and medians exclude diverged runs unless all runs of the variant diverged")
    return [
        _("Crosses at the frame mark the epochs at which runs diverged ({listed})").format(listed=listing(listed)),
        rule,
    ]


def _alt(view: CurveView, lines: Sequence[Line], plan: Layout) -> str:
    def course(line: Line) -> str:
        ends = ends_of(line)
        if ends is None:
            return _("{name}, {score}: every run diverged").format(
                name=line.series.name, score=_(view.columns[line.column])
            )
        words = _("{low} to {high} at epoch {epoch}").format(
            low=score(ends[0], line.column), high=score(ends[2], line.column), epoch=ends[1]
        )
        return f"{line.series.name}, {_(view.columns[line.column])}: {words}"

    courses = [course(line) for line in sorted(lines, key=lambda line: line.grey)]
    return prose(
        _("Line chart of {label} by epoch.").format(label=_(view.label)), plan.note, descriptions(courses, 12, "line")
    )
