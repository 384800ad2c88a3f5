"""Feature maps: the outputs of each layer with images for one example, with an image for each channel.

The example is the first training example. Each variant has its input image, and a row for each convolution and pooling
in which the scale is the same for all channels; dark is low and light is high. The label gives the size of the layer's
outputs and the ends of the scale.

A uniform image is a channel that does not respond to this example. A cross marks a dead channel, whose outputs are zero
for every probe example. Later layers have smaller images, in which channels respond to larger parts of the input.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reportgen.analysis.classes import label_of
from reportgen.analysis.results import Analysis, VariantSummary
from reportgen.engine.architecture import by_layer, main_of
from reportgen.engine.inspect.images import evenly_spaced
from reportgen.engine.layout import Operation
from reportgen.figures.drawing import mosaic
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import count, descriptions, number, prose, sentence, span
from reportgen.figures.networks.maps import Maps, maps_words
from reportgen.figures.networks.stages import operation_name, shape_words, stages_of
from reportgen.figures.table import FIGURES
from reportgen.figures.views.pruned import last_training
from reportgen.figures.views.selection import run_to_show, run_words, select_rows
from reportgen.languages.translate import _, in_english
from reportgen.runs.operations import operations_of
from reportgen.runs.record import RunRecord

FIGURE = FIGURES["feature_maps"]

ROWS, TALLEST = 3, 8.6
"""The largest number of variants, and the largest height of the figure in inches."""

LEFT, GAP, TITLE = 1.42, 0.1, 0.24
"""Inches: for labels, between rows, and for the name of a variant."""

GRIDS = ((8, 0.55), (16, 0.275))
"""Numbers of channels side by side, with the side of an image in inches; the second if the first is too tall."""

GRID_OF_PHONE = (8, 0.27)
"""The same on a phone, where labels are above the images."""

LABEL = 0.36
"""The height of a label of three lines in inches."""


@dataclass(frozen=True)
class Row:
    """The input, (height, width, channels), and the feature maps of a variant."""

    summary: VariantSummary
    record: RunRecord
    image: NDArray[np.float64]
    layers: tuple[Maps, ...]

    @property
    def classes(self) -> str:
        """The class of the example, and the predicted class."""
        label, predicted = (int(one) for one in self.record.arrays["example_classes"])
        facts = self.record.facts
        guess = (
            _("no prediction")
            if predicted < 0
            else _("predicted {label_of}").format(label_of=label_of(facts, predicted))
        )
        return _("class {label_of}, {guess}").format(label_of=label_of(facts, label), guess=guess)


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None if no run has feature maps."""
    able = [row for row in map(_row, analysis.outcomes) if row is not None]
    if not able:
        return None
    chosen, note = select_rows(analysis.plan, [row.summary for row in able], ROWS)
    rows = _fitted([row for row in able if row.summary in chosen])
    with _style.settings():
        figure = _figure(rows)
    caption, alt = _caption(rows, note), _alt(rows, note)
    return Drawing(FIGURE.id, _(FIGURE.title), caption, alt, figure, COLUMNS, list(_csv(rows)), partial(_figure, rows))


def _row(summary: VariantSummary) -> Row | None:
    """Return the maps of a run of the variant, None if no run has any."""
    records = [record for record in summary.records if len(record.arrays.get("feature_map_operation", ()))]
    if not records:
        return None
    record = run_to_show(records)
    layers = tuple(_layers(record))
    return Row(summary, record, np.asarray(record.arrays["example_image"], float), layers) if layers else None


def _fitted(rows: Sequence[Row]) -> list[Row]:
    """Return the rows with as many layers, evenly spaced, as fit in the figure."""
    most, fitted = max(len(row.layers) for row in rows), list(rows)
    while most > 2 and _height(fitted, *GRIDS[-1]) > TALLEST:
        most -= 1
        fitted = [replace(row, layers=tuple(evenly_spaced(row.layers, most))) for row in rows]
    return fitted


