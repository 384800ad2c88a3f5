"""Verification of the cases by checks that are independent of the rules.

A check has a metric (with layer, step, epoch or reduce, as in a claim) and one or more bounds, which hold for every
seed unless stated otherwise:

below, above           bound of the value
worse_than_twin_by     minimum advantage of the twin, which has no fault, paired by seed
near_twin              maximum advantage of the twin on average: the advice of a false alarm gains nothing
twin_below, twin_above bound of the twin's value

Accuracies should be high, all other metrics low. A diverged twin is not better.
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
    """A bound of a metric, the values by seed, and whether the bound holds."""

    words: str
    values: tuple[float, ...]
    holds: bool


def verify(case: Measured) -> list[Check]:
    """Return all checks of a case."""
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
