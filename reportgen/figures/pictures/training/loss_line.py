"""Loss on the straight line from the initial to the final weights, a slice through the loss landscape.

Position 0 is the network before training and position 1 the one after it; the line continues on both sides. A loss that
falls without a bump means that no barrier lies between both networks on this line, which says nothing about the path
of training itself (Goodfellow, Vinyals and Saxe 2015). How fast the loss rises beyond 1 shows how sharp the minimum is
in this direction. The run must measure the loss there, which `probes: {loss_line: true}` sets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reportgen.analysis.results import Analysis, VariantSummary
from reportgen.figures.drawing import axis as _axis
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.style import SeriesStyle
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import descriptions, number, prose, sentence, span
from reportgen.figures.pictures.choice import mean_over, rows_with, with_array
from reportgen.figures.pictures.drawn import drawing_of
from reportgen.figures.table import FIGURES
from reportgen.languages.translate import N_, _, numeral

FIGURE = FIGURES["loss_line"]

MOST = 5
"""The largest number of variants."""

BUMP = 1.02
"""A barrier is a loss between both ends that is above the initial one by this factor."""

PANELS = {"train": N_("training loss"), "val": N_("validation loss")}

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """Means over the runs of a variant along the line, (K,) each; `losses` by split."""

    summary: VariantSummary
    runs: int
    style: SeriesStyle
    position: Values
    losses: dict[str, Values]

    def at(self, position: float, split: str = "train") -> float:
        """Return the loss at a position that was measured."""
        return float(self.losses[split][int(np.abs(self.position - position).argmin())])

    @property
    def highest(self) -> tuple[float, float]:
        """Position and value of the highest training loss between the two networks."""
        between = (self.position >= 0) & (self.position <= 1)
        at = int(np.where(between, self.losses["train"], -np.inf).argmax())
        return float(self.position[at]), float(self.losses["train"][at])


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None if no run measured its loss on the line."""
    chosen, note = rows_with(analysis, "line_position", MOST)
    lines = [_line(row, at) for at, row in enumerate(chosen)]
    if not lines:
        return None
    return drawing_of(
        FIGURE, partial(_figure, lines), _caption(lines, note), _alt(lines), COLUMNS, _csv(lines), _words(lines[-1])
    )


def _line(row: VariantSummary, at: int) -> Line:
    records = with_array(row, "line_position")
    losses = {split: mean_over([record.arrays[f"line_{split}_loss"] for record in records]) for split in PANELS}
    return Line(row, len(records), _style.series_style(at), np.asarray(records[0].arrays["line_position"]), losses)


def _figure(lines: Sequence[Line]) -> Figure:
    shown = {line.summary.variant.label: SeriesStyle(line.style.colour, "", line.style.dash) for line in lines}
    handles, labels = _style.line_legend(shown if len(lines) > 1 else {}, 2.6, ())
    splits = [split for split in PANELS if any(np.isfinite(line.losses[split]).any() for line in lines)]
    margins = _style.Margins(left=0.6, across=0.6, top=0.28, bottom=0.56, between=0.85)
    columns = surface().columns(len(splits))
    figure, axes = _style.panels(
        len(splits), columns, surface().either(2.2, 1.6), _style.legend_height(labels), margins
    )
    for ax, split in zip(axes, splits, strict=True):
        scale = _axis.scale_for([line.losses[split] for line in lines]) or _axis.UNIT
        for line in lines:
            y = scale.place(line.losses[split])
            ax.plot(line.position, y, color=line.style.colour, ls=line.style.dash, lw=1.5, zorder=line.style.level)
        _panel(ax, lines, scale)
        _style.panel_title(ax, _(PANELS[split]), 2.6)
    _style.legend(figure, handles, labels)
    return figure


def _panel(ax: Axes, lines: Sequence[Line], scale: _axis.Scale) -> None:
    for at in (0, 1):
        ax.axvline(at, color=_style.MUTED, lw=0.7, ls=(0, (2, 2)), zorder=1)
    position = lines[0].position
    _axis.set_y(ax, scale)
    ax.set_xlim(position[0], position[-1])
    initial, final = _("initial"), _("final")
    ticks = [numeral("−0.5"), f"0\n{initial}", numeral("0.5"), f"1\n{final}", numeral("1.5")]
    ax.set_xticks([-0.5, 0, 0.5, 1, 1.5], ticks)
    ax.set_xlabel(_("position on the line"), labelpad=2)


COLUMNS = ("variant", "label", "position", "train_loss", "val_loss", "runs")
"""Columns of the CSV file, means over the runs."""


def _csv(lines: Sequence[Line]) -> Iterator[tuple[Any, ...]]:
    for line in lines:
        variant = line.summary.variant
        for at, position in enumerate(line.position):
            losses = (float(line.losses[split][at]) for split in PANELS)
            yield variant.id, variant.label, float(position), *losses, line.runs


def _words(line: Line) -> str:
    start, end = line.at(0), line.at(1)
    where, top = line.highest
    course = _("the training loss goes from {start} to {end}").format(start=number(start), end=number(end))
    bump = (
        _(", over a barrier of {top} at {where}").format(top=number(top), where=numeral(f"{where:g}"))
        if top > BUMP * max(start, end)
        else _(" without a barrier")
    )
    return _("with “{label}”, {course}{bump}, and is {at} at 1.5").format(
        label=line.summary.variant.label, course=course, bump=bump, at=number(line.at(1.5))
    )


def _caption(lines: Sequence[Line], note: str) -> str:
    parts = [
        _("loss on the straight line from the weights before training (0) to those after it (1), means over ")
        + span([line.runs for line in lines], "run"),
        *(_words(line) for line in lines),
        note,
    ]
    return " ".join(sentence(part) for part in parts if part)


def _alt(lines: Sequence[Line]) -> str:
    words = [sentence(_words(line)).rstrip(".") for line in lines]
    return prose(_("Line charts of the loss along a line of weights."), descriptions(words, MOST, "variant"))
