"""Trials of a search: the settings of each trial, and the next stage from the scores of the previous one.

A place is a number from 0 to 1 for each searched setting, which the setting's range converts to a value. Random
places depend only on the seed, the stage, the setting and the number of the trial, not on the order of the runs.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reportgen.data.streams import stream
from reportgen.study.model.components import problem
from reportgen.study.model.ranges import Range
from reportgen.study.model.search import EPOCHS, Search, Stage
from reportgen.study.model.settings import Settings
from reportgen.study.planning.variants import BASELINE, Point, automatic_label, slug

Places = Mapping[str, float]
Window = Mapping[str, tuple[float, float]]
"""The part of each setting's range that a stage searches, as two places."""

Scores = Mapping[tuple[str, int], float]
"""Scores of trials by (id of the trial, seed)."""


@dataclass(frozen=True)
class Trial:
    """One trial of a search.

    Attributes
    ----------
    id, label : id and label of the trial's variant.
    point, search : id and label of the variant that is searched.
    owner : the seed that the search belongs to, None for one search with all seeds.
    stage, number : counted from 1.
    values : the searched settings by dotted path.
    words : their labels.
    changes : all settings that the trial sets: the searched ones, and the epochs of the stage.
    seeds : the seeds to train on.
    asked : the search.
    """

    id: str
    label: str
    point: str
    search: str
    owner: int | None
    stage: int
    number: int
    places: Places
    values: Mapping[str, Any]
    words: dict[str, str]
    changes: Mapping[str, Any]
    seeds: tuple[int, ...]
    asked: Search


def trials_of(
    search: Search, point: Point, seeds: Sequence[int], scores: Scores, projected: bool = False
) -> Iterator[Trial]:
    """Yield the trials of a search up to the first stage without all scores.

    If `projected`, continue as if the first trial of a stage without all scores were its best.
    """
    for owner in seeds if search.repeat else (None,):
        window, best = whole(search), None
        for index, stage in enumerate(search.stages):
            if index:
                window = narrowed(search, window, best or {}, stage.shrink)
            drawn = places(search, index, window, best, seeds[0] if owner is None else owner)
            own = (owner,) if owner is not None else tuple(seeds[: stage.seeds])
            trials = [
                _trial(search, point, owner, index, number, trial_places, own)
                for number, trial_places in enumerate(drawn, 1)
            ]
            yield from trials
            known = [[scores[trial.id, seed] for seed in own if (trial.id, seed) in scores] for trial in trials]
            complete = all(len(values) == len(own) for values in known)
            if not complete and not projected:
                break
            best = trials[best_of(known, search.maximize) if complete else 0].places


def _trial(
    search: Search,
    point: Point,
    owner: int | None,
    index: int,
    number: int,
    trial_places: Places,
    seeds: tuple[int, ...],
) -> Trial:
    values = values_of(search, trial_places)
    words = {
        path: search.ranges[path].label_at(trial_places[path]) or searched_label(path, value)
        for path, value in values.items()
    }
    stage = f"stage {index + 1}" if len(search.stages) > 1 else ""
    name = " ".join(filter(None, [f"seed {owner}" if owner is not None else "", stage, f"trial {number}"]))
    is_only = not point.choices and point.label == BASELINE
    return Trial(
        id=slug(name) if is_only else f"{point.id}--{slug(name)}",  # the ids of variants contain only single hyphens
        label=f"{'' if is_only else f'{point.label}, '}{name} ({', '.join(words.values())})",
        point=point.id,
        search=point.label,
        owner=owner,
        stage=index + 1,
        number=number,
        places=trial_places,
        values=values,
        words=words,
        changes=values | _epochs(search.stages[index], point.settings),
        seeds=seeds,
        asked=search,
    )


def searched_label(path: str, value: Any) -> str:
    """Return the label of a searched value that has no label of its own."""
    shown = float(f"{value:.3g}") if isinstance(value, float) else value
    return automatic_label(path, shown, True)


def _epochs(stage: Stage, settings: Settings) -> dict[str, Any]:
    """Return the epochs that a stage sets; empty if it uses those of the study."""
    if stage.epochs is None and stage.share == 1:
        return {}
    usual = settings.training.epochs
    return {EPOCHS: max(min(usual, 1), round(usual * stage.share)) if stage.epochs is None else stage.epochs}


