"""Histograms of the activations at initialization, with a row for each variant and a panel for each layer.

A panel shows the activations of all units of a hidden layer for all probe examples and all seeds. The number above it
is their standard deviation σ. Each panel has its own vertical scale. If all variants have one hidden layer, their
panels are side by side.

In a healthy network, all layers have the same shape. A spike at zero that gets narrower from layer to layer is a
vanishing signal; high bars at both ends of the range are saturation. A bar more than twice as tall as the next one is
cut, since otherwise the zeros of ReLU would flatten all other bars. The layers of a row share one range unless they
have different activation functions. If many values are outside the range, the panel gives their share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.markers import TICKDOWN

from reportgen.analysis.results import Analysis
from reportgen.analysis.words.formatting import percent
from reportgen.analysis.words.numerals import exponents
from reportgen.engine.inspect.images import evenly_spaced
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.axis import fix_ticks
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import course, number, prose, sentence
from reportgen.figures.networks.stages import kinds_of, unit_words
from reportgen.figures.table import FIGURES
from reportgen.figures.views.bins import BIN_COLUMNS, Bars, Row, csv_rows, notes, outline, rows_for
from reportgen.figures.views.pruned import last_training
from reportgen.languages.translate import _

FIGURE = FIGURES["activation_histograms"]

ROWS = 12
OUTSIDE_FROM = 0.05
"""A panel gives the share of values outside the range if it is larger than this."""
SLOT = 0.86
"""The fraction of a layer's space that its panel fills."""
BACKGROUND: dict[str, Any] = {"facecolor": _style.GROUND, "edgecolor": "none", "alpha": 0.85, "pad": 0.8}
"""Background of text over bars."""
TICK: dict[str, Any] = {"ls": "none", "marker": TICKDOWN, "ms": 2, "mew": 0.7, "color": _style.MUTED, "clip_on": False}
Range = tuple[float, float]


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None if no run has histograms of activations."""
    rows, note = rows_for(analysis, "activation", ROWS, surface().layers, output=False)
    if not rows:
        return None
    with _style.settings():
        figure = _figure(rows)
    caption, alt, narrow = _caption(rows, note), _alt(rows, note), partial(_figure, rows)
    finding = sentence("; ".join(map(_named_course, rows[:2])))
    return Drawing(FIGURE.id, _(FIGURE.title), caption, alt, figure, BIN_COLUMNS, list(csv_rows(rows)), narrow, finding)


def _figure(rows: Sequence[Row]) -> Figure:
    return _side_by_side(rows) if len(rows) > 1 and max(len(row.bars) for row in rows) == 1 else _in_rows(rows)


def _side_by_side(rows: Sequence[Row]) -> Figure:
    """Draw variants of one hidden layer side by side, since rows of one panel would waste space."""
    columns = surface().columns(2 if len(rows) in (2, 4) else 3)
    margins = _style.Margins(left=0.15, top=0.42, bottom=0.25, between=0.62, across=0.25)
    figure, axes = _style.panels(len(rows), columns, 0.85, margins=margins)
    for ax, row in zip(axes, rows, strict=True):
        _panel(ax, row, own_range(row.bars[0]), labelled=True)
        ax.set_xlim(-0.5, 0.5)
        name = _style.clip(row.name, surface().width / columns - 0.3, _style.TEXT * 1.12)
        ax.set_title(name, loc="center", y=1.0, pad=13)
    return figure


def _in_rows(rows: Sequence[Row]) -> Figure:
    height = 1.3 if len(rows) == 1 else 0.6 if len(rows) <= 4 else 0.42 if len(rows) <= 8 else 0.34
    if surface().is_narrow:
        rows = [replace(row, bars=tuple(evenly_spaced(row.bars, surface().layers))) for row in rows]
        left, margins = 0.12, _style.Margins(left=0.12, top=0.5, bottom=0.2, between=0.48)
    else:
        left = min(1.3, 0.25 + max(_style.text_width(row.name) for row in rows))
        margins = _style.Margins(left=left, top=0.36, bottom=0.2, between=0.24)
    figure, axes = _style.grid(len(rows), 1, height, margins=margins)
    for at, (row, (ax,)) in enumerate(zip(rows, axes, strict=True)):
        shared = common_range(row.bars)
        following = common_range(rows[at + 1].bars) if at + 1 < len(rows) else None
        _panel(ax, row, shared, labelled=shared is None or shared != following)
        _name(ax, row.name, left, height)
    _header(figure, axes[0][0], rows)
    return figure


def _name(ax: Axes, name: str, left: float, height: float) -> None:
    """Write the name of a row left of it, on a phone above it; left, height: space and height of the row in inches."""
    place: dict[str, Any] = {"transform": ax.transAxes, "fontsize": _style.SMALL}
    words = exponents(name)
    if surface().is_narrow:
        ax.text(0, 1 + 0.19 / height, _style.clip(words, surface().width - 0.3), ha="left", va="bottom", **place)
    else:
        ax.text(-0.015, 0.5, _style.wrap(words, left - 0.12, _style.SMALL, 3), ha="right", va="center", **place)


def _header(figure: Figure, ax: Axes, rows: Sequence[Row]) -> None:
    """Write the numbers of the layers above their columns, with their kinds if there is room."""
    bars, kinds = rows[0].bars, kinds_of(row.series.summary.records[0] for row in rows)
    top = 1 - 0.06 / figure.get_figheight()
    to_figure = ax.transData + figure.transFigure.inverted()
    for at, one in enumerate(bars):
        words = _("layer {layer}").format(layer=one.layer) if at == 0 or len(bars) <= 6 else str(one.layer)
        words += f" {kinds[one.layer - 1]}" if kinds and len(bars) <= 6 else ""
        x = float(to_figure.transform((at, 0))[0])
        figure.text(x, top, words, ha="center", va="top", fontsize=_style.SMALL, weight="bold")


def _panel(ax: Axes, row: Row, shared: Range | None, labelled: bool) -> None:
    """Draw the panels of a row in one set of axes, which is ten times as fast as one for each panel."""
    shapes = []
    small: dict[str, Any] = {"fontsize": surface().tiny, "color": _style.MUTED}
    ax.set_xlim(-0.5, max(len(row.bars), 2) - 0.5)
    ax.set_ylim(0, 1.06)
    for at, one in enumerate(row.bars):
        low, high = shared or own_range(one)
        if one.share.sum() > 0:
            shapes.append(_placed(one, at, low, high))
        words = f"σ {number(one.std)}" if np.isfinite(one.std) else _("no finite σ")
        if one.outside > OUTSIDE_FROM:
            out = _("{outside} out").format(outside=percent(one.outside, 0))
            ax.text(at + SLOT / 2, 0.5, out, ha="right", bbox=BACKGROUND, zorder=3, **small)
        ax.text(at, 1.1, words, ha="center", va="bottom", **small)
    ax.add_collection(PolyCollection(shapes, facecolor=row.colour, edgecolor="none", alpha=0.9))
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    _ticks(ax, row.bars, shared, labelled)


def _placed(bars: Bars, at: int, low: float, high: float) -> Any:
    x, y = outline(bars.edges, bars.share)
    inside = np.clip((x - low) / (high - low), 0, 1)
    return np.column_stack([at + SLOT * (inside - 0.5), y])


def _ticks(ax: Axes, bars: Sequence[Bars], shared: Range | None, labelled: bool) -> None:
    """Mark the ends of each panel's range, with labels below the first panel or below all panels."""
    if shared:
        ends = [at + SLOT * side for at in range(len(bars)) for side in (-0.5, 0.5)]
        # One artist for the ticks without labels: a tick of an axis takes ten times as long.
        ax.plot(ends[2:], [0.0] * len(ends[2:]), transform=ax.get_xaxis_transform(), **TICK)
        places, words = ends[:2], [exponents(f"{end:.3g}") for end in shared]
    else:
        places = [float(at) for at in range(len(bars))]
        words = [_range_words(*own_range(one)) for one in bars]
    fix_ticks(ax.xaxis, places, words)
    ax.tick_params(axis="x", labelsize=surface().tiny, pad=1, length=2, labelbottom=labelled)


