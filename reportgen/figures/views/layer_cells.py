"""The data of the figures of a layer statistic: measured, predicted and printed values by variant and probe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.analysis.results import Analysis, Profile
from reportgen.analysis.summary import profile
from reportgen.figures.drawing.words import joined
from reportgen.figures.views.printed import printed
from reportgen.figures.views.series import Layout, Series
from reportgen.figures.views.view import LayerView, Probe
from reportgen.runs.record import RunRecord

Points = list[tuple[int, float]]

FAR = 1e4
"""Predictions further beyond the measured values than this factor do not extend the axis."""


@dataclass(frozen=True)
class Cell:
    """One variant at one probe: measured values, predictions of theory, and numbers printed in a lecture.

    output: the number of the output layer, None if it is not shown.
    """

    series: Series
    probe: Probe
    profile: Profile
    theory: Points
    printed: Points
    output: int | None

    @property
    def shown(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Whether each layer of the profile is drawn."""
        layers = self.profile.layers
        return layers < layers.max() if self.output is None and len(layers) > 1 else np.ones(len(layers), bool)

    @property
    def ends(self) -> tuple[Any, Any]:
        """The lower ends of the intervals (L,) and the seeds' values (S, L) at the drawn layers."""
        return self.profile.lo[self.shown], self.profile.per_seed[:, self.shown]

    @property
    def points(self) -> Points:
        """The mean over seeds of each drawn layer, as (layer, value)."""
        return [(x, float(y)) for x, y in zip(self.layers, self.profile.mean[self.shown], strict=True)]

    @property
    def layers(self) -> list[int]:
        """The drawn layers."""
        return [int(layer) for layer in self.profile.layers[self.shown]]


COLUMNS = ("variant", "label", "step", "layer", "mean", "low", "high", "seeds", "values_by_seed", "theory", "printed")
"""Columns of the CSV file; low and high are the ends of the 95% interval of the mean over seeds."""


def cells_of(analysis: Analysis, view: LayerView, plan: Layout, probe: Probe) -> Iterator[Cell]:
    for series in plan.series:
        found = profile(records_at(series, probe), view.statistic, probe)
        if found is None or not np.isfinite(found.mean).any():
            continue
        last = int(max(found.layers))
        numbers = printed(analysis, view.statistic, series.id, _names(series, probe, found.step), last)
        output = last if view.output or len(found.layers) == 1 else None
        theory = _theory(analysis, series.id, view.statistic, last if output else last - 1) if probe == "first" else []
        yield Cell(series, probe, found, theory, [p for p in numbers if output or p[0] < last], output)


def records_at(series: Series, probe: Probe) -> list[RunRecord]:
    """Return the variant's records; after training, without diverged runs, whose last probe is at another step."""
    return [record for record in series.summary.records if probe == "first" or record.status != "diverged"]


def _names(series: Series, probe: Probe, step: int) -> set[int | str | None]:
    """Return all names that a claim may use for this probe; without training, the first probe is also the last."""
    trained = any(record.steps > 0 for record in series.summary.records)
    last: set[int | str | None] = {"last", None} if probe == "last" or not trained else set()
    return {step, probe} | last


def _theory(analysis: Analysis, variant: str, statistic: str, last: int) -> Points:
    values = analysis.theory.get(variant, {}).get(statistic)
    if values is None or isinstance(values, str):
        return []
    listed = [float("nan") if value is None else float(value) for value in np.ravel(values)]
    return [(layer, value) for layer, value in enumerate(listed[:last], start=1) if np.isfinite(value)]


def places_of(cells: Sequence[Cell]) -> int:
    """Return the number of layers with marks of seeds, over all highlighted cells."""
    return sum(len(cell.layers) for cell in cells if not cell.series.grey)


def drop_repeated_probe(cells: Sequence[Cell]) -> list[Cell]:
    """Return the cells without the last probe if no run was trained, since it equals the first."""
    trained = any(cell.probe == "last" and cell.profile.step > 0 for cell in cells)
    only_last = not any(cell.probe == "first" for cell in cells)
    return [cell for cell in cells if cell.probe == "first" or trained or only_last]


def drawn(cell: Cell) -> Iterator[Any]:
    """Yield the values that the axis must contain; of printed numbers and predictions, the positive ones."""
    yield [y for _, y in cell.points]
    yield [y for _, y in cell.printed if y > 0]
    if cell.series.grey:
        return
    seeds = cell.profile.per_seed[:, cell.shown]
    yield seeds
    yield _near(seeds, [y for _, y in cell.theory if y > 0])


def _near(measured: np.ndarray[Any, np.dtype[np.float64]], expected: Sequence[float]) -> list[float]:
    """Return the predictions without those far beyond the measured values, which would flatten the lines."""
    sizes = np.abs(measured[np.isfinite(measured) & (measured != 0)])
    if not sizes.size:
        return list(expected)
    return [y for y in expected if sizes.min() / FAR <= y <= sizes.max() * FAR]


def rows_of(cells: Sequence[Cell]) -> Iterator[tuple[Any, ...]]:
    for cell in cells:
        theory, lecture, p = dict(cell.theory), dict(cell.printed), cell.profile
        for at in np.flatnonzero(cell.shown):
            layer = int(p.layers[at])
            yield (
                cell.series.id, cell.series.name, p.step, layer, float(p.mean[at]), float(p.lo[at]), float(p.hi[at]),
                " ".join(map(str, p.seeds)), joined(p.per_seed[:, at]),
                theory.get(layer), lecture.get(layer),
            )  # fmt: skip
