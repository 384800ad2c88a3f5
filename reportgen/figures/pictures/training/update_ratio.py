"""Update-to-weight ratio over the steps of training: a line for each layer, a panel for each variant.

The ratio is the norm of a step's change of a layer's weights divided by the norm of the weights, at the probes and as a
mean over the seeds. The shaded band is the range about 0.001 to aim for: far above it the learning rate is too high,
far below it too low. Both axes are logarithmic, since probes are evenly spaced in the logarithm of time.

By default, the figure is drawn if a claim measures the ratio.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

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
from reportgen.figures.layer_statistics import UPDATE_BAND
from reportgen.figures.pictures.choice import chosen_courses, is_claimed, is_named, mean_over
from reportgen.figures.pictures.shades import ramp
from reportgen.figures.table import FIGURES
from reportgen.languages.translate import _, numeral

FIGURE = FIGURES["update_ratio_over_steps"]

STATISTIC, PANELS, LINES = "update_ratio", 6, 6
"""The statistic, and the largest numbers of variants and of layers."""


@dataclass(frozen=True)
class Course:
    """Ratios of a variant: steps (P,), ratios (P, L) as the mean over its runs, layers: numbers of the drawn layers."""

    summary: VariantSummary
    runs: int
    steps: NDArray[np.int64]
    ratios: NDArray[np.float64]
    layers: tuple[int, ...]

    def of(self, layer: int) -> NDArray[np.float64]:
        """Return the ratios of a layer, counted from 1, (P,)."""
        ratios: NDArray[np.float64] = self.ratios[:, layer - 1]
        return ratios


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None if no run has the ratio at two steps or the study does not ask for it."""
    if not (is_named(analysis, FIGURE.id) or is_claimed(analysis, STATISTIC)):
        return None
    courses, note = chosen_courses(analysis, _course, PANELS)
    if not courses:
        return None
    narrow = partial(_figure, courses)
    with _style.settings():
        figure = narrow()
    return Drawing(
        FIGURE.id, _(FIGURE.title), _caption(courses, note), _alt(courses), figure, COLUMNS, list(_csv(courses)),
        narrow=narrow,
        finding=sentence(_words(courses[0])),
    )  # fmt: skip


def _course(row: VariantSummary) -> Course | None:
    """Return the ratios of the runs with the same probes, without step 0; None if there are fewer than two steps."""
    records = [record for record in row.records if len(record.probe_steps) > 2 and record.status != "diverged"]
    steps = [tuple(int(step) for step in record.probe_steps) for record in records]
    longest = max(steps, key=len, default=())
    alike = [record for record, own in zip(records, steps, strict=True) if own == longest]
    if not alike:
        return None
    ratios = mean_over([record.statistic(STATISTIC)[1:] for record in alike])
    layers = [layer for layer in range(1, ratios.shape[1] + 1) if np.isfinite(ratios[:, layer - 1]).any()]
    if not layers:
        return None
    return Course(row, len(alike), np.array(longest[1:]), ratios, tuple(evenly_spaced(layers, LINES)))


def _figure(courses: Sequence[Course]) -> Figure:
    columns = surface().columns(min(len(courses), 2 if len(courses) in (2, 4) else 3))
    layers = sorted({layer for course in courses for layer in course.layers})
    colours = dict(zip(layers, ramp(len(layers)), strict=True))
    lines = {_("layer {layer}").format(layer=layer): SeriesStyle(colours[layer], "", "-") for layer in layers}
    handles, labels = _style.line_legend(lines, 1.0, ())
    handles.append(Patch(color=_style.REGION))
    labels.append(_(UPDATE_BAND[2]))
    margins = _style.Margins(left=0.62, across=0.2, between=0.5)
    figure, axes = _style.panels(
        len(courses), columns, surface().either(1.75, 1.3), _style.legend_height(labels), margins
    )
    scale = _axis.scale_for([UPDATE_BAND[:2], *(course.ratios for course in courses)], log=True) or _axis.UNIT
    for at, (ax, course) in enumerate(zip(axes, courses, strict=True)):
        _panel(ax, course, colours, scale, at % columns == 0)
        _style.panel_title(ax, course.summary.variant.label, (surface().width - 0.72) / columns - 0.2)
        if at + columns >= len(courses):
            ax.set_xlabel(_("step"), labelpad=2)
    _style.legend(figure, handles, labels)
    return figure


def _panel(ax: Axes, course: Course, colours: dict[int, str], scale: _axis.Scale, first: bool) -> None:
    ax.axhspan(*UPDATE_BAND[:2], color=_style.REGION, lw=0, zorder=0.5)
    for layer in course.layers:
        ax.plot(course.steps, scale.place(course.of(layer)), color=colours[layer], marker=".", ms=4, lw=1.3, zorder=3)
    x = _axis.scale_for([course.steps], log=True) or _axis.UNIT
    _axis.set_x(ax, x)
    ax.xaxis.set_minor_locator(NullLocator())
    _axis.set_y(ax, scale, labels=first)
    if first:
        ax.set_ylabel(_("update / weights"), labelpad=3)


COLUMNS = ("variant", "label", "layer", "step", "ratio", "runs")
"""Columns of the CSV file for all layers, means over the runs."""


def _csv(courses: Sequence[Course]) -> Iterator[tuple[str, str, int, int, float, int]]:
    for course in courses:
        variant = course.summary.variant
        for (probe, layer), ratio in np.ndenumerate(course.ratios):
            yield variant.id, variant.label, layer + 1, int(course.steps[probe]), float(ratio), course.runs


def _words(course: Course) -> str:
    ends = [(float(np.nanmedian(row)), int(step)) for row, step in zip(course.ratios, course.steps, strict=True)
            if np.isfinite(row).any()]  # fmt: skip
    (start, first), (end, last) = ends[0], ends[-1]
    return _("with “{label}”, the median over layers is {start} at step {first} and {end} at step {last}").format(
        label=course.summary.variant.label,
        start=number(start),
        first=numeral(f"{first:,}"),
        end=number(end),
        last=numeral(f"{last:,}"),
    )


def _caption(courses: Sequence[Course], note: str) -> str:
    parts = [
        _("norm of a step's update of a layer's weights, divided by the norm of the weights, means over ")
        + span([course.runs for course in courses], "run"),
        _("Shaded: {range}, the range to aim for").format(range=_(UPDATE_BAND[2])),
        *(_words(course) for course in courses[:4]),
        note,
    ]
    return " ".join(sentence(part) for part in parts if part)


def _alt(courses: Sequence[Course]) -> str:
    lines = [sentence(_words(course)).rstrip(".") for course in courses]
    return prose(_("Line charts of the update-to-weight ratio by step."), descriptions(lines, PANELS, "variant"))
