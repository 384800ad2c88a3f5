"""From a search to its trials: what each tries, and how the next stage follows from the scores of the one before.

A place is a number from 0 to 1 for each searched setting; its range turns it into a value. What is drawn depends on
the seed, the stage, the setting and the trial's number alone, never on what has run or in which order.
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
"""For each searched setting the part of its range, as places, in which a stage looks."""


Scores = Mapping[tuple[str, int], float]
"""What trials came to, by (id of the trial, seed)."""


@dataclass(frozen=True)
class Trial:
    """One point of a search.

    id, label: those of its variant. point, search: id and label of the variant that is searched. owner: the seed
    whose search it is, None where all seeds make one search. stage, number: from 1. values: the searched settings;
    words: these as labels. changes: all that the trial sets. seeds: on which it is trained. asked: the whole search.
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
    """Yield the trials of a search, stage by stage, up to the first stage that waits for scores.

    outlook: go on, as if the first trial of a stage that has no scores yet were its best.
    """
    for owner in seeds if search.repeat else (None,):
        window, best = whole(search), None
        for index, stage in enumerate(search.stages):
            if index:
                window = narrowed(search, window, best or {}, stage.shrink)
            drawn = places(search, index, window, best, seeds[0] if owner is None else owner)
            own = (owner,) if owner is not None else tuple(seeds[: stage.seeds])
            found = [_trial(search, point, owner, index, number, at, own) for number, at in enumerate(drawn, 1)]
            yield from found
            known = [[scores[one.id, seed] for seed in own if (one.id, seed) in scores] for one in found]
            settled = all(len(values) == len(own) for values in known)
            if not settled and not projected:
                break
            best = found[best_of(known, search.maximize) if settled else 0].places


def _trial(
    search: Search, point: Point, owner: int | None, index: int, number: int, at: Places, seeds: tuple[int, ...]
) -> Trial:
    values = values_of(search, at)
    words = {path: search.ranges[path].label_at(at[path]) or _word(path, value) for path, value in values.items()}
    stage = f"stage {index + 1}" if len(search.stages) > 1 else ""
    name = " ".join(filter(None, [f"seed {owner}" if owner is not None else "", stage, f"trial {number}"]))
    lone = not point.choices and point.label == BASELINE
    return Trial(
        id=slug(name) if lone else f"{point.id}--{slug(name)}",  # no variant's own id has two hyphens in a row
        label=f"{'' if lone else f'{point.label}, '}{name} ({', '.join(words.values())})",
        point=point.id,
        search=point.label,
        owner=owner,
        stage=index + 1,
        number=number,
        places=at,
        values=values,
        words=words,
        changes=values | _epochs(search.stages[index], point.settings),
        seeds=seeds,
        asked=search,
    )


def _word(path: str, value: Any) -> str:
    shown = float(f"{value:.3g}") if isinstance(value, float) else value
    return automatic_label(path, shown, True)


def _epochs(stage: Stage, settings: Settings) -> dict[str, Any]:
    """Return the epochs that a stage sets, nothing where it leaves them to the study."""
    if stage.epochs is None and stage.share == 1:
        return {}
    usual = settings.training.epochs
    return {EPOCHS: max(min(usual, 1), round(usual * stage.share)) if stage.epochs is None else stage.epochs}


def whole(search: Search) -> Window:
    """Return the window that holds all of every range."""
    return dict.fromkeys(search.ranges, (0.0, 1.0))


def narrowed(search: Search, window: Window, best: Places, shrink: float) -> Window:
    """Return the part of a window around the best place; it stays inside the whole range.

    Choices lie on no line: where the range narrows at all, the best of them stays alone.
    """
    if shrink == 1:
        return window
    found = {}
    for path, (low, high) in window.items():
        half = shrink * (high - low) / 2 if search.ranges[path].ordered else 0.0
        start = min(max(best[path] - half, 0.0), 1 - 2 * half)
        found[path] = (start, start + 2 * half)
    return found


def places(search: Search, index: int, window: Window, best: Places | None, seed: int) -> list[Places]:
    """Return the places of a stage's trials, counted from 0; a random stage begins with the best of the one before."""
    if search.method == "grid":
        return _thinned(grid(search, search.stages[index].samples, window), search.most)
    kept = [] if best is None else [best]
    count = search.stages[index].samples - len(kept)
    drawn = [_drawn(window, index, number, seed) for number in range(count)]
    return [*kept, *drawn][: search.most]


def _thinned(found: list[Places], most: int | None) -> list[Places]:
    if most is None or len(found) <= most:
        return found
    return [found[round(index * (len(found) - 1) / (most - 1))] for index in range(most)]


def _drawn(window: Window, index: int, number: int, seed: int) -> Places:
    return {
        path: low + (high - low) * float(stream(seed, f"search {index} {path}", number).random())
        for path, (low, high) in window.items()
    }


def grid(search: Search, samples: int, window: Window) -> list[Places]:
    """Return every combination of evenly spaced places, ends included, without values that come twice."""
    counts = grid_points(search.ranges, samples, window)
    axes = [_axis(search.ranges[path], window[path], count) for path, count in counts.items()]
    return [dict(zip(counts, each, strict=True)) for each in itertools.product(*axes)]


def grid_points(ranges: Mapping[str, Range], samples: int, window: Window) -> dict[str, int]:
    """Return the number of grid points of each setting: its own, its choices, or an equal share of the samples.

    The grid has at most as many points as samples. Raises a validation error if the fixed numbers of points exceed it.
    """
    fixed = {path: _fixed(one, window[path]) for path, one in ranges.items()}
    taken = math.prod(count for count in fixed.values() if count)
    if taken > samples:
        message = f"the grid has {taken} points, but the stage has {samples} samples"
        raise problem("invalid-search", message, f"set samples: {taken}, or use fewer points")
    free = sum(count is None for count in fixed.values())
    each = 1
    while free and taken * (each + 1) ** free <= samples:
        each += 1
    return {path: count or each for path, count in fixed.items()}


def _fixed(one: Range, window: tuple[float, float]) -> int | None:
    if one.ordered:
        return one.points
    return 1 if window[0] == window[1] else len(one.choices)


def _axis(one: Range, window: tuple[float, float], count: int) -> list[float]:
    low, high = window
    if not one.ordered and count > 1:
        return [(index + 0.5) / count for index in range(count)]
    found: dict[Any, float] = {}
    for index in range(count):
        place = low + (high - low) * (index / (count - 1) if count > 1 else 0.5)
        found.setdefault(one.at(place), place)
    return list(found.values())


def values_of(search: Search, at: Places) -> dict[str, Any]:
    """Return the settings at a place."""
    return {path: one.at(at[path]) for path, one in search.ranges.items()}


def best_of(scores: Sequence[Sequence[float]], maximize: bool) -> int:
    """Return which trial has the fewest seeds without a finite score, and of those the best mean; first of equals."""
    return max(range(len(scores)), key=lambda index: rank(scores[index], maximize))


def rank(own: Sequence[float], maximize: bool) -> tuple[int, float]:
    """Return what trials are ordered by, the best last: a seed without a finite score outweighs every mean."""
    finite = [score for score in own if math.isfinite(score)]
    mean = sum(finite) / len(finite) if finite else -math.inf if maximize else math.inf
    return len(finite) - len(own), mean if maximize else -mean
