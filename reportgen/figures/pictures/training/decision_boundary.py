"""Decision boundary of a network on two features, at several steps of training.

A panel shows the plane of both features, tinted with the colour of the predicted class; the tint is stronger where the
predicted class has a higher probability. Points are training examples in the colour and marker of their class. The run
must record the predictions on a grid, which `probes: {boundary: true}` sets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reportgen.analysis.classes import label_of
from reportgen.analysis.results import Analysis, VariantSummary
from reportgen.analysis.words.formatting import percent
from reportgen.engine.inspect.boundary import SIDE
from reportgen.engine.inspect.images import evenly_spaced
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import descriptions, prose, sentence
from reportgen.figures.pictures.choice import rows_with, with_array
from reportgen.figures.pictures.drawn import drawing_of
from reportgen.figures.table import FIGURES
from reportgen.figures.views.selection import run_to_show, run_words
from reportgen.languages.translate import _, numeral
from reportgen.runs.record import RunRecord

FIGURE = FIGURES["decision_boundary"]

ROWS, PANELS, POINTS = 3, 4, 150
"""The largest numbers of variants, of steps, and of examples that are drawn."""

WEAKEST, STRONGEST = 0.06, 0.5
"""Opacity of the tint where all classes are equally likely, and where the prediction is certain."""


@dataclass(frozen=True)
class Row:
    """A variant with the probes that are drawn, as indices."""

    summary: VariantSummary
    record: RunRecord
    probes: tuple[int, ...]

    @property
    def steps(self) -> NDArray[np.int64]:
        """Steps of all probes with predictions on the grid."""
        return np.asarray(self.record.arrays["boundary_step"])

    def share(self, label: int, probe: int) -> float:
        """Return the share of the grid in which a class is predicted."""
        return float((self.record.arrays["boundary_class"][probe] == label).mean())

    def accuracy(self, probe: int) -> float:
        """Return the share of the stored examples whose cell of the grid has their class."""
        grid = self.record.arrays["boundary_class"][probe]
        low, high = self.record.arrays["boundary_range"]
        x, y = self.record.arrays["boundary_examples"], self.record.arrays["boundary_labels"]
        at = np.clip(((x - low) / (high - low) * (len(grid) - 1)).round().astype(int), 0, len(grid) - 1)
        return float((grid[at[:, 1], at[:, 0]] == y).mean())


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None if no run recorded its predictions on a grid."""
    chosen, note = rows_with(analysis, "boundary_class", ROWS)
    if not chosen:
        return None
    rows = [_row(summary) for summary in chosen]
    return drawing_of(
        FIGURE, partial(_figure, rows), _caption(rows, note), _alt(rows), COLUMNS, _csv(rows), _course(rows[-1])
    )


def _row(summary: VariantSummary) -> Row:
    record = run_to_show(with_array(summary, "boundary_class"))
    return Row(summary, record, tuple(evenly_spaced(range(len(record.arrays["boundary_step"])), PANELS)))


def _figure(rows: Sequence[Row]) -> Figure:
    shown = [tuple(evenly_spaced(row.probes, surface().either(PANELS, 2))) for row in rows]
    columns = max(map(len, shown))
    styles = {label_of(rows[0].record.facts, label): _style.series_style(label) for label in _labels(rows)}
    marks = {
        _("class {label}").format(label=label): _style.SeriesStyle(one.colour, one.marker, "none")
        for label, one in styles.items()
    }
    handles, labels = _style.line_legend(marks, 1.2, (), ms=4)
    titled = len(rows) > 1
    margins = _style.Margins(left=0.12, right=0.12, top=0.28 + 0.18 * titled, bottom=0.12, across=0.12,
                             between=0.34 + 0.18 * titled)  # fmt: skip
    side = min(2.2, (surface().width - 0.24 - (columns - 1) * 0.12) / columns)
    figure, axes = _style.grid(len(rows), columns, side, _style.legend_height(labels), margins)
    for row, probes, panels in zip(rows, shown, axes, strict=True):
        for ax, probe in zip(panels, probes, strict=False):
            _panel(ax, row, probe)
            ax.set_title(_when(row, probe), loc="left", y=1.0, pad=3, weight="normal", fontsize=_style.SMALL)
        for ax in panels[len(probes) :]:
            ax.set_visible(False)
        if titled:
            name = _style.clip(row.summary.variant.label, surface().width - 0.3, _style.TITLE)
            place: dict[str, Any] = {"transform": panels[0].transAxes, "va": "bottom", "weight": "bold"}
            panels[0].text(0, 1 + 0.2 / side, name, fontsize=_style.TEXT, **place)
    _style.legend(figure, handles, labels)
    return figure


