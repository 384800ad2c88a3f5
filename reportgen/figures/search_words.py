"""What the figure of a search shows of it, and the words of its caption."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.analysis.results import SearchResult
from reportgen.analysis.words.listing import listing
from reportgen.analysis.words.names import setting_name, words
from reportgen.figures.drawing.words import count, number, score, sentence
from reportgen.languages.translate import _, ngettext, quoted

COLUMNS_OF_PANELS = 3
FAR = 1000.0
"""A score to be minimized is far away if it is FAR times the median of the finished trials."""


@dataclass(frozen=True)
class Panel:
    """A panel; x: a searched setting; y: another searched setting, None for the score."""

    x: str
    y: str | None


def choose_panels(search: SearchResult) -> list[Panel]:
    """Return the panels of a search: as many settings as fit, and the plane of two settings."""
    paths = list(search.asked.ranges)
    numeric = [path for path in paths if search.asked.ranges[path].ordered]
    if len(numeric) == 2:
        return [*[Panel(path, None) for path in paths][: COLUMNS_OF_PANELS - 1], Panel(numeric[0], numeric[1])]
    return [Panel(path, None) for path in paths[:COLUMNS_OF_PANELS]]


def far_limit(searches: Sequence[SearchResult], metric: str) -> float:
    """Return the largest score that is not far above the others, infinite for scores to be maximized."""
    trials = [t for one in searches if one.asked.metric == metric and not one.asked.maximize for t in one.trials]
    good = [t.score.value for t in trials if not t.diverged and math.isfinite(t.score.value)]
    return FAR * float(np.median(good)) if good and min(good) > 0 else math.inf


def caption(searches: Sequence[SearchResult], left_out: int) -> str:
    """Return the caption; left_out: the number of searches that are not in the figure."""
    trials = sum(len(search.trials) for search in searches)
    lost = sum(bool(t.diverged) for search in searches for t in search.trials)
    seeds = any(search.asked.repeat for search in searches)
    if seeds:
        text = _(
            "{metric} of {trials} against each searched setting; each mark is a trial of one seed; a ring marks the "
            "best trial of each seed"
        )
    else:
        text = _(
            "{metric} of {trials} against each searched setting; each mark is the mean of a trial over "
            "its seeds; a ring marks the best trial"
        )
    metric = sentence(words(searches[0].asked.metric))[:-1]
    parts = [text.format(metric=metric, trials=count(trials, "trial"))]
    if any(panel.y for search in searches for panel in choose_panels(search)):
        parts.append(_("In the plane of two settings, better trials have stronger colours"))
    parts += [best_trial(search, len(searches) > 1) for search in searches]
    if lost:
        parts.append(_("{trials} had diverged runs (crosses)").format(trials=count(lost, "trial")))
    if any(far_limit(searches, one.asked.metric) < t.score.value < math.inf for one in searches for t in one.trials):
        parts.append(_("Scores far above the others are at the upper end of the axis"))
    hidden = max(len(set(search.asked.ranges) - {panel.x for panel in choose_panels(search)}) for search in searches)
    if hidden:
        parts.append(
            ngettext(
                "{count} more searched setting is only in the tables",
                "{count} more searched settings are only in the tables",
                hidden,
            ).format(count=hidden)
        )
    if left_out:
        parts.append(
            ngettext(
                "{count} more search is only in the tables", "{count} more searches are only in the tables", left_out
            ).format(count=left_out)
        )
    return " ".join(sentence(part) for part in parts)


def best_trial(search: SearchResult, several: bool) -> str:
    name = f"{quoted(search.label)}: " if several else ""
    best_score = score(search.score.value, search.asked.metric)
    if search.asked.repeat:
        return _("{name}the best trials of {searches} reach {best_score} on average").format(
            name=name, searches=count(len(search.best), "search", "searches"), best_score=best_score
        )
    best = next(one for one in search.trials if one.variant in search.best)
    values = [f"{setting_name(path)} {_value(value)}" for path, value in best.trial.values.items()]
    return _("{name}the best trial reaches {best_score} with {values}").format(
        name=name, best_score=best_score, values=listing(values)
    )


def _value(value: Any) -> str:
    return number(value, 3) if isinstance(value, float) else choice_name(value)


def alternative_text(searches: Sequence[SearchResult]) -> str:
    lines = [best_trial(search, True) for search in searches]
    return _("Scatter plots of the score of each trial against the searched settings. {lines}.").format(
        lines=". ".join(lines)
    )


def choice_name(value: Any) -> str:
    return str(value.get("name", value)) if isinstance(value, dict) else str(value)