def _layers(record: RunRecord) -> Iterator[Maps]:
    operations, arrays = operations_of(record), record.arrays
    mains = {index: main_of([operations[at] for at in group]) for group in by_layer(operations) for index in group}
    begin = 0
    for index, shape in zip(arrays["feature_map_operation"], arrays["feature_map_shape"], strict=True):
        values = np.asarray(arrays["feature_maps"][begin : begin + int(np.prod(shape))], float)
        begin += values.size
        if not operations:
            return
        operation = operations[int(index)]
        layer = None if operation.layer is None else operation.layer + 1
        name = partial(_name, layer, mains[int(index)])
        images = values.reshape(tuple(shape)).transpose(2, 0, 1)
        yield Maps(name(), in_english(name), operation.output_shape, images, _dead(record, layer, len(images)))


def _name(layer: int | None, operation: Operation) -> str:
    words = operation_name(operation)
    return words if layer is None else f"{layer} {words}"


def _dead(record: RunRecord, layer: int | None, most: int) -> tuple[int, ...]:
    """Return the first channels of a layer that are zero for every probe example at the last probe."""
    if layer is None or not len(record.probe_steps) or "probe_unit_dead" not in record.arrays:
        return ()
    units = np.asarray(record.arrays["probe_unit_dead"])[-1][np.asarray(record.arrays["unit_layer"]) == layer]
    return tuple(int(channel) for channel in np.flatnonzero(units[:most]))


def _figure(rows: Sequence[Row]) -> Figure:
    able = [GRID_OF_PHONE] if surface().is_narrow else [grid for grid in GRIDS if _height(rows, *grid) <= 0.8 * TALLEST]
    columns, side = (able or GRIDS[-1:])[0]
    inches = _height(rows, columns, side)
    figure, ax = mosaic.canvas(inches)
    top = 0.06
    for row in rows:
        ax.text(
            0.1,
            top + 0.08,
            _style.clip(row.summary.variant.label, surface().width - 0.4, _style.TITLE),
            weight="bold",
            va="center",
        )
        top += TITLE
        _draw_input(ax, row, top, side)
        top += _with_label(side) + GAP
        for layer in row.layers:
            _draw_layer(ax, layer, top, columns, side)
            top += _layer_height(layer, columns, side) + GAP
    mosaic.set_inches(ax, inches)
    return figure


def _height(rows: Sequence[Row], columns: int, side: float) -> float:
    """Return the height of the figure in inches."""
    layers = [layer for row in rows for layer in row.layers]
    inputs = len(rows) * (TITLE + _with_label(side) + GAP)
    return 0.06 + inputs + sum(_layer_height(layer, columns, side) + GAP for layer in layers)


def _layer_height(layer: Maps, columns: int, side: float) -> float:
    return _with_label(mosaic.height(len(layer.images), columns, side))


def _with_label(height: float) -> float:
    """Return the height of images with their label, which is left of them, on a phone above them."""
    return height + LABEL + 0.04 if surface().is_narrow else max(height, LABEL)


def _corner(top: float) -> tuple[float, float]:
    """Return the left and upper ends of images below `top`."""
    return (0.1, top + LABEL + 0.04) if surface().is_narrow else (LEFT, top)


def _draw_input(ax: Axes, row: Row, top: float, side: float) -> None:
    channels = row.image.shape[2]
    low, high = _ends(row.image)
    image = row.image if channels == 3 else row.image.mean(axis=2)
    middle, half = (low + high) / 2, (high - low) / 2 or 1.0
    shades = mosaic.composed(image - middle, half) if channels == 3 else mosaic.coloured(image, mosaic.GREYS, low, high)
    shape = shape_words(row.image.shape)
    _label(ax, top, _("input"), shape, row.classes)
    mosaic.show(ax, shades[None], 1, *_corner(top), side)


def _ends(values: NDArray[np.float64]) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def _draw_layer(ax: Axes, layer: Maps, top: float, columns: int, side: float) -> None:
    low, high = layer.ends
    shown = "" if len(layer.images) == layer.shape[-1] else _(", first {images}").format(images=len(layer.images))
    _label(
        ax,
        top,
        layer.name,
        f"{shape_words(layer.shape)}{shown}",
        _("{low} to {high}").format(low=number(low), high=number(high)),
    )
    shades = mosaic.coloured(layer.images, mosaic.SEQUENTIAL, low, high)
    mosaic.show(ax, shades, columns, *_corner(top), side)
    for channel in layer.dead:
        x, y = mosaic.place(channel, columns, *_corner(top), side)
        ax.plot([x], [y], marker="x", ms=7, mew=1.4, color=_style.GROUND, zorder=3)


