"""Filters of the first layer as images, before and after training, with a row for each variant.

A filter of a convolution is as large as its window, and a unit of a dense layer on images is as large as the image.
Grey filters have one colour scale, symmetric about zero, for the whole figure: blue is negative, white is zero, orange
is positive. Filters with three channels are colours, in which middle grey is zero.

Filters with a visible structure, such as edges, spots or strokes, have learned from the data; filters that look like
noise after training have kept their initial values. By default, the figure is drawn for convolutions; a study can name
it for dense layers on images.
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
from reportgen.engine.layout import is_shortcut
from reportgen.figures.drawing import mosaic
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import count, descriptions, number, prose, sentence, span
from reportgen.figures.table import FIGURES
from reportgen.figures.views.pruned import last_training
from reportgen.figures.views.selection import run_to_show, run_words, select_rows
from reportgen.languages.translate import _
from reportgen.runs.record import RunRecord

FIGURE = FIGURES["filters"]

ROWS, SHOWN = 6, 32
"""The largest number of variants, and of filters of a variant."""

HEADER, GAP, BAR = 0.3, 0.16, 0.3
"""Inches: for column titles, between rows, for the colour bar."""

ACROSS, LARGEST = 8, 0.4
"""The largest number of filters side by side, and the largest side of a filter in inches."""


@dataclass(frozen=True)
class Place:
    """Inches: left end of the grids, their width, space between two, and height of a label above them."""

    left: float
    width: float
    between: float
    label: float

    @property
    def lefts(self) -> tuple[float, float]:
        """The left ends of the grids before and after training."""
        return self.left, self.left + self.width + self.between


PRINTED, PHONE = Place(1.1, 2.5, 0.28, 0.0), Place(0.1, 1.12, 0.16, 0.34)
"""On a page, labels are left of the grids; on a phone, they are above them."""


def _place() -> Place:
    return PHONE if surface().is_narrow else PRINTED


@dataclass(frozen=True)
class Row:
    """The filters of a variant, (before and after training, filters, height, width, channels)."""

    summary: VariantSummary
    record: RunRecord
    filters: NDArray[np.float64]

    @property
    def shown(self) -> int:
        """The number of filters that are drawn."""
        return min(int(self.filters.shape[1]), SHOWN)

    @property
    def total(self) -> int:
        """The number of filters of the layer."""
        return next(layer for layer in self.record.spec.network.layers if not is_shortcut(layer)).units

    @property
    def is_coloured(self) -> bool:
        """Whether the channels are red, green and blue."""
        return int(self.filters.shape[-1]) == 3

    @property
    def change(self) -> float:
        """The norm of the change of the filters in training, divided by the norm before it; NaN without training."""
        before, after = self.filters[0], self.filters[-1]
        norm = float(np.linalg.norm(before))
        return float(np.linalg.norm(after - before)) / norm if norm and len(self.filters) > 1 else float("nan")


@dataclass(frozen=True)
class Grid:
    """The grids of filters: number side by side, and side of a filter in inches."""

    columns: int
    side: float

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Grid:
        """Return the grid in which the filters of all rows fit."""
        columns = min(max(row.shown for row in rows), ACROSS)
        return cls(columns, min(_place().width / mosaic.width(columns, 1), LARGEST))

    def height(self, row: Row) -> float:
        """Return the height of a row in inches, with a label above its filters or at least as high as its label."""
        filters = mosaic.height(row.shown, self.columns, self.side)
        return filters + _place().label if _place().label else max(filters, 0.36)


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None if no run has filters, or all are of dense layers and the study does not name it."""
    able = [row for row in analysis.outcomes if any("filters" in record.arrays for record in row.records)]
    if not analysis.plan.study.figures:
        able = [row for row in able if row.records[0].spec.network.layers[0].window]
    if not able:
        return None
    chosen, note = select_rows(analysis.plan, able, ROWS)
    rows = [_row(summary) for summary in chosen]
    limit = _limit(rows)
    narrow = partial(_figure, rows, limit)
    with _style.settings():
        figure = narrow()
    caption, alt = _caption(rows, limit, note), _alt(rows, note)
    return Drawing(FIGURE.id, _(FIGURE.title), caption, alt, figure, COLUMNS, list(_csv(rows)), narrow)


def _row(summary: VariantSummary) -> Row:
    """Return the filters of a run of the variant."""
    record = run_to_show([record for record in summary.records if "filters" in record.arrays])
    return Row(summary, record, np.asarray(record.arrays["filters"], float))


def _limit(rows: Sequence[Row]) -> float:
    """Return the largest absolute weight that is drawn."""
    values = np.concatenate([np.abs(_drawn(row)).ravel() for row in rows])
    return float(values[np.isfinite(values)].max(initial=0.0)) or 1.0


def _drawn(row: Row) -> NDArray[np.float64]:
    """Return the values that are drawn, without channels if they are not colours: the mean over channels."""
    filters = row.filters[:, : row.shown]
    return filters if row.is_coloured else filters.mean(axis=-1)


