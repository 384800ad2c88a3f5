"""Activation functions with their derivatives, a panel for each.

The solid line is the function, the dashed line its derivative, by which backpropagation multiplies a gradient. The grey
area is where a saturating activation is flat: its slope is below 5% of the largest one, so that almost no gradient
passes. A jump of the derivative is a gap.

By default, the figure is drawn if the hidden layers of the variants have different activations. `reportgen describe
relu -o relu.svg` draws a single activation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reportgen.analysis.results import Analysis
from reportgen.analysis.words.listing import listing
from reportgen.engine.tables.activation import SATURATED_SLOPE, Activation
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import count, descriptions, number, prose, sentence
from reportgen.figures.pictures.choice import component_words, differs, first_records, is_named, unique
from reportgen.figures.pictures.drawn import drawing_of
from reportgen.figures.table import FIGURES
from reportgen.languages.translate import _
from reportgen.registry import Component

FIGURE = FIGURES["activation_functions"]

REACH, POINTS, MOST = 6.0, 601, 9
LOW, HIGH = -1.6, 3.0
"""Range of z, number of its values, largest number of panels, and ends of the vertical axis."""

LINES = {"φ(z)": _style.SeriesStyle(_style.COLOURS[0], "", "-"),
         "φ′(z)": _style.SeriesStyle(_style.COLOURS[1], "", _style.DASHES[1])}  # fmt: skip

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Shape:
    """An activation with its values and slopes at `z`, (POINTS,) each."""

    component: Component
    z: Values
    value: Values
    slope: Values

    @property
    def row(self) -> Activation:
        """The row of the activation in the table."""
        return ACTIVATIONS[self.component.name]

    @property
    def name(self) -> str:
        """The activation with its parameters, in words."""
        return component_words(self.component)

    @property
    def flat(self) -> NDArray[np.bool_]:
        """Where the activation is saturated; nowhere for one that does not saturate."""
        return (np.abs(self.slope) < SATURATED_SLOPE * self.row.max_slope) & self.row.saturates


def shape_of(component: Component) -> Shape:
    """Return the values and slopes of an activation, from its row in the table."""
    row, parameters = ACTIVATIONS[component.name], dict(component.params)
    z = np.linspace(-REACH, REACH, POINTS)
    value, slope = (np.asarray(part(z, **parameters), np.float64) for part in (row.function, row.derivative))
    return Shape(component, z, np.broadcast_to(value, z.shape), np.broadcast_to(slope, z.shape))


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure of the activations of the hidden layers, None if there are none or the study does not ask."""
    wanted = is_named(analysis, FIGURE.id) or differs(analysis, lambda spec: spec.network.layers[0].activation)
    found = unique(
        layer.activation
        for _, record in first_records(analysis)
        for layer in record.spec.network.layers[:-1]
        if ACTIVATIONS[layer.activation.name].pieces is None
    )
    return _drawing(found) if wanted and found else None


def picture_of(component: Component) -> Drawing:
    """Return the figure of one activation."""
    return _drawing([component])


def _drawing(components: Sequence[Component]) -> Drawing:
    shapes = [shape_of(component) for component in components[:MOST]]
    caption, alt = _caption(shapes, len(components)), _alt(shapes)
    finding = "; ".join(map(_slope_words, shapes[:2]))
    return drawing_of(FIGURE, partial(_figure, shapes), caption, alt, COLUMNS, _csv(shapes), finding)


def _figure(shapes: Sequence[Shape]) -> Figure:
    columns = surface().columns(min(len(shapes), 2 if len(shapes) == 4 else 3))
    handles, labels = _style.line_legend(LINES, 1.0, ())
    margins = _style.Margins(left=0.4, across=0.35, between=0.5)
    height = {1: 2.4, 2: 1.9}.get(len(shapes), 1.35)
    figure, axes = _style.panels(len(shapes), columns, height, _style.legend_height(labels), margins)
    for at, (ax, shape) in enumerate(zip(axes, shapes, strict=True)):
        _panel(ax, shape)
        _style.panel_title(ax, shape.name, surface().width / columns - 0.4)
        if at + columns >= len(shapes):
            ax.set_xlabel("z", labelpad=1)
    _style.legend(figure, handles, labels)
    return figure


def _panel(ax: Axes, shape: Shape) -> None:
    ax.fill_between(shape.z, LOW, HIGH, where=shape.flat.tolist(), color=_style.GRID, lw=0, alpha=0.6, zorder=0.5)
    for place in (ax.axhline, ax.axvline):
        place(0, color=_style.MUTED, lw=0.6, zorder=1)
    jumps = np.abs(np.diff(shape.slope, prepend=shape.slope[0])) > 0.2 if shape.row.kinked else np.zeros(POINTS, bool)
    slope = np.where(jumps, np.nan, shape.slope)
    for values, style in zip((shape.value, slope), LINES.values(), strict=True):
        ax.plot(shape.z, values, color=style.colour, ls=style.dash, lw=1.5, zorder=style.level)
    ax.set_xlim(-REACH, REACH)
    ax.set_ylim(LOW, HIGH)
    ax.set_xticks([-6, -3, 0, 3, 6])
    ax.set_yticks([-1, 0, 1, 2, 3])
    ax.grid(axis="y")


COLUMNS = ("activation", "z", "value", "derivative")
"""Columns of the CSV file."""


def _csv(shapes: Sequence[Shape]) -> Iterator[tuple[str, float, float, float]]:
    for shape in shapes:
        for z, value, slope in zip(shape.z, shape.value, shape.slope, strict=True):
            yield shape.name, float(z), float(value), float(slope)


def _slope_words(shape: Shape) -> str:
    at = int(np.abs(shape.slope).argmax())
    words = _("{name} has a slope of at most {slope}").format(
        name=shape.name, slope=number(float(np.abs(shape.slope[at])))
    )
    if not shape.flat.any():
        return words
    below, above = (shape.z[shape.flat & (shape.z * sign > 0)] for sign in (-1, 1))
    ends = [_("below {below}").format(below=number(float(below[-1])))] if below.size else []
    ends += [_("above {above}").format(above=number(float(above[0])))] if above.size else []
    return _("{words} and is flat {ends}").format(words=words, ends=listing(ends))


def _caption(shapes: Sequence[Shape], total: int) -> str:
    parts = [
        _("activation functions φ(z) with their derivatives φ′(z), by which backpropagation multiplies a gradient"),
        f"{'; '.join(_slope_words(shape) for shape in shapes[:4])}",
    ]
    if any(shape.flat.any() for shape in shapes):
        parts.append(_("Grey areas: the slope is below 5% of the largest one, so that almost no gradient passes"))
    if any(shape.row.learned for shape in shapes):
        parts.append(_("Learned parameters have their initial values"))
    if len(shapes) < total:
        parts.append(
            _("The first {shapes} of {activations} are drawn").format(
                shapes=len(shapes), activations=count(total, "activation")
            )
        )
    return " ".join(sentence(part) for part in parts)


def _alt(shapes: Sequence[Shape]) -> str:
    lines = [
        _("{name}: from {value} at z = −6 over {value2} at 0 to {value3} at 6; {slope_words}").format(
            name=shape.name,
            value=number(float(shape.value[0])),
            value2=number(float(shape.value[POINTS // 2])),
            value3=number(float(shape.value[-1])),
            slope_words=_slope_words(shape),
        )
        for shape in shapes
    ]
    return prose(
        _("Line charts of activation functions and their derivatives."), descriptions(lines, MOST, "activation")
    )
