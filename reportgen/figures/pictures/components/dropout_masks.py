"""Dropout masks of a network: the units that are kept in the first training steps, and in test mode.

A panel is a step. Each column is a layer; of large layers the first units are drawn. Filled circles are kept, crossed
ones are dropped for the first example of the minibatch. Every example of every step has a mask of its own, so that
training updates a different sub-network each time. In test mode every unit is kept.

The masks are those of the training: they depend only on the seed of the run, the layer and the step. By default, the
figure is drawn if the variants differ in dropout.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reportgen.analysis.results import Analysis, VariantSummary
from reportgen.analysis.words.formatting import percent
from reportgen.analysis.words.listing import listing
from reportgen.engine.inspect.masks import masks_of
from reportgen.engine.network_spec import LayerSpec
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import prose, sentence
from reportgen.figures.pictures.choice import differs, first_records, is_named
from reportgen.figures.table import FIGURES
from reportgen.languages.translate import _, in_english, numeral
from reportgen.runs.operations import operations_of
from reportgen.runs.record import RunRecord

FIGURE = FIGURES["dropout_masks"]

STEPS, UNITS, LAYERS, MEASURED = 3, 8, 6, 200
"""Steps, units of a layer and layers that are drawn, and steps over which the share of kept units is measured."""


@dataclass(frozen=True)
class Column:
    """A layer as drawn: its name, also in short, its number of units, and whether each drawn unit is kept.

    kept: (STEPS + 1, units), the last row in test mode.
    """

    name: str
    short: str
    total: int
    kept: NDArray[np.bool_]


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure of the first variant with dropout, None without one or if the study does not ask."""
    wanted = is_named(analysis, FIGURE.id) or differs(analysis, lambda spec: [*map(_rate, spec.network.layers)])
    able = [(row, record) for row, record in first_records(analysis) if any(map(_rate, record.spec.network.layers))]
    row, record = able[0] if able and wanted else (None, None)
    masks = masks_of(operations_of(record), record.spec.seed, MEASURED) if record else {}
    if row is None or record is None or not masks:
        return None
    columns = _columns(record, masks)
    narrow = partial(_figure, columns)
    with _style.settings():
        figure = narrow()
    caption, alt = _caption(row, record, masks, columns), _alt(columns)
    finding = sentence(_shares(record, masks)[0])
    return Drawing(
        FIGURE.id,
        _(FIGURE.title),
        caption,
        alt,
        figure,
        COLUMNS,
        in_english(lambda: list(_csv(_columns(record, masks)))),
        narrow=narrow,
        finding=finding,
    )


def _rate(layer: LayerSpec) -> float:
    return layer.dropout.rate if layer.dropout else 0.0


def _columns(record: RunRecord, masks: dict[int, NDArray[np.bool_]]) -> list[Column]:
    """Return the input and the layers, each with its first units; layers without dropout keep all units."""
    layers = record.spec.network.layers
    sizes = [int(record.facts.get("features", UNITS)), *(layer.units for layer in layers)]
    names = [_("input"), *(_("layer {number}").format(number=number) for number in range(1, len(layers))), _("output")]
    found = []
    for number, (name, size) in enumerate(zip(names, sizes, strict=True)):
        kept = np.ones((STEPS + 1, min(size, UNITS)), bool)
        if number in masks:
            kept[:STEPS] = masks[number][:STEPS, : kept.shape[1]]
        short = str(number) if 0 < number < len(layers) else name
        found.append(Column(name, short, size, kept))
    return found if len(found) <= LAYERS else [*found[: LAYERS - 1], found[-1]]


def _figure(columns: Sequence[Column]) -> Figure:
    margins = _style.Margins(left=0.12, right=0.12, top=0.3, bottom=0.26, across=0.12, between=0.55)
    height = 0.22 * max(column.kept.shape[1] for column in columns) + 0.3
    figure, axes = _style.panels(STEPS + 1, surface().either(STEPS + 1, 2), height, margins=margins)
    for step, ax in enumerate(axes):
        _panel(ax, columns, step)
        _style.panel_title(ax, _("step {step}").format(step=step + 1) if step < STEPS else _("test mode"), 1.4)
    return figure


