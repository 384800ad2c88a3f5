"""What claims may measure of a search: a score of its best trial, or where that lies."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reportgen.engine.spec import SCORES
from reportgen.errors import StudyError
from reportgen.study.model.claims import Claim, Measure
from reportgen.study.model.components import suggest
from reportgen.study.planning.plan import Variant

BEST_SCORES = tuple(f"best_{score}" for score in SCORES)
"""A final score of the trial that the search chose; of a variant that is not searched, its own."""

BEST_PLACES = ("best_setting", "best_place")
"""The value that a searched setting has in each seed's best trial, and its place in the range from 0 to 1."""

BEST_METRICS = (*BEST_SCORES, *BEST_PLACES)


def plain_metric(metric: str) -> str:
    """Return the score that a metric of a search's best is a value of; others as they are."""
    return metric.removeprefix("best_") if metric in BEST_SCORES else metric


def best_path(measure: Measure, variants: Sequence[Variant]) -> str | None:
    """Return the searched setting that is measured: the one that is named, or the only one; None where unclear."""
    if measure.setting is not None:
        return measure.setting
    paths = {path for variant in variants if variant.trial for path in variant.trial.values}
    return paths.pop() if len(paths) == 1 else None


def check_best(claim: Claim, variants: Sequence[Variant], at: Callable[..., str]) -> None:
    """Raise a StudyError where a claim on a search's best speaks of no search, or of no setting of it."""
    metric, wanted = claim.measure.metric, claim.measure.setting
    if wanted is not None and metric not in BEST_PLACES:
        hint = f"leave it out, or measure {' or '.join(BEST_PLACES)}"
        raise StudyError("?", f"{metric} has no setting", at("measure", "setting", key=True), hint)
    if metric not in BEST_METRICS:
        return
    trials = [variant.trial for variant in variants if variant.trial]
    if not trials or (metric in BEST_PLACES and len(trials) < len(variants)):
        hint = "add search, or name the searched variants in where"
        raise StudyError("?", f"{metric} is measured of a search", at("measure", "metric"), hint)
    if metric not in BEST_PLACES:
        return
    path = best_path(claim.measure, variants)
    if path is None:
        paths = list(dict.fromkeys(path for trial in trials for path in trial.values))
        raise StudyError("?", f"{metric} of which setting?", at("measure"), f"setting: one of {', '.join(paths)}")
    for trial in trials:
        ranges = trial.asked.ranges
        if path not in ranges or not ranges[path].ordered:
            near = suggest(path, [name for name, one in ranges.items() if one.ordered and name != path])
            raise StudyError("?", f"{path!r} has no range in the search", at("measure", "setting"), near)
