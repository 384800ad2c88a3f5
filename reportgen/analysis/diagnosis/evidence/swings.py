"""The oscillation of the loss beyond sampling noise.

The loss of a minibatch is noisy because of its random examples. The mean over a whole epoch is not: it contains each
example once, so its changes are due to the weights. The same holds for scores on a fixed set of examples and for
full-batch training.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.diagnosis.evidence.held_out import majority
from reportgen.analysis.diagnosis.evidence.means import mean, noise
from reportgen.analysis.diagnosis.evidence.memoize import memoize
from reportgen.analysis.diagnosis.evidence.outcome import guess_loss, learned_task
from reportgen.analysis.diagnosis.layers import draws, normalizations
from reportgen.runs.record import RunRecord

Array = NDArray[np.float64]

LEAST = 6
"""Least number of values without sampling noise."""

BLOCKS = 8
"""Number of blocks in the second half of training, for minibatch losses."""

WILD, LESS = 0.3, 0.1

PER_RISE = 1.77
"""Ratio of standard deviation to mean rise, for differences of independent normal numbers."""


def noiseless(record: RunRecord) -> list[Array]:
    """Return the training losses without sampling noise: by epoch, or by step for full-batch training.

    Dropout, stochastic depth and augmentation add noise in train mode, batch normalization in test mode.
    """
    network = record.spec.network
    drawn = record.spec.training.augment is not None or draws(network)
    has_batchnorm = bool(normalizations(network))
    tested = np.asarray(record.arrays.get("epoch_train_loss", ()), np.float64)[1:]
    return [over_epochs(record)] * (not drawn) + [tested] * (drawn or not has_batchnorm)


def over_epochs(record: RunRecord) -> Array:
    """Return the mean loss of each epoch over its examples.

    A smaller last batch has less weight. If training omits it, all steps have the same weight.
    """
    size, batch = int(record.facts.get("train_n", 0)), record.spec.training.batch_size
    losses = np.asarray(record.arrays.get("step_loss", ()), np.float64)
    if size == 0:
        return np.asarray(record.arrays.get("epoch_batch_loss", ()), np.float64)[1:]
    batch = min(batch or size, size)
    steps, known = -(-size // batch), np.diff(np.asarray(record.arrays.get("epoch_step", ()), np.int64))
    if known.size and (known == known[0]).all() and 0 < known[0] != steps:
        whole = losses[: losses.size // known[0] * known[0]]
        return np.asarray(whole.reshape(-1, known[0]).mean(axis=1))
    weights = np.full(steps, batch / size)
    weights[-1] = 1 - batch * (steps - 1) / size
    return np.asarray(losses[: losses.size // steps * steps].reshape(-1, steps) @ weights)


@memoize
def swing(record: RunRecord) -> float:
    """Return the standard deviation of the oscillation late in training, NaN for too few values.

    It is proportional to the mean rise between consecutive block averages, for the block size with the largest rise,
    over the second half or the last third of training, the smaller. It is 0 for a loss that only decreases.
    """
    found = [amplitude(values) for values in noiseless(record) if values.size >= LEAST]
    return max(found, default=float("nan"))


def amplitude(values: Array) -> float:
    """Return the oscillation over the second half or the last third of the values, the smaller."""
    half, third = values[values.size // 2 :], values[-max(4, values.size // 3) :]
    return min(_widest(half), _widest(third))


def _widest(values: Array) -> float:
    """Return the largest oscillation over blocks of 1, 2, 4, ... values, with at least four blocks."""
    sizes = [2**k for k in range(values.size.bit_length()) if values.size // 2**k >= 4]
    return max((_rises(values, size) for size in sizes), default=_rises(values, 1))


def _rises(values: Array, size: int) -> float:
    """Return the oscillation over blocks of `size` values, aligned with the end."""
    count = values.size // size
    if count < 2:
        return 0.0
    means = np.add.reduce(values[-count * size :].reshape(count, size), axis=1) / size
    return PER_RISE * mean(np.maximum(means[1:] - means[:-1], 0))


def still_descending(record: RunRecord, size: float) -> bool:
    """Return whether the loss decreases by more than twice its oscillation from the third quarter to the last."""
    losses = np.asarray(record.arrays.get("step_loss", ()), np.float64)
    if losses.size < 4:
        return False
    third, last = np.array_split(losses, 4)[2:]
    return mean(third) - mean(last) > 2 * size


def swing_is_harmful(record: RunRecord, size: float) -> bool:
    """Return whether an oscillation of this size is harmful.

    It is if the run does not learn its task, if the size is 30% of the loss of guessing, or if the mean training
    accuracy over the last third of the epochs is below the best of them by a tenth of its lead over the most common
    class. The best is the ninth decile, so that it does not depend on a single epoch.
    """
    if not learned_task(record) or size >= WILD * guess_loss(record):
        return True
    right = np.asarray(record.arrays.get("epoch_train_accuracy", ()), np.float64)[1:]
    if right.size < LEAST:
        return False
    late = right[-(right.size // 3) :]
    best = float(np.quantile(late, 0.9))
    return best - mean(late) >= LESS * (best - majority(record))


def swing_of_blocks(record: RunRecord) -> float:
    """Return the oscillation of block means in the second half of training beyond their noise.

    0 if it is below twice the noise, the standard error of a block mean due to random batches.
    """
    losses = np.asarray(record.arrays.get("step_loss", ()), np.float64)
    late = losses[losses.size // 2 :]
    size = late.size // BLOCKS
    if size < LEAST:
        return 0.0
    error, found = noise(late) / size, _rises(late, size)
    return math.sqrt(found**2 - error) if found**2 > 4 * error else 0.0
