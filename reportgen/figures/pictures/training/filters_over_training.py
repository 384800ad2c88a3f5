"""Weights of the first layer as images over training: a row for each filter, a column for each probe.

A filter of a convolution is as large as its window, and a unit of a dense layer on images is as large as the image.
Blue is negative, white is zero and orange is positive, on one scale for the figure; filters of three channels are
colours, in which middle grey is zero. The figure shows when structure appears, and which filters never change. The run
must record the weights, which `probes: {weights: true}` sets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reportgen.analysis.results import Analysis, VariantSummary
from reportgen.engine.inspect.images import evenly_spaced
from reportgen.figures.drawing import mosaic
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import count, descriptions, number, prose, sentence
from reportgen.figures.pictures.choice import rows_with, with_array
from reportgen.figures.pictures.drawn import drawing_of
from reportgen.figures.table import FIGURES
from reportgen.figures.views.selection import run_to_show, run_words
from reportgen.languages.translate import _, numeral
from reportgen.runs.record import RunRecord

FIGURE = FIGURES["filters_over_training"]

ROWS, FILTERS, STEPS = 3, (6, 4, 3), 8
"""The largest number of variants, of filters of a variant by number of variants, and of steps."""

HEADER, TITLE, GAP = 0.24, 0.22, 0.12
"""Inches: for the steps, for the name of a variant, and below a variant."""

PHONE_STEPS = 4
"""The largest number of steps on a phone."""


@dataclass(frozen=True)
class Row:
    """The filters of a variant at some steps, (steps, filters, height, width, channels)."""

    summary: VariantSummary
    record: RunRecord
    steps: tuple[int, ...]
    filters: NDArray[np.float64]

    @property
    def is_coloured(self) -> bool:
        """Whether the channels are red, green and blue."""
        return int(self.filters.shape[-1]) == 3

    @property
    def drawn(self) -> NDArray[np.float64]:
        """The values that are drawn: colours, or the mean over channels."""
        return self.filters if self.is_coloured else self.filters.mean(axis=-1)

    def change(self, at: int) -> float:
        """Return the norm of the change until a step, divided by the initial norm."""
        norm = float(np.linalg.norm(self.filters[0]))
        return float(np.linalg.norm(self.filters[at] - self.filters[0])) / norm if norm else float("nan")


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None if no run recorded the filters at its probes."""
    chosen, note = rows_with(analysis, "filters_by_step", ROWS)
    if not chosen:
        return None
    rows = [_row(summary, FILTERS[len(chosen) - 1]) for summary in chosen]
    finite = [np.abs(row.drawn[np.isfinite(row.drawn)]) for row in rows]
    limit = max((float(one.max()) for one in finite if one.size), default=0.0) or 1.0
    return drawing_of(
        FIGURE,
        partial(_figure, rows, limit),
        _caption(rows, limit, note),
        _alt(rows),
        COLUMNS,
        _csv(rows),
        _course(rows[0]),
    )


def _row(summary: VariantSummary, most: int) -> Row:
    record = run_to_show(with_array(summary, "filters_by_step"))
    steps = np.asarray(record.arrays["filter_step"])
    chosen = evenly_spaced(range(len(steps)), STEPS)
    filters = np.asarray(record.arrays["filters_by_step"], float)[chosen, :most]
    return Row(summary, record, tuple(int(steps[at]) for at in chosen), filters)


def _left() -> float:
    """Return the space for labels in inches."""
    return surface().either(0.7, 0.55)


def _thinned(row: Row) -> Row:
    """Return the row with as many steps, evenly spaced, as fit side by side."""
    chosen = evenly_spaced(range(len(row.steps)), surface().either(STEPS, PHONE_STEPS))
    return replace(row, steps=tuple(row.steps[at] for at in chosen), filters=row.filters[chosen])


def _side(rows: Sequence[Row]) -> float:
    across = max(len(row.steps) for row in rows)
    return min(0.6, (surface().width - _left() - 0.12) / mosaic.width(across, 1))


