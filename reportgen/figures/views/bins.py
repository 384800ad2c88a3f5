"""Histograms of one look at the layers of each chosen variant, made ready for small panels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.results import Analysis, Histogram
from reportgen.analysis.summary import histograms, profile
from reportgen.figures.drawing import style as _style
from reportgen.figures.views.selection import select
from reportgen.figures.views.series import Series, layout

Array = NDArray[np.float64]
Which = Literal["activation", "gradient"]

WORTH_SEEING = 0.02
"""A share of all values below which a bar may vanish beside a taller one."""

BINS = 80
"""At most so many bars a panel: more do not show at half an inch."""


@dataclass(frozen=True)
class Bars:
    """One layer's histogram as drawn: edges (B + 1,), share (B,), and the standard deviation of the values."""

    layer: int
    edges: Array
    share: Array
    outside: float
    std: float

    @property
    def support(self) -> tuple[float, float]:
        """The range that holds all but a thousandth of the values inside the edges; NaN where there are none."""
        total = float(self.share.sum())
        if not total > 0:
            return float("nan"), float("nan")
        seen = np.flatnonzero(self.share > 1e-3 * total)
        return float(self.edges[seen[0]]), float(self.edges[seen[-1] + 1])


@dataclass(frozen=True)
class Row:
    """One variant's histograms, in layer order, of its layers those shown.

    layers: how many it has. alike: the other variants whose networks start as the very same.
    """

    series: Series
    step: int
    bars: tuple[Bars, ...]
    layers: int
    alike: tuple[Series, ...] = ()

    @property
    def colour(self) -> str:
        """The variant's colour, a dark grey for those that other figures draw in a light one."""
        return _style.MUTED if self.series.ghost else self.series.look.colour

    @property
    def name(self) -> str:
        """The variant's name; of several alike, what their names share and how many they are."""
        if not self.alike:
            return self.series.name
        names = [one.name.split(", ") for one in (self.series, *self.alike)]
        shared = [part for part in names[0] if all(part in other for other in names)]
        return f"{', '.join(shared) or 'all alike'} ({len(names)} variants)"


def rows_for(analysis: Analysis, which: Which, most_rows: int, most_layers: int, output: bool) -> tuple[list[Row], str]:
    """Return the histograms at initialization of at most so many variants and layers, and in words which these are.

    The rule of `selection` decides which variants are shown; layers are spread evenly, first and last included.
    """
    every = [row for series in layout(analysis).series for row in _row(series, which, most_layers, output)]
    rows = {row.series.name: row for row in _together(every)}
    groups = {name: [one.summary.variant for one in (row.series, *row.alike)] for name, row in rows.items()}
    chosen = select(analysis.plan, groups, most_rows)
    noun = "different networks" if any(row.alike for row in rows.values()) else "variants"
    return [rows[name] for name in chosen.highlighted], chosen.in_rows(noun)


def _together(rows: Sequence[Row]) -> list[Row]:
    """Return the rows without those that repeat another: variants that differ in their training alone start alike."""
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        looks = tuple((one.layer, one.edges.tobytes(), one.share.tobytes(), one.outside) for one in row.bars)
        groups.setdefault((row.step, looks), []).append(row)
    return [_one_of(group) for group in groups.values()]


def _one_of(group: Sequence[Row]) -> Row:
    """Return the first row that is highlighted in other figures, or the first one, with the others as alike."""
    first = min(group, key=lambda row: row.series.ghost)
    return replace(first, alike=tuple(row.series for row in group if row is not first))


def notes(rows: Sequence[Row]) -> list[str]:
    """Say where one panel stands for several variants, and where only some of the layers are shown."""
    parts = []
    if any(row.alike for row in rows):
        parts.append("Variants whose networks start as the very same, seed by seed, share one panel")
    most = max(rows, key=lambda row: row.layers)
    if most.layers > len(most.bars):
        parts.append(f"The figure shows {len(most.bars)} of {most.layers} layers, evenly spread")
    return parts


def _row(series: Series, which: Which, most_layers: int, output: bool) -> Iterator[Row]:
    records = series.summary.records
    look = profile(records, f"{which}_std", "first")
    found = histograms(records, which, "first")
    if look is None or not found:
        return
    if not output and len(found) > 1:
        last = max(histogram.layer for histogram in found)
        found = [histogram for histogram in found if histogram.layer != last]
    std = dict(zip((int(layer) for layer in look.layers), (float(value) for value in look.mean), strict=True))
    bars = tuple(_bars(histogram, std.get(histogram.layer, float("nan"))) for histogram in _spread(found, most_layers))
    if any(one.share.sum() > 0 for one in bars):
        yield Row(series, look.step, bars, len(found))


def _spread(found: Sequence[Histogram], most: int) -> list[Histogram]:
    if len(found) <= most:
        return list(found)
    return [found[at] for at in sorted({round(i * (len(found) - 1) / (most - 1)) for i in range(most)})]


def _bars(histogram: Histogram, std: float) -> Bars:
    """Return the histogram with neighbouring bins joined until there are few enough."""
    edges, share = np.asarray(histogram.edges, dtype=float), np.nan_to_num(np.asarray(histogram.share, dtype=float))
    join = -(-len(share) // BINS)
    if join > 1:
        starts = np.arange(0, len(share), join)
        edges, share = np.append(edges[starts], edges[-1]), np.add.reduceat(share, starts)
    return Bars(histogram.layer, edges, share, float(histogram.outside), std)


def csv_rows(rows: Sequence[Row]) -> Iterator[tuple[Any, ...]]:
    """Yield the bars as rows of BIN_COLUMNS, empty bars included."""
    for row in rows:
        for bars in row.bars:
            for one in (row.series, *row.alike):
                for low, high, share in zip(bars.edges[:-1], bars.edges[1:], bars.share, strict=True):
                    yield one.id, one.name, row.step, bars.layer, float(low), float(high), float(share)


BIN_COLUMNS = ("variant", "label", "step", "layer", "low", "high", "share")
"""Columns of the data behind a histogram figure; share is the fraction of all values in the bin."""


def outline(edges: Array, share: Array) -> tuple[Array, Array]:
    """Return x and height (0 to 1) of the outline of a histogram's bars as density, baseline included.

    The tallest bar is cut at twice the next one, where that one holds enough values to be worth seeing.
    """
    density = share / np.where(np.diff(edges) > 0, np.diff(edges), np.inf)
    order = np.argsort(density)
    top = float(density[order[-1]])
    if density.size > 1 and share[order[-2]] > WORTH_SEEING:
        top = min(top, 2 * float(density[order[-2]]))
    height = np.minimum(density / top, 1.0) if top > 0 else density
    return np.repeat(edges, 2), np.concatenate([[0.0], np.repeat(height, 2), [0.0]])
