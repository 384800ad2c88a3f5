"""Checks of what a study searches: ranges whose ends are valid settings, trials that can be trained, a known metric."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from reportgen.errors import StudyError
from reportgen.study.checks.best import BEST_METRICS
from reportgen.study.checks.claims import PlaceOf, check_measure, check_metric
from reportgen.study.checks.ensembles import ENSEMBLE_METRICS
from reportgen.study.loading.messages import study_error
from reportgen.study.loading.overrides import with_value, with_values
from reportgen.study.model.claims import Claim, Expect, Measure
from reportgen.study.model.components import problem
from reportgen.study.model.metrics import MEASURED_METRICS
from reportgen.study.model.search import Search
from reportgen.study.planning.plan import Plan, search_of, settings_of
from reportgen.study.planning.trials import trials_of
from reportgen.study.planning.variants import Point
from reportgen.study.syntax.yaml12 import Path

Where = Callable[[Path, bool], str]


def read_point_search(point: Point, where: Where) -> Search | None:
    """Return what a variant searches, None for nothing; raises the StudyError of what is wrong with it."""
    try:
        search = search_of(point.tree)
        if search is not None:
            _check_overlap(point, search)
        return search
    except PydanticCustomError as error:
        raise _placed(error, where) from None


def most_runs(search: Search | None, seeds: int) -> int:
    """Return how many runs a variant may have on so many seeds."""
    if search is None:
        return seeds
    return sum(s.samples * (seeds if s.seeds is None else min(s.seeds, seeds)) for s in search.stages)


def check_trials(search: Search, point: Point, seeds: Sequence[int], where: Where) -> None:
    """Raise a StudyError for the first end of a range, or else the first trial, that makes no valid settings."""
    for path, one in search.ranges.items():
        for index, value in enumerate(one.choices or (one.low, one.high)):
            _check_value(point, path, value, ("search", path, one.kind, index), where)
    try:
        for trial in trials_of(search, point, seeds, {}, outlook=True):
            settings_of(with_values(point.tree, trial.changes))
    except PydanticCustomError as error:
        raise _placed(error, where) from None
    except ValidationError as error:
        found = study_error(error, point.tree, lambda *_: "")
        raise StudyError("?", f"{trial.label}: {found.message}", where(("search",), True), found.hint) from None


def _check_value(point: Point, path: str, value: Any, place: Path, where: Where) -> None:
    try:
        settings_of(with_value(point.tree, path, value))
    except KeyError:
        raise StudyError("?", f"there is no setting {path!r}", where(place[:2], True)) from None
    except ValidationError as error:
        found = study_error(
            error, point.tree, lambda _, key: where(place[:2] if key and place[2] != "choices" else place, key)
        )
        raise found from None


def _placed(error: PydanticCustomError, where: Where) -> StudyError:
    context = dict(error.context or {})
    return StudyError(
        "?", context["text"], where(("search", *context["path"]), context["key"]), context["hint"] or None
    )


def _check_overlap(point: Point, search: Search) -> None:
    """Refuse a setting that would silently replace another one."""
    for choice, path in itertools.product(point.choices, search.ranges):
        if f"{path}.".startswith(f"{choice.path}.") or f"{choice.path}.".startswith(f"{path}."):
            said = f"{choice.path} varies, and {'it' if path == choice.path else path} is searched"
            raise problem("?", said, "one of them", (path,), key=True)
    for first, second in itertools.combinations(search.ranges, 2):
        if first.startswith(f"{second}."):
            raise problem("?", f"{second} would replace {first}", f"{second} before {first}", (second,), key=True)


def check_searches(plan: Plan, where: PlaceOf) -> None:
    """Raise a StudyError where a search goes by a metric that does not exist, or that its trials do not have."""

    def at(*_: str, key: bool = False) -> str:
        """Return the place of the search's metric, whatever of a claim is asked for."""
        return where(("search", "metric"), key)

    trials = [(variant, variant.trial) for variant in plan.variants if variant.trial is not None]
    for point, metric in dict.fromkeys((trial.point, trial.asked.metric) for _, trial in trials):
        if metric in (*ENSEMBLE_METRICS, *BEST_METRICS, *MEASURED_METRICS):
            raise StudyError("?", f"{metric} is none of a single trial", at(), "such as val_accuracy")
        claim = Claim(id="search", says="search", measure=Measure(metric=metric), expect=Expect(above=0.0))
        check_metric(claim, at)
        check_measure(plan, claim, [variant for variant, trial in trials if trial.point == point], at)
