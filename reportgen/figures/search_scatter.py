"""Scores of the trials of a search against each searched setting.

Each search is a row with a panel for each searched setting, on a logarithmic axis if its range is logarithmic;
searches of a single setting are side by side. If two numeric settings are searched, a further panel shows the plane of
both, with stronger colours for better trials. Stages differ in colour and marker. A ring marks the best trial of the
last stage, or of each seed if every seed has its own search. A cross is a trial with diverged runs. Scores that are not
finite or far above the others are drawn at the worst end of the axis.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reportgen.analysis.results import Analysis, SearchResult, TrialResult
from reportgen.analysis.words.names import setting_name, words
from reportgen.figures.drawing import axis as _axis
from reportgen.figures.drawing import palette
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import sentence
from reportgen.figures.search_words import (
    COLUMNS_OF_PANELS,
    Panel,
    alternative_text,
    best_trial,
    caption,
    choice_name,
    choose_panels,
    far_limit,
)
from reportgen.figures.table import FIGURES
from reportgen.languages.translate import _
from reportgen.study.metrics.table import metric_of

FIGURE = FIGURES["search_scatter"]

ROWS, MOST_BESIDE = 5, 9
"""Most searches below each other, and most searches of a single setting, in three rows of panels."""
MOST_MARKS = 2000
"""Most marks without a bitmap."""
ABOVE: dict[str, Any] = {"ls": "none", "mew": 1.2, "clip_on": False}
RING = {**ABOVE, "marker": "o", "ms": 9, "mfc": "none", "mec": _style.INK, "zorder": 6}
CROSS = {**ABOVE, "marker": "x", "ms": 5.5, "color": _style.BAD, "zorder": 5}
SHADES = palette.SHADES
"""Colours in the plane of two settings, from the worst to the best fifth of the trials."""


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None if the study has no search."""
    searches = [one for one in analysis.searches if any(math.isfinite(t.score.value) for t in one.trials)]
    if not searches:
        return None
    shown = searches[: MOST_BESIDE if _are_single(searches) else ROWS]
    with _style.settings():
        figure = _figure(shown)
    rows = [row for search in searches for row in _csv(search)]
    texts = caption(searches, len(searches) - len(shown)), alternative_text(searches)
    finding, narrow = sentence(best_trial(searches[0], len(searches) > 1)), partial(_figure, shown)
    return Drawing(FIGURE.id, _(FIGURE.title), *texts, figure, COLUMNS, rows, narrow, finding)


COLUMNS = (
    "search", "variant", "seed", "stage", "trial", "setting", "value", "place", "score", "low", "high", "n",
    "diverged", "best",
)  # fmt: skip
"""Columns of the CSV file, with a row for each trial and setting; place: position in the range, from 0 to 1."""


def _are_single(searches: Sequence[SearchResult]) -> bool:
    """Return whether each search has one panel, with the same score, so that searches can be side by side."""
    return all(len(choose_panels(one)) == 1 for one in searches) and len({one.asked.metric for one in searches}) == 1


