"""Whether the loss is flat at first and decreases later, and for how long.

Losses above the loss of guessing are clipped to it, because unlearning a poor start is not yet learning. They are not
clipped if the network fits in the end, since the poor start did little harm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.diagnosis.evidence.means import noise
from reportgen.analysis.diagnosis.evidence.memoize import memoize
from reportgen.analysis.diagnosis.evidence.outcome import fits, guess_loss
from reportgen.runs.record import RunRecord

Array = NDArray[np.float64]

BLOCKS = 60
BEGUN, HALF = 0.1, 0.5
FLAT = 0.5
"""Smallest ratio of the times to a tenth and to half of the total decrease: 0.15 for an exponential decrease, 1 for a
sudden drop. Time is the sum of learning rates, so that a warm-up does not count as a plateau."""

DEEP = 0.15
"""Least decrease of the loss, as a share of the loss of guessing."""

SIGMAS = 5.0
LONG, LONG_DESPITE_FIT = 0.1, 0.2
"""Shares of training from which on a plateau is long."""


@dataclass(frozen=True)
class Plateau:
    """A plateau at the start: its end as a step and as a share of training, and the losses before and after."""

    end: int
    share: float
    start: float
    fallen: float


@memoize
def plateau(record: RunRecord) -> Plateau | None:
    """Return the plateau at the start of a run's minibatch losses, None if there is none."""
    losses = np.asarray(record.arrays.get("step_loss", ()), np.float64)
    losses = losses[np.isfinite(losses)]
    if losses.size < 20:
        return None
    edges = np.linspace(0, losses.size, min(BLOCKS, losses.size // 4) + 1).astype(int)
    means = np.add.reduceat(losses, edges[:-1]) / (edges[1:] - edges[:-1])
    means = means if fits(record) else np.minimum(means, guess_loss(record))
    start, fall = float(means[0]), float(means[0] - means.min())
    if fall < DEEP * guess_loss(record) or fall < SIGMAS * _noise(losses, edges):
        return None
    begun, half = (_first_below(means, start - share * fall) for share in (BEGUN, HALF))
    spent = _learning(record, edges)
    if spent[half] <= 0 or spent[begun] < FLAT * spent[half] or begun < 2:
        return None
    return Plateau(int(edges[begun]), float(edges[begun] / losses.size), start, float(means.min()))


def long_plateau(record: RunRecord) -> bool:
    """Return whether a run spent a large share of its training on a plateau at the start."""
    found = plateau(record)
    return found is not None and found.share >= (LONG_DESPITE_FIT if fits(record) else LONG)


def _noise(losses: Array, edges: NDArray[np.int64]) -> float:
    """Return the standard error of a block's mean, by successive differences (von Neumann 1941)."""
    return math.sqrt(noise(losses)) / math.sqrt(float((edges[1:] - edges[:-1]).min()))


def _first_below(means: Array, level: float) -> int:
    """Return the first block whose mean with the next block is below a level."""
    smooth = np.append((means[:-1] + means[1:]) / 2, means[-1])
    below = np.flatnonzero(smooth <= level)
    return int(below[0]) if below.size else means.size - 1


def _learning(record: RunRecord, edges: NDArray[np.int64]) -> Array:
    """Return the sum of learning rates before each block, in units of the highest learning rate."""
    steps, rates = record.epochs("step"), record.epochs("lr")
    rate = np.interp(np.arange(edges[-1]), steps, rates)
    total = np.concatenate([[0.0], np.cumsum(rate / max(float(rate.max()), 1e-300))])
    return np.asarray(total[edges[:-1]], np.float64)
