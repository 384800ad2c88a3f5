"""Histograms of the activations, one small panel for each layer, one row for each variant, at initialization.

Each panel holds the activations of all units of a hidden layer for all probe examples, all seeds together, and is
scaled to its own height; the number above it is their standard deviation. A healthy network shows the same shape in
every layer. A spike at zero that narrows from layer to layer is a signal that dies out; mass at both ends of the range
is saturation. A row shares one range over its layers; where the layers differ too much for that, each panel has its own
range, which is then written below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator

from reportgen.analysis.model import Analysis
from reportgen.figures import _style
from reportgen.figures._bins import BIN_COLUMNS, Bars, Row, csv_rows, outline, rows_for
from reportgen.figures._words import count, course, number, sentence
from reportgen.figures.figure import Drawing, FigureKind

ROWS, LAYERS = 8, 10
SLOT = 0.86
"""The part of a layer's place that its panel fills."""
APART = 40.0
"""A ratio of widest to narrowest layer from which each panel has its own range."""

Range = tuple[float, float]


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None where no activations were looked at."""
    rows, left_out = rows_for(analysis, "activation", ROWS, LAYERS, output=False)
    if not rows:
        return None
    with _style.settings():
        figure = _figure(rows)
    return Drawing(
        FIGURE.id, FIGURE.title, _caption(rows, left_out), _alt(rows), figure, BIN_COLUMNS, list(csv_rows(rows))
    )


def _figure(rows: Sequence[Row]) -> Figure:
    height = 1.3 if len(rows) == 1 else 0.62
    margins = _style.Margins(left=1.25, top=0.3, bottom=0.22, between=0.34)
    figure, axes = _style.grid(len(rows), 1, height, margins=margins)
    for number_, (row, (ax,)) in enumerate(zip(rows, axes, strict=True)):
        _panel(ax, row, common_range(row.bars))
        label = _style.wrap(row.series.name, 1.15, _style.SMALL, 3)
        ax.text(
            -0.015, 0.5, label, transform=ax.transAxes, ha="right", va="center", fontsize=_style.SMALL, parse_math=False
        )
        if number_ == 0:
            _header(ax, row.bars)
    return figure


def _header(ax: Axes, bars: Sequence[Bars]) -> None:
    for at, one in enumerate(bars):
        words = f"layer {one.layer}" if at == 0 or len(bars) <= 6 else str(one.layer)
        ax.text(at, 1.5 if len(bars) else 1.0, words, ha="center", va="bottom", fontsize=_style.SMALL, weight="bold")


def _panel(ax: Axes, row: Row, shared: Range | None) -> None:
    """Draw a row's panels beside one another in one set of axes: a tenth of the work of as many axes."""
    shapes = []
    for at, one in enumerate(row.bars):
        low, high = shared or own_range(one)
        if np.isfinite(low):
            shapes.append(_placed(one, at, low, high))
        words = f"σ {number(one.std)}" if np.isfinite(one.std) else "no finite value"
        ax.text(at, 1.1, words, ha="center", va="bottom", fontsize=_style.TINY, color=_style.MUTED)
    ax.add_collection(PolyCollection(shapes, facecolor=row.series.look.colour, edgecolor="none", alpha=0.9))
    ax.set_xlim(-0.5, max(len(row.bars), 3) - 0.5)
    ax.set_ylim(0, 1.06)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    _ticks(ax, row.bars, shared)


def _placed(bars: Bars, at: int, low: float, high: float) -> Any:
    x, y = outline(bars.edges, bars.share)
    inside = np.clip((x - low) / (high - low), 0, 1)
    return np.column_stack([at + SLOT * (inside - 0.5), y])


def _ticks(ax: Axes, bars: Sequence[Bars], shared: Range | None) -> None:
    """Mark the ends of each panel's range; write them below the first panel where all share it, else below each."""
    places = [at + SLOT * side for at in range(len(bars)) for side in (-0.5, 0.5)]
    words = [""] * len(places)
    if shared:
        words[:2] = [number(shared[0]), number(shared[1])]
        ax.xaxis.set_major_locator(FixedLocator(places))
    else:
        places = list(range(len(bars)))
        words = [_range_words(*own_range(one)) for one in bars]
        ax.xaxis.set_major_locator(FixedLocator(places))
    ax.xaxis.set_major_formatter(FixedFormatter(words))
    ax.tick_params(axis="x", labelsize=_style.TINY, pad=1, length=2)


def _range_words(low: float, high: float) -> str:
    if not np.isfinite(low):
        return ""
    if low == 0 or abs(low + high) > 0.02 * (high - low):
        return f"{number(low, 1)}…{number(high, 1)}"
    return f"±{number(high, 1)}"


def own_range(bars: Bars) -> Range:
    """Return the range of one layer's panel: its support, made symmetric where it spans zero."""
    low, high = bars.support
    if not low < high:
        return float("nan"), float("nan")
    edge = max(abs(low), abs(high))
    return (-edge, edge) if low < 0 < high else (min(low, 0.0), max(high, 0.0))


def common_range(bars: Sequence[Bars]) -> Range | None:
    """Return one range for all layers, None where they differ too much for that.

    Layers that were counted over the same bins, as those of a bounded activation are, share the range of these bins.
    """
    first = bars[0].edges
    if all(np.array_equal(first, one.edges) for one in bars) and abs(first[-1] - first[0]) <= 4:
        return float(first[0]), float(first[-1])
    ranges = [found for found in map(own_range, bars) if np.isfinite(found[0])]
    widths = [high - low for low, high in ranges]
    if not ranges or max(widths) > APART * min(widths):
        return None
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def _caption(rows: Sequence[Row], left_out: int) -> str:
    parts = [
        "Activations of each hidden layer at initialization, all units, probe examples and seeds together; every panel is "
        "scaled to its own height and σ is the standard deviation",
        "; ".join(f"{row.series.name}: σ {_course(row)}" for row in rows[:3]),
    ]
    if any(common_range(row.bars) is None for row in rows):
        parts.append("Where the range is written below every panel, the layers are too different to share one")
    outside = max(one.outside for row in rows for one in row.bars)
    if outside > 0.01:
        parts.append(f"Up to {number(100 * outside)}% of a layer's values lie outside the counted range")
    if left_out:
        parts.append(f"{count(left_out, 'more variant')} {'is' if left_out == 1 else 'are'} not shown")
    return " ".join(sentence(part) for part in parts)


def _course(row: Row) -> str:
    return course([one.layer for one in row.bars], [one.std for one in row.bars])


def _alt(rows: Sequence[Row]) -> str:
    lines = [f"{row.series.name}: the standard deviation {_course(row)}{_shape(row)}" for row in rows]
    return "Grid of histograms of activations, a row for each variant and a column for each layer. " + ". ".join(
        [*lines, ""]
    ).rstrip(" ")


def _shape(row: Row) -> str:
    """Say in words where the values of the last shown layer lie."""
    one = row.bars[-1]
    total, places = float(one.share.sum()), len(one.share)
    if total <= 0 or places < 8:
        return ""
    ends = float(one.share[: places // 10].sum() + one.share[-(places // 10) :].sum()) / total
    peak = float(one.share.max()) / total
    if ends > 0.5 and np.isclose(one.edges[0], -one.edges[-1]):
        return f"; in layer {one.layer} {number(100 * ends)}% of the values lie at the two ends of the range"
    return f"; in layer {one.layer} one bar holds {number(100 * peak)}% of the values" if peak > 0.5 else ""


FIGURE = FigureKind("activation_histograms", "Activations by layer, as histograms", draw, order=20)
