"""Checks of claims about the best trial of a search."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reportgen.errors import StudyError
from reportgen.study.metrics.metric import TRIAL
from reportgen.study.metrics.table import METRICS
from reportgen.study.model.claims import Claim, Measure
from reportgen.study.model.components import suggest
from reportgen.study.planning.plan import Variant


def best_path(measure: Measure, variants: Sequence[Variant]) -> str | None:
    """Return the measured setting of a search: the named one, or the only one; None if there are several."""
    if measure.setting is not None:
        return measure.setting
    paths = {path for variant in variants if variant.trial for path in variant.trial.values}
    return paths.pop() if len(paths) == 1 else None


def check_best(claim: Claim, variants: Sequence[Variant], at: Callable[..., str]) -> None:
    """Raise a StudyError if a claim about the best trial has no search, or no ordered setting in its search."""
    metric, wanted = claim.measure.metric, claim.measure.setting
    row = METRICS[metric]
    if wanted is not None and row.place is not TRIAL:
        names = (name for name, metric_row in METRICS.items() if metric_row.place is TRIAL)
        hint = f"remove setting, or measure {' or '.join(names)}"
        place = at("measure", "setting", key=True)
        raise StudyError("inapplicable-key", f"setting does not apply to {metric}", place, hint)
    if row.from_trial is None and not row.best_of:
        return
    trials = [variant.trial for variant in variants if variant.trial]
    if not trials or (row.from_trial and len(trials) < len(variants)):
        hint = "add search, or select the searched variants in where"
        raise StudyError("not-measured", f"{metric} is a metric of a search", at("measure", "metric"), hint)
    if row.from_trial is None:
        return
    path = best_path(claim.measure, variants)
    if path is None:
        paths = list(dict.fromkeys(path for trial in trials for path in trial.values))
        hint = f"add setting: one of {', '.join(paths)}"
        raise StudyError("missing-key", f"{metric} needs a setting", at("measure"), hint)
    for trial in trials:
        ranges = trial.asked.ranges
        if path not in ranges or not ranges[path].ordered:
            near = suggest(path, [name for name, span in ranges.items() if span.ordered and name != path])
            message = f"the search has no range for {path!r}"
            raise StudyError("unknown-setting", message, at("measure", "setting"), near)
