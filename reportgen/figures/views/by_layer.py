"""Layout of the figures of a layer statistic: small multiples over layers, before and after training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from reportgen.analysis.results import Analysis
from reportgen.analysis.words.listing import listing
from reportgen.figures.drawing import axis as _axis
from reportgen.figures.drawing import ends
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import Drawing, Rows
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import count, prose, sentence
from reportgen.figures.networks.stages import kinds_of
from reportgen.figures.views.layer_cells import COLUMNS, Cell, cells_of, drawn, drop_repeated_probe, places_of, rows_of
from reportgen.figures.views.layer_words import alt_of, caption_of, finding_of
from reportgen.figures.views.scores import some_seeds
from reportgen.figures.views.series import Layout, Panel, layout
from reportgen.figures.views.view import LayerView, Probe
from reportgen.languages.translate import _

WIDE = 8.0
"""Panels may have different scales if a shared scale spans more than this number of decades."""

MARKER_LAYERS = 24
"""The largest number of layers of which each has a marker."""


def draw(analysis: Analysis, view: LayerView) -> Drawing | None:
    """Return the figure of a layer statistic, None if no variant has a finite value."""
    plan = layout(analysis)
    cells = [cell for probe in view.probes for cell in cells_of(analysis, view, plan, probe)]
    cells = drop_repeated_probe(cells)
    whole = _scale(cells, view)
    if whole is None or _is_trivial(analysis, cells, view):
        return None
    scales = _scales(cells, view, plan, whole)
    narrow = partial(_figure, cells, view, plan, scales)
    with _style.settings():
        figure = narrow()
    caption, alt = caption_of(analysis, cells, view, plan, scales), alt_of(cells, view, plan)
    spots = [(probe, panel) for probe in view.probes for panel in plan.panels if panel.title in scales]
    same = ends.coincidences(_curves(_inside(cells, *spot), scales[spot[1].title]) for spot in spots)
    caption, finding = prose(caption, sentence(same)), finding_of(analysis, cells, view)
    return Drawing(
        view.id, _(view.title), caption, alt, figure, COLUMNS, Rows(partial(rows_of, cells)), narrow, finding
    )


def _is_trivial(analysis: Analysis, cells: Sequence[Cell], view: LayerView) -> bool:
    """Return whether there is only one layer, and neither the study nor a claim asks for the statistic."""
    requested = analysis.plan.study.figures or any(claim.metric == view.statistic for claim in analysis.claims)
    return not requested and all(len(cell.layers) == 1 for cell in cells)


def _scale(cells: Sequence[Cell], view: LayerView) -> _axis.Scale | None:
    parts: list[Any] = [part for cell in cells for part in drawn(cell)]
    if view.band and parts:
        parts.append(view.band[:2])
    scale = _axis.scale_for(parts, view.log)
    return _axis.fraction_scale(scale) if scale and view.fraction else scale


def _scales(cells: Sequence[Cell], view: LayerView, plan: Layout, whole: _axis.Scale) -> dict[str, _axis.Scale]:
    """Return the y scale of each panel: a shared one, unless lines would be flat in it."""
    own = {panel.title: _scale([cell for cell in cells if cell.series in panel.series], view) for panel in plan.panels}
    known = {title: scale for title, scale in own.items() if scale is not None}
    flat = any(_is_flat(scale, whole) for scale in known.values())
    return known if flat else dict.fromkeys(known, whole)


def _is_flat(scale: _axis.Scale, whole: _axis.Scale) -> bool:
    """Return whether the values of a panel would fill only a small part of the shared scale."""
    if whole.log:
        return whole.decades > WIDE and scale.decades < 0.6 * whole.decades
    return scale.log or scale.high - scale.low < 0.1 * (whole.high - whole.low)


def _figure(cells: Sequence[Cell], view: LayerView, plan: Layout, scales: Mapping[str, _axis.Scale]) -> Figure:
    probes = [probe for probe in view.probes if any(cell.probe == probe for cell in cells)]
    spots = _spots(cells, probes, [panel for panel in plan.panels if panel.title in scales])
    columns, rows = _shape(len(scales), len(spots))
    columns = surface().columns(columns)
    separate = len({id(scale) for scale in scales.values()}) > 1
    height = {1: 2.4, 2: 1.8, 3: 1.5}.get(rows, 1.3) if columns < 3 or rows > 1 else 2.0
    curves = [_curves(_inside(cells, probe, panel), scales[panel.title]) for probe, panel, _ in spots]
    lined = [curves[at : at + columns] for at in range(0, len(curves), columns)]
    names = ends.room_for(lined, columns, height)
    handles, labels = _legend(cells, view, ends.coinciding(curves), lines=not names.inches)
    titles = [title for _, _, title in spots]
    inches = surface().title_width(columns, 0.5) - names.share
    room = _axis.KINDS * bool(_kinds(cells))
    margins = _style.Margins(
        right=_style.Margins.right + names.inches + _axis.kinds_room(room > 0),
        across=(0.42 if separate else 0.16) + names.across,
        titles=_style.titles_height(titles, inches),
        bottom=_style.Margins.bottom + room,
        between=_style.Margins.between + room,
    )
    figure, axes = _style.panels(len(spots), columns, height, _style.legend_height(labels), margins)
    for at, (ax, (probe, panel, title)) in enumerate(zip(axes, spots, strict=True)):
        is_first = separate or at % columns == 0
        _panel(ax, _inside(cells, probe, panel), view, scales[panel.title], is_first, places_of(cells))
        _label_axes(ax, cells, view, at + columns >= len(spots), at % columns == 0)
        _style.panel_title(ax, title, inches)
        names.write(ax, lined[at // columns], at % columns)
    _style.legend(figure, handles, labels)
    return figure


def _inside(cells: Sequence[Cell], probe: Probe, panel: Panel) -> list[Cell]:
    return [cell for cell in cells if cell.probe == probe and cell.series in panel.series]


def _curves(cells: Sequence[Cell], scale: _axis.Scale) -> list[ends.Curve]:
    """Return the lines of the means of a panel, without grey ones unless a coloured line hides them."""
    found = [
        (cell.series, ends.Curve.of(cell.series.label, cell.series.style.colour, cell.layers, mean, scale))
        for cell in cells
        for mean in (cell.profile.mean[cell.shown],)
    ]
    coloured = [curve for series, curve in found if not series.grey]
    return ends.with_hidden(coloured, (curve for series, curve in found if series.grey))


Spot = tuple[Probe, Panel, str]
"""The probe and the variants of a panel in the figure, and its title."""


def _spots(cells: Sequence[Cell], probes: Sequence[Probe], panels: Sequence[Panel]) -> list[Spot]:
    """Return the panels of all probes.

    There is one panel at initialization if the networks of all panels start alike, as with several learning rates.
    """
    first = [cell for cell in cells if cell.probe == "first"]
    starts = [[_start(cell) for cell in first if cell.series in panel.series] for panel in panels]
    alike = len(probes) > 1 and len(panels) > 1 and all(start == starts[0] for start in starts)
    spots = [(probe, panel, _title(cells, probes, probe, panel)) for probe in probes for panel in panels]
    return [("first", panels[0], _probe_title(probes, first)), *spots[len(panels) :]] if alike else spots


def _start(cell: Cell) -> tuple[Any, ...]:
    """Return the settings that determine a variant's initial networks, and the statistic measured of them."""
    spec = cell.series.summary.records[0].spec
    measured = cell.profile.per_seed.tobytes()
    return cell.series.label, spec.data, spec.preprocess, spec.network, measured


