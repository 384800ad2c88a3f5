"""Statistics of the layers in a log, over steps or epochs: a panel for each statistic, a line for each layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reportgen.analysis.training_groups import TrainingGroup
from reportgen.analysis.words.foreign import table_text
from reportgen.figures.drawing import axis as _axis
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import count, descriptions, number, prose, sentence
from reportgen.figures.training.marks import Mark, draw_marks, marks_of, marks_words
from reportgen.figures.training.points import thinned
from reportgen.languages.translate import _
from reportgen.runs.training_log import Array, Curve, TrainingLog

MOST_PANELS = 6
MOST_LAYERS = 8
"""Largest numbers of statistics and of layers; evenly spaced layers are drawn if there are more."""

POINTS = 200
COLUMNS = ("run", "layer", "statistic", "unit", "position", "value")

Statistics = Mapping[str, Mapping[str, Curve]]
"""Curves by statistic and then by layer."""


def draw(group: TrainingGroup) -> Drawing | None:
    """Return the figure of the first run with statistics of layers, None without one."""
    run = next((run for run in group.runs if run.layers), None)
    found = {} if run is None else _by_statistic(run)
    if run is None or not found:
        return None
    marks = marks_of(group)
    narrow = partial(_figure, found, run, marks)
    with _style.settings():
        figure = narrow()
    title = _("Statistics of the layers: {name}").format(name=group.name)
    return Drawing(
        f"layers-{group.id}", title, _caption(group, run, found, marks), _alt(group, found), figure, COLUMNS,
        [row for name, layers in found.items() for row in _rows(run, name, layers)], narrow,
    )  # fmt: skip


def _by_statistic(run: TrainingLog) -> Statistics:
    found: dict[str, dict[str, Curve]] = {}
    for layer, statistics in run.layers.items():
        for name, curve in statistics.items():
            if np.isfinite(curve.values).any():
                found.setdefault(name, {})[layer] = curve
    return dict(list(found.items())[:MOST_PANELS])


def _chosen(layers: Mapping[str, Curve]) -> dict[str, Curve]:
    """Return the drawn layers, evenly spaced with the first and the last."""
    names = list(layers)
    if len(names) > MOST_LAYERS:
        names = [names[round(at)] for at in np.linspace(0, len(names) - 1, MOST_LAYERS)]
    return {name: layers[name] for name in names}


def _points(curve: Curve) -> tuple[Array, Array]:
    return thinned(curve.positions, curve.values, POINTS)


def _figure(found: Statistics, run: TrainingLog, marks: Sequence[Mark]) -> Figure:
    columns = surface().columns(min(2, len(found)))
    names = list(dict.fromkeys(name for layers in found.values() for name in _chosen(layers)))
    styles = {name: _style.series_style(at) for at, name in enumerate(names)}
    handles, labels = _style.line_legend(styles, 1.6, (), marker="")
    margins = _style.Margins(across=0.55, left=0.6)
    figure, axes = _style.panels(len(found), columns, 1.6, _style.legend_height(labels), margins)
    for at, (ax, (statistic, layers)) in enumerate(zip(axes, found.items(), strict=True)):
        drawn = {name: _points(curve) for name, curve in _chosen(layers).items()}
        scale = _axis.scale_for([y for _x, y in drawn.values()]) or _axis.UNIT
        for name, (x, y) in drawn.items():
            one = styles[name]
            ax.plot(x, scale.place(y), color=one.colour, ls=one.dash, lw=1.1, zorder=one.level)
        _axis.set_y(ax, scale)
        ax.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        draw_marks(ax, marks)
        _style.panel_title(ax, statistic, surface().title_width(columns, 0.6))
        if at + columns >= len(found):
            ax.set_xlabel(_(run.unit), labelpad=2)
    _style.legend(figure, handles, labels)
    return figure


def _caption(group: TrainingGroup, run: TrainingLog, found: Statistics, marks: Sequence[Mark]) -> str:
    layers = max(len(own) for own in found.values())
    shown = min(layers, MOST_LAYERS)
    of = "" if len(group.runs) == 1 else _(", of the run “{name}”").format(name=run.name)
    parts = [
        _("Statistics of the layers of “{name}” by {unit}{of}").format(name=group.name, unit=_(run.unit), of=of),
        marks_words(group, marks),
    ]
    if shown < layers:
        parts.append(
            _("{shown} of {layers} are drawn, evenly spaced").format(shown=shown, layers=count(layers, "layer"))
        )
    return " ".join(sentence(part) for part in parts if part)


def _alt(group: TrainingGroup, found: Statistics) -> str:
    words = [
        _("{statistic} of {layer}: {low} to {high}").format(
            statistic=statistic, layer=layer, low=number(float(y[0])), high=number(float(y[-1]))
        )
        for statistic, layers in found.items()
        for layer, curve in _chosen(layers).items()
        if (y := curve.finite).size
    ]
    return prose(
        _("Line charts of statistics of the layers of “{name}”.").format(name=group.name),
        descriptions(words, 12, "line"),
    )


def _rows(
    run: TrainingLog, statistic: str, layers: Mapping[str, Curve]
) -> list[tuple[str, str, str, str, float, float]]:
    return [
        (table_text(run.name), table_text(layer), table_text(statistic), run.unit, float(x), float(y))
        for layer, curve in _chosen(layers).items()
        for x, y in zip(*_points(curve), strict=True)
    ]
