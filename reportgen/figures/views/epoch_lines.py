"""The data of the figures of scores by epoch: panels of lines, arranged by the number of variants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from reportgen.analysis.results import Analysis, Array, Curve
from reportgen.analysis.summary import curve
from reportgen.figures.drawing import palette
from reportgen.figures.drawing.style import MUTED, SeriesStyle
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import count, joined
from reportgen.figures.views.series import Layout, Panel, Series, layout
from reportgen.figures.views.view import CurveView
from reportgen.languages.translate import _

OWN_PANELS = 3
"""The largest number of variants that each have a panel with all scores; more variants share a panel for each score."""

LONGER = 4
"""Variants that train longer than others by more than this factor have a panel of their own."""

QUANTILES_FROM = 6
"""The least number of seeds for a band of quantiles instead of single seeds."""

LOW, HIGH = 0.1, 0.9
"""The quantiles that bound the band."""

SCORE_STYLES = (
    SeriesStyle(palette.light("blue"), "o", "-"),
    SeriesStyle(palette.light("vermilion"), "s", (0, (5, 1.5))),
    SeriesStyle(MUTED, "v", (0, (1.5, 1.2))),
)


@dataclass(frozen=True)
class Line:
    """One score of one variant.

    Attributes
    ----------
    label : str
        Name of the line within its panel.
    curve : Curve
        The score over all seeds.
    mean : Curve or None
        The score over the runs that did not diverge; None if all diverged.
    quantiles : array (3, E)
        10% quantile, median and 90% quantile of the runs that did not diverge, or of all runs if all diverged.
    ended : tuple of int
        The seeds of diverged runs.
    """

    series: Series
    column: str
    label: str
    style: SeriesStyle
    curve: Curve
    mean: Curve | None
    quantiles: Array
    ended: tuple[int, ...]

    @property
    def grey(self) -> bool:
        """Whether the line is grey."""
        return self.series.grey

    @property
    def banded(self) -> bool:
        """Whether the line is the median with a band of quantiles, instead of the mean with single seeds."""
        return len(self.curve.seeds) >= QUANTILES_FROM

    @property
    def middle(self) -> Array:
        """The line as drawn (E,): the median, or the mean of few seeds."""
        return self.quantiles[1] if self.banded else (self.mean or self.curve).mean


def quantiles_of(per_seed: Array) -> Array:
    """Return the 10% quantile, median and 90% quantile (3, E) over finite values of seeds (S, E), NaN where none is.

    The result is that of numpy.nanquantile, which is a hundred times slower.
    """
    ordered = np.sort(np.where(np.isfinite(per_seed), per_seed, np.nan), axis=0)
    last = np.maximum(np.isfinite(ordered).sum(axis=0) - 1, 0)
    places = np.array([LOW, 0.5, HIGH])[:, None] * last
    below = np.floor(places).astype(int)
    above = np.minimum(below + 1, last)
    low, high = (np.take_along_axis(ordered, rows, axis=0) for rows in (below, above))
    result: Array = low + (places - below) * (high - low)
    return result


@dataclass(frozen=True)
class Group:
    """The lines of a panel, with its title and the label of its y axis."""

    title: str
    lines: tuple[Line, ...]
    y_label: str


def groups_of(analysis: Analysis, view: CurveView) -> tuple[list[list[Group]], Layout]:
    """Return the panels by row, and the layout; there are no panels if nothing was trained or scored."""
    plan = layout(analysis)
    if len(plan.series) <= OWN_PANELS:
        row = [_own_panel(series, view, len(plan.series)) for series in plan.series]
        return [[group for group in row if group.lines]] if any(group.lines for group in row) else [], plan
    rows = [_shared_panels(plan, view, column) for column in view.evaluated]
    rows = [row for row in rows if any(group.lines for group in row)]
    if surface().flat and all(len(row) == 1 for row in rows):
        return [[group for row in rows for group in row]] if rows else [], plan
    return rows, plan


def _own_panel(series: Series, view: CurveView, panels: int) -> Group:
    styles = dict(zip(view.columns, SCORE_STYLES, strict=False))
    lines = [_line(series, column, _(words), styles[column]) for column, words in view.columns.items()]
    return Group(series.name if panels > 1 else "", tuple(line for line in lines if line is not None), _(view.label))


def _shared_panels(plan: Layout, view: CurveView, column: str) -> list[Group]:
    groups = []
    for panel in _by_length(plan.panels) if len(plan.panels) == 1 else plan.panels:
        lines = [_line(series, column, series.label, series.style) for series in panel.series]
        score = _(view.columns[column])
        title, y_label = (panel.title, score) if panel.title else (score, _(view.label))
        groups.append(Group(title, tuple(line for line in lines if line is not None), y_label))
    return groups


def _by_length(panels: Sequence[Panel]) -> list[Panel]:
    """Return panels by length of training, if some variants train far longer than others."""
    every = [(_epochs(series), series) for panel in panels for series in panel.series]
    lengths = sorted({length for length, _series in every if length})
    bounds = [low for low, high in pairwise(lengths) if high > LONGER * low]
    if not bounds or len(bounds) >= OWN_PANELS:
        return list(panels)
    groups: dict[int, list[tuple[int, Series]]] = {}
    for length, series in every:
        groups.setdefault(sum(length > bound for bound in bounds), []).append((length, series))
    return [
        Panel(_span([n for n, _series in group]), tuple(s for _length, s in group))
        for _place, group in sorted(groups.items())
    ]


def _epochs(series: Series) -> int:
    return max((record.spec.training.epochs for record in series.summary.records), default=0)


def _span(lengths: Sequence[int]) -> str:
    low, high = min(lengths), max(lengths)
    return count(high, "epoch") if low == high else _("{low} to {high} epochs").format(low=low, high=high)


def _line(series: Series, column: str, label: str, style: SeriesStyle) -> Line | None:
    records = series.summary.records
    found = curve(records, column)
    values = found.per_seed
    if len(found.x) < 2 or np.isfinite(values).any(axis=0).sum() < 1:
        return None
    ended = tuple(record.spec.seed for record in records if record.status == "diverged")
    good = [record for record in records if record.status != "diverged"]
    mean = (curve(good, column) if ended else found) if good else None
    return Line(series, column, label, style, found, mean, quantiles_of((mean or found).per_seed), ended)


COLUMNS = (
    "variant", "label", "score", "epoch", "mean", "low", "high", "seeds", "values_by_seed", "median", "q10", "q90",
)  # fmt: skip
"""Columns of the CSV file; low and high are the ends of the 95% interval of the mean over seeds.

