"""Metrics of a search: a score of its best trial, or the place of that trial in the range."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reportgen.engine.spec import SCORES
from reportgen.errors import StudyError
from reportgen.study.model.claims import Claim, Measure
from reportgen.study.model.components import suggest
from reportgen.study.planning.plan import Variant

BEST_SCORES = tuple(f"best_{score}" for score in SCORES)
"""Final scores of the best trial of a search; a variant without a search has its own scores."""

BEST_PLACES = ("best_setting", "best_place")
"""The value of a searched setting in each seed's best trial, and its place in the range, from 0 to 1."""

BEST_METRICS = (*BEST_SCORES, *BEST_PLACES)


def plain_metric(metric: str) -> str:
    """Return the score that a metric of a search's best trial belongs to, or any other metric unchanged."""
    return metric.removeprefix("best_") if metric in BEST_SCORES else metric


def best_path(measure: Measure, variants: Sequence[Variant]) -> str | None:
    """Return the measured setting of a search: the named one, or the only one; None if there are several."""
    if measure.setting is not None:
        return measure.setting
    paths = {path for variant in variants if variant.trial for path in variant.trial.values}
    return paths.pop() if len(paths) == 1 else None


def check_best(claim: Claim, variants: Sequence[Variant], at: Callable[..., str]) -> None:
    """Raise a StudyError if a claim about the best trial has no search, or no ordered setting in its search."""
    metric, wanted = claim.measure.metric, claim.measure.setting
    if wanted is not None and metric not in BEST_PLACES:
        hint = f"remove setting, or measure {' or '.join(BEST_PLACES)}"
        place = at("measure", "setting", key=True)
        raise StudyError("inapplicable-key", f"setting does not apply to {metric}", place, hint)
    if metric not in BEST_METRICS:
        return
    trials = [variant.trial for variant in variants if variant.trial]
    if not trials or (metric in BEST_PLACES and len(trials) < len(variants)):
        hint = "add search, or select the searched variants in where"
        raise StudyError("not-measured", f"{metric} is a metric of a search", at("measure", "metric"), hint)
    if metric not in BEST_PLACES:
        return
    path = best_path(claim.measure, variants)
    if path is None:
        paths = list(dict.fromkeys(path for trial in trials for path in trial.values))
        hint = f"add setting: one of {', '.join(paths)}"
        raise StudyError("missing-key", f"{metric} needs a setting", at("measure"), hint)
    for trial in trials:
        ranges = trial.asked.ranges
        if path not in ranges or not ranges[path].ordered:
            near = suggest(path, [name for name, one in ranges.items() if one.ordered and name != path])
            message = f"the search has no range for {path!r}"
            raise StudyError("unknown-setting", message, at("measure", "setting"), near)
