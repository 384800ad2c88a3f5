"""Learning-rate schedules as curves: the learning rate at each step of training, in epochs.

The curves come from the schedules themselves, so they show the whole plan even of runs that stopped or diverged. The
axis is logarithmic for range tests, and if the largest rates of the schedules differ by more than a factor of twenty.
If variants with one schedule have different learning rates, the curves show the rate divided by its base value.

By default, the figure is drawn if the variants have different schedules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from reportgen.analysis.results import Analysis
from reportgen.engine.cost import batches_per_epoch
from reportgen.engine.spec import RunSpec
from reportgen.engine.tables.schedules import phases, rates
from reportgen.figures.drawing import axis as _axis
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.words import count, descriptions, number, prose, sentence
from reportgen.figures.pictures.choice import component_words, differs, first_records, is_named
from reportgen.figures.pictures.drawn import drawing_of
from reportgen.figures.table import FIGURES
from reportgen.languages.translate import N_, _
from reportgen.registry import Component

FIGURE = FIGURES["learning_rate_schedules"]

MOST, POINTS = 8, 400
"""The largest numbers of curves and of points of a curve."""

EXAMPLE_EPOCHS, EXAMPLE_STEPS = 30, 50
"""Length of the training, and steps of an epoch, for the picture of a schedule without a study."""


NAMES = (N_("learning rate"), N_("learning rate / base rate"))
"""Labels of the axis, the second one for curves relative to the base rate."""


@dataclass(frozen=True)
class Curve:
    """A schedule; epochs, rates: (K,) each, the time of a step and its learning rate; rises: whether it is a test."""

    label: str
    epochs: NDArray[np.float64]
    rates: NDArray[np.float64]
    rises: bool


def curve_of(schedule: Component, lr: float, per_epoch: int, epochs: int, label: str) -> Curve:
    """Return the learning rates of a schedule at evenly spaced steps, the first and the last included."""
    steps = np.unique(np.linspace(0, epochs * per_epoch - 1, POINTS).round().astype(np.int64))
    rises = any(row.rises for row in phases(schedule))
    return Curve(label, steps / per_epoch, rates(schedule, lr, steps, per_epoch, epochs), rises)


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None if nothing is trained or the study does not ask for it."""
    wanted = is_named(analysis, FIGURE.id) or differs(analysis, lambda spec: spec.training.schedule)
    groups = _groups(analysis) if wanted else []
    relative = any(len({spec.training.lr for _, spec, _ in group}) > 1 for group in groups)
    return _drawing([_curve(group, relative) for group in groups], relative) if groups else None


Trained = tuple[str, RunSpec, int]
"""The label of a variant, the specification of its first run, and the number of training examples."""


def _groups(analysis: Analysis) -> list[list[Trained]]:
    """Return the variants that share a schedule and the length of training."""
    groups: dict[object, list[Trained]] = {}
    for row, record in first_records(analysis):
        training, train_n = record.spec.training, int(record.facts.get("train_n", 0))
        if training.epochs and train_n:
            shared = training.schedule, training.epochs, batches_per_epoch(record.spec, train_n)
            groups.setdefault(shared, []).append((row.variant.label, record.spec, train_n))
    return list(groups.values())


def _curve(group: Sequence[Trained], relative: bool) -> Curve:
    """Return the curve of a group; relative: as a share of the base rate, since base rates differ in a group."""
    label, spec, train_n = group[0]
    training = spec.training
    words = label if len(group) == 1 else component_words(training.schedule)
    curve = curve_of(training.schedule, training.lr, batches_per_epoch(spec, train_n), training.epochs, words)
    return replace(curve, rates=curve.rates / training.lr) if relative and training.lr else curve


def picture_of(component: Component) -> Drawing:
    """Return the figure of one schedule in an example of training, with a base learning rate of 0.1."""
    return _drawing([curve_of(component, 0.1, EXAMPLE_STEPS, EXAMPLE_EPOCHS, component_words(component))])


def _drawing(found: Sequence[Curve], relative: bool = False) -> Drawing:
    curves = found[:MOST]
    caption, alt = _caption(curves, len(found), NAMES[relative]), _alt(curves)
    finding = _course(curves[-1])
    return drawing_of(FIGURE, partial(_figure, curves, NAMES[relative]), caption, alt, COLUMNS, _csv(curves), finding)


def _figure(curves: Sequence[Curve], name: str) -> Figure:
    styles = {curve.label: _style.series_style(at) for at, curve in enumerate(curves)}
    shown = {label: _style.SeriesStyle(one.colour, "", one.dash) for label, one in styles.items()}
    handles, labels = _style.line_legend(shown, 5.5 if len(shown) == 1 else 2.6, ())
    margins = _style.Margins(left=0.7, top=0.12)
    figure, ((ax,),) = _style.grid(1, 1, 2.3, _style.legend_height(labels), margins)
    scale = _axis.scale_for([curve.rates for curve in curves], _is_log(curves)) or _axis.UNIT
    for curve, style in zip(curves, styles.values(), strict=True):
        ax.plot(
            curve.epochs, scale.place(curve.rates), color=style.colour, ls=style.dash, lw=1.5, zorder=style.level,
            drawstyle="steps-post" if len(curve.epochs) < POINTS else "default",
        )  # fmt: skip
    _axis.set_y(ax, scale)
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    ax.set_xlim(0, max(curve.epochs[-1] for curve in curves) * 1.01 or 1)
    ax.set_xlabel(_("epoch"), labelpad=2)
    ax.set_ylabel(_(name), labelpad=3)
    _style.legend(figure, handles, labels)
    return figure


def _is_log(curves: Sequence[Curve]) -> bool:
    highest = [float(curve.rates.max()) for curve in curves if curve.rates.max() > 0]
    wide = len(highest) > 1 and np.log10(max(highest) / min(highest)) > _axis.LOG_FROM
    return bool(wide) or any(curve.rises for curve in curves)


COLUMNS = ("schedule", "epoch", "learning_rate")
"""Columns of the CSV file."""


def _csv(curves: Sequence[Curve]) -> Iterator[tuple[str, float, float]]:
    for curve in curves:
        yield from ((curve.label, float(x), float(y)) for x, y in zip(curve.epochs, curve.rates, strict=True))


def _course(curve: Curve) -> str:
    ends = _("from {rates} to {rates2}").format(
        rates=number(float(curve.rates[0])), rates2=number(float(curve.rates[-1]))
    )
    return _("“{label}” goes {ends}, at most {highest}").format(
        label=curve.label, ends=ends, highest=number(float(curve.rates.max()))
    )


def _caption(curves: Sequence[Curve], total: int, name: str) -> str:
    parts = [_("{name} at each step of training").format(name=_(name)), *(_course(curve) for curve in curves[:3])]
    if len(curves) < total:
        parts.append(
            _("The first {curves} of {schedules} are drawn").format(
                curves=len(curves), schedules=count(total, "schedule")
            )
        )
    return " ".join(sentence(part) for part in parts)


def _alt(curves: Sequence[Curve]) -> str:
    return prose(
        _("Line chart of the learning rate by epoch."), descriptions([*map(_course, curves)], MOST, "schedule")
    )