def _figure(searches: Sequence[SearchResult]) -> Figure:
    rows = [choose_panels(search) for search in searches]
    columns = max(len(row) for row in rows)
    across = surface().columns(min(len(searches), COLUMNS_OF_PANELS) if _are_single(searches) else columns)
    margins, title_width = _margins(searches, any(panel.y for row in rows for panel in row), across // columns or 1)
    stages = max(stage.stage for search in searches for stage in search.stages)
    handles, labels = _legend(stages, any(t.diverged for search in searches for t in search.trials))
    lines = -(-len(rows) * columns // across)
    height = 1.55 if min(len(rows), lines) <= 3 else 0.95  # so that it fits on a page
    figure, axes = _style.grid(lines, across, height, _style.legend_height(labels), margins)
    scales, flat = _score_scales(searches), [ax for row in axes for ax in row]
    for number_, (search, panels) in enumerate(zip(searches, rows, strict=True)):
        own = flat[number_ * columns : (number_ + 1) * columns]
        for at, (ax, panel) in enumerate(zip(own, panels, strict=False), number_ * columns):
            _draw_panel(ax, search, panel, scales[search.asked.metric], first=at % across == 0)
        for ax in own[len(panels) :]:
            ax.set_visible(False)
        if len(searches) > 1:
            _style.panel_title(own[0], search.label, title_width)
    for ax in flat[len(rows) * columns :]:
        ax.remove()
    _style.legend(figure, handles, labels)
    return figure


def _margins(searches: Sequence[SearchResult], has_plane: bool, beside: int) -> tuple[_style.Margins, float]:
    """Return the margins, and the width of a title above one of the searches that are side by side."""
    titled = len(searches) > 1
    margins = _style.Margins(
        top=0.28 if titled else 0.12, between=0.72 if titled else 0.5, across=0.62 if has_plane else 0.2
    )
    width = (surface().width - margins.left) / beside - (margins.across if beside > 1 else 0)
    titles = _style.titles_height([search.label for search in searches] if titled else [], width)
    return replace(margins, titles=titles), width


def _legend(stages: int, diverged: bool) -> tuple[list[Line2D], list[str]]:
    handles = [Line2D([], [], **_mark(stage)) for stage in range(1, stages + 1)]
    labels = [_("stage {stage}").format(stage=stage) for stage in range(1, stages + 1)] if stages > 1 else [_("trial")]
    handles.append(Line2D([], [], **RING))
    labels.append(_("best"))
    if diverged:
        handles.append(Line2D([], [], **CROSS))
        labels.append(_("runs diverged"))
    return handles, labels


def _mark(stage: int) -> dict[str, Any]:
    style = _style.series_style(stage - 1 if stage == 1 else stage)  # the second colour is that of failures
    return {"ls": "none", "marker": style.marker, "ms": 4, "color": style.colour, "mec": style.colour, "alpha": 0.75}


def _score_scales(searches: Sequence[SearchResult]) -> dict[str, _axis.Scale]:
    """Return a scale for each metric, so that searches by the same metric can be compared; accuracies are linear."""
    found = {}
    for metric in {search.asked.metric for search in searches}:
        scores = [t.score.value for search in searches if search.asked.metric == metric for t in search.trials]
        accuracy = metric_of(metric).is_accuracy
        near = [score for score in scores if score <= far_limit(searches, metric)]
        scale = _axis.scale_for([near], False if accuracy else None) or _axis.UNIT
        found[metric] = _axis.accuracy_scale(scale) if accuracy else scale
    return found


def _draw_panel(ax: Axes, search: SearchResult, panel: Panel, scale: _axis.Scale, first: bool) -> None:
    _set_setting(ax, search, panel.x, "x")
    if panel.y is None:
        _axis.set_y(ax, scale, labels=first)
        if first:
            ax.set_ylabel(words(search.asked.metric), labelpad=3)
    else:
        _set_setting(ax, search, panel.y, "y")
    groups: dict[tuple[int, int], list[tuple[float, float]]] = {}
    ranks = _ranks(search)
    for trial, rank in zip(search.trials, ranks, strict=True):
        lost = trial.diverged > 0 or not math.isfinite(trial.score.value)
        kind = (0, 0) if lost else (trial.trial.stage, 0 if panel.y is None else 1 + int(rank * len(SHADES)))
        groups.setdefault(kind, []).append(_point(search, panel, trial, scale))
    for (stage, shade), points in groups.items():
        # One artist for each style: hundreds of single marks would take as long as the rest of the report.
        ax.plot(*zip(*points, strict=True), **_style_of(stage, shade), rasterized=len(points) > MOST_MARKS)
    best = [_point(search, panel, trial, scale) for trial in search.trials if trial.variant in search.best]
    ax.plot(*zip(*best, strict=True), **RING)


def _point(search: SearchResult, panel: Panel, trial: TrialResult, scale: _axis.Scale) -> tuple[float, float]:
    x = _at(search, trial, panel.x)
    if panel.y is not None:
        return x, _at(search, trial, panel.y)
    low, high = (math.log(scale.low), math.log(scale.high)) if scale.log else (scale.low, scale.high)
    worst = low + (0.03 if search.asked.maximize else 0.97) * (high - low)
    value, end = trial.score.value, math.exp(worst) if scale.log else worst
    return x, float(scale.place([value if value <= scale.high else end])[0])


def _ranks(search: SearchResult) -> list[float]:
    """Return the fraction of worse trials for each trial, below 1."""
    sign = 1 if search.asked.maximize else -1
    scores = np.array([sign * t.score.value for t in search.trials])
    finite = np.sort(scores[np.isfinite(scores)])
    below: list[float] = (np.searchsorted(finite, scores) / max(finite.size, 1)).clip(0, 0.999).tolist()
    return below


def _style_of(stage: int, shade: int) -> dict[str, Any]:
    """Return the style of a mark; stage 0: a cross; shade 0: the colour of the stage; from 1: one of SHADES."""
    if stage == 0:
        return CROSS
    if shade == 0:
        return _mark(stage)
    colour = SHADES[shade - 1]
    return _mark(stage) | {"color": colour, "mfc": colour, "mec": _style.MUTED, "mew": 0.4, "alpha": 1.0}


def _at(search: SearchResult, trial: TrialResult, path: str) -> float:
    """Return the coordinate of a trial on the axis of a setting: its value, or the number of its choice."""
    one, value = search.asked.ranges[path], trial.trial.values[path]
    return float(value) if one.ordered else float(one.choices.index(value))


def _set_setting(ax: Axes, search: SearchResult, path: str, which: str) -> None:
    """Set the range, the scale and the label of an axis for a setting."""
    one = search.asked.ranges[path]
    if one.ordered:
        scale = _range_scale(one.low, one.high, one.log)
        (_axis.set_x if which == "x" else _axis.set_y)(ax, scale)
    else:
        names = [label or choice_name(item) for item, label in zip(one.choices, one.labels, strict=True)]
        ax.set_xlim(-0.5, len(names) - 0.5)
        ax.set_xticks(range(len(names)), [_style.clip(name, 1.6 / len(names)) for name in names])
    name = setting_name(path)
    ax.set_xlabel(name, labelpad=2) if which == "x" else ax.set_ylabel(name, labelpad=2)


def _range_scale(low: float, high: float, log: bool) -> _axis.Scale:
    if log:
        room = (high / low) ** 0.04
        return _axis.Scale(True, low / room, high * room)
    return _axis.Scale(False, low - 0.04 * (high - low), high + 0.04 * (high - low))


def _csv(search: SearchResult) -> list[tuple[Any, ...]]:
    return [
        (
            search.label, one.variant, one.trial.owner, one.trial.stage, one.trial.number, path, _plain(value),
            one.trial.places[path], one.score.value, one.score.lo, one.score.hi, one.score.n, one.diverged,
            one.variant in search.best,
        )
        for one in search.trials
        for path, value in one.trial.values.items()
    ]  # fmt: skip


def _plain(value: Any) -> Any:
    return value if isinstance(value, (int, float, str)) and not isinstance(value, bool) else choice_name(value)
