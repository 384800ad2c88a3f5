"""Layout of a search: the points that it tries in the plane of two settings, random and on a grid.

A panel shows the first stage of the search as the study made it; the other one shows where the other method would put
the same number of trials, which are not trained. Ticks at the top and on the right are the values that are tried of
each setting alone. A grid repeats few values many times, while random trials try as many values as there are trials, so
that they find the good region of a setting that matters even if the other setting does not (Bergstra and Bengio 2012).

By default, the figure is drawn for searches of at least two settings with ordered values.
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

from reportgen.analysis.results import Analysis, SearchResult
from reportgen.analysis.words.listing import listing
from reportgen.analysis.words.names import setting_name
from reportgen.analysis.words.numerals import exponents
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.axis import fix_ticks
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import count, descriptions, prose, sentence
from reportgen.figures.pictures.drawn import drawing_of
from reportgen.figures.table import FIGURES
from reportgen.languages.translate import N_, _, numeral
from reportgen.study.model.ranges import Range
from reportgen.study.planning.trials import places, whole

FIGURE = FIGURES["search_layout"]

MOST = 2
"""The largest number of searches."""


@dataclass(frozen=True)
class Layout:
    """The points of a search by one method, as places from 0 to 1 in the ranges of two settings, (n, 2)."""

    search: str
    method: str
    trained: bool
    paths: tuple[str, str]
    ranges: tuple[Range, Range]
    points: NDArray[np.float64]

    def values(self, axis: int) -> list[float]:
        """Return the different values that are tried of a setting, as places."""
        return sorted({round(float(at), 9) for at in self.points[:, axis]})

    @property
    def title(self) -> str:
        """The method in words."""
        return _(self.method) if self.trained else _("{method}, not trained").format(method=_(self.method))


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None if no search has two settings with ordered values."""
    searches = [search for search in analysis.searches if len(_ordered(search)) >= 2]
    if not searches:
        return None
    rows = [list(_layouts(search, analysis)) for search in searches[:MOST]]
    flat = [layout for row in rows for layout in row]
    return drawing_of(
        FIGURE,
        partial(_figure, rows),
        _caption(flat, len(searches)),
        _alt(flat),
        COLUMNS,
        _csv(flat),
        "; ".join(map(_counts, rows[0])),
    )


def _ordered(search: SearchResult) -> list[str]:
    return [path for path, span in search.asked.ranges.items() if span.ordered]


def _layouts(search: SearchResult, analysis: Analysis) -> Iterator[Layout]:
    """Yield the layout of the search, and that of the other method with the same number of trials."""
    first, second = _ordered(search)[:2]
    trials = [one.trial for one in search.trials if one.trial.stage == 1 and one.trial.owner in _owners(search)]
    ranges = (search.asked.ranges[first], search.asked.ranges[second])
    own = np.array([[trial.places[first], trial.places[second]] for trial in trials])
    yield Layout(search.label, search.asked.method, True, (first, second), ranges, own)
    other = N_("grid") if search.asked.method == "random" else N_("random")
    free = {path: replace(span, points=None) for path, span in search.asked.ranges.items()}
    stages = (replace(search.asked.stages[0], samples=len(own)),)
    wanted = replace(search.asked, method=other, ranges=free, stages=stages)
    drawn = places(wanted, 0, whole(wanted), None, analysis.plan.study.seeds[0])
    yield Layout(search.label, other, False, (first, second), ranges, np.array([[p[first], p[second]] for p in drawn]))


def _owners(search: SearchResult) -> set[int | None]:
    """Return the seed whose search is drawn, if every seed has its own."""
    return {search.trials[0].trial.owner}


def _figure(rows: Sequence[Sequence[Layout]]) -> Figure:
    titled = len(rows) > 1
    margins = _style.Margins(left=0.75, right=0.3, top=0.5, across=0.85, between=0.9)
    layouts = [layout for row in rows for layout in row]
    height = surface().either(2.4 if len(rows) == 1 else 1.9, 1.6)
    figure, axes = _style.panels(len(layouts), surface().columns(2), height, margins=margins)
    for ax, layout in zip(axes, layouts, strict=True):
        _panel(ax, layout)
        name = f"{layout.title}, {layout.search}" if titled else layout.title
        ax.set_title(_style.clip(name, 2.4, _style.TITLE), loc="left", y=1.0, pad=18)
    return figure


def _panel(ax: Axes, layout: Layout) -> None:
    x, y = layout.points.T
    colour = _style.GOOD if layout.trained else _style.MUTED
    face = colour if layout.trained else _style.GROUND
    ax.plot(x, y, ls="none", marker="o", ms=4.5, mec=colour, mfc=face, mew=1.0, clip_on=False, zorder=3)
    ticks: dict[str, Any] = {"color": _style.BAD, "lw": 1.0, "clip_on": False, "zorder": 2}
    for at in layout.values(0):
        ax.plot([at, at], [1.03, 1.08], **ticks)
    for at in layout.values(1):
        ax.plot([1.03, 1.07], [at, at], **ticks)
    ax.set_xlim(-0.02, 1.02)
    ax.set_ylim(-0.02, 1.02)
    for axis, path, span in zip((ax.xaxis, ax.yaxis), layout.paths, layout.ranges, strict=True):
        fix_ticks(axis, (0, 0.5, 1), [numeral(exponents(f"{span.at(at):.2g}")) for at in (0, 0.5, 1)])
        axis.set_label_text(_style.clip(setting_name(path), 2.0, _style.TEXT))
    ax.grid(color=_style.GRID)


COLUMNS = ("search", "method", "trained", "trial", "setting", "place", "value")
"""Columns of the CSV file; place: position in the range, from 0 to 1."""


def _csv(layouts: Sequence[Layout]) -> Iterator[tuple[str, str, bool, int, str, float, float]]:
    for one in layouts:
        for number, point in enumerate(one.points, start=1):
            for path, span, at in zip(one.paths, one.ranges, point, strict=True):
                yield one.search, one.method, one.trained, number, path, float(at), float(span.at(float(at)))


def _counts(layout: Layout) -> str:
    names = [
        _("{values} of the {paths}").format(
            values=count(len(layout.values(axis)), "value"), paths=setting_name(layout.paths[axis])
        )
        for axis in (0, 1)
    ]
    return _("{trials} ({title}) try {names}").format(
        trials=count(len(layout.points), "trial"), title=layout.title, names=listing(names)
    )


def _caption(layouts: Sequence[Layout], total: int) -> str:
    parts = [
        _("points that a search tries in the plane of two settings"),
        *(_counts(layout) for layout in layouts[:2]),
        _("Ticks at the top and on the right mark the values that are tried of each setting alone"),
    ]
    if total * 2 > len(layouts):
        parts.append(
            _("The first {layouts} of {searches} are drawn").format(
                layouts=len(layouts) // 2, searches=count(total, "search", "searches")
            )
        )
    return " ".join(sentence(part) for part in parts)


def _alt(layouts: Sequence[Layout]) -> str:
    return prose(_("Scatter plots of the trials of a search."), descriptions([*map(_counts, layouts)], 4, "layout"))
