"""Distributions of gradient sizes by layer on a logarithmic axis, at initialization.

The gradients are those of the mean loss with respect to the pre-activations, for all units, probe examples and seeds.
The width of a layer's shape at a height is the share of gradients of that size, relative to the widest part. Gradients
of exactly zero, as with ReLU, are not part of the shape; the caption gives their share. If gradients vanish or explode
in backpropagation, the shapes fall or rise towards the first layer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from reportgen.analysis.results import Analysis
from reportgen.analysis.words.formatting import percent
from reportgen.analysis.words.listing import listing
from reportgen.figures.drawing import axis as _axis
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import layer_name, number, power, prose, sentence
from reportgen.figures.networks.stages import kinds_of, unit_words
from reportgen.figures.table import FIGURES
from reportgen.figures.views.bins import BIN_COLUMNS, Bars, Row, csv_rows, notes, rows_for
from reportgen.figures.views.pruned import last_training
from reportgen.languages.translate import _

FIGURE = FIGURES["gradient_histograms"]

PANELS, LAYERS = 12, 20


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None if no run has histograms of gradients."""
    rows, note = rows_for(analysis, "gradient", PANELS, LAYERS, output=True)
    if not rows:
        return None
    with _style.settings():
        figure = _figure(rows)
    caption, alt, narrow = _caption(rows, note), _alt(rows, note), partial(_figure, rows)
    finding = sentence("; ".join(map(_course, rows[:2])))
    return Drawing(FIGURE.id, _(FIGURE.title), caption, alt, figure, BIN_COLUMNS, list(csv_rows(rows)), narrow, finding)


def _figure(rows: Sequence[Row]) -> Figure:
    columns = surface().columns(len(rows) if len(rows) <= 3 else 2 if len(rows) == 4 else 3)
    lines = -(-len(rows) // columns)
    inches = surface().title_width(columns, 0.5)
    room = _axis.KINDS * any(kinds_of(row.series.summary.records) for row in rows)
    margins = _style.Margins(
        right=_style.Margins.right + _axis.kinds_room(room > 0),
        titles=_style.titles_height([row.name for row in rows], inches),
        bottom=_style.Margins.bottom + room,
        between=_style.Margins.between + room,
    )
    figure, axes = _style.panels(len(rows), columns, {1: 2.3, 2: 1.6, 3: 1.25}.get(lines, 1.05), margins=margins)
    supports = [one.support for row in rows for one in row.bars if np.isfinite(one.support[0])]
    low, high = min(low for low, _ in supports), max(high for _, high in supports)
    for number_, (ax, row) in enumerate(zip(axes, rows, strict=True)):
        _panel(ax, row)
        last = max(one.layer for one in row.bars)
        kinds = kinds_of(row.series.summary.records)
        _axis.set_layers(ax, [one.layer for one in row.bars], last, number_ + columns >= len(rows), 10, kinds)
        _decades(ax, low, high, number_ % columns == 0)
        _style.panel_title(ax, row.name, inches)
        if number_ % columns == 0:
            ax.set_ylabel(_("|gradient| of a unit"), labelpad=3)
    return figure


def _panel(ax: Axes, row: Row) -> None:
    shapes = [_violin(one) for one in row.bars if one.share.sum() > 0]
    ax.add_collection(PolyCollection(shapes, color=row.colour, lw=0.4, alpha=0.75))
    middles = [(one.layer, _median(one)) for one in row.bars if one.share.sum() > 0]
    x, y = zip(*middles, strict=True)
    ax.plot(x, y, ls="none", marker="_", ms=4.5, mew=1.1, color=_style.GROUND)


def _violin(bars: Bars) -> np.ndarray:
    """Return the outline through the centres of the bars, closed at the ends of the support."""
    low, high = bars.support
    middle = (bars.edges[:-1] + bars.edges[1:]) / 2
    keep = (middle > low) & (middle < high)
    y = np.concatenate([[low], middle[keep], [high]])
    width = np.concatenate([[0.0], 0.42 * bars.share[keep] / bars.share.max(), [0.0]])
    return np.column_stack(
        [np.concatenate([bars.layer + width, bars.layer - width[::-1]]), np.concatenate([y, y[::-1]])]
    )


def _median(bars: Bars) -> float:
    """Return the median, as a power of ten."""
    total = np.cumsum(bars.share)
    at = int(np.searchsorted(total, total[-1] / 2))
    return float((bars.edges[at] + bars.edges[at + 1]) / 2)


def _decades(ax: Axes, low: float, high: float, labels: bool) -> None:
    first, last = math.floor(low), math.ceil(high)
    step = max(1, math.ceil((last - first) / 6))
    exponents = [exponent for exponent in range(first, last + 1) if exponent % step == 0]
    _axis.fix_ticks(ax.yaxis, exponents, [power(exponent) for exponent in exponents])
    ax.set_ylim(low - 0.04 * (high - low), high + 0.04 * (high - low))
    ax.grid(axis="y")
    ax.tick_params(axis="y", labelleft=labels)


def _caption(rows: Sequence[Row], note: str) -> str:
    parts = [
        _(
            "Absolute gradients of the loss with respect to the pre-activations at initialization, over "
            "units, probe examples and seeds; light marks: medians"
        ),
        "; ".join(_course(row) for row in rows[:3]),
        unit_words(record for row in rows for record in row.series.summary.records),
        _zeros(rows),
    ]
    pruned = last_training((record for row in rows for record in row.series.summary.records), "initialization")
    parts += [*notes(rows), pruned, note]
    return " ".join(sentence(part) for part in parts if part)


def _course(row: Row) -> str:
    """Return the median sizes in the first and the last layer in words."""
    filled = [one for one in row.bars if one.share.sum() > 0]
    last = row.bars[-1].layer if len(row.bars) > 1 else None
    ends = [
        _("{median} in {layer_name}").format(median=number(10 ** _median(one)), layer_name=layer_name(one.layer, last))
        for one in (filled[0], filled[-1])[: len(filled)]
    ]
    return _("with “{name}”, the median size is {list}").format(name=row.name, list=listing(list(dict.fromkeys(ends))))


def _zeros(rows: Sequence[Row]) -> str:
    most = {row.name: max(one.outside for one in row.bars) for row in rows}
    text = _("“{name}” (up to {share} of a layer)")
    named = [text.format(name=name, share=percent(share, 0)) for name, share in most.items() if share > 0.01][:6]
    return (
        _("The histograms do not include gradients that are 0 or outside their range: {named}").format(
            named=listing(named)
        )
        if named
        else ""
    )


def _alt(rows: Sequence[Row], note: str) -> str:
    courses = " ".join(sentence(_course(row)) for row in rows)
    return prose(_("Distributions of gradient sizes by layer, on a logarithmic axis."), note, courses)