def _label(ax: Axes, top: float, name: str, *lines: str) -> None:
    room = surface().width if surface().is_narrow else LEFT
    ax.text(0.1, top - 0.02, _style.clip(name, room - 0.2, _style.SMALL), fontsize=_style.SMALL, va="top")
    for at, line in enumerate(lines):
        words = _style.clip(line, room - 0.16, _style.TINY)
        ax.text(0.1, top + 0.13 + 0.115 * at, words, fontsize=_style.TINY, va="top", color=_style.MUTED)


COLUMNS = ("variant", "label", "seed", "layer", "channel", "dead", "row", "values")
"""Columns of the CSV file; a row of an image is a line, with its values from left to right."""


def _csv(rows: Sequence[Row]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        start = (row.summary.variant.id, row.summary.variant.label, row.record.spec.seed)
        inputs = Maps("", "input", row.image.shape, row.image.transpose(2, 0, 1), ())
        for layer in (inputs, *row.layers):
            for (channel, y), _first in np.ndenumerate(layer.images[:, :, 0]):
                values = " ".join(f"{value:.5g}" for value in layer.images[channel, y])
                yield (*start, layer.column, channel + 1, channel in layer.dead, y + 1, values)


def _caption(rows: Sequence[Row], note: str) -> str:
    layers = [layer for row in rows for layer in row.layers]
    runs = run_words([(row.summary, row.record) for row in rows])
    epochs = span([len(row.record.epochs("epoch")) - 1 for row in rows], "epoch")
    when = _("at initialization")
    if any(row.record.steps for row in rows):
        when = _("after {epochs} of training").format(epochs=epochs)
    parts = [
        _("outputs of the layers for the first training example {when}, {runs}, with an image for each channel").format(
            when=when, runs=runs
        ),
        _(
            "Each layer has its own scale, from its smallest value (dark) to its largest (light); labels "
            "show both values"
        ),
        _silence(rows),
    ]
    if any(len(row.layers) < _images(row.record) for row in rows):
        parts.append(_("Networks with many layers are represented by evenly spaced layers"))
    if any(layer.dead for layer in layers):
        parts.append(_("A cross marks dead channels, which are 0 for every probe example"))
    if any(len(layer.images) < layer.shape[-1] for layer in layers):
        parts.append(_("Layers with many channels are represented by the first ones"))
    pruned = last_training((row.record for row in rows), _("initialization"))
    return " ".join(sentence(part) for part in [*parts, pruned, note] if part)


def _images(record: RunRecord) -> int:
    """Return the number of layers and poolings of the main path that have images as outputs."""
    stages = stages_of(operations_of(record))
    return sum(not stage.shortcut and len(stage.output) == 3 and stage.output[:2] != (1, 1) for stage in stages)


def _silence(rows: Sequence[Row]) -> str:
    """Return a sentence on channels that do not respond to the example."""
    layers = [layer for row in rows for layer in row.layers]
    silent, channels = sum(layer.silent for layer in layers), sum(len(layer.images) for layer in layers)
    if not silent:
        return _("Every channel shown responds to the example; a channel that does not would be a uniform image")
    if silent == 1:
        return _("1 of {channels} shown does not respond to the example and is a uniform image").format(
            channels=count(channels, "channel")
        )
    return _("{silent} of {channels} shown do not respond to the example and are uniform images").format(
        silent=silent, channels=count(channels, "channel")
    )


def _alt(rows: Sequence[Row], note: str) -> str:
    lines = []
    for row in rows:
        layers = "; ".join(maps_words(layer) for layer in row.layers)
        lines.append(
            _("{label}: input of {classes}; {layers}").format(
                label=row.summary.variant.label, classes=row.classes, layers=layers
            )
        )
    return prose(_("Images of the outputs of each layer for one example."), note, descriptions(lines, ROWS, "variant"))
