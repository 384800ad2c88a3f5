"""How far the loss swings back up, beyond what examples drawn at random do.

The loss of a minibatch is noisy since its examples are. A mean over a whole epoch is not: each example is in it once,
and what it does from one epoch to the next is the weights' own motion. The same holds for scores on a fixed set of
examples, and for every step of descent on the full batch.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.diagnosis.evidence.held_out import majority
from reportgen.analysis.diagnosis.evidence.means import mean, noise
from reportgen.analysis.diagnosis.evidence.memoize import memoize
from reportgen.analysis.diagnosis.evidence.outcome import guess_loss, learned_task
from reportgen.runs.record import RunRecord

Array = NDArray[np.float64]

LEAST = 6
"""Values without sampling noise from which on their swing is known."""

BLOCKS = 8
"""Into how many blocks the late half of training falls where only minibatches were measured."""

WILD, LESS = 0.3, 0.1

PER_RISE = 1.77
"""Standard deviation over mean rise: the positive part of a difference of two normal numbers has mean 0.564 sd."""


def noiseless(record: RunRecord) -> list[Array]:
    """Return the training losses by epoch in which no random draw is; for the full batch they are those by step.

    Dropout and augmentation draw in train mode; batch-norm's running values wander in test mode.
    """
    training, layers = record.spec.training, record.spec.network.layers
    draws = training.augment is not None or any(layer.dropout for layer in layers)
    has_batchnorm = any(layer.batchnorm for layer in layers)
    tested = np.asarray(record.arrays.get("epoch_train_loss", ()), np.float64)[1:]
    return [over_epochs(record)] * (not draws) + [tested] * (draws or not has_batchnorm)


def over_epochs(record: RunRecord) -> Array:
    """Return the mean loss of each epoch over its examples: a last batch of few examples counts for few.

    Where epochs have other numbers of steps than the batch size makes of the examples, as training that leaves a last
    batch of few out, each step counts alike.
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
    """Return the standard deviation of the loss's swings late in training; NaN where too little was measured.

    It is what the loss gains back on the average, over the second half and over the last third of training, whichever
    is less, at the horizon at which it gains most. A loss that only falls has none, whatever its course.
    """
    found = [_late(values) for values in noiseless(record) if values.size >= LEAST]
    return max(found, default=float("nan"))


def _late(values: Array) -> float:
    half, third = values[values.size // 2 :], values[-max(4, values.size // 3) :]
    return min(_widest(half), _widest(third))


def _widest(values: Array) -> float:
    """Return the largest swing over blocks of 1, 2, 4, ... values, as long as there are four blocks."""
    sizes = [2**k for k in range(values.size.bit_length()) if values.size // 2**k >= 4]
    return max((_rises(values, size) for size in sizes), default=_rises(values, 1))


def _rises(values: Array, size: int) -> float:
    """Return the swing over blocks of so many values, of which the last ends with the last value."""
    count = values.size // size
    if count < 2:
        return 0.0
    means = np.add.reduce(values[-count * size :].reshape(count, size), axis=1) / size
    return PER_RISE * mean(np.maximum(means[1:] - means[:-1], 0))


def still_descending(record: RunRecord, size: float) -> bool:
    """Return whether the loss falls by more than twice its swing, from the third quarter of training to the last."""
    losses = np.asarray(record.arrays.get("step_loss", ()), np.float64)
    if losses.size < 4:
        return False
    third, last = np.array_split(losses, 4)[2:]
    return mean(third) - mean(last) > 2 * size


def swing_is_harmful(record: RunRecord, size: float) -> bool:
    """Return whether a net with a swing of this size is the worse for it: it does badly, or the swing is wild.

    Wild is a swing of 30% of what guessing costs, and one under which the share of right answers in training, on the
    average over the last third of the epochs, stays a tenth below that of the best of these epochs, of what that has
    above the commonest class. The best is the ninth decile, so that no single epoch makes it.
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
    """Return the swing of means over blocks of minibatches beyond their noise, 0 where it is below twice that.

    The late half of training in eight blocks; the noise is what batches drawn at random give to a block's mean.
    """
    losses = np.asarray(record.arrays.get("step_loss", ()), np.float64)
    late = losses[losses.size // 2 :]
    size = late.size // BLOCKS
    if size < LEAST:
        return 0.0
    error, found = noise(late) / size, _rises(late, size)
    return math.sqrt(found**2 - error) if found**2 > 4 * error else 0.0
