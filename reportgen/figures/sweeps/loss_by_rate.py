"""Loss against the learning rate in a range test, in which the rate rises until training diverges.

The lines are the training and the validation loss at the end of each epoch, at the learning rate of that epoch; thin
lines are single seeds, and the thick line is their median. Losses far above the initial one are cut at the frame, where
crosses count the runs that diverged. A ring marks the lowest validation loss. Circles are final validation losses of
the study's networks with a constant learning rate; rates just below the one at which the test diverges train best.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reportgen.analysis.results import Analysis, VariantSummary
from reportgen.engine.tables.schedules import phases
from reportgen.figures.drawing import axis as _axis
from reportgen.figures.drawing import ends
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.axis import Array
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.frame import Lost, mark_lost
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import count, joined, number, prose, sentence
from reportgen.figures.table import FIGURES
from reportgen.figures.views.epoch_lines import SCORE_STYLES
from reportgen.figures.views.scores import mean_of
from reportgen.figures.views.sweep import value_of
from reportgen.languages.translate import N_, _

FIGURE = FIGURES["loss_by_rate"]

PANELS = 3
SCORES = {"train_loss": N_("training loss"), "val_loss": N_("validation loss")}
STYLES = dict(zip(SCORES, SCORE_STYLES, strict=False))

HIGHEST = 3.0
"""Losses above the initial loss times this factor are cut."""

RING: dict[str, Any] = {"ls": "none", "marker": "o", "ms": 8, "mfc": "none", "mec": _style.INK, "mew": 1.1, "zorder": 5}
CONSTANT: dict[str, Any] = {"ls": "none", "marker": "o", "ms": 4.6, "mfc": _style.GROUND, "mew": 1.1, "zorder": 4.5}

COLUMNS = ("variant", "label", "score", "lr", "median", "seeds", "values_by_seed")
"""Columns of the CSV file; losses that are not finite are missing from the median."""


@dataclass(frozen=True)
class Test:
    """The range tests of a variant.

    rates: the learning rate of each epoch, (E,). losses: by score, (S, E), NaN where not finite. constant: learning
    rates of variants with a constant rate, with their final validation losses.
    """

    summary: VariantSummary
    rates: Array
    losses: dict[str, Array]
    constant: tuple[tuple[float, float], ...]

    def median(self, score: str) -> Array:
        """Return the median over seeds, (E,), NaN where most runs had diverged; (0,) without the score."""
        values = self.losses.get(score, np.zeros((0, 0)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # epochs without a finite loss
            middle: Array = np.nanmedian(values, axis=0)
        return np.where(np.isfinite(values).mean(axis=0) >= 0.5, middle, np.nan)

    @property
    def best(self) -> tuple[float, float] | None:
        """The learning rate and the value of the lowest median validation loss."""
        middle = self.median("val_loss")
        if not np.isfinite(middle).any():
            return None
        at = int(np.nanargmin(middle))
        return float(self.rates[at]), float(middle[at])

    @property
    def lost(self) -> list[float]:
        """The last learning rate with a finite loss of each diverged run."""
        values = next(iter(self.losses.values()))
        places = [np.flatnonzero(np.isfinite(row)) for row in values]
        diverged = [record.status == "diverged" for record in self.summary.records]
        return [float(self.rates[at[-1]]) for at, lost in zip(places, diverged, strict=True) if lost and at.size]


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None if the study has no range test."""
    tests = [test for row in analysis.variants if (test := _test(analysis, row)) is not None][:PANELS]
    if not tests:
        return None
    narrow = partial(_figure, tests)
    with _style.settings():
        figure = narrow()
    return Drawing(FIGURE.id, _(FIGURE.title), _caption(tests), _alt(tests), figure, COLUMNS, list(_csv(tests)), narrow)