def _height(row: Row, side: float) -> float:
    return TITLE + HEADER + mosaic.height(row.filters.shape[1], 1, side) + GAP


def _figure(found: Sequence[Row], limit: float) -> Figure:
    rows = [_thinned(row) for row in found]
    side, has_bar = _side(rows), not all(row.is_coloured for row in rows)
    inches = sum(_height(row, side) for row in rows) + 0.26 * has_bar
    figure, ax = mosaic.canvas(inches)
    top = 0.0
    for row in rows:
        _draw_row(ax, row, top, side, limit)
        top += _height(row, side)
    if has_bar:
        ends, left, width = (
            (f"−{number(limit)}", _("{limit}, weight").format(limit=number(limit))),
            surface().either(1.2, 0.5),
            surface().either(1.3, 1.0),
        )
        mosaic.colour_bar(ax, mosaic.DIVERGING, ends, left, top, width)
    mosaic.set_inches(ax, inches)
    return figure


def _draw_row(ax: Axes, row: Row, top: float, side: float, limit: float) -> None:
    label = _style.clip(row.summary.variant.label, surface().width - 0.2, _style.TITLE)
    ax.text(0.1, top + 0.12, label, fontsize=_style.TEXT, weight="bold", va="center")
    top, filters = top + TITLE, row.drawn.swapaxes(0, 1)
    columns, step = len(row.steps), side * (1 + mosaic.GAP / mosaic.SIDE)
    for at, number_ in enumerate(row.steps):
        words = _("step {number}").format(number=numeral(f"{number_:,}")) if at == 0 else numeral(f"{number_:,}")
        ax.text(_left() + at * step + side / 2, top + HEADER - 0.09, words, fontsize=surface().tiny, ha="center")
    for number_ in range(len(filters)):
        words = _("filter {number}").format(number=number_ + 1)
        ax.text(0.1, top + HEADER + number_ * step + side / 2, words, fontsize=_style.SMALL, va="center")
    flat = filters.reshape(-1, *filters.shape[2:])
    paint = mosaic.composed if row.is_coloured else mosaic.signed
    mosaic.show(ax, paint(flat, limit), columns, _left(), top + HEADER, side)


COLUMNS = ("variant", "label", "seed", "step", "filter", "row", "channel", "weights")
"""Columns of the CSV file; a row of a filter is a line, with its weights from left to right."""


def _csv(rows: Sequence[Row]) -> Iterator[tuple[str, str, int, int, int, int, int, str]]:
    for row in rows:
        variant = row.summary.variant
        for at, step in enumerate(row.steps):
            for (one, y, channel), _first in np.ndenumerate(row.filters[at, :, :, 0, :]):
                weights = " ".join(f"{value:.6g}" for value in row.filters[at, one, y, :, channel])
                yield variant.id, variant.label, row.record.spec.seed, step, one + 1, y + 1, channel + 1, weights


def _course(row: Row) -> str:
    middle = len(row.steps) // 2
    return _(
        "with “{label}”, the norm of the change is {change} of the initial norm after {steps} and "
        "{change2} after {steps2}"
    ).format(
        label=row.summary.variant.label,
        change=number(row.change(middle)),
        steps=count(row.steps[middle], "step"),
        change2=number(row.change(-1)),
        steps2=numeral(f"{row.steps[-1]:,}"),
    )


def _caption(rows: Sequence[Row], limit: float, note: str) -> str:
    parts = [
        _("weights of the first layer as images during training, each row a filter, ")
        + run_words([(row.summary, row.record) for row in rows]),
        _("One colour scale for the whole figure, from −{limit} to {limit}; white is 0").format(limit=number(limit))
        if not all(row.is_coloured for row in rows)
        else _("Filters with three channels are drawn as red, green and blue; middle grey is 0"),
        *(_course(row) for row in rows),
        note,
    ]
    return " ".join(sentence(part) for part in parts if part)


def _alt(rows: Sequence[Row]) -> str:
    lines = [sentence(_course(row)).rstrip(".") for row in rows]
    return prose(_("Small images of filters of the first layer by step."), descriptions(lines, ROWS, "variant"))
