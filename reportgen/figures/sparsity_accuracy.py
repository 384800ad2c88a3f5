"""Accuracy of pruned networks against the share of weights that remain, by round of pruning.

The axis is logarithmic and runs from the dense network, in which all weights remain, to the sparsest one, as in Frankle
and Carbin (2019, figure 4). Each variant that prunes is a line: dots are seeds, lines connect their means, and bars
are 95% intervals, which need three seeds. Dashed lines are the mean accuracy of the dense network. A second panel
shows the epoch of the lowest validation loss in each round, if there is a validation split.

The accuracy is the one that most claims measure; without such claims it is the accuracy on test examples, or on
validation examples if there is no test split, or on training examples.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from reportgen.analysis.results import Analysis, Estimate, VariantSummary
from reportgen.analysis.words.formatting import percent
from reportgen.analysis.words.names import words
from reportgen.figures.drawing import axis as _axis
from reportgen.figures.drawing import ends
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.axis import Array
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import descriptions, joined, prose, sentence
from reportgen.figures.networks.pruned import BEST, Line, output_words, result_of, shown
from reportgen.figures.table import FIGURES
from reportgen.figures.views.scores import SPLITS
from reportgen.figures.views.selection import Selection, select
from reportgen.figures.views.styles import line_styles
from reportgen.languages.translate import _, numeral, percentage
from reportgen.study.metrics.rounds import rounds

FIGURE = FIGURES["sparsity_accuracy"]

COLUMNS = (
    "variant", "label", "value", "round", "remaining", "mean", "low", "high", "n", "seeds", "values_by_seed",
)  # fmt: skip
"""Columns of the CSV file; low and high are the ends of the 95% interval of the mean over seeds."""

MOST_TICKS = 8

HEIGHT = 2.4
"""Height of a panel in inches."""

DODGE = 0.012
"""Distance of neighbouring lines, as a fraction of the axis."""

DENSE: dict[str, Any] = {"ls": (0, (4, 3)), "lw": 0.8, "zorder": 1.7}


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None if the study prunes no network."""
    rows = [row for row in analysis.outcomes if any(len(rounds(record, "sparsity")) for record in row.records)]
    name = _accuracy(analysis, rows)
    if name is None:
        return None
    variants = {row.variant.label: [row.variant] for row in rows}
    chosen = select(analysis.plan, variants)
    styles = line_styles({label: variants[label] for label in chosen.highlighted})
    names = [name, *([BEST] if _has(rows, BEST) else [])]
    lines = [_line(row, names, styles.get(row.variant.label)) for row in rows]
    narrow = partial(_figure, lines, names)
    with _style.settings():
        figure = narrow()
    caption, alt = _caption(lines, name, chosen, names), _alt(lines, name, chosen)
    finding = sentence(result_of(next(line for line in lines if not line.grey), name))
    return Drawing(FIGURE.id, _(FIGURE.title), caption, alt, figure, COLUMNS, _csv(lines, names), narrow, finding)


def _accuracy(analysis: Analysis, rows: Sequence[VariantSummary]) -> str | None:
    """Return the accuracy to show, such as "test_accuracy"; None without one."""
    able = [f"{split}_accuracy" for split in SPLITS if _has(rows, f"{split}_accuracy")]
    claimed = Counter(claim.measure.metric for claim in analysis.plan.study.claims)
    return max(able, key=lambda name: claimed[f"round_{name}"] + claimed[f"round_{name}_difference"], default=None)


def _has(rows: Sequence[VariantSummary], name: str) -> bool:
    return any(np.isfinite(rounds(record, name)).any() for row in rows for record in row.records)


def _line(row: VariantSummary, names: Sequence[str], style: _style.SeriesStyle | None) -> Line:
    records = [record for record in row.records if len(rounds(record, "sparsity"))]
    sparsity = np.array([rounds(record, "sparsity") for record in records])
    reached = np.isfinite(sparsity).any(axis=0)
    values = {name: np.array([rounds(record, name)[reached] for record in records]) for name in names}
    seeds = tuple(record.spec.seed for record in records)
    remaining: Array = 1 - np.nanmean(sparsity[:, reached], axis=0)
    return Line(row, style or _style.GREY, style is None, seeds, remaining, values)