Mean, interval, median and quantiles exclude diverged runs; the median and the quantiles include them if all diverged.
"""


def csv_rows(groups: Sequence[Sequence[Group]]) -> Iterator[tuple[Any, ...]]:
    """Yield the curves as rows of COLUMNS, for all epochs, even if fewer are drawn."""
    for line in (line for row in groups for group in row for line in group.lines):
        found = line.curve
        low, middle, high = line.quantiles
        for at, epoch in enumerate(found.x):
            yield (
                line.series.id, line.series.name, line.column, int(epoch),
                *_mean_at(line.mean, at),
                " ".join(map(str, found.seeds)),
                joined(found.per_seed[:, at]),
                *(float(one[at]) if at < len(one) else None for one in (middle, low, high)),
            )  # fmt: skip


def _mean_at(mean: Curve | None, at: int) -> tuple[float | None, float | None, float | None]:
    if mean is None or at >= len(mean.x):
        return None, None, None
    return float(mean.mean[at]), float(mean.lo[at]), float(mean.hi[at])


def ends_of(line: Line) -> tuple[float, int, float] | None:
    """Return the first finite value, the last epoch with a finite value, and that value; None if all runs diverged."""
    if line.mean is None:
        return None
    finite = np.flatnonzero(np.isfinite(line.middle))
    if not finite.size:
        return None
    return float(line.middle[finite[0]]), int(line.mean.x[finite[-1]]), float(line.middle[finite[-1]])