def _test(analysis: Analysis, row: VariantSummary) -> Test | None:
    records = [record for record in row.records if record.steps > 0]
    if not records or not phases(records[0].spec.training.schedule)[0].rises:
        return None
    longest = max((record.epochs("lr")[1:] for record in records), key=len)
    losses = {}
    for score in SCORES:
        found = np.full((len(records), len(longest)), np.nan)
        for at, record in enumerate(records):
            own = record.epochs(score)[1:]
            found[at, : len(own)] = np.where(np.isfinite(own), own, np.nan)
        if np.isfinite(found).any():
            losses[score] = found
    if len(longest) < 2 or not losses:
        return None
    return Test(row, np.asarray(longest, float), losses, tuple(_constant(analysis, row)))


def _constant(analysis: Analysis, row: VariantSummary) -> Iterator[tuple[float, float]]:
    """Yield the rates and final validation losses of the variants that differ in learning rate and schedule alone."""
    for other in analysis.variants:
        paths = {*row.variant.settings, *other.variant.settings}
        differing = {p for p in paths if row.variant.settings.get(p) != other.variant.settings.get(p)}
        rate, loss = value_of(other, "training.lr"), mean_of(other, "val_loss")
        if "training.schedule" in differing and differing <= {"training.lr", "training.schedule"} and rate and loss:
            yield rate, loss.value


