"""Sharpness of the loss over the steps of training, and the largest one with stable steps: a panel for each variant.

The sharpness is the largest curvature of the loss, the largest eigenvalue of its Hessian on the probe examples; for an
adaptive optimizer, of the Hessian divided by the preconditioner. The thick line is the mean over the runs, a thin line
one run. The dashed line is the largest sharpness at which steps on a quadratic loss are stable, such as 2/lr for
gradient descent. If the sharpness rises to this line and stays there, training is at the edge of stability (Cohen et
al. 2021).

By default, the figure is drawn if a claim measures the sharpness, or the sharpness relative to this limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from numpy.typing import NDArray

from reportgen.analysis.results import Analysis, VariantSummary
from reportgen.figures.drawing import axis as _axis
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.style import SeriesStyle
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import descriptions, number, prose, sentence, span
from reportgen.figures.pictures.choice import chosen_courses, is_claimed, is_named, mean_over
from reportgen.figures.pictures.drawn import drawing_of
from reportgen.figures.table import FIGURES
from reportgen.languages.translate import N_, _, numeral
from reportgen.runs.record import RunRecord
from reportgen.study.metrics.limits import limit_of_curvature
from reportgen.study.metrics.networks import curvature_of_optimizer

FIGURE = FIGURES["curvature_over_steps"]

METRICS = ("curvature", "preconditioned_curvature", "curvature_over_limit")
"""The metrics whose claims ask for the figure."""

PANELS = 6
"""The largest number of variants."""

LOWEST = 30.0
"""Curvatures below the smallest limit divided by this number are outside of the axis: Adam's first steps."""

LINE, LIMIT = N_("sharpness"), N_("limit of stable steps")

_STABLE = SeriesStyle(_style.INK, "", (0, (4, 2)))
"""Style of the limit."""


