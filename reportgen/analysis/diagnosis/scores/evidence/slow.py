"""Losses that fall steadily but by little, which is what a learning rate that is too low looks like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.scores.evidence.guessed import LEAST, steadiness
from reportgen.analysis.diagnosis.scores.evidence.points import Points, points, scores
from reportgen.runs.training_log import TrainingLog

STEADY = 4.0
KEEPS = 0.5
"""Least ratio of the fall in the second half to that in the first; an exponential approach to its limit is below."""

LITTLE = 0.12
SAME_RATE = 0.5
"""Least ratio of the last learning rate to the highest: a decayed rate makes any loss fall slowly."""


@dataclass(frozen=True)
class Slow:
    """A slow fall: the first and last loss, the number of values, and their positions."""

    first: float
    last: float
    count: int
    start: float
    end: float


def slow_fall(log: TrainingLog) -> Slow | None:
    """Return the slow, steady fall of a loss without sampling noise over the whole run, None if there is none.

    A training loss that falls while the validation loss does not is memorization, at whatever rate.
    """
    rates = points(log.curve("lr"))
    if rates.size > 1 and not (rates.values[-1] >= SAME_RATE * rates.values.max() and _never_rises(rates)):
        return None
    val = scores(log, "val_loss")
    shared = val.size < LEAST or val.late(1 / 3).mean < val.early(1 / 3).mean
    for role in ("val_loss", "train_loss") if shared else ():
        found = scores(log, role)
        if found.resolution == "step" or found.size < LEAST or not (found.values > 0).all():
            continue
        fallen = 1 - float(found.values[-1] / found.values[0])
        half = found.size // 2
        speeds = -np.diff(found.values)
        keeps = mean(speeds[half:]) >= KEEPS * mean(speeds[:half]) if 0 < half < speeds.size else False
        if 0 < fallen < LITTLE and keeps and steadiness(found) > STEADY:
            ends, places = found.values[[0, -1]].tolist(), found.positions[[0, -1]].tolist()
            return Slow(ends[0], ends[1], found.size, places[0], places[1])
    return None


def _never_rises(rates: Points) -> bool:
    return bool(rates.values[0] >= SAME_RATE * rates.values.max())
