"""Gap between training and validation accuracy by epoch, a panel for each variant.

The lines are means over the seeds, and the area between them is the gap. Three shapes matter: lines that stay together
and low are underfitting, so that a larger network or longer training helps; a gap that opens is overfitting, so that
regularization or more data help; lines that rise together and stay together are what training should look like. A
triangle marks the epoch of the lowest validation loss, after which training no longer helps the validation loss.

By default, the figure is drawn if a claim measures the gap of the accuracies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from reportgen.analysis.results import Analysis, VariantSummary
from reportgen.analysis.words.formatting import percent
from reportgen.figures.drawing import axis as _axis
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import descriptions, number, prose, sentence, span
from reportgen.figures.pictures.choice import chosen_courses, is_claimed, is_named, mean_over
from reportgen.figures.pictures.drawn import drawing_of
from reportgen.figures.table import FIGURES
from reportgen.languages.translate import _

FIGURE = FIGURES["generalization_gap"]

PANELS = 6
"""The largest number of variants."""

WIDE, RISES = 0.05, 1.05
"""A gap from which a variant overfits, and factor above its minimum at which the validation loss has risen again."""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Course:
    """Means over the runs of a variant by epoch, (E + 1,) each."""

    summary: VariantSummary
    runs: int
    train: Values
    val: Values
    val_loss: Values

    @property
    def gap(self) -> float:
        """Training minus validation accuracy at the end."""
        return float(self.train[-1] - self.val[-1])

    @property
    def best(self) -> int:
        """The epoch of the lowest validation loss."""
        return int(np.nanargmin(self.val_loss))

    @property
    def rises(self) -> bool:
        """Whether the validation loss ends clearly above its minimum."""
        return bool(self.val_loss[-1] > RISES * self.val_loss[self.best])


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None if nothing is trained or validated, or if the study does not ask for it."""
    if not (is_named(analysis, FIGURE.id) or is_claimed(analysis, "accuracy_gap")):
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
        _words(max(courses, key=lambda course: course.gap)),
    )


def _course(row: VariantSummary) -> Course | None:
    """Return the course of the runs that did not diverge, None without one that has several epochs."""
    records = [record for record in row.records if record.status != "diverged" and record.steps > 0]
    if not records:
        return None
    columns = ("train_accuracy", "val_accuracy", "val_loss")
    train, val, loss = (mean_over([record.epochs(name) for record in records]) for name in columns)
    complete = len(train) > 1 and np.isfinite([train, val, loss]).all()
    return Course(row, len(records), train, val, loss) if complete else None


def _figure(courses: Sequence[Course]) -> Figure:
    columns = surface().columns(min(len(courses), 2 if len(courses) in (2, 4) else 3))
    lines = {_("training accuracy"): _style.SeriesStyle(_style.COLOURS[0], "", "-"),
             _("validation accuracy"): _style.SeriesStyle(_style.COLOURS[1], "", _style.DASHES[1])}  # fmt: skip
    handles, labels = _style.line_legend(lines, 2.6, ())
    width = (surface().width - 0.72) / columns - 0.2
    titles = _style.titles_height([course.summary.variant.label for course in courses], width)
    margins = _style.Margins(left=0.6, across=0.2, between=0.5, titles=titles)
    figure, axes = _style.panels(
        len(courses), columns, surface().either(1.7, 1.3), _style.legend_height(labels), margins
    )
    scale = _axis.accuracy_scale(
        _axis.scale_for([part for course in courses for part in (course.train, course.val)], False) or _axis.UNIT
    )
    for at, (ax, course) in enumerate(zip(axes, courses, strict=True)):
        _panel(ax, course)
        _axis.set_y(ax, scale, labels=at % columns == 0)
        _style.panel_title(ax, course.summary.variant.label, width)
        if at % columns == 0:
            ax.set_ylabel(_("accuracy"), labelpad=3)
        if at + columns >= len(courses):
            ax.set_xlabel(_("epoch"), labelpad=2)
    _style.legend(figure, handles, labels)
    return figure


def _panel(ax: Axes, course: Course) -> None:
    epochs = np.arange(len(course.train))
    ax.fill_between(epochs, course.val, course.train, color=_style.COLOURS[0], alpha=0.16, lw=0, zorder=1)
    ax.plot(epochs, course.train, color=_style.COLOURS[0], lw=1.5, zorder=3)
    ax.plot(epochs, course.val, color=_style.COLOURS[1], ls=_style.DASHES[1], lw=1.5, zorder=3.1)
    ax.plot(course.best, course.val[course.best], marker="^", ms=5, color=_style.COLOURS[1], zorder=4)
    ax.text(
        0.97,
        0.06,
        _("gap {gap}").format(gap=_points(course.gap)),
        transform=ax.transAxes,
        ha="right",
        fontsize=_style.SMALL,
    )
    ax.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    ax.set_xlim(0, epochs[-1])


def _points(gap: float) -> str:
    return _("{gap} points").format(gap=number(100 * gap)).replace("-", "−")


COLUMNS = ("variant", "label", "epoch", "train_accuracy", "val_accuracy", "val_loss", "runs")
"""Columns of the CSV file, means over the runs."""


def _csv(courses: Sequence[Course]) -> Iterator[tuple[Any, ...]]:
    for one in courses:
        variant = one.summary.variant
        for epoch, values in enumerate(zip(one.train, one.val, one.val_loss, strict=True)):
            yield variant.id, variant.label, epoch, *map(float, values), one.runs


def _words(course: Course) -> str:
    ends = _("{train} in training and {val} in validation").format(
        train=percent(float(course.train[-1])), val=percent(float(course.val[-1]))
    )
    shape = _("the lines stay together") if course.gap < WIDE else _("a gap opens")
    loss = (
        _(", and the validation loss rises again after epoch {best}").format(best=course.best) if course.rises else ""
    )
    return _("with “{label}”, {shape}: {ends}, a gap of {gap}{loss}").format(
        label=course.summary.variant.label, shape=shape, ends=ends, gap=_points(course.gap), loss=loss
    )


def _caption(courses: Sequence[Course], note: str) -> str:
    parts = [
        _("training and validation accuracy by epoch, means over ")
        + span([course.runs for course in courses], "run")
        + _("; the area between them is the gap, and a triangle marks the epoch of the lowest validation loss"),
        *(_words(course) for course in courses[:4]),
        note,
    ]
    return " ".join(sentence(part) for part in parts if part)


def _alt(courses: Sequence[Course]) -> str:
    lines = [sentence(_words(course)).rstrip(".") for course in courses]
    return prose(_("Line charts of training and validation accuracy."), descriptions(lines, PANELS, "variant"))