@dataclass(frozen=True)
class Course:
    """Curvatures of a variant.

    Attributes
    ----------
    steps : array (P,)
    seeds : tuple of int
        Seed of each of R runs.
    values : array (R, P)
        Curvatures by run.
    limit : array (P,)
        Largest curvature with stable steps; NaN if the optimizer has none.
    preconditioned : bool
        Whether the Hessian is divided by the optimizer's preconditioner.
    """

    summary: VariantSummary
    steps: NDArray[np.int64]
    seeds: tuple[int, ...]
    values: NDArray[np.float64]
    limit: NDArray[np.float64]
    preconditioned: bool

    @property
    def mean(self) -> NDArray[np.float64]:
        """The means over the runs, (P,)."""
        return mean_over(list(self.values))


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None if no run has the curvature at two steps or the study does not ask for it."""
    if not (is_named(analysis, FIGURE.id) or is_claimed(analysis, *METRICS)):
        return None
    courses, note = chosen_courses(analysis, _course, PANELS)
    if not courses:
        return None
    return drawing_of(
        FIGURE,
        partial(_figure, courses),
        _caption(courses, note),
        _alt(courses),
        COLUMNS,
        _csv(courses),
        _words(courses[0]),
    )


def _curvature(record: RunRecord) -> tuple[NDArray[np.float64], NDArray[np.float64], bool]:
    """Return curvature and limit at each probe, (P,), and whether the Hessian is preconditioned.

    The limit is that of the preconditioned Hessian if the optimizer is adaptive, so the plain curvature has none.
    """
    values, plain = curvature_of_optimizer(record), record.arrays.get("probe_curvature", np.zeros(0))
    if values.size:
        return values, limit_of_curvature(record), "probe_preconditioned_curvature" in record.arrays
    return np.asarray(plain, np.float64), np.full(len(plain), np.nan), False


def _course(row: VariantSummary) -> Course | None:
    """Return the curvatures of the runs with the same probes; None if there are fewer than two."""
    records = [record for record in row.records if record.status != "diverged"]
    steps = [tuple(int(step) for step in record.probe_steps) for record in records]
    longest = max(steps, key=len, default=())
    alike = [record for record, own in zip(records, steps, strict=True) if own == longest]
    found = [_curvature(record) for record in alike]
    if not found or not found[0][0].size:
        return None
    values = np.stack([np.where(np.isfinite(one), one, np.nan) for one, _, _ in found])
    measured = np.isfinite(values).any(axis=0)
    if measured.sum() < 2:
        return None
    _, limit, preconditioned = found[0]
    seeds = tuple(record.spec.seed for record in alike)
    return Course(row, np.array(longest)[measured], seeds, values[:, measured], limit[measured], preconditioned)


def _figure(courses: Sequence[Course]) -> Figure:
    columns = surface().columns(min(len(courses), 2 if len(courses) in (2, 4) else 3))
    colour = _style.COLOURS[0]
    handles, labels = _style.line_legend({_(LINE): SeriesStyle(colour, "", "-"), _(LIMIT): _STABLE}, 2.0, ())
    inches = (surface().width - 0.72) / columns - 0.2
    titles = _style.titles_height([course.summary.variant.label for course in courses], inches)
    margins = _style.Margins(left=0.62, across=0.2, between=0.5, titles=titles)
    figure, axes = _style.panels(
        len(courses), columns, surface().either(1.75, 1.3), _style.legend_height(labels), margins
    )
    scale = _scale(courses)
    for at, (ax, course) in enumerate(zip(axes, courses, strict=True)):
        _panel(ax, course, colour, scale, at % columns == 0)
        _style.panel_title(ax, course.summary.variant.label, inches)
        if at + columns >= len(courses):
            ax.set_xlabel(_("step"), labelpad=2)
    _style.legend(figure, handles, labels)
    return figure


def _scale(courses: Sequence[Course]) -> _axis.Scale:
    """Return the scale of curvatures and limits, without curvatures far below every limit."""
    limits = np.concatenate([course.limit for course in courses])
    lowest = np.nanmin(limits) / LOWEST if np.isfinite(limits).any() else -np.inf
    values = [course.values[course.values >= lowest] for course in courses]
    return _axis.scale_for([limits, *values]) or _axis.UNIT


def _panel(ax: Axes, course: Course, colour: str, scale: _axis.Scale, first: bool) -> None:
    x = _axis.scale_for([course.steps], log=True) or _axis.UNIT
    steps = x.place(course.steps)
    for values in course.values:
        ax.plot(steps, scale.place(values), color=colour, alpha=0.35, lw=0.6, zorder=2)
    ax.plot(steps, scale.place(course.mean), color=colour, marker=".", ms=4, lw=1.5, zorder=3)
    ax.plot(steps, scale.place(course.limit), color=_STABLE.colour, ls=_STABLE.dash, lw=1.2, zorder=2.5)
    _axis.set_x(ax, x)
    ax.xaxis.set_minor_locator(NullLocator())
    _axis.set_y(ax, scale, labels=first)
    if first:
        ax.set_ylabel(_name(course), labelpad=3)


COLUMNS = ("variant", "label", "seed", "step", "curvature", "limit")
"""Columns of the CSV file; the curvature is that of the preconditioned Hessian for adaptive optimizers."""


def _csv(courses: Sequence[Course]) -> Iterator[tuple[str, str, int, int, float, float]]:
    for course in courses:
        variant = course.summary.variant
        for seed, values in zip(course.seeds, course.values, strict=True):
            for step, value, limit in zip(course.steps, values, course.limit, strict=True):
                yield variant.id, variant.label, seed, int(step), float(value), float(limit)


def _name(course: Course) -> str:
    return _("preconditioned sharpness") if course.preconditioned else _("sharpness")


def _words(course: Course) -> str:
    """Return the course of the mean curvature in words, and its last value relative to the limit."""
    start, end = float(course.mean[0]), float(course.mean[-1])
    relative = end / float(course.limit[-1])
    words = _("with “{label}”, the {sharpness} goes from {start} at step {first} to {end} at step {last}").format(
        label=course.summary.variant.label, sharpness=_name(course), start=number(start, 3), end=number(end, 3),
        first=numeral(f"{course.steps[0]:,}"), last=numeral(f"{course.steps[-1]:,}"),
    )  # fmt: skip
    if not np.isfinite(relative):
        return words
    text = _("{words}, {ratio} times the largest sharpness with stable steps")
    return text.format(words=words, ratio=number(relative, 3))


def _caption(courses: Sequence[Course], note: str) -> str:
    eigenvalue = (
        _(
            "sharpness: largest eigenvalue of the Hessian of the loss on the probe examples, divided by the "
            "preconditioner of an adaptive optimizer, mean over {runs}"
        )
        if any(course.preconditioned for course in courses)
        else _("sharpness: largest eigenvalue of the Hessian of the loss on the probe examples, mean over {runs}")
    )
    parts = [
        eigenvalue.format(runs=span([len(course.values) for course in courses], "run")),
        _("Thin: one run"),
        _("Dashed: the largest sharpness at which steps on a quadratic loss are stable"),
        *(_words(course) for course in courses[:4]),
        note,
    ]
    return " ".join(sentence(part) for part in parts if part)


def _alt(courses: Sequence[Course]) -> str:
    lines = [sentence(_words(course)).rstrip(".") for course in courses]
    return prose(_("Line charts of the sharpness of the loss by step."), descriptions(lines, PANELS, "variant"))