def _range_words(low: float, high: float) -> str:
    return f"±{number(high)}" if low == -high else _("{low} to {high}").format(low=number(low), high=number(high))


def own_range(bars: Bars) -> Range:
    """Return the range of a layer's panel, from the first to the last bin."""
    return float(bars.edges[0]), float(bars.edges[-1])


def common_range(bars: Sequence[Bars]) -> Range | None:
    """Return the common range of all layers, None if their ranges differ."""
    return own_range(bars[0]) if len({own_range(one) for one in bars}) == 1 else None


def _caption(rows: Sequence[Row], note: str) -> str:
    parts = [
        _("activations of each hidden layer at initialization, over all units, probe examples and seeds"),
        unit_words(record for row in rows for record in row.series.summary.records),
        _("each panel has its own vertical scale; tall bars are cut at twice the next height; σ: standard deviation"),
        "; ".join(map(_named_course, rows[:3])),
    ]
    if any(common_range(row.bars) is None for row in rows):
        parts.append(_("The layers have different ranges, which are shown below the panels"))
    if any(one.outside > OUTSIDE_FROM for row in rows for one in row.bars):
        parts.append(_("“Out” is the share of values outside the range"))
    pruned = last_training((record for row in rows for record in row.series.summary.records), "initialization")
    parts += [*notes(rows), pruned, note]
    return " ".join(sentence(part) for part in parts if part)


def _named_course(row: Row) -> str:
    return _("with “{name}”, σ {row}").format(name=row.name, row=_course(row))


def _course(row: Row) -> str:
    return course([one.layer for one in row.bars], [one.std for one in row.bars])


def _alt(rows: Sequence[Row], note: str) -> str:
    lines = [
        _("{name}: the standard deviation {row}{shape}").format(name=row.name, row=_course(row), shape=_shape(row))
        for row in rows
    ]
    return prose(_("Histograms of activations, for each variant and layer."), note, f"{'. '.join(lines)}.")


def _shape(row: Row) -> str:
    """Return words on the shape of the last layer, if its values are concentrated."""
    one, tenth = row.bars[-1], len(row.bars[-1].share) // 10
    if tenth == 0:
        return ""
    ends, peak = float(one.share[:tenth].sum() + one.share[-tenth:].sum()), float(one.share.max())
    if ends > 0.5 and np.isclose(one.edges[0], -one.edges[-1]):
        return _("; in layer {layer}, {ends} of the values are at the two ends of the range").format(
            layer=one.layer, ends=percent(ends, 0)
        )
    return (
        _("; in layer {layer}, one bar has {peak} of the values").format(layer=one.layer, peak=percent(peak, 0))
        if peak > 0.5
        else ""
    )
