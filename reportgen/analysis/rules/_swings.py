"""How far the loss swings back up, beyond what examples drawn at random do.

The loss of a minibatch is noisy since its examples are. A mean over a whole epoch is not: each example is in it once,
and what it does from one epoch to the next is the weights' own motion. The same holds for scores on a fixed set of
examples, and for every step of descent on the full batch.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reportgen.runs.record import RunRecord

Array = NDArray[np.float64]

LEAST = 6
"""Values without sampling noise from which on their swing is known."""

PER_RISE = 1.77
"""Standard deviation over mean rise: the positive part of a difference of two normal numbers has mean 0.564 sd."""


def noiseless(record: RunRecord) -> list[Array]:
    """Return the training losses in which no random draw is, in order: by epoch, or by step for the full batch.

    Dropout and augmentation draw in train mode; batch-norm's running values wander in test mode.
    """
    training, layers = record.spec.training, record.spec.network.layers
    size = int(record.facts.get("train_n", 0))
    full = training.batch_size == 0 or 0 < size <= training.batch_size
    draws = training.augment is not None or any(layer.dropout for layer in layers)
    wanders = any(layer.batchnorm for layer in layers)
    trained = record.arrays.get("step_loss", ()) if full else record.arrays.get("epoch_batch_loss", ())[1:]
    tested = record.arrays.get("epoch_train_loss", ())[1:]
    series = [trained] * (not draws) + [tested] * (draws or not (wanders or full))
    return [np.asarray(values, np.float64) for values in series]


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
    count = values.size // size
    means = values[values.size - count * size :].reshape(count, size).mean(axis=1)
    return float(PER_RISE * np.maximum(np.diff(means), 0).mean()) if count > 1 else 0.0
