"""Losses: value and derivative by the logits, in one table. All are means over the batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.engine.compile import inner
from reportgen.engine.elementary import exp
from reportgen.table import Row, table

SOFTMAX_CROSS_ENTROPY, MSE, HINGE = range(3)

_ZERO, _ONE, _TWO = np.float32(0), np.float32(1), np.float32(2)


@inner
def loss_and_delta(code, logits, y, classes, delta):
    """Return the summed loss of the rows of `logits` (rows, classes), flat, and set delta to its mean's derivative."""
    total = 0.0
    share = _ONE / logits.dtype.type(y.size)
    for i in range(y.size):
        z, d = logits[i * classes : (i + 1) * classes], delta[i * classes : (i + 1) * classes]
        if code == SOFTMAX_CROSS_ENTROPY:
            total += _cross_entropy(z, y[i], share, d)
        elif code == MSE:
            total += _squared_error(z, y[i], share, d)
        else:
            total += _hinge(z, y[i], share, d)
    return total


@inner
def _cross_entropy(z, label, share, d):
    largest = z[0]
    for j in range(1, z.size):
        largest = max(largest, z[j])
    total = _ZERO
    for j in range(z.size):
        d[j] = exp(z[j] - largest)
        total += d[j]
    loss = np.log(np.float64(total)) + np.float64(largest - z[label])
    scale = share / total
    for j in range(z.size):
        d[j] *= scale
    d[label] -= share
    return loss


@inner
def _squared_error(z, label, share, d):
    loss = 0.0
    each = share / z.dtype.type(z.size)
    for j in range(z.size):
        error = z[j] - _ONE if j == label else z[j]
        loss += np.float64(error) ** 2
        d[j] = _TWO * error * each
    return loss / z.size


@inner
def _hinge(z, label, share, d):
    loss = 0.0
    d[:] = _ZERO
    for j in range(z.size):
        margin = _ONE + z[j] - z[label]
        # `not <=` lets a NaN through.
        if j != label and not margin <= _ZERO:
            loss += np.float64(margin)
            d[j] += share
            d[label] -= share
    return loss


@inner
def count_correct(logits, y, classes):
    """Return how many rows have their largest logit at the label; the first of equal ones counts, a NaN never."""
    correct = 0
    for i in range(y.size):
        z = logits[i * classes : (i + 1) * classes]
        best = 0
        for j in range(1, classes):
            if z[j] > z[best]:
                best = j
        if best == y[i] and z[best] == z[best]:
            correct += 1
    return correct


@dataclass(frozen=True, kw_only=True)
class Loss(Row):
    """A row of the losses; code is what kernels dispatch on."""

    code: int


LOSSES = table(
    [
        Loss(
            name="softmax_cross_entropy",
            code=SOFTMAX_CROSS_ENTROPY,
            summary="Minus the logarithm of the probability that softmax gives the right class.",
            formula=r"L = -\ln \frac{e^{z_y}}{\sum_j e^{z_j}}",
            source="Bridle 1990",
        ),
        Loss(
            name="mse",
            code=MSE,
            summary="Mean squared difference between the outputs and the one-hot label, over examples and classes.",
            formula=r"L = \frac{1}{C} \sum_j (z_j - [j = y])^2",
            source="Rumelhart, Hinton and Williams 1986",
        ),
        Loss(
            name="hinge",
            code=HINGE,
            summary="Multiclass hinge: every wrong class within a margin of 1 of the right one costs.",
            formula=r"L = \sum_{j \ne y} \max(0, 1 + z_j - z_y)",
            source="Weston and Watkins 1999",
        ),
    ]
)
