"""Path of a unit's weights in the first steps of training: zig-zag with inputs of one sign, direct with centred ones.

A panel shows two incoming weights of the first unit of a layer, step by step, from the hollow circle to the filled one.
If all inputs of the unit are positive, the gradients of all its weights have the same sign for every example. Both
weights then increase together or decrease together: each step of a minibatch of one example goes into one of the two
shaded quarters, and a path to a place outside of them zigzags (LeCun et al. 1998, section 4.3). Centred inputs allow
steps in every direction.

The layer is the first one whose inputs have one sign in some variant but not in all, otherwise the first layer. Of more
than two weights, those whose changes differ most are drawn. The run must record the path, which `probes: {unit_path:
40}` sets for the first 40 steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from reportgen.analysis.results import Analysis, VariantSummary
from reportgen.analysis.words.formatting import percent
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import count, descriptions, number, prose, sentence
from reportgen.figures.pictures.choice import rows_with, with_array
from reportgen.figures.pictures.drawn import drawing_of
from reportgen.figures.table import FIGURES
from reportgen.figures.views.selection import run_to_show, run_words
from reportgen.languages.translate import _
from reportgen.runs.record import RunRecord

FIGURE = FIGURES["unit_path"]

PANELS = 4
"""The largest number of variants."""

ONE_SIGN = 0.99
"""The inputs of a layer have one sign if at least this share of the gradients of single examples agree in sign."""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Path:
    """The path of two weights of a unit, points (K, 2); weights: their numbers, counted from 0; agree: see ONE_SIGN."""

    summary: VariantSummary
    record: RunRecord
    layer: int
    weights: tuple[int, int]
    points: Values
    agree: float

    @property
    def together(self) -> float:
        """The share of the steps in which both weights increase or both decrease; NaN without a step."""
        moves = np.diff(self.points, axis=0)
        moves = moves[(moves != 0).all(axis=1)]
        return float((moves[:, 0] * moves[:, 1] > 0).mean()) if len(moves) else float("nan")

    @property
    def detour(self) -> float:
        """The length of the path divided by the distance of its ends; NaN if they are equal."""
        length = float(np.linalg.norm(np.diff(self.points, axis=0), axis=1).sum())
        distance = float(np.linalg.norm(self.points[-1] - self.points[0]))
        return length / distance if distance > 0 else float("nan")


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None if no run recorded the path of its weights."""
    chosen, note = rows_with(analysis, "path_weights", PANELS)
    records = [(row, run_to_show(with_array(row, "path_weights"))) for row in chosen]
    layer = _layer([record for _, record in records])
    paths = [path for row, record in records if (path := _path(row, record, layer)) is not None]
    if not paths:
        return None
    return drawing_of(
        FIGURE,
        partial(_figure, paths),
        _caption(paths, note),
        _alt(paths),
        COLUMNS,
        _csv(paths),
        _words(max(paths, key=lambda path: path.together)),
    )


def _agreement(record: RunRecord, layer: int) -> float:
    if "probe_sign_agreement_example" not in record.arrays:
        return float("nan")
    return float(record.statistic("sign_agreement_example")[0, layer - 1])


def _layer(records: Sequence[RunRecord]) -> int:
    """Return the layer that is drawn."""
    common = [set(np.unique(record.arrays["path_layer"]).tolist()) for record in records]
    layers = sorted(set.intersection(*common)) if common else []
    mixed = [layer for layer in layers if len({_agreement(record, layer) >= ONE_SIGN for record in records}) == 2]
    return int((mixed or layers or [1])[0])


def _path(row: VariantSummary, record: RunRecord, layer: int) -> Path | None:
    """Return the path in a layer, None if the unit has a single weight or fewer than two finite points."""
    values = np.asarray(record.arrays["path_weights"], np.float64)[:, record.arrays["path_layer"] == layer]
    values = values[np.isfinite(values).all(axis=1)]
    if values.shape[1] < 2 or len(values) < 2:
        return None
    change = values[-1] - values[0]
    first, second = sorted((int(change.argmax()), int(change.argmin()))) if np.ptp(change) > 0 else (0, 1)
    return Path(row, record, layer, (first, second), values[:, [first, second]], _agreement(record, layer))


