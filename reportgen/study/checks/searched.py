"""Checks of searches: the ends of ranges are valid settings, trials can be trained, the metric exists."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from reportgen.errors import StudyError
from reportgen.study.checks.claims import PlaceOf, check_measure
from reportgen.study.errors import StudyErrors
from reportgen.study.loading.messages import study_error
from reportgen.study.loading.overrides import indexed_hint
from reportgen.study.metrics.table import METRICS
from reportgen.study.model.claims import Claim, Measure, expect_model
from reportgen.study.model.components import Problems, problem, problems_in
from reportgen.study.model.search import Search
from reportgen.study.planning.plan import Plan, Variant
from reportgen.study.planning.trials import trials_of
from reportgen.study.planning.variants import Point
from reportgen.study.syntax.yaml12 import Path

Where = Callable[[Path, bool], str]


def read_point_search(point: Point, where: Where) -> Search | None:
    """Return the search of a variant, None if it has none; raises a StudyError, with all others, if it is invalid."""
    try:
        search = point.search
        if search is not None:
            _check_overlap(point, search)
        return search
    except PydanticCustomError as error:
        raise _placed(error, where) from None


def most_runs(search: Search | None, seeds: int) -> int:
    """Return the largest number of runs of a variant with this number of seeds."""
    if search is None:
        return seeds
    return sum(s.samples * (seeds if s.seeds is None else min(s.seeds, seeds)) for s in search.stages)


def check_trials(search: Search, point: Point, seeds: Sequence[int], where: Where) -> None:
    """Raise a StudyError for each end of a range, or else for the first trial, with invalid settings."""
    errors = StudyErrors()
    for path, span in search.ranges.items():
        for index, value in enumerate(span.choices or (span.low, span.high)):
            with errors.collect():
                _check_value(point, path, value, ("search", path, span.kind, index), where)
    errors.raise_all()
    try:
        for trial in trials_of(search, point, seeds, {}, projected=True):
            point.changed(trial.changes)
    except PydanticCustomError as error:
        raise _placed(error, where) from None
    except ValidationError as error:
        converted = study_error(error, point.written, lambda *_: "")
        message = f"{trial.label}: {converted.message}"
        raise StudyError(converted.code, message, where(("search",), True), converted.hint) from None


def _check_value(point: Point, path: str, value: Any, place: Path, where: Where) -> None:
    try:
        point.changed({path: value})
    except KeyError:
        hint = indexed_hint(point.written, path) or None
        raise StudyError("unknown-setting", f"unknown setting {path!r}", where(place[:2], True), hint) from None
    except ValidationError as error:
        converted = study_error(
            error, point.written, lambda _, key: where(place[:2] if key and place[2] != "choices" else place, key)
        )
        raise converted from None


def _placed(error: PydanticCustomError, where: Where) -> StudyError:
    """Return the first error of a search in the order of the file, with all others."""
    errors = StudyErrors()
    for one in problems_in(error):
        context = dict(one.context or {})
        place = where(("search", *context["path"]), context["key"])
        errors.add(StudyError(context["code"], context["text"], place, context["hint"] or None))
    return errors.first()


def _check_overlap(point: Point, search: Search) -> None:
    """Reject a setting that would silently overwrite another one."""
    problems = Problems()
    for choice, path in itertools.product(point.choices, search.ranges):
        if f"{path}.".startswith(f"{choice.path}.") or f"{choice.path}.".startswith(f"{path}."):
            message = f"a study cannot both vary {choice.path} and search {'it' if path == choice.path else path}"
            problems.found.append(problem("overlapping-settings", message, "remove one of them", (path,), key=True))
    for first, second in itertools.combinations(search.ranges, 2):
        if first.startswith(f"{second}."):
            message = f"{second} would overwrite {first}"
            hint = f"put {second} before {first}"
            problems.found.append(problem("overlapping-settings", message, hint, (second,), key=True))
    problems.raise_all()


def check_searches(plan: Plan, where: PlaceOf) -> None:
    """Raise a StudyError for each search whose trials do not have its metric."""

    def at(*_: str, key: bool = False) -> str:
        """Return the place of the search's metric for any path of a claim."""
        return where(("search", "metric"), key)

    trials = [(variant, variant.trial) for variant in plan.variants if variant.trial is not None]
    errors = StudyErrors()
    for point, metric in dict.fromkeys((trial.point, trial.asked.metric) for _, trial in trials):
        with errors.collect():
            _check_metric(plan, metric, [variant for variant, trial in trials if trial.point == point], at)
    errors.raise_all()


def _check_metric(plan: Plan, metric: str, variants: list[Variant], at: Callable[..., str]) -> None:
    """Raise a StudyError if these trials of a search do not have its metric."""
    row = METRICS.find(metric)
    if row is not None and not row.place.single_run:
        raise StudyError("not-measured", f"{metric} is not a metric of a single trial", at(), "such as val_accuracy")
    expect = expect_model().model_validate({"above": 0.0})
    check_measure(plan, Claim(id="search", says="search", measure=Measure(metric=metric), expect=expect), variants, at)