def _figure(lines: Sequence[Line], names: Sequence[str]) -> Figure:
    columns, scales = surface().columns(len(names)), {name: _scale(lines, name) for name in names}
    curves = [_curves(lines, name, scale) for name, scale in scales.items()]
    room = ends.room_for([curves[at : at + columns] for at in range(0, len(curves), columns)], columns, HEIGHT)
    handles, labels = _legend(lines, named=room.inches > 0)
    right = _style.Margins.right + room.inches
    margins = _style.Margins(left=0.55, right=right, across=0.55 + room.across, top=0.14)
    figure, axes = _style.panels(len(names), columns, HEIGHT, _style.legend_height(labels), margins)
    for at, (ax, name) in enumerate(zip(axes, names, strict=True)):
        y = scales[name]
        for line in lines:
            if line.grey:
                _draw_line(ax, line, name, y, line.remaining)
        coloured = [line for line in lines if not line.grey]
        for line, x in zip(coloured, _places(coloured), strict=True):
            _draw_line(ax, line, name, y, x)
        if name != BEST:
            _draw_dense(ax, lines, name)
        _set_remaining(ax, lines)
        _axis.set_y(ax, y)
        ax.set_xlabel(_("weights remaining"), labelpad=2)
        label = _("epoch of lowest validation loss") if name == BEST else words(name)
        ax.set_ylabel(_style.wrap(label, ax.bbox.height / figure.dpi + 0.3, _style.TEXT, 2), labelpad=3)
        room.write(ax, curves, at)
    _style.legend(figure, handles, labels)
    return figure


def _curves(lines: Sequence[Line], name: str, y: _axis.Scale) -> list[ends.Curve]:
    """Return the lines of the means of a panel, without grey ones."""
    coloured = [line for line in lines if not line.grey]
    return [
        ends.Curve.of(line.label, line.style.colour, x, [found.value for found in line.means(name)], y)
        for line, x in zip(coloured, _places(coloured), strict=True)
    ]


def _scale(lines: Sequence[Line], name: str) -> _axis.Scale:
    coloured = [line for line in lines if not line.grey]
    drawn: list[Any] = [[found.value for found in line.means(name)] for line in lines]
    drawn += [part for line in coloured for part in (line.values[name], *_intervals(line.means(name)))]
    scale = _axis.scale_for(drawn, log=False) or _axis.UNIT
    return replace(scale, whole=True) if name == BEST else _axis.accuracy_scale(scale)