def _panel(ax: Axes, columns: Sequence[Column], step: int) -> None:
    places = [np.arange(c.kept.shape[1]) - (c.kept.shape[1] - 1) / 2 for c in columns]
    lines = [
        [(at, -y), (at + 1, -up)]
        for at, (left, right) in enumerate(pairwise(columns))
        for y, on in zip(places[at], left.kept[step], strict=True)
        for up, next_on in zip(places[at + 1], right.kept[step], strict=True)
        if on and next_on
    ]
    ax.add_collection(LineCollection(lines, colors=_style.MUTED, linewidths=0.35, alpha=0.6, zorder=1))
    for at, (column, y) in enumerate(zip(columns, places, strict=True)):
        on = column.kept[step]
        ax.plot(np.full(int(on.sum()), at), -y[on], "o", ms=6.5, color=_style.GOOD, zorder=3)
        off = -y[~on]
        ring: dict[str, Any] = {"mfc": _style.GROUND, "mec": _style.BAD, "mew": 0.9, "zorder": 3}
        ax.plot(np.full(len(off), at), off, ls="none", marker="o", ms=6.5, **ring)
        ax.plot(np.full(len(off), at), off, ls="none", marker="x", ms=4.6, mew=1.1, color=_style.BAD, zorder=4)
    ax.set_xlim(-0.5, len(columns) - 0.5)
    half = max(len(y) for y in places) / 2
    ax.set_ylim(-half - 0.25, half + 0.25)
    ax.set_axis_off()
    words = [column.short if len(columns) > 3 else column.name for column in columns]
    for at, word in enumerate(words):
        ax.text(at, -half - 0.3, word, ha="center", va="top", fontsize=surface().tiny)


COLUMNS = ("layer", "unit", "step", "kept")
"""Columns of the CSV file; step 0 is test mode."""


def _csv(columns: Sequence[Column]) -> Iterator[tuple[str, int, int, bool]]:
    for column in columns:
        for step, kept in enumerate(column.kept):
            number = step + 1 if step < STEPS else 0
            yield from ((column.name, unit + 1, number, bool(on)) for unit, on in enumerate(kept))


def _shares(record: RunRecord, masks: dict[int, NDArray[np.bool_]]) -> list[str]:
    """Return words on the share of kept units of each layer with dropout."""
    layers = record.spec.network.layers
    return [
        _("layer {number} keeps {mean} of its units (dropout rate {rate})").format(
            number=number, mean=percent(float(kept.mean())), rate=numeral(f"{_rate(layers[number - 1]):g}")
        )
        for number, kept in masks.items()
    ]


def _caption(
    row: VariantSummary, record: RunRecord, masks: dict[int, NDArray[np.bool_]], columns: Sequence[Column]
) -> str:
    shares = _shares(record, masks)
    parts = [
        _(
            "units that dropout keeps for the first example of the minibatch in the first {count} "
            "training steps of “{label}”, seed {seed}, and in test mode"
        ).format(count=STEPS, label=row.variant.label, seed=record.spec.seed),
        _("Crossed units are dropped: their outputs are 0, and their weights get no gradient from this example"),
        _("Over {count} steps, {shares}").format(count=MEASURED, shares=listing(shares[:3])),
    ]
    if any(column.total > column.kept.shape[1] for column in columns):
        parts.append(_("Of larger layers, the first {count} units are drawn").format(count=UNITS))
    return " ".join(sentence(part) for part in parts)


def _alt(columns: Sequence[Column]) -> str:
    def words(step: int) -> str:
        kept = [
            _("{name} {kept} of {total}").format(
                name=column.name, kept=int(column.kept[step].sum()), total=column.kept.shape[1]
            )
            for column in columns
        ]
        return _("{step} keeps {kept}.").format(
            step=_("Step {step}").format(step=step + 1) if step < STEPS else _("Test mode"), kept=", ".join(kept)
        )

    return prose(_("Diagrams of a network with the units that dropout keeps."), *map(words, range(STEPS + 1)))
