"""The network as a drawing: its layers from top to bottom, with the shape of their outputs and their parameters.

Shapes are channels, height and width, or a number of units. An arc from the outputs of one layer to another is a
shortcut, which is added before the activation; a projection on a shortcut is a dashed box. A part of the network that
is repeated is drawn once, with the number of repetitions. Parameters are those of one repetition.

Variants that differ only in activations, dropout or training share a drawing. By default, the figure is drawn for
networks with convolutions, pooling or residual blocks; a study can name it for any network.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from matplotlib.figure import Figure

from reportgen.analysis.results import Analysis
from reportgen.analysis.words.formatting import whole
from reportgen.analysis.words.listing import listing
from reportgen.figures.drawing import mosaic
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.surface import PAGE, surface
from reportgen.figures.drawing.words import count, prose, sentence
from reportgen.figures.networks.architectures import LABELS, Architecture, architectures
from reportgen.figures.networks.panel import Panel, panel_height
from reportgen.figures.networks.stages import Stage, shape_words
from reportgen.figures.table import FIGURES
from reportgen.languages.translate import _, in_english, ngettext, quoted

FIGURE = FIGURES["architecture"]

TALLEST = 8.8
"""The largest height of the figure in inches; architectures that do not fit are left out."""

MARGIN, ACROSS = 0.1, 0.35
"""Space around and between panels in inches."""

Line = list[Architecture]
"""Architectures side by side."""


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None if all networks are chains of dense layers and the study does not name it."""
    found = architectures(analysis)
    if not found or not (analysis.plan.study.figures or any(not one.is_chain for one in found)):
        return None
    with _style.settings():
        lines = _lines(found)
        figure = _figure(lines)
    shown = [one for line in lines for one in line]
    caption, alt = _caption(shown, found[len(shown) :]), _alt(shown, found[len(shown) :])
    return Drawing(
        FIGURE.id,
        _(FIGURE.title),
        caption,
        alt,
        figure,
        COLUMNS,
        in_english(lambda: list(_csv(architectures(analysis)))),
        partial(_narrow, shown),
    )


def _narrow(shown: Sequence[Architecture]) -> Figure:
    return _figure([[one] for one in shown])


def _lines(found: Sequence[Architecture]) -> list[Line]:
    """Return the architectures that fit in the figure by line: one, or two side by side."""
    width, lines, used = _width(len(found)), list[Line](), 2 * MARGIN
    for at in range(0, len(found), 2):
        line = list(found[at : at + 2])
        used += _height(line, width)
        if lines and used > TALLEST:
            break
        lines.append(line)
    return lines


def _width(amount: int) -> float:
    room = surface().width - 2 * MARGIN
    return room if amount == 1 or surface().is_narrow else (room - ACROSS) / 2


def _height(line: Line, width: float) -> float:
    return max(panel_height(one, _is_wide(width), width) for one in line)


def _is_wide(width: float) -> bool:
    return width > PAGE.width / 2


def _figure(lines: Sequence[Line]) -> Figure:
    width = _width(sum(len(line) for line in lines))
    heights = [_height(line, width) for line in lines]
    figure, ax = mosaic.canvas(sum(heights) + 2 * MARGIN)
    top = MARGIN
    for line, height in zip(lines, heights, strict=True):
        for column, one in enumerate(line):
            Panel(ax, one, (MARGIN + column * (width + ACROSS), top), width, _is_wide(width)).draw()
        top += height
    return figure


COLUMNS = (
    "architecture", "variants", "stage", "layer", "operation", "norm", "activation", "dropout", "outputs", "parameters",
    "input_from", "added_from",
)  # fmt: skip
"""Columns of the CSV file, one row for each stage; input_from and added_from are stages, 0 is the network's input."""


def _csv(found: Sequence[Architecture]) -> Iterator[tuple[Any, ...]]:
    for number, one in enumerate(found, start=1):
        variants = " ".join(row.variant.id for row in one.variants)
        for at, stage in enumerate(one.stages, start=1):
            yield (
                number, variants, at, stage.layer, stage.name, stage.norm, stage.activation, stage.dropout,
                shape_words(stage.output), stage.parameters, stage.source + 1,
                None if stage.adds is None else stage.adds + 1,
            )  # fmt: skip


def _caption(shown: Sequence[Architecture], left_out: Sequence[Architecture]) -> str:
    stages = [stage for one in shown for stage in one.stages]
    shapes = _(" (channels × height × width)") if any(len(stage.output) == 3 for stage in stages) else ""
    parts = [
        _("layers from input to output, with the shape of their outputs{shapes} and their parameters").format(
            shapes=shapes
        ),
        "; ".join(_summary(one, len(shown) > 1) for one in shown),
    ]
    parts.append(_("Numbers at the right of the boxes count the layers with weights, as in the other figures"))
    if any(stage.adds is not None for stage in stages):
        parts.append(_("Arcs are shortcuts, which are added before the activation"))
    if any(stage.shortcut for stage in stages):
        parts.append(_("Dashed boxes are projections on shortcuts"))
    if any(part.count > 1 for one in shown for part in one.parts):
        parts.append(_("A bracket marks layers that are repeated; their parameters are those of one repetition"))
    return " ".join(sentence(part) for part in [*parts, _omitted(left_out)] if part)


def _omitted(left_out: Sequence[Architecture]) -> str:
    """Return a sentence on architectures that are not drawn, empty if there are none."""
    if not left_out:
        return ""
    names = listing([quoted(one.label) for one in left_out[:LABELS]])
    more = _(" and {count} more").format(count=len(left_out) - LABELS) if len(left_out) > LABELS else ""
    text = ngettext(
        "{count} further network ({names}{more}) is only in the data of the figure",
        "{count} further networks ({names}{more}) are only in the data of the figure",
        len(left_out),
    )
    return text.format(count=len(left_out), names=names, more=more)


def _summary(one: Architecture, named: bool) -> str:
    layers = sum(stage.layer is not None for stage in one.stages)
    words = _("{layers} with weights, {parameters} parameters").format(
        layers=count(layers, "layer"), parameters=whole(one.parameters)
    )
    return f"{quoted(one.label)}: {words}" if named else words


def _alt(shown: Sequence[Architecture], left_out: Sequence[Architecture]) -> str:
    descriptions = [f"{_description(one)}." for one in shown]
    return prose(
        _("Drawing of the layers of a network as a column of boxes."), *descriptions, sentence(_omitted(left_out))
    )


def _description(one: Architecture) -> str:
    parts = []
    for part in one.parts:
        words = _(", then ").join(_words(one.stages[at]) for at in range(part.start, part.start + part.length))
        parts.append(_("{count} times ({words})").format(count=part.count, words=words) if part.count > 1 else words)
    return _("{label}: input {inputs}; {parts}; {summary}").format(
        label=one.label, inputs=shape_words(one.inputs), parts="; ".join(parts), summary=_summary(one, named=False)
    )


def _words(stage: Stage) -> str:
    extra = _(" on the shortcut") if stage.shortcut else _(" plus the shortcut") if stage.adds is not None else ""
    details = _(" with {details}").format(details=stage.details) if stage.details else ""
    parameters = (
        _(" and {parameters} parameters").format(parameters=whole(stage.parameters)) if stage.parameters else ""
    )
    return _("{name}{extra}{details}, {output} outputs{parameters}").format(
        name=stage.name, extra=extra, details=details, output=shape_words(stage.output), parameters=parameters
    )