def _set_remaining(ax: Axes, lines: Sequence[Line]) -> None:
    """Set a logarithmic axis that falls from 100%, with ticks at the rounds of the line with the most rounds."""
    places = max((line.remaining for line in lines), key=len)
    places = places[:: -(-len(places) // MOST_TICKS)]
    ax.set_xscale("log")
    ax.xaxis.set_minor_locator(NullLocator())
    _axis.fix_ticks(
        ax.xaxis,
        [*places],
        [percentage(numeral(f"{100 * place:.2g}")) if place < 0.995 else percentage("100") for place in places],
    )
    lowest = min(float(line.remaining.min()) for line in lines)
    margin = (1 / lowest) ** 0.04
    ax.set_xlim(margin, lowest / margin)


def _draw_line(ax: Axes, line: Line, name: str, y: _axis.Scale, x: Array) -> None:
    """Draw a line at the places x: its seeds, the intervals of their means, and the means."""
    means = line.means(name)
    middle = y.place([found.value for found in means])
    if line.grey:
        ax.plot(x, middle, **_style.GREY_LINE)
        return
    colour, values = line.style.colour, line.values[name]
    seeds = np.broadcast_to(x, values.shape).ravel(), y.place(values).ravel()
    ax.plot(*seeds, ls="none", marker=".", ms=2.6, color=colour, alpha=0.5)
    low, high = _intervals(means)
    ax.vlines(x, y.place(low), y.place(high), color=colour, lw=1.0, alpha=0.7)
    style = {"ls": line.style.dash, "marker": line.style.marker, "ms": 3.4, "zorder": line.style.level}
    ax.plot(x, middle, color=colour, **style)


def _intervals(means: Sequence[Estimate]) -> tuple[list[float], list[float]]:
    """Return the ends of the intervals, NaN for too few seeds."""
    shown = [found.n >= _axis.BAND_FROM for found in means]
    low = [found.lo if has else np.nan for found, has in zip(means, shown, strict=True)]
    high = [found.hi if has else np.nan for found, has in zip(means, shown, strict=True)]
    return low, high


def _places(lines: Sequence[Line]) -> list[Array]:
    """Return the places of the lines on the axis, a little beside each other so that intervals do not overlap."""
    lowest = min(float(line.remaining.min()) for line in lines)
    steps = [at - (len(lines) - 1) / 2 for at in range(len(lines))]
    return [line.remaining * lowest ** (DODGE * step) for line, step in zip(lines, steps, strict=True)]


def _dense(lines: Sequence[Line], name: str) -> dict[float, str]:
    """Return the mean accuracies of the dense networks with the colours of their lines; a shared one is grey."""
    shown = [line for line in lines if not line.grey]
    found: dict[float, list[str]] = {}
    for line in shown:
        found.setdefault(round(line.means(name)[0].value, 12), []).append(line.style.colour)
    single = len(found) == 1
    return {value: _style.MUTED if single else colours[0] for value, colours in found.items() if np.isfinite(value)}


def _draw_dense(ax: Axes, lines: Sequence[Line], name: str) -> None:
    for value, colour in _dense(lines, name).items():
        ax.axhline(value, color=colour, **DENSE)


def _legend(lines: Sequence[Line], named: bool) -> tuple[list[Any], list[str]]:
    """Return handles and labels; named: whether the lines have names at their ends."""
    shown = {line.label: line.style for line in lines if not (line.grey or named)}
    handles, labels = _style.line_legend(shown, 2.4, [line.label for line in lines if line.grey], ms=3.4)
    return [*handles, Line2D([], [], color=_style.MUTED, **DENSE)], [*labels, _("dense network")]


def _caption(lines: Sequence[Line], name: str, chosen: Selection, names: Sequence[str]) -> str:
    banded = any(found.n >= _axis.BAND_FROM for line in lines for found in line.means(name))
    parts = [
        _("{name} at the end of each round of pruning, against the share of weights that remain").format(
            name=words(name)
        ),
        output_words(lines),
        _("dots are seeds, lines connect their means{bands}").format(
            bands=_(", bars are 95% intervals") if banded else ""
        ),
        _("The dashed line is the dense network")
        if len(_dense(lines, name)) == 1
        else _("Dashed lines are dense networks"),
        _("The second panel shows the epoch of the lowest validation loss") if BEST in names else "",
        chosen.in_colour(),
        *(result_of(line, name) for line in [line for line in lines if not line.grey][:3]),
    ]
    return " ".join(sentence(part) for part in parts if part)


def _alt(lines: Sequence[Line], name: str, chosen: Selection) -> str:
    def course(line: Line) -> str:
        points = zip(line.remaining, line.means(name), strict=True)
        return f"{line.label}: " + ", ".join(
            _("{value} at {at}").format(value=shown(found.value), at=percent(float(at))) for at, found in points
        )

    chart = _("Line chart of {name} against the share of weights that remain.").format(name=words(name))
    return prose(chart, chosen.in_colour(), descriptions([course(line) for line in lines], 8, "line"))


def _csv(lines: Sequence[Line], names: Sequence[str]) -> list[tuple[Any, ...]]:
    return [
        (
            *(line.summary.variant.id, line.label, name, at, float(line.remaining[at])),
            *(found.value, found.lo, found.hi, found.n),
            *(" ".join(map(str, line.seeds)), joined(line.values[name][:, at])),
        )
        for name in names
        for line in lines
        for at, found in enumerate(line.means(name))
    ]
