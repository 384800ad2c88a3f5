"""Late levels of the losses relative to the loss of guessing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.scores.evidence.points import Array, Points, scores, smoothed
from reportgen.analysis.diagnosis.scores.evidence.runs import thin_smoothed
from reportgen.analysis.finding import Abstention
from reportgen.runs.training_log import TrainingLog

LEAST = 4
"""Least number of values of one loss."""

LATE = 0.5
"""Share of the values that are late."""

FEW = 0.15
"""Tolerance, as a share of the loss of guessing, for a few minibatch losses, whose noise is not known."""


@dataclass(frozen=True)
class Levels:
    """Late mean losses as shares of the loss of guessing, and the rise, fall and swing of the loss with most values.

    train, val: NaN if the log has no such loss. tolerance: allowance for the noise of `train`. swing: mean rise from
    value to value over the last two thirds, as a standard deviation. turns: the same for falls, 0 for a loss that only
    grows. first, last, start, end: values and positions of
    the loss without sampling noise, training before validation. early: first training loss. moves: range of the late
    values of the loss without sampling noise, validation before training.
    """

    guess: float
    train: float
    val: float
    tolerance: float
    swing: float
    turns: float
    first: float
    last: float
    start: float
    end: float
    early: float
    moves: float

    @property
    def lowest(self) -> float:
        """The lower one of the late levels, with the tolerance of a few minibatches."""
        return float(np.nanmin([self.train + self.tolerance, self.val]))

    @property
    def highest(self) -> float:
        """The higher one of the late levels."""
        return float(np.nanmax([self.train, self.val]))


def levels(log: TrainingLog, guess: float) -> Levels | None:
    """Return the late levels of a log relative to a loss of guessing, None for too few values."""
    train, val = smoothed(scores(log, "train_loss")), scores(log, "val_loss")
    judged = [found for found in (train, val) if found.size >= LEAST and found.resolution != "step"]
    if not judged:
        return None
    course = judged[0]
    few = train.resolution == "step" and train.size > 0
    return Levels(
        guess=guess,
        train=train.late(LATE).mean / guess,
        val=val.late(LATE).mean / guess,
        tolerance=FEW if few else 0.0,
        swing=max(_swing(found.values) for found in judged) / guess,
        turns=max(_swing(-found.values) for found in judged) / guess,
        first=float(course.values[0]) / guess,
        last=float(course.values[-1]) / guess,
        start=float(course.positions[0]),
        end=float(course.positions[-1]),
        early=float(train.values[0]) / guess if train.size else math.nan,
        moves=float(np.ptp(judged[-1].late(LATE).values)) / guess,
    )


def too_few_losses(log: TrainingLog) -> Abstention:
    """Return the abstention of a rule that needs `levels`, for a log that has too few losses for them."""
    found = max((scores(log, role) for role in ("train_loss", "val_loss")), key=lambda points: points.size)
    return thin_smoothed("any", found, LEAST)


def _swing(values: Array) -> float:
    """Return the mean rise between consecutive late values as a standard deviation, 0 for a loss that only falls."""
    late = values[-max(1, math.ceil(2 / 3 * values.size)) :]
    return 1.77 * mean(np.maximum(late[1:] - late[:-1], 0)) if late.size > 1 else 0.0


def steadiness(found: Points) -> float:
    """Return how steadily a loss falls: its mean fall in standard errors; at most 0 if it does not fall."""
    falls = found.values[:-1] - found.values[1:]
    if falls.size < LEAST - 1:
        return 0.0
    spread = max(float(np.std(falls, ddof=1)), 1e-4 * abs(mean(found.values)) / math.sqrt(falls.size), 1e-300)
    return mean(falls) / (spread / math.sqrt(falls.size))
