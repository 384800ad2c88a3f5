"""Whether a case is what it says it is, by checks that do not ask the rules.

A check names a metric (with layer, step, epoch or reduce, as in a claim) and one or more bounds, each of which every
seed has to meet:

below, above           the value itself
worse_than_twin_by     the twin, whose fault is mended, is better by at least so much (paired by seed)
near_twin              the twin is better by at most so much on average: the remedy that a false alarm would advise
                       gains nothing
twin_below, twin_above the twin's own value

Accuracies are better high, everything else is better low. A twin that diverges is no better.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.diagnosis.build import Measured
from benchmarks.diagnosis.measured import measured
from reportgen.errors import StudyError
from reportgen.runs.record import RunRecord

PLACE = ("layer", "step", "epoch", "reduce")
BOUNDS = ("below", "above", "worse_than_twin_by", "near_twin", "twin_below", "twin_above")


@dataclass(frozen=True)
class Check:
    """One bound of one metric: the values by seed that it was tried on, and whether it holds."""

    words: str
    values: tuple[float, ...]
    holds: bool


def verify(case: Measured) -> list[Check]:
    """Return every check of a case."""
    return [check for shown in case.case.shows for check in _checks(case, shown)]


def _checks(case: Measured, shown: Mapping[str, Any]) -> list[Check]:
    unknown = set(shown) - {"metric", *PLACE, *BOUNDS}
    bounds = [name for name in BOUNDS if name in shown]
    if unknown:
        raise StudyError("unknown-key", f"unknown keys {', '.join(sorted(unknown))}", case.case.name)
    if not bounds:
        raise StudyError("missing-key", "a check needs a bound", case.case.name, f"one of {', '.join(BOUNDS)}")
    place = {name: shown[name] for name in PLACE if name in shown}

    def values(records: Sequence[RunRecord]) -> np.ndarray:
        return np.array([measured(record, shown["metric"], place) for record in records])

    own, twin = values(case.own), values(case.twin)
    if twin.size == 0 and any("twin" in name for name in bounds):
        raise StudyError("missing-counterpart", "the check compares with a twin, but the case has none", case.case.name)
    return [_check(shown["metric"], place, name, float(shown[name]), own, twin) for name in bounds]


def _check(metric: str, place: Mapping[str, Any], bound: str, limit: float, own: np.ndarray, twin: np.ndarray) -> Check:
    sign = 1.0 if metric.endswith("accuracy") else -1.0
    if "than_twin" in bound or bound == "near_twin":
        with np.errstate(invalid="ignore"):
            values = sign * (twin - own)
        holds = bool((values >= limit).all()) if bound != "near_twin" else bool(values.mean() <= limit)
    else:
        values = twin if bound.startswith("twin") else own
        holds = bool((values < limit).all() if bound.endswith("below") else (values > limit).all())
    where = " ".join(f"{name} {value}" for name, value in place.items())
    return Check(f"{metric} {where + ' ' if where else ''}{bound} {limit:g}", tuple(values.tolist()), holds)