def whole(search: Search) -> Window:
    """Return the window that contains each whole range."""
    return dict.fromkeys(search.ranges, (0.0, 1.0))


def narrowed(search: Search, window: Window, best: Places, shrink: float) -> Window:
    """Return the part of a window around the best place, inside the whole range.

    Choices have no order, so any narrowing keeps only the best choice.
    """
    if shrink == 1:
        return window
    windows = {}
    for path, (low, high) in window.items():
        half = shrink * (high - low) / 2 if search.ranges[path].ordered else 0.0
        start = min(max(best[path] - half, 0.0), 1 - 2 * half)
        windows[path] = (start, start + 2 * half)
    return windows


def places(search: Search, index: int, window: Window, best: Places | None, seed: int) -> list[Places]:
    """Return the places of a stage's trials; a random stage begins with the best trial of the previous stage.

    Stages are counted from 0.
    """
    if search.method == "grid":
        return _thinned(grid(search, search.stages[index].samples, window), search.most)
    first = [] if best is None else [best]
    count = search.stages[index].samples - len(first)
    drawn = [_drawn(window, index, number, seed) for number in range(count)]
    return [*first, *drawn][: search.most]


def _thinned(grid_places: list[Places], most: int | None) -> list[Places]:
    if most is None or len(grid_places) <= most:
        return grid_places
    return [grid_places[round(index * (len(grid_places) - 1) / (most - 1))] for index in range(most)]


def _drawn(window: Window, index: int, number: int, seed: int) -> Places:
    return {
        path: low + (high - low) * float(stream(seed, f"search {index} {path}", number).random())
        for path, (low, high) in window.items()
    }


def grid(search: Search, samples: int, window: Window) -> list[Places]:
    """Return every combination of evenly spaced places, including both ends, without duplicate values."""
    counts = grid_points(search.ranges, samples, window)
    axes = [_axis(search.ranges[path], window[path], count) for path, count in counts.items()]
    return [dict(zip(counts, each, strict=True)) for each in itertools.product(*axes)]


def grid_points(ranges: Mapping[str, Range], samples: int, window: Window) -> dict[str, int]:
    """Return the number of grid points of each setting: its own, its choices, or an equal share of the samples.

    The grid has at most as many points as samples. Raises a validation error if the fixed numbers of points exceed it.
    """
    fixed = {path: _fixed(span, window[path]) for path, span in ranges.items()}
    taken = math.prod(count for count in fixed.values() if count)
    if taken > samples:
        message = f"the grid has {taken} points, but the stage has {samples} samples"
        raise problem("invalid-search", message, f"set samples: {taken}, or use fewer points")
    free = sum(count is None for count in fixed.values())
    each = 1
    while free and taken * (each + 1) ** free <= samples:
        each += 1
    return {path: count or each for path, count in fixed.items()}


def _fixed(span: Range, window: tuple[float, float]) -> int | None:
    if span.ordered:
        return span.points
    return 1 if window[0] == window[1] else len(span.choices)


def _axis(span: Range, window: tuple[float, float], count: int) -> list[float]:
    low, high = window
    if not span.ordered and count > 1:
        return [(index + 0.5) / count for index in range(count)]
    axis: dict[Any, float] = {}
    for index in range(count):
        place = low + (high - low) * (index / (count - 1) if count > 1 else 0.5)
        axis.setdefault(span.at(place), place)
    return list(axis.values())


def values_of(search: Search, trial_places: Places) -> dict[str, Any]:
    """Return the values of the searched settings at a place."""
    return {path: span.at(trial_places[path]) for path, span in search.ranges.items()}


def best_of(scores: Sequence[Sequence[float]], maximize: bool) -> int:
    """Return the index of the best trial: the fewest seeds without a finite score, then the best mean."""
    return max(range(len(scores)), key=lambda index: rank(scores[index], maximize))


def rank(own: Sequence[float], maximize: bool) -> tuple[int, float]:
    """Return the sort key of a trial, largest for the best: a seed without a finite score outweighs any mean."""
    finite = [score for score in own if math.isfinite(score)]
    mean = sum(finite) / len(finite) if finite else -math.inf if maximize else math.inf
    return len(finite) - len(own), mean if maximize else -mean
