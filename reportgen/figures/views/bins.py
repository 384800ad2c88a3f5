"""The data of the histogram figures: histograms at initialization by variant and layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.results import Analysis, Histogram
from reportgen.analysis.summary import histograms, profile
from reportgen.analysis.words.listing import listing
from reportgen.engine.inspect.images import evenly_spaced
from reportgen.figures.drawing import style as _style
from reportgen.figures.views.selection import select
from reportgen.figures.views.series import Series, layout
from reportgen.languages.translate import N_, _

Array = NDArray[np.float64]
Which = Literal["activation", "gradient"]

LEAST_SHARE = 0.02
"""The tallest bar is cut for the next one only if that one has more than this share of all values."""

NAMED = 3
"""The largest number of identical variants that are named one by one."""

BINS = 80
"""The largest number of bars in a panel; more would be invisible."""


@dataclass(frozen=True)
class Bars:
    """The histogram of a layer as drawn: edges (B + 1,), shares (B,), and the standard deviation of the values.

    outside: the share of values outside the edges.
    """

    layer: int
    edges: Array
    share: Array
    outside: float
    std: float

    @property
    def support(self) -> tuple[float, float]:
        """The range of bars with more than a thousandth of the values inside the edges; NaN if there are none."""
        total = float(self.share.sum())
        if not total > 0:
            return float("nan"), float("nan")
        filled = np.flatnonzero(self.share > 1e-3 * total)
        return float(self.edges[filled[0]]), float(self.edges[filled[-1] + 1])


@dataclass(frozen=True)
class Row:
    """The histograms of a variant, by layer.

    layers: the number of layers, of which `bars` may hold a part. alike: the other variants with identical initial
    networks.
    """

    series: Series
    step: int
    bars: tuple[Bars, ...]
    layers: int
    alike: tuple[Series, ...] = ()

    @property
    def colour(self) -> str:
        """The colour of the variant; dark grey for variants that other figures draw in light grey."""
        return _style.MUTED if self.series.grey else self.series.style.colour

    @property
    def name(self) -> str:
        """The name of the variant; of identical ones, the parts that they share, and the others of the first few."""
        if not self.alike:
            return self.series.name
        names = [one.name.split(", ") for one in (self.series, *self.alike)]
        shared = [part for part in names[0] if all(part in other for other in names)]
        others = [", ".join(part for part in name if part not in shared) for name in names]
        if not all(others):  # one variant has nothing but the shared parts
            shared, others = [], [", ".join(name) for name in names]
        more = [_("{count} more").format(count=len(others) - NAMED + 1)] if len(others) > NAMED else []
        shown = others[: NAMED - 1] if more else others
        return ", ".join([*shared, listing([*shown, *more])])


def rows_for(analysis: Analysis, which: Which, most_rows: int, most_layers: int, output: bool) -> tuple[list[Row], str]:
    """Return the histograms at initialization, and a sentence on the choice of variants for the caption.

    The variants are chosen by the rule of `selection`. Layers are evenly spaced, including the first and the last.
    """
    all_rows = [row for series in layout(analysis).series for row in _row(series, which, most_layers, output)]
    rows = {row.series.name: row for row in _merged(all_rows)}
    groups = {name: [one.summary.variant for one in (row.series, *row.alike)] for name, row in rows.items()}
    chosen = select(analysis.plan, groups, most_rows)
    noun = N_("different networks") if any(row.alike for row in rows.values()) else N_("variants")
    return [rows[name] for name in chosen.highlighted], chosen.in_rows(noun)


def _merged(rows: Sequence[Row]) -> list[Row]:
    """Return the rows with identical ones merged: variants that differ only in training have equal initial networks."""
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        histograms_ = tuple((one.layer, one.edges.tobytes(), one.share.tobytes(), one.outside) for one in row.bars)
        groups.setdefault((row.step, histograms_), []).append(row)
    return [_merge(group) for group in groups.values()]


def _merge(group: Sequence[Row]) -> Row:
    """Return the first highlighted row, or the first row, with the others as `alike`."""
    first = min(group, key=lambda row: row.series.grey)
    return replace(first, alike=tuple(row.series for row in group if row is not first))


def notes(rows: Sequence[Row]) -> list[str]:
    """Return sentences on panels that show several variants, and on layers that are not shown."""
    parts = []
    if any(row.alike for row in rows):
        parts.append(_("Variants with identical initial networks share one panel"))
    most = max(rows, key=lambda row: row.layers)
    if most.layers > len(most.bars):
        parts.append(
            _("The figure shows {bars} of {layers} layers, evenly spaced").format(
                bars=len(most.bars), layers=most.layers
            )
        )
    return parts


def _row(series: Series, which: Which, most_layers: int, output: bool) -> Iterator[Row]:
    records = series.summary.records
    statistics = profile(records, f"{which}_std", "first")
    found = histograms(records, which, "first")
    if statistics is None or not found:
        return
    if not output and len(found) > 1:
        last = max(histogram.layer for histogram in found)
        found = [histogram for histogram in found if histogram.layer != last]
    std = dict(
        zip((int(layer) for layer in statistics.layers), (float(value) for value in statistics.mean), strict=True)
    )
    bars = tuple(
        _bars(histogram, std.get(histogram.layer, float("nan"))) for histogram in evenly_spaced(found, most_layers)
    )
    if any(one.share.sum() > 0 for one in bars):
        yield Row(series, statistics.step, bars, len(found))


def _bars(histogram: Histogram, std: float) -> Bars:
    """Return the histogram with neighbouring bins merged, so that there are at most BINS."""
    edges, share = np.asarray(histogram.edges, dtype=float), np.nan_to_num(np.asarray(histogram.share, dtype=float))
    join = -(-len(share) // BINS)
    if join > 1:
        starts = np.arange(0, len(share), join)
        edges, share = np.append(edges[starts], edges[-1]), np.add.reduceat(share, starts)
    return Bars(histogram.layer, edges, share, float(histogram.outside), std)


def csv_rows(rows: Sequence[Row]) -> Iterator[tuple[Any, ...]]:
    """Yield the bars as rows of BIN_COLUMNS, including empty bars."""
    for row in rows:
        for bars in row.bars:
            for one in (row.series, *row.alike):
                for low, high, share in zip(bars.edges[:-1], bars.edges[1:], bars.share, strict=True):
                    yield one.id, one.name, row.step, bars.layer, float(low), float(high), float(share)


BIN_COLUMNS = ("variant", "label", "step", "layer", "low", "high", "share")
"""Columns of the CSV file; share is the fraction of all values in the bin."""


def outline(edges: Array, share: Array) -> tuple[Array, Array]:
    """Return x and height (0 to 1) of the outline of a histogram of densities, including the baseline.

    The tallest bar is cut at twice the height of the next one, if that one has more than LEAST_SHARE of the values.
    """
    density = share / np.where(np.diff(edges) > 0, np.diff(edges), np.inf)
    order = np.argsort(density)
    top = float(density[order[-1]])
    if density.size > 1 and share[order[-2]] > LEAST_SHARE:
        top = min(top, 2 * float(density[order[-2]]))
    height = np.minimum(density / top, 1.0) if top > 0 else density
    return np.repeat(edges, 2), np.concatenate([[0.0], np.repeat(height, 2), [0.0]])
