"""What a figure of scores by epoch shows: panels of lines, chosen by how many variants there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from reportgen.analysis.results import Analysis, Array, Curve
from reportgen.analysis.summary import curve
from reportgen.figures.drawing.style import MUTED, Look
from reportgen.figures.drawing.words import count
from reportgen.figures.views.series import Layout, Panel, Series, layout
from reportgen.figures.views.view import CurveView

APART = 3
"""Up to so many variants, each has a panel of its own with all its scores as lines."""

FAR = 4
"""How many times longer training takes of a variant that has another panel."""

QUANTILES_FROM = 6
"""The seeds from which a band of quantiles stands for single seeds."""

LOW, HIGH = 0.1, 0.9
"""The quantiles that bound the band."""

SCORE_LOOKS = (Look("#0072b2", "o", "-"), Look("#d55e00", "s", (0, (5, 1.5))), Look(MUTED, "v", (0, (1.5, 1.2))))


@dataclass(frozen=True)
class Line:
    """One score of one variant: label and look tell it apart in its panel.

    curve holds every seed; mean is the curve of the runs that did not diverge, None where all did; ended is the seeds
    that diverged. quantiles (3, E) are those of the runs that did not diverge, or of all where all did.
    """

    series: Series
    column: str
    label: str
    look: Look
    curve: Curve
    mean: Curve | None
    quantiles: Array
    ended: tuple[int, ...]

    @property
    def ghost(self) -> bool:
        """Whether the line is one of those in grey."""
        return self.series.ghost

    @property
    def banded(self) -> bool:
        """Whether a band of quantiles stands for the seeds, and the median for their mean."""
        return len(self.curve.seeds) >= QUANTILES_FROM

    @property
    def middle(self) -> Array:
        """The line as drawn (E,): the median, or the mean where there are few seeds."""
        return self.quantiles[1] if self.banded else np.asarray((self.mean or self.curve).mean, dtype=float)


def quantiles_of(per_seed: Any, shares: Sequence[float] = (LOW, 0.5, HIGH)) -> Array:
    """Return quantiles (Q, E) over the finite values of the seeds (S, E), NaN where there is none.

    They are interpolated linearly, as numpy.nanquantile does, which takes a hundred times as long.
    """
    values = np.asarray(per_seed, dtype=float)
    ordered = np.sort(np.where(np.isfinite(values), values, np.nan), axis=0)
    last = np.maximum(np.isfinite(ordered).sum(axis=0) - 1, 0)
    places = np.asarray(shares)[:, None] * last
    below = np.floor(places).astype(int)
    above = np.minimum(below + 1, last)
    low, high = (np.take_along_axis(ordered, rows, axis=0) for rows in (below, above))
    result: Array = low + (places - below) * (high - low)
    return result


@dataclass(frozen=True)
class Group:
    """One panel's lines under its title; unit: what its y axis shows."""

    title: str
    lines: tuple[Line, ...]
    unit: str


def groups_of(analysis: Analysis, view: CurveView) -> tuple[list[list[Group]], Layout]:
    """Return the panels by row, empty where nothing was trained or scored."""
    plan = layout(analysis)
    if len(plan.series) <= APART:
        row = [_own_panel(series, view, len(plan.series)) for series in plan.series]
        return [[group for group in row if group.lines]] if any(group.lines for group in row) else [], plan
    rows = [_shared_panels(plan, view, column) for column in view.evaluated]
    return [row for row in rows if any(group.lines for group in row)], plan


def _own_panel(series: Series, view: CurveView, panels: int) -> Group:
    looks = dict(zip(view.columns, SCORE_LOOKS, strict=False))
    lines = [_line(series, column, words, looks[column]) for column, words in view.columns.items()]
    return Group(series.name if panels > 1 else "", tuple(line for line in lines if line is not None), view.label)


def _shared_panels(plan: Layout, view: CurveView, column: str) -> list[Group]:
    groups = []
    for panel in _by_length(plan.panels) if len(plan.panels) == 1 else plan.panels:
        lines = [_line(series, column, series.label, series.look) for series in panel.series]
        title, unit = (panel.title, view.columns[column]) if panel.title else (view.columns[column], view.label)
        groups.append(Group(title, tuple(line for line in lines if line is not None), unit))
    return groups


def _by_length(panels: Sequence[Panel]) -> list[Panel]:
    """Return variants that train far longer than others in panels of their own: one axis would crush the short ones."""
    every = [(_epochs(series), series) for panel in panels for series in panel.series]
    lengths = sorted({length for length, _ in every if length})
    bounds = [low for low, high in pairwise(lengths) if high > FAR * low]
    if not bounds or len(bounds) >= APART:
        return list(panels)
    groups: dict[int, list[tuple[int, Series]]] = {}
    for length, series in every:
        groups.setdefault(sum(length > bound for bound in bounds), []).append((length, series))
    return [Panel(_span([n for n, _ in group]), tuple(s for _, s in group)) for _, group in sorted(groups.items())]


def _epochs(series: Series) -> int:
    return max((record.spec.training.epochs for record in series.summary.records), default=0)


def _span(lengths: Sequence[int]) -> str:
    low, high = min(lengths), max(lengths)
    return count(high, "epoch") if low == high else f"{low} to {high} epochs"


def _line(series: Series, column: str, label: str, look: Look) -> Line | None:
    records = series.summary.records
    found = curve(records, column)
    values = np.asarray(found.per_seed, dtype=float)
    if len(found.x) < 2 or np.isfinite(values).any(axis=0).sum() < 1:
        return None
    ended = tuple(record.spec.seed for record in records if record.status == "diverged")
    good = [record for record in records if record.status != "diverged"]
    mean = (curve(good, column) if ended else found) if good else None
    return Line(series, column, label, look, found, mean, quantiles_of((mean or found).per_seed), ended)


COLUMNS = (
    "variant", "label", "score", "epoch", "mean", "low", "high", "seeds", "values_by_seed", "median", "q10", "q90",
)  # fmt: skip
"""Columns of the data behind these figures.

The mean with its 95% interval (low, high) is over the runs that did not diverge, and so are the median and the
quantiles, unless all runs diverged.
"""


def csv_rows(groups: Sequence[Sequence[Group]]) -> Iterator[tuple[Any, ...]]:
    """Yield the curves as rows of COLUMNS, every epoch, also where a figure draws fewer."""
    for line in (line for row in groups for group in row for line in group.lines):
        found = line.curve
        low, middle, high = line.quantiles
        for at, epoch in enumerate(found.x):
            yield (
                line.series.id, line.series.name, line.column, int(epoch),
                *_mean_at(line.mean, at),
                " ".join(str(seed) for seed in found.seeds),
                " ".join(repr(float(value)) for value in np.asarray(found.per_seed)[:, at]),
                *(float(one[at]) if at < len(one) else None for one in (middle, low, high)),
            )  # fmt: skip


def _mean_at(mean: Curve | None, at: int) -> tuple[float | None, float | None, float | None]:
    if mean is None or at >= len(mean.x):
        return None, None, None
    return float(mean.mean[at]), float(mean.lo[at]), float(mean.hi[at])


def ends_of(line: Line) -> tuple[float, int, float] | None:
    """Return the line's first finite value, and its last one after its epoch; None where every run diverged."""
    if line.mean is None:
        return None
    finite = np.flatnonzero(np.isfinite(line.middle))
    if not finite.size:
        return None
    return float(line.middle[finite[0]]), int(line.mean.x[finite[-1]]), float(line.middle[finite[-1]])
