"""The part of a report about a search: its settings, its stages and its best trials."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reportgen.analysis.results import SearchResult, TrialResult
from reportgen.languages.translate import N_, _, numeral
from reportgen.report.document.claim_view import trials_in_words, trials_per_seed
from reportgen.study.model.ranges import Range

TOP, TOP_OF_SEVERAL = 10, 5
"""Largest number of trials in a report: of a single search, and of each of several searches."""

KINDS = {
    "uniform": "",
    "log_uniform": N_("log"),
    "integers": N_("whole numbers"),
    "log_integers": N_("whole numbers, log"),
}


@dataclass(frozen=True)
class SearchPart:
    """One search.

    Attributes
    ----------
    title : empty for the only search of a study
    settings : pairs of a path and its range in words
    rows : the best trials, best first, or the best of each seed if every seed made its own search
    best : the values of the best trials by path
    runs, diverged : numbers of runs
    counted : the number of trials in words
    per_seed : the number of trials of each seed, None if all seeds share them
    """

    result: SearchResult
    title: str
    settings: tuple[tuple[str, str], ...]
    rows: tuple[TrialResult, ...]
    best: Mapping[str, tuple[Any, ...]]
    trials: int
    runs: int
    diverged: int
    counted: str
    per_seed: str | None

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of the searched settings."""
        return tuple(path for path, _ in self.settings)


def search_parts(searches: Sequence[SearchResult]) -> tuple[SearchPart, ...]:
    return tuple(_part(search, len(searches) > 1) for search in searches)


def _part(search: SearchResult, several: bool) -> SearchPart:
    most = TOP_OF_SEVERAL if several else TOP
    last = [result for result in search.trials if result.trial.stage == search.stages[-1].stage]
    ranked = sorted(last, key=lambda result: _rank(result, search.asked.maximize))
    chosen = [result for result in search.trials if result.variant in search.best]
    trials = [result.trial for result in search.trials]
    values = {path: tuple(result.trial.values[path] for result in chosen) for path in search.asked.ranges}
    return SearchPart(
        result=search,
        title=search.label if several else "",
        settings=tuple((path, _words(span)) for path, span in search.asked.ranges.items()),
        rows=tuple(chosen if search.asked.repeat else ranked)[:most],
        best=values,
        trials=len(search.trials),
        runs=sum(stage.runs for stage in search.stages),
        diverged=sum(stage.diverged for stage in search.stages),
        counted=trials_in_words(trials),
        per_seed=trials_per_seed(trials),
    )


def _rank(result: TrialResult, maximize: bool) -> tuple[int, float]:
    """Return the sort key of a trial, the best first; trials with seeds without a finite score come last."""
    lost, mean = len(result.trial.seeds) - result.score.n, result.score.value
    return lost, math.inf if math.isnan(mean) else -mean if maximize else mean


def _words(span: Range) -> str:
    if not span.ordered:
        several = len(span.choices) > 1
        return _("one of {count} choices").format(count=len(span.choices)) if several else _("one choice")
    kind, low, high = KINDS[span.kind], numeral(f"{span.low:g}"), numeral(f"{span.high:g}")
    return _("{low} to {high}").format(low=low, high=high) + (f" ({_(kind)})" if kind else "")
