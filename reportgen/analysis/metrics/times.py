"""How long training takes to bring a score to a level, with runs that never do kept as censored."""

from __future__ import annotations

import math

import numpy as np

from reportgen.analysis.metrics.measures import curve_of
from reportgen.runs.record import RunRecord
from reportgen.study.model.claims import Measure


def time_to(record: RunRecord, measure: Measure) -> tuple[float, float]:
    """Return the least and the largest time, in epochs or steps, at which the score can have come to the level.

    Both are the place between two epochs where a straight line crosses the level. A run that never comes there is
    censored: not before the end of its training, and infinity. A diverged run would not have come there in all the
    epochs that it was given.
    """
    if f"epoch_{measure.score}" not in record.arrays or measure.level is None:
        return math.nan, math.nan
    scores = curve_of(record, str(measure.score))
    steps = np.asarray(record.epochs("step"), np.float64)
    if not len(scores) or math.isnan(scores[0]) or len(steps) != len(scores):
        return math.nan, math.nan
    level = measure.level * (scores[0] if measure.of_first else 1.0)
    with np.errstate(invalid="ignore"):
        met = scores >= level if str(measure.score).endswith("accuracy") else scores <= level
    at = _crossing(scores, level, int(met.argmax())) if met.any() else _end(record, len(scores) - 1)
    if measure.metric == "steps_to":
        a_step = steps[1] - steps[0] if len(steps) > 1 else math.nan
        known = at <= len(steps) - 1
        at = float(np.interp(at, np.arange(len(steps)), steps)) if known else at * a_step
    return at, (at if met.any() else math.inf)


def _crossing(scores: np.ndarray, level: float, reached: int) -> float:
    """Return where the line from the epoch before to the one in which the level is reached crosses it."""
    if reached == 0:
        return 0.0
    before, after = float(scores[reached - 1]), float(scores[reached])
    if not math.isfinite(before) or before == after:
        return float(reached)
    return reached - 1 + (level - before) / (after - before)


def _end(record: RunRecord, epochs: int) -> float:
    return float(record.spec.training.epochs if record.status == "diverged" else epochs)
