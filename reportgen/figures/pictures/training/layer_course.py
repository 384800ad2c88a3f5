"""A statistic of layers over the steps of training: a line for each layer, a panel for each variant.

Both axes are logarithmic, since probes are evenly spaced in the logarithm of time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import NullLocator
from numpy.typing import NDArray

from reportgen.analysis.results import Analysis, VariantSummary
from reportgen.engine.inspect.images import evenly_spaced
from reportgen.figures.drawing import axis as _axis
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.style import SeriesStyle
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import descriptions, number, prose, sentence, span
from reportgen.figures.pictures.choice import chosen_courses, is_claimed, is_named, mean_over
from reportgen.figures.pictures.drawn import drawing_of
from reportgen.figures.pictures.shades import ramp
from reportgen.figures.pictures.views import CourseView
from reportgen.languages.translate import _, numeral

PANELS, LINES = 6, 6
"""The largest numbers of variants and of layers."""

_THEORY = SeriesStyle(_style.INK, "", (0, (4, 2)))


@dataclass(frozen=True)
class Course:
    """Values of a variant.

    Attributes
    ----------
    runs : number of runs.
    steps : array (P,)
    values : array (P, L)
        Means over the runs.
    theory : array (P,)
        What theory predicts of every layer, NaN if nothing.
    layers : numbers of the drawn layers, counted from 1.
    """

    summary: VariantSummary
    runs: int
    steps: NDArray[np.int64]
    values: NDArray[np.float64]
    theory: NDArray[np.float64]
    layers: tuple[int, ...]

    def of(self, layer: int) -> NDArray[np.float64]:
        """Return the values of a layer, counted from 1, (P,)."""
        values: NDArray[np.float64] = self.values[:, layer - 1]
        return values

    @property
    def has_theory(self) -> bool:
        """Whether theory predicts a value."""
        return bool(np.isfinite(self.theory).any())


def draw(analysis: Analysis, view: CourseView) -> Drawing | None:
    """Return the figure, None if no run has the statistic at two steps or the study does not ask for it."""
    if not (is_named(analysis, view.id) or is_claimed(analysis, view.statistic)):
        return None
    courses, note = chosen_courses(analysis, lambda row: _course(row, view), PANELS)
    if not courses:
        return None
    columns = ("variant", "label", "layer", "step", view.column, *(("theory",) if view.theory else ()), "runs")
    return drawing_of(
        view,
        partial(_figure, courses, view),
        _caption(courses, view, note),
        _alt(courses, view),
        columns,
        _csv(courses, view),
        _words(courses[0]),
    )


def _course(row: VariantSummary, view: CourseView) -> Course | None:
    """Return the values of the runs with the same probes, without step 0; None if there are fewer than two steps."""
    records = [record for record in row.records if len(record.probe_steps) > 2 and record.status != "diverged"]
    records = [record for record in records if f"probe_{view.statistic}" in record.arrays]
    steps = [tuple(int(step) for step in record.probe_steps) for record in records]
    longest = max(steps, key=len, default=())
    alike = [record for record, own in zip(records, steps, strict=True) if own == longest]
    if not alike:
        return None
    values = mean_over([record.statistic(view.statistic)[1:] for record in alike])
    if not view.output and values.shape[1] > 1:
        values = values[:, :-1]
    layers = [layer for layer in range(1, values.shape[1] + 1) if np.isfinite(values[:, layer - 1]).any()]
    if not layers:
        return None
    theory = view.theory(alike[0])[1:] if view.theory else np.full(len(values), np.nan)
    return Course(row, len(alike), np.array(longest[1:]), values, theory, tuple(evenly_spaced(layers, LINES)))


def _figure(courses: Sequence[Course], view: CourseView) -> Figure:
    columns = surface().columns(min(len(courses), 2 if len(courses) in (2, 4) else 3))
    layers = sorted({layer for course in courses for layer in course.layers})
    colours = dict(zip(layers, ramp(len(layers)), strict=True))
    lines = {_("layer {layer}").format(layer=layer): SeriesStyle(colours[layer], "", "-") for layer in layers}
    if view.theory and any(course.has_theory for course in courses):
        lines[_(view.theory_name)] = _THEORY
    handles, labels = _style.line_legend(lines, 1.4, ())
    if view.band:
        handles.append(Patch(color=_style.REGION))
        labels.append(_(view.band[2]))
    inches = (surface().width - 0.72) / columns - 0.2
    titles = _style.titles_height([course.summary.variant.label for course in courses], inches)
    margins = _style.Margins(left=0.62, across=0.2, between=0.5, titles=titles)
    figure, axes = _style.panels(
        len(courses), columns, surface().either(1.75, 1.3), _style.legend_height(labels), margins
    )
    parts = [part for course in courses for part in (course.values, course.theory)]
    scale = _axis.scale_for([*([view.band[:2]] if view.band else []), *parts], log=True) or _axis.UNIT
    for at, (ax, course) in enumerate(zip(axes, courses, strict=True)):
        _panel(ax, course, view, colours, scale)
        _axis.set_y(ax, scale, labels=at % columns == 0)
        if at % columns == 0:
            ax.set_ylabel(_(view.label), labelpad=3)
        _style.panel_title(ax, course.summary.variant.label, inches)
        if at + columns >= len(courses):
            ax.set_xlabel(_("step"), labelpad=2)
    _style.legend(figure, handles, labels)
    return figure


def _panel(ax: Axes, course: Course, view: CourseView, colours: dict[int, str], scale: _axis.Scale) -> None:
    if view.band:
        ax.axhspan(*view.band[:2], color=_style.REGION, lw=0, zorder=0.5)
    if course.has_theory:
        ax.plot(course.steps, scale.place(course.theory), color=_THEORY.colour, ls=_THEORY.dash, lw=1.2, zorder=2.5)
    for layer in course.layers:
        ax.plot(course.steps, scale.place(course.of(layer)), color=colours[layer], marker=".", ms=4, lw=1.3, zorder=3)
    x = _axis.scale_for([course.steps], log=True) or _axis.UNIT
    _axis.set_x(ax, x)
    ax.xaxis.set_minor_locator(NullLocator())


def _csv(courses: Sequence[Course], view: CourseView) -> Iterator[tuple[Any, ...]]:
    for course in courses:
        variant = course.summary.variant
        for (probe, layer), value in np.ndenumerate(course.values):
            theory = (float(course.theory[probe]),) if view.theory else ()
            step = int(course.steps[probe])
            yield variant.id, variant.label, layer + 1, step, float(value), *theory, course.runs


def _words(course: Course) -> str:
    ends = [(float(np.nanmedian(row)), int(step)) for row, step in zip(course.values, course.steps, strict=True)
            if np.isfinite(row).any()]  # fmt: skip
    (start, first), (end, last) = ends[0], ends[-1]
    return _("with “{label}”, the median over layers is {start} at step {first} and {end} at step {last}").format(
        label=course.summary.variant.label,
        start=number(start),
        first=numeral(f"{first:,}"),
        end=number(end),
        last=numeral(f"{last:,}"),
    )


def _caption(courses: Sequence[Course], view: CourseView, note: str) -> str:
    parts = [
        _(view.words) + span([course.runs for course in courses], "run"),
        _("Shaded: {range}, the range to aim for").format(range=_(view.band[2])) if view.band else "",
        _(view.theory_words) if view.theory and any(course.has_theory for course in courses) else "",
        *(_words(course) for course in courses[:4]),
        note,
    ]
    return " ".join(sentence(part) for part in parts if part)


def _alt(courses: Sequence[Course], view: CourseView) -> str:
    lines = [sentence(_words(course)).rstrip(".") for course in courses]
    return prose(_(view.alt), descriptions(lines, PANELS, "variant"))
