"""Whether a loss stays flat at first and then falls, and for how long.

What lies above the loss of guessing is cut off, since to unlearn a bad start is not yet to learn; not so in a net that
fits in the end, which it did not cost much.
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
"""The share of the way to half the fall at which a tenth of it is reached: 0.15 where a loss falls exponentially, 1
where it drops from a ledge. Time is counted in learning rate, so that a warm-up is no plateau."""

DEEP = 0.15
"""The share of the loss of guessing by which a loss has to fall for its shape to mean anything."""

SIGMAS = 5.0
COSTLY, COSTLY_THOUGH_IT_FITS = 0.1, 0.2
"""The share of training on a plateau from which on it costs more than a moment."""


@dataclass(frozen=True)
class Plateau:
    """A flat beginning: its end as a step and as a share of training; the losses before and after the fall."""

    end: int
    share: float
    start: float
    fallen: float


@memoize
def plateau(record: RunRecord) -> Plateau | None:
    """Return the flat beginning of a run's minibatch losses, None where there is none."""
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
    """Return whether a run spent a costly share of its training on a plateau at its start."""
    found = plateau(record)
    return found is not None and found.share >= (COSTLY_THOUGH_IT_FITS if fits(record) else COSTLY)


def _noise(losses: Array, edges: NDArray[np.int64]) -> float:
    """Return the standard error of a block's mean, from differences between neighbours (von Neumann 1941)."""
    return math.sqrt(noise(losses)) / math.sqrt(float((edges[1:] - edges[:-1]).min()))


def _first_below(means: Array, level: float) -> int:
    """Return the first block from which on the mean of it and the next lies below a level."""
    smooth = np.append((means[:-1] + means[1:]) / 2, means[-1])
    below = np.flatnonzero(smooth <= level)
    return int(below[0]) if below.size else means.size - 1


def _learning(record: RunRecord, edges: NDArray[np.int64]) -> Array:
    """Return the learning rate summed over the steps before each block, in steps of the highest rate."""
    steps, rates = record.epochs("step"), record.epochs("lr")
    rate = np.interp(np.arange(edges[-1]), steps, rates)
    total = np.concatenate([[0.0], np.cumsum(rate / max(float(rate.max()), 1e-300))])
    return np.asarray(total[edges[:-1]], np.float64)