def _figure(rows: Sequence[Row], limit: float) -> Figure:
    grid, has_bar = Grid.of(rows), not all(row.is_coloured for row in rows)
    inches = HEADER + sum(grid.height(row) + GAP for row in rows) + BAR * has_bar
    figure, ax = mosaic.canvas(inches)
    trained = any(len(row.filters) > 1 for row in rows)
    titles = (_("at initialization"), _("after training"))[: 1 + trained]
    for left, words in zip(_place().lefts, titles, strict=False):
        ax.text(left, 0.15, words, fontsize=_style.TEXT, weight="bold", va="center")
    top = HEADER
    for row in rows:
        _draw_row(ax, row, grid, top, limit)
        top += grid.height(row) + GAP
    if has_bar:
        mosaic.colour_bar(
            ax,
            mosaic.DIVERGING,
            (f"−{number(limit)}", _("{limit}, weight").format(limit=number(limit))),
            _place().left + 0.5,
            top,
        )
    mosaic.set_inches(ax, inches)
    return figure


def _draw_row(ax: Axes, row: Row, grid: Grid, top: float, limit: float) -> None:
    place = _place()
    if place.label:
        label = _style.clip(row.summary.variant.label, surface().width - 0.2, _style.TITLE)
    else:
        label = _style.wrap(row.summary.variant.label, place.left - 0.18, _style.TITLE, 2)
    ax.text(0.1, top, label, fontsize=_style.TEXT, weight="bold", va="top")
    size: dict[str, Any] = {"fontsize": _style.TINY, "va": "top", "color": _style.MUTED}
    ax.text(0.1, top + 0.15 * (label.count("\n") + 1), _size(row), **size)
    paint = mosaic.composed if row.is_coloured else mosaic.signed
    for left, images in zip(place.lefts, _drawn(row), strict=False):
        mosaic.show(ax, paint(images, limit), grid.columns, left, top + place.label, grid.side)


def _size(row: Row) -> str:
    size = "×".join(map(str, row.filters.shape[2:4]))
    return (
        _("{size}, {shown} of {total}").format(size=size, shown=row.shown, total=row.total)
        if row.shown < row.total
        else size
    )


COLUMNS = ("variant", "label", "seed", "when", "filter", "row", "channel", "weights")
"""Columns of the CSV file; a row of a filter is a line, with its weights from left to right."""


def _csv(rows: Sequence[Row]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        variant = row.summary.variant
        for when, filters in zip(("before", "after"), row.filters[:, : row.shown], strict=False):
            for (at, y, channel), _first in np.ndenumerate(filters[:, :, 0, :]):
                weights = " ".join(f"{value:.6g}" for value in filters[at, y, :, channel])
                yield variant.id, variant.label, row.record.spec.seed, when, at + 1, y + 1, channel + 1, weights


def _caption(rows: Sequence[Row], limit: float, note: str) -> str:
    epochs = span([len(row.record.epochs("epoch")) - 1 for row in rows], "epoch")
    after = (
        _(" and after {epochs} of training").format(epochs=epochs) if any(len(row.filters) > 1 for row in rows) else ""
    )
    parts = [
        _("weights of the first layer as images, at initialization{after}, ").format(after=after)
        + run_words([(row.summary, row.record) for row in rows]),
        _("One colour scale for the whole figure, from −{limit} to {limit}; white is 0").format(limit=number(limit)),
    ]
    if any(row.is_coloured for row in rows):
        parts.append(_("Filters with three channels are drawn as red, green and blue; middle grey is 0"))
    if any(row.filters.shape[-1] not in (1, 3) for row in rows):
        parts.append(_("Filters with other numbers of channels are drawn as their mean over the channels"))
    if any(row.shown < row.total for row in rows):
        parts.append(
            _("At most the first {shown} filters of each variant are shown").format(
                shown=max(row.shown for row in rows)
            )
        )
    parts += [*_changes(rows), last_training((row.record for row in rows), _("initialization")), note]
    return " ".join(sentence(part) for part in parts if part)


def _changes(rows: Sequence[Row]) -> list[str]:
    """Return a sentence on the change of the filters in training."""
    found = [
        (row.summary.variant.label, row.change) for row in rows if len(row.filters) > 1 and np.isfinite(row.change)
    ]
    words = [f"“{label}” {number(change)}" if len(rows) > 1 else number(change) for label, change in found[:3]]
    return (
        [_("Norm of the change in training, divided by the initial norm: {words}").format(words=", ".join(words))]
        if words
        else []
    )


def _alt(rows: Sequence[Row], note: str) -> str:
    lines = [f"{row.summary.variant.label}: {_words(row)}" for row in rows]
    return prose(
        _("Grids of small images of the filters of the first layer."), note, descriptions(lines, ROWS, "variant")
    )


def _words(row: Row) -> str:
    shape = "×".join(map(str, row.filters.shape[2:]))
    change = _(", whose change in training has {change} times their initial norm").format(change=number(row.change))
    return _("{filters} of {shape}{change}").format(
        filters=count(row.shown, "filter"), shape=shape, change=change if len(row.filters) > 1 else ""
    )
