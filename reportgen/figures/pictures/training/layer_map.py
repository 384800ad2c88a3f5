"""Heat map of a share of units or values by layer and probe, a panel for each variant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reportgen.analysis.results import Analysis, VariantSummary
from reportgen.analysis.words.formatting import percent
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.axis import fix_ticks
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import descriptions, prose, sentence, span
from reportgen.figures.pictures.choice import is_claimed, is_named, mean_over
from reportgen.figures.pictures.drawn import drawing_of
from reportgen.figures.pictures.shades import draw_cells
from reportgen.figures.pictures.views import MapView
from reportgen.figures.views.selection import select_rows
from reportgen.languages.translate import _, numeral

PANELS, NUMBERED = 6, 12
"""The largest numbers of variants, and of columns with numbers in the cells."""

LEAST = 0.1
"""The smallest share that has the strongest tint."""

MISSING = "–"
"""The text of a cell without a value, such as of a layer whose activation cannot saturate."""


@dataclass(frozen=True)
class Map:
    """Shares of a variant, the mean over its runs: values (layers, probes), and the steps of the probes."""

    summary: VariantSummary
    runs: int
    steps: tuple[int, ...]
    values: NDArray[np.float64]

    @property
    def worst(self) -> tuple[int, int]:
        """Layer, counted from 0, and probe of the largest share."""
        layer, probe = np.unravel_index(np.nan_to_num(self.values, nan=-1).argmax(), self.values.shape)
        return int(layer), int(probe)


def draw(analysis: Analysis, view: MapView) -> Drawing | None:
    """Return the figure, None if no run was probed or the study does not ask for it."""
    if not (is_named(analysis, view.id) or is_claimed(analysis, view.statistic)):
        return None
    found = {id(row): one for row in analysis.outcomes if (one := _map(row, view.statistic)) is not None}
    able = [row for row in analysis.outcomes if id(row) in found]
    if not able:
        return None
    rows, note = select_rows(analysis.plan, able, PANELS)
    maps = [found[id(row)] for row in rows]
    return drawing_of(
        view,
        partial(_figure, maps, view),
        _caption(maps, view, note),
        _alt(maps, view),
        COLUMNS,
        _csv(maps),
        f"{_(view.words)}: {_words(max(maps, key=lambda one: float(np.nanmax(one.values))))}",
    )


def _map(row: VariantSummary, statistic: str) -> Map | None:
    """Return the map of the runs with the same probes; None if there is no finite value."""
    probed = [record for record in row.records if len(record.probe_steps) and record.layers > 1]
    records = [record for record in probed if record.status != "diverged"] or probed
    steps = [tuple(int(step) for step in record.probe_steps) for record in records]
    longest = max(steps, key=len, default=())
    alike = [record for record, own in zip(records, steps, strict=True) if own == longest]
    if not alike:
        return None
    values = mean_over([record.statistic(statistic)[:, :-1] for record in alike]).T
    return Map(row, len(alike), longest, values) if np.isfinite(values).any() else None


def _figure(maps: Sequence[Map], view: MapView) -> Figure:
    columns = 1 if len(maps) == 1 else surface().columns(2)
    most = max(len(one.values) for one in maps)
    height = float(np.clip(0.2 * most, 0.5, 2.6))
    width = (surface().width - 0.62 - (columns - 1) * 0.45) / columns
    titles = _style.titles_height([one.summary.variant.label for one in maps], width)
    margins = _style.Margins(left=0.5, across=0.45, top=0.28, between=0.62, bottom=0.42, titles=titles)
    figure, axes = _style.panels(len(maps), columns, height, margins=margins)
    for at, (ax, one) in enumerate(zip(axes, maps, strict=True)):
        _panel(ax, one, view, width, _limit(maps))
        _style.panel_title(ax, one.summary.variant.label, width)
        if at + columns >= len(maps):
            ax.set_xlabel(_("step"), labelpad=2)
        if at % columns == 0:
            ax.set_ylabel(_("layer"), labelpad=2)
    return figure


def _limit(maps: Sequence[Map]) -> float:
    """Return the share with the strongest tint: the largest one, at least LEAST."""
    return max(LEAST, *(float(np.nanmax(one.values)) for one in maps))


def _panel(ax: Axes, one: Map, view: MapView, width: float, limit: float) -> None:
    layers, probes = one.values.shape
    room = width / probes > 0.24 and probes <= NUMBERED
    words = [[_cell(value) if room else "" for value in row] for row in one.values]
    draw_cells(ax, one.values / limit, np.array(words), _style.COLOURS[view.colour], surface().tiny)
    step = -(-layers // 12)
    fix_ticks(ax.yaxis, range(0, layers, step), [str(layer + 1) for layer in range(0, layers, step)])
    labels = [numeral(f"{number:,}") for number in one.steps]
    every = next(n for n in range(1, probes + 1) if max(map(_style.text_width, labels)) < n * width / probes - 0.05)
    fix_ticks(ax.xaxis, range(0, probes, every), labels[::every])


def _cell(value: float) -> str:
    if not np.isfinite(value):
        return MISSING
    return "<1" if 0 < value < 0.005 else f"{100 * value:.0f}"


COLUMNS = ("variant", "label", "layer", "step", "share", "runs")
"""Columns of the CSV file, means over the runs."""


def _csv(maps: Sequence[Map]) -> Iterator[tuple[str, str, int, int, float, int]]:
    for one in maps:
        variant = one.summary.variant
        for (layer, probe), share in np.ndenumerate(one.values):
            yield variant.id, variant.label, layer + 1, one.steps[probe], float(share), one.runs


def _words(one: Map) -> str:
    layer, probe = one.worst
    share = float(one.values[layer, probe])
    if share == 0:
        return _("with “{label}”, the share is 0 everywhere").format(label=one.summary.variant.label)
    where = _("in layer {layer} at step {steps}").format(layer=layer + 1, steps=numeral(f"{one.steps[probe]:,}"))
    return _("with “{label}”, at most {share}, {where}").format(
        label=one.summary.variant.label, share=percent(share), where=where
    )


def _caption(maps: Sequence[Map], view: MapView, note: str) -> str:
    parts = [
        _("{words} by hidden layer and training step, in percent, means over ").format(words=_(view.words))
        + span([one.runs for one in maps], "run"),
        _("The strongest tint is {limit}").format(limit=percent(_limit(maps), 0)),
        *(_words(one) for one in maps[:4]),
        _("{sign} is a layer without this statistic").format(sign=MISSING)
        if any(np.isnan(one.values).any() for one in maps)
        else "",
        note,
    ]
    return " ".join(sentence(part) for part in parts if part)


def _alt(maps: Sequence[Map], view: MapView) -> str:
    lines = [sentence(_words(one)).rstrip(".") for one in maps]
    return prose(
        _("Heat maps of the {words} by layer and step.").format(words=_(view.words)),
        descriptions(lines, PANELS, "variant"),
    )