def _figure(paths: Sequence[Path]) -> Figure:
    columns = 1 if len(paths) == 1 else surface().columns(2)
    width = (surface().width - 0.62 - 0.12 - (columns - 1) * 0.62) / columns
    titles = _style.titles_height([path.summary.variant.label for path in paths], width)
    margins = _style.Margins(left=0.62, across=0.62, top=0.28, between=0.75, titles=titles)
    height = surface().either(2.6 if columns == 1 else 2.3, 1.8)
    figure, axes = _style.panels(len(paths), columns, height, margins=margins)
    for ax, path in zip(axes, paths, strict=True):
        _panel(ax, path, width / height)
        _style.panel_title(ax, path.summary.variant.label, width)
    return figure


def _panel(ax: Axes, path: Path, ratio: float) -> None:
    middle, reach = path.points.mean(axis=0), float(np.ptp(path.points, axis=0).max()) * 0.62 or 1e-3
    middle = (path.points.max(axis=0) + path.points.min(axis=0)) / 2
    ax.set_xlim(middle[0] - reach * ratio, middle[0] + reach * ratio)
    ax.set_ylim(middle[1] - reach, middle[1] + reach)
    x, y = path.points[0]
    far = 4 * reach * ratio
    for corner in ((x, y), (x - far, y - far)):
        ax.add_patch(Rectangle(corner, far, far, color=_style.REGION, lw=0, zorder=0.5))
    ax.plot(*path.points.T, color=_style.COLOURS[0], lw=1.0, marker=".", ms=3.5, zorder=3)
    ax.plot(x, y, marker="o", ms=6.5, color=_style.INK, mfc=_style.GROUND, mew=1.2, zorder=4)
    ax.plot(*path.points[-1], marker="o", ms=6.5, color=_style.INK, zorder=4)
    for axis, weight in zip((ax.xaxis, ax.yaxis), path.weights, strict=True):
        axis.set_major_locator(MaxNLocator(4))
        axis.set_label_text(_("weight {weight}").format(weight=weight + 1))
    ax.ticklabel_format(useOffset=False)


COLUMNS = ("variant", "label", "seed", "layer", "step", "weight", "value")
"""Columns of the CSV file."""


def _csv(paths: Sequence[Path]) -> Iterator[tuple[str, str, int, int, int, int, float]]:
    for path in paths:
        variant, seed = path.summary.variant, path.record.spec.seed
        for step, point in enumerate(path.points):
            for weight, value in zip(path.weights, point, strict=True):
                yield variant.id, variant.label, seed, path.layer, step, weight + 1, float(value)


def _words(path: Path) -> str:
    moves = _("both weights move in the same direction in {together} of the steps").format(
        together=percent(path.together, 0)
    )
    detour = _(", and the path is {detour} times as long as the straight line between its ends").format(
        detour=number(path.detour)
    )
    return _("with “{label}”, {moves}{detour}").format(
        label=path.summary.variant.label, moves=moves, detour=detour if np.isfinite(path.detour) else ""
    )


def _caption(paths: Sequence[Path], note: str) -> str:
    parts = [
        _(
            "two incoming weights of the first unit of layer {layer} in the first {steps}, from the "
            "hollow circle to the filled one, "
        ).format(layer=paths[0].layer, steps=count(len(paths[0].points) - 1, "step"))
        + run_words([(path.summary, path.record) for path in paths]),
        _(
            "Shaded: the directions in which both weights move together, the only ones for an example "
            "with inputs of one sign"
        ),
        *(_words(path) for path in paths),
        note,
    ]
    return " ".join(sentence(part) for part in parts if part)


def _alt(paths: Sequence[Path]) -> str:
    lines = [sentence(_words(path)).rstrip(".") for path in paths]
    return prose(_("Paths of two weights of a unit in the plane of both."), descriptions(lines, PANELS, "variant"))