def _labels(rows: Sequence[Row]) -> list[int]:
    return sorted({int(label) for row in rows for label in row.record.arrays["boundary_labels"]})


def _when(row: Row, probe: int) -> str:
    step = int(row.steps[probe])
    return _("step {step}").format(step=numeral(f"{step:,}")) if step else _("initialization")


def _panel(ax: Axes, row: Row, probe: int) -> None:
    arrays, label_colours = row.record.arrays, [_style.series_style(label).colour for label in range(256)]
    low, high = arrays["boundary_range"]
    grid, certainty = arrays["boundary_class"][probe], np.nan_to_num(arrays["boundary_probability"][probe])
    classes = max(int(row.record.facts.get("classes", 2)), 2)
    sure = np.clip((certainty - 1 / classes) / (1 - 1 / classes), 0, 1)[..., None]
    colours = np.array([to_rgb(colour) for colour in label_colours])[grid]
    image = np.concatenate([colours, WEAKEST + (STRONGEST - WEAKEST) * sure], axis=-1)
    ends = (low[0], high[0], low[1], high[1])
    ax.imshow(image, extent=ends, origin="lower", interpolation="nearest", aspect="auto", zorder=1)
    x, y = arrays["boundary_examples"][:POINTS], arrays["boundary_labels"][:POINTS]
    for label in np.unique(y):
        style = _style.series_style(int(label))
        ax.plot(*x[y == label].T, ls="none", marker=style.marker, ms=2.8, color=style.colour, mew=0.4,
                mec=_style.GROUND, zorder=3)  # fmt: skip
    edges = [np.linspace(*ends, SIDE) for ends in zip(low, high, strict=True)]
    for label in np.unique(grid)[: 1 if classes == 2 else None]:
        # With two classes, the probability of a class is known everywhere, so that its contour is smooth.
        chance = np.where(grid == label, certainty, 1 - certainty) if classes == 2 else (grid == label).astype(float)
        if chance.min() < 0.5 < chance.max():
            ax.contour(*edges, chance, levels=[0.5], colors=[_style.INK], linewidths=0.8, zorder=2)
    ax.set_xlim(low[0], high[0])
    ax.set_ylim(low[1], high[1])
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[["top", "right"]].set_visible(True)


COLUMNS = ("variant", "label", "seed", "step", "row", "classes")
"""Columns of the CSV file; a row of the grid is a line, from the lowest value of the second feature upwards."""


def _csv(rows: Sequence[Row]) -> Iterator[tuple[str, str, int, int, int, str]]:
    for row in rows:
        variant = row.summary.variant
        for probe in row.probes:
            for y, line in enumerate(row.record.arrays["boundary_class"][probe]):
                words = " ".join(map(str, line))
                yield variant.id, variant.label, row.record.spec.seed, int(row.steps[probe]), y + 1, words


def _course(row: Row) -> str:
    first, last = row.probes[0], row.probes[-1]
    return _(
        "“{label}”: {accuracy} of the examples are on the side of their class at {when}, and {accuracy2} at {when2}"
    ).format(
        label=row.summary.variant.label,
        accuracy=percent(row.accuracy(first), 0),
        when=_when(row, first),
        accuracy2=percent(row.accuracy(last), 0),
        when2=_when(row, last),
    )


def _caption(rows: Sequence[Row], note: str) -> str:
    parts = [
        _("predicted class in the plane of both features during training, ")
        + run_words([(row.summary, row.record) for row in rows]),
        _("The tint is the predicted class, stronger where its probability is higher; points are training examples"),
        *(_course(row) for row in rows),
        note,
    ]
    return " ".join(sentence(part) for part in parts if part)


def _alt(rows: Sequence[Row]) -> str:
    return prose(
        _("Maps of the predicted class over two features."), descriptions([*map(_course, rows)], ROWS, "variant")
    )
