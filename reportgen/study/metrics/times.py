"""The training time until a score reaches a level; runs that do not reach it are censored."""

from __future__ import annotations

import math

import numpy as np

from reportgen.study.metrics.metric import Record, Values
from reportgen.study.metrics.scores import EPOCH_ROWS
from reportgen.study.model.claims import Measure

_SCORES = {row.name: row for row in EPOCH_ROWS}


def epochs_to(record: Record, measure: Measure) -> tuple[float, float]:
    """Return the lowest and the highest possible number of epochs after which the score reaches the level.

    Both are the time at which a straight line between two epochs crosses the level. A run that does not reach the
    level is censored: the lowest time is the end of its training, the highest is infinite. For a diverged run, the
    lowest time is the planned number of epochs.
    """
    found = _crossing(record, measure)
    return (math.nan, math.nan) if found is None else (found[0], found[0] if found[1] else math.inf)


def steps_to(record: Record, measure: Measure) -> tuple[float, float]:
    """Return the same in training steps."""
    found = _crossing(record, measure)
    if found is None:
        return math.nan, math.nan
    at, reached = found
    steps = np.asarray(record.epochs("step"), np.float64)
    a_step = steps[1] - steps[0] if len(steps) > 1 else math.nan
    known = at <= len(steps) - 1
    at = float(np.interp(at, np.arange(len(steps)), steps)) if known else at * a_step
    return at, (at if reached else math.inf)


def _crossing(record: Record, measure: Measure) -> tuple[float, bool] | None:
    """Return the epoch and whether the level is reached, None for a record without the score."""
    row = _SCORES.get(str(measure.score))
    if row is None or row.curve is None or f"epoch_{row.name}" not in record.arrays or measure.level is None:
        return None
    scores = row.curve(record)
    steps = record.epochs("step")
    if not len(scores) or math.isnan(scores[0]) or len(steps) != len(scores):
        return None
    level = measure.level * (scores[0] if measure.of_first else 1.0)
    with np.errstate(invalid="ignore"):
        met = scores >= level if row.higher_is_better else scores <= level
    if not met.any():
        return _end(record, len(scores) - 1), False
    return _between(scores, level, int(met.argmax())), True


def _between(scores: Values, level: float, reached: int) -> float:
    """Return where the line from the epoch before `reached` to `reached` crosses the level."""
    if reached == 0:
        return 0.0
    before, after = float(scores[reached - 1]), float(scores[reached])
    if not math.isfinite(before) or before == after:
        return float(reached)
    return reached - 1 + (level - before) / (after - before)


def _end(record: Record, epochs: int) -> float:
    return float(record.spec.training.epochs if record.status == "diverged" else epochs)