def _figure(tests: Sequence[Test]) -> Figure:
    columns, height = surface().columns(len(tests)), 2.4
    x, y = _axis.scale_for([test.rates for test in tests], log=True) or _axis.UNIT, _scale(tests)
    curves = [
        [ends.Curve.of(_(words), STYLES[s].colour, test.rates, test.median(s), y) for s, words in SCORES.items()
         if s in test.losses]
        for test in tests
    ]  # fmt: skip
    rows = [curves[at : at + columns] for at in range(0, len(curves), columns)]
    names = ends.room_for(rows, columns, height)
    handles, labels = _legend(tests, lines=not names.inches)
    right, across = _style.Margins.right + names.inches, _style.Margins.across + names.across
    inches = surface().title_width(columns, 0.5)
    titles = _style.titles_height([test.summary.variant.label for test in tests if len(tests) > 1], inches)
    margins = _style.Margins(top=0.14 if len(tests) == 1 else 0.26, right=right, across=across, titles=titles)
    figure, axes = _style.panels(len(tests), columns, height, _style.legend_height(labels), margins)
    for at, (ax, test) in enumerate(zip(axes, tests, strict=True)):
        _panel(ax, test, x, y)
        _axis.set_x(ax, x)
        _axis.set_y(ax, y, labels=at % columns == 0)
        mark_lost(ax, [Lost(rate, _style.MUTED) for rate in test.lost], top=True)
        if len(tests) > 1:
            _style.panel_title(ax, test.summary.variant.label, inches)
        ax.set_xlabel(_("learning rate"), labelpad=2)
        if at % columns == 0:
            ax.set_ylabel(_("loss"), labelpad=3)
        names.write(ax, rows[at // columns], at % columns)
    _style.legend(figure, handles, labels)
    return figure


def _scale(tests: Sequence[Test]) -> _axis.Scale:
    """Return a scale for the losses that are not far above the initial one."""
    values = [losses for test in tests for losses in test.losses.values()]
    values += [np.array([loss for _rate, loss in test.constant]) for test in tests]
    first = max(float(np.nanmax(losses[:, 0])) for test in tests for losses in test.losses.values())
    return _axis.scale_for([part[part <= HIGHEST * first] for part in values]) or _axis.UNIT


def _panel(ax: Axes, test: Test, x: _axis.Scale, y: _axis.Scale) -> None:
    rates = x.place(test.rates)
    for score, losses in test.losses.items():
        style = STYLES[score]
        if len(losses) > 1:
            gap = np.full((len(losses), 1), np.nan)
            single = np.hstack([np.minimum(y.place(losses), y.high), gap]).ravel()
            ax.plot(np.tile([*rates, np.nan], len(losses)), single, color=style.colour, lw=0.5, alpha=0.4, zorder=2)
        middle = np.minimum(y.place(test.median(score)), y.high)
        line = {"ls": style.dash, "marker": style.marker, "ms": 3.2, "zorder": style.level}
        ax.plot(rates, middle, color=style.colour, **line)
    if test.constant:
        at, final = zip(*test.constant, strict=True)
        inside = [value if x.low <= value <= x.high else np.nan for value in at]
        ax.plot(inside, y.place(final), mec=STYLES["val_loss"].colour, **CONSTANT)
    if test.best:
        ax.plot([test.best[0]], y.place([test.best[1]]), **RING)


def _legend(tests: Sequence[Test], lines: bool) -> tuple[list[Any], list[str]]:
    shown = {_(words): STYLES[score] for score, words in SCORES.items() if lines}
    handles, labels = _style.line_legend(shown, 5.0, (), ms=3.2)
    if any(test.best for test in tests):
        handles.append(Line2D([], [], **RING))
        labels.append(_("lowest validation loss"))
    if any(test.constant for test in tests):
        handles.append(Line2D([], [], mec=STYLES["val_loss"].colour, **CONSTANT))
        labels.append(_("final validation loss at a constant rate"))
    return handles, labels


def _caption(tests: Sequence[Test]) -> str:
    seeds = max(len(test.summary.records) for test in tests)
    parts = [
        _("Loss at the end of each epoch against the learning rate of the epoch, which rises during training"),
        _("Thick lines: median over {seeds} seeds; thin lines: single seeds").format(seeds=seeds)
        if seeds > 1
        else _("One seed"),
        *(_words(test, len(tests) > 1) for test in tests),
        _("Losses far above the initial loss are cut at the frame"),
    ]
    if any(test.constant for test in tests):
        parts.append(_("Circles: mean final validation loss of variants that differ in a constant learning rate alone"))
    return " ".join(sentence(part) for part in parts)


def _words(test: Test, named: bool) -> str:
    name = _("with “{label}”, ").format(label=test.summary.variant.label) if named else ""
    lowest = _("no validation loss is finite")
    if test.best:
        rate, loss = test.best
        lowest = _("the median validation loss is lowest at a learning rate of {rate}, with {loss}").format(
            rate=number(rate), loss=number(loss, 3)
        )
    lost = test.lost
    if not lost:
        return _("{name}{lowest}; no run diverged").format(name=name, lowest=lowest)
    span = (
        _("{low} to {high}").format(low=number(min(lost)), high=number(max(lost)))
        if min(lost) < max(lost)
        else number(lost[0])
    )
    return _("{name}{lowest}; {runs} of {records} diverged, above a rate of {span}").format(
        name=name, lowest=lowest, runs=count(len(lost), "run"), records=len(test.summary.records), span=span
    )


def _alt(tests: Sequence[Test]) -> str:
    lines = []
    for test in tests:
        for score in test.losses:
            middle = test.median(score)
            kept = np.flatnonzero(np.isfinite(middle))
            low = kept[np.argmin(middle[kept])]
            ends_ = _("{middle} at {rates}").format(
                middle=number(float(middle[kept[0]]), 3), rates=number(float(test.rates[kept[0]]))
            )
            lowest = _("lowest {middle} at {rates}").format(
                middle=number(float(middle[low]), 3), rates=number(float(test.rates[low]))
            )
            lines.append(f"{test.summary.variant.label}, {_(SCORES[score])}: {ends_}, {lowest}")
    return prose(_("Line chart of the loss against the learning rate in a range test."), sentence(". ".join(lines)))


def _csv(tests: Sequence[Test]) -> Iterator[tuple[Any, ...]]:
    for test in tests:
        variant, seeds = test.summary.variant, " ".join(str(r.spec.seed) for r in test.summary.records if r.steps > 0)
        for score, losses in test.losses.items():
            for at, middle in enumerate(test.median(score)):
                row = (variant.id, variant.label, score, float(test.rates[at]), float(middle))
                yield (*row, seeds, joined(losses[:, at]))