def _shape(panels: int, spots: int) -> tuple[int, int]:
    """Return the numbers of columns and rows: one row for each probe if its panels fit side by side."""
    if panels > 1 and spots % panels == 1:
        return min(3, spots), -(-spots // 3)
    columns = panels if 1 < panels <= 3 else min(3, spots) if panels > 4 else min(2, spots)
    return columns, -(-spots // columns)


def _title(cells: Sequence[Cell], probes: Sequence[Probe], probe: Probe, panel: Panel) -> str:
    words = panel.title, _probe_title(probes, _inside(cells, probe, panel))
    return ", ".join(part for part in words if part)


def _probe_title(probes: Sequence[Probe], cells: Sequence[Cell]) -> str:
    if not cells:
        return ""
    if cells[0].probe == "first":
        return _("at initialization") if len(probes) > 1 else ""
    return _("after {steps}").format(steps=count(max(cell.profile.step for cell in cells), "step"))


def _panel(ax: Axes, cells: Sequence[Cell], view: LayerView, scale: _axis.Scale, first: bool, groups: int) -> None:
    if view.band:
        ax.axhspan(view.band[0], view.band[1], color=_style.REGION, lw=0, zorder=0)
    _draw_grey(ax, [cell for cell in cells if cell.series.grey], scale)
    for cell in cells:
        if not cell.series.grey:
            _measured(ax, cell, scale, groups)
    for cell in cells:
        if cell.theory and not cell.series.grey:
            x, y = zip(*cell.theory, strict=True)
            ax.plot(x, scale.place(y), **THEORY)
        if cell.printed:
            x, y = zip(*cell.printed, strict=True)
            ax.plot(x, scale.place(y), **PRINTED)
    _axis.set_y(ax, scale, labels=first)


# If theory is right, it coincides with the measured line, so it is drawn behind it, wide and grey.
THEORY: dict[str, Any] = {"color": _style.GREY.colour, "lw": 2.6, "solid_capstyle": "round", "zorder": 1.85}
PRINTED: dict[str, Any] = {
    "ls": "none", "marker": "o", "mfc": "none", "mec": _style.INK, "mew": 0.8, "ms": 7.5, "zorder": 4,
}  # fmt: skip


def _draw_grey(ax: Axes, cells: Sequence[Cell], scale: _axis.Scale) -> None:
    """Draw the means of all grey variants as one line with gaps, which is fast to draw and small to store."""
    points = [point for cell in cells for point in (*cell.points, (np.nan, np.nan))]
    if points:
        layers, means = zip(*points, strict=True)
        marker = "." if all(len(cell.layers) == 1 for cell in cells) else None
        ax.plot(layers, scale.place(means), marker=marker, **_style.GREY_LINE)


def _measured(ax: Axes, cell: Cell, scale: _axis.Scale, groups: int) -> None:
    """Draw the mean with markers, the interval as a band, and each seed as a short bar at its layer."""
    style, x = cell.series.style, np.asarray(cell.layers, dtype=float)
    keep = cell.shown
    mean, high = (scale.place(part[keep]) for part in (cell.profile.mean, cell.profile.hi))
    low = scale.lower_edge(*cell.ends)
    if len(cell.profile.seeds) >= _axis.BAND_FROM and np.isfinite(low).sum() > 1:
        ax.fill_between(x, low, high, color=style.colour, alpha=0.15, lw=0, zorder=1.5)
    every = max(1, round(len(x) / 12)) if len(x) > MARKER_LAYERS else 1
    ax.plot(x, mean, color=style.colour, marker=style.marker, ls=style.dash, markevery=every, zorder=style.level)
    if len(cell.profile.seeds) > 1:
        bars_x, bars_y = _bars(x, scale.place(some_seeds(cell.profile.per_seed[:, keep], groups)))
        ax.plot(bars_x, bars_y, color=style.colour, lw=0.7, alpha=0.7, zorder=2, rasterized=bars_x.size > 6000)


def _bars(x: Any, per_seed: Any) -> tuple[Any, Any]:
    """Return one line with gaps that has a short horizontal bar for every seed and layer."""
    half = min(0.22, 0.02 * (float(np.ptp(x)) + 1))  # also short in panels of few layers
    centre = np.broadcast_to(x, per_seed.shape).ravel()
    gap = np.full(centre.shape, np.nan)
    y = per_seed.ravel()
    return np.stack([centre - half, centre + half, gap], 1).ravel(), np.stack([y, y, gap], 1).ravel()


def _label_axes(ax: Axes, cells: Sequence[Cell], view: LayerView, bottom: bool, left: bool) -> None:
    layers = sorted({layer for cell in cells for layer in cell.layers} | {1})
    outputs = {cell.output for cell in cells if cell.output is not None}
    most = 10 if surface().columns(2) == 2 else 8
    _axis.set_layers(ax, layers, max(outputs) if len(outputs) == 1 else None, bottom, most, _kinds(cells))
    if left:
        ax.set_ylabel(_(view.label), labelpad=3)


def _kinds(cells: Sequence[Cell]) -> tuple[str, ...]:
    """Return the kinds of the layers, empty if the variants differ in them or have no convolutions."""
    return kinds_of(cell.series.summary.records[0] for cell in cells)


def _legend(
    cells: Sequence[Cell], view: LayerView, same: Sequence[Sequence[str]], lines: bool
) -> tuple[list[Any], list[str]]:
    """Return handles and labels.

    same: the names of lines that coincide, of which grey ones are hidden. lines: whether they have no names at the end.
    """
    grey = [cell.series.label for cell in cells if cell.series.grey]
    hidden = {group[0]: [name for name in group[1:] if name in grey] for group in same}
    shown = {
        listing([cell.series.label, *hidden.get(cell.series.label, ())]): cell.series.style
        for cell in cells
        if lines and not cell.series.grey
    }
    longest = 2.6 if len(shown) > 3 else 5.0
    visible = [name for name in grey if not any(name in names for names in hidden.values())]
    handles, labels = _style.line_legend(shown, longest, visible)
    if any(cell.theory for cell in cells if not cell.series.grey):
        handles.append(Line2D([], [], **THEORY))
        labels.append(_("mean-field theory"))
    if any(cell.printed for cell in cells):
        handles.append(Line2D([], [], **PRINTED))
        labels.append(_("printed in the lecture"))
    if view.band:
        handles.append(Patch(color=_style.REGION))
        labels.append(_(view.band[2]))
    return handles, labels
