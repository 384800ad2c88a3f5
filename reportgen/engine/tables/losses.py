"""The table of losses. All losses are means over a batch.

To add a loss, write a kernel and a row at the end. The kernel has the arguments (logits, y, classes, delta); logits and
delta are flat (rows, classes), y is (rows,). It returns the sum of the losses of the rows, and sets delta to the
derivative of their mean by the logits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from reportgen.engine.jit.compile import internal
from reportgen.engine.math.elementary import exp
from reportgen.engine.tables.activation import special
from reportgen.registry import Component, Parameter, Row, Table

Counts = Sequence[float]

_MANY = 1e200  # times the largest sum of a row, it is still finite in float64
_ZERO, _ONE, _TWO = np.float32(0), np.float32(1), np.float32(2)


@internal
def _cross_entropy(logits, y, classes, delta):
    total = 0.0
    share = _ONE / logits.dtype.type(y.size)
    for i in range(y.size):
        z, d = logits[i * classes : (i + 1) * classes], delta[i * classes : (i + 1) * classes]
        largest = z[0]
        for j in range(1, classes):
            largest = max(largest, z[j])
        for j in range(classes):
            d[j] = z[j] - largest
        total -= d[y[i]]
    for k in range(y.size * classes):  # one long loop, since rows are too short to vectorize
        delta[k] = exp(delta[k])
    masses = 1.0
    for i in range(y.size):
        d = delta[i * classes : (i + 1) * classes]
        mass = _ZERO
        for j in range(classes):
            mass += d[j]
        masses *= np.float64(mass)
        if masses > _MANY or i == y.size - 1:  # one logarithm for many rows; each sum is at least 1
            total += np.log(masses)
            masses = 1.0
        scale = share / mass
        for j in range(classes):
            d[j] *= scale
        d[y[i]] -= share
    return total


@internal
def _squared_error(logits, y, classes, delta):
    total = 0.0
    share = _ONE / logits.dtype.type(y.size * classes)
    for i in range(y.size):
        for j in range(classes):
            k = i * classes + j
            error = logits[k] - _ONE if j == y[i] else logits[k]
            total += np.float64(error) ** 2
            delta[k] = _TWO * error * share
    return total / classes


@internal
def _hinge(logits, y, classes, delta):
    total = 0.0
    share = _ONE / logits.dtype.type(y.size)
    for i in range(y.size):
        z, d = logits[i * classes : (i + 1) * classes], delta[i * classes : (i + 1) * classes]
        label = y[i]
        for j in range(classes):
            d[j] = _ZERO
        for j in range(classes):
            margin = _ONE + z[j] - z[label]
            # `not <=` propagates NaN.
            if j != label and not margin <= _ZERO:
                total += np.float64(margin)
                d[j] += share
                d[label] -= share
    return total


@internal
def smooth_labels(logits, y, classes, delta, share):
    """Spread this share of each label evenly over all classes; return the change of the sum of the losses.

    The cross-entropy is linear in the labels: L - share (z_y - mean(z)) is that of one-hot labels. delta changes with
    it.
    """
    total = 0.0
    each = logits.dtype.type(share / y.size)
    for i in range(y.size):
        z, d = logits[i * classes : (i + 1) * classes], delta[i * classes : (i + 1) * classes]
        mean = 0.0
        for j in range(classes):
            mean += np.float64(z[j])
            d[j] -= each / classes
        d[y[i]] += each
        total += np.float64(z[y[i]]) - mean / classes
    return share * total


@internal
def count_correct(logits, y, classes):
    """Return the number of rows whose (first) largest logit is that of the label; rows with NaN at it do not count."""
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


def smoothing_of(loss: Component) -> float:
    """Return the share of a label that a loss spreads over all classes, 0 without label smoothing."""
    name = LOSSES[loss.name].smoothing
    return 0.0 if name is None else float(loss.get(name, 0.0))


def is_likelihood(loss: Component) -> bool:
    """Return whether a loss is minus the mean logarithm of the probability of the correct class."""
    return LOSSES[loss.name].is_likelihood and smoothing_of(loss) == 0


def guess_of(loss: Component, counts: Counts) -> float:
    """Return the loss of the best constant outputs, from the number of examples of each class."""
    share = smoothing_of(loss)
    spread = [(1 - share) * count + share * sum(counts) / len(counts) for count in counts] if share else counts
    return LOSSES[loss.name].guess(spread)


def least_of(loss: Component, classes: int) -> float:
    """Return the smallest possible loss: 0, or the entropy of a smoothed label."""
    share = smoothing_of(loss)
    return _entropy([1 - share + share / classes, *[share / classes] * (classes - 1)]) if share else 0.0


def _entropy(counts: Counts) -> float:
    """Return the entropy of the frequencies of the classes, in nats."""
    p = np.asarray(counts, np.float64)
    p = p[p > 0] / max(p.sum(), 1)
    return float(-(p * np.log(p)).sum())


def _entropy_at(variance: float, classes: int) -> float:
    base = math.log(classes)
    return base + min(variance * (1 - 1 / classes) / 2, math.sqrt(2 * variance * base))


def _squared_error_of_guess(counts: Counts) -> float:
    share = np.array(counts) / sum(counts)
    return float(1 - (share**2).sum()) / len(counts)


def _hinge_at(variance: float, classes: int) -> float:
    spread = math.sqrt(2 * max(variance, 1e-12))
    positive = float(special().ndtr(1 / spread)) + spread * math.exp(-0.5 / spread**2) / math.sqrt(2 * math.pi)
    return (classes - 1) * positive


def _hinge_of_guess(counts: Counts) -> float:
    share = np.array(counts) / sum(counts)
    return (1 - float(share.max())) * len(counts)


@dataclass(frozen=True, kw_only=True)
class Loss(Row):
    """A row of the losses.

    Attributes
    ----------
    kernel : computes the loss and its derivative, see the module.
    chance : returns the loss of outputs that are all zero, from the number of classes.
    at_variance : returns the approximate loss of random outputs, from their variance and the number of equally
        frequent classes.
    guess : returns the loss of the best constant outputs, from the number of examples of each class.
    is_likelihood : the loss is minus the mean logarithm of the softmax probability of the correct class.
    kinked : the derivative by the outputs has a jump.
    linear : the loss grows linearly with a large wrong output.
    smoothing : name of the parameter with the share of a label that is spread evenly over all classes. The loss must
        be minus a sum of the labels times the logarithms of softmax probabilities; `kernel` has one-hot labels.
    """

    kind: ClassVar[str] = "loss"
    kernel: Callable[..., Any]
    chance: Callable[[int], float]
    at_variance: Callable[[float, int], float]
    guess: Callable[[Counts], float]
    is_likelihood: bool = False
    kinked: bool = False
    linear: bool = True
    smoothing: str | None = None


LOSSES = Table(
    Loss,
    [
        Loss(
            name="softmax_cross_entropy",
            aliases=(
                "cross_entropy",
                "cross_entropy_loss",
                "categorical_crossentropy",
                "sparse_categorical_crossentropy",
                "log_loss",
            ),
            kernel=_cross_entropy,
            chance=math.log,
            at_variance=_entropy_at,
            guess=_entropy,
            is_likelihood=True,
            summary="Minus the logarithm of the softmax probability of the correct class.",
            formula=r"L = -\sum_k q_k \ln \frac{e^{z_k}}{\sum_j e^{z_j}},\quad "
            r"q_k = (1 - s) [k = y] + \frac{s}{C}",
            source="Bridle 1990; smoothing: Szegedy et al. 2016, section 7",
            smoothing="smoothing",
            parameters=(
                Parameter(
                    "smoothing",
                    "number",
                    0.0,
                    "share of a label that is spread evenly over all classes, in training and in all losses",
                    0.0,
                    1.0,
                    exclusive=("maximum",),
                    added=True,
                ),
            ),
        ),
        Loss(
            name="mse",
            aliases=(
                "mse_loss",
                "mean_squared_error",
            ),
            kernel=_squared_error,
            chance=lambda classes: 1 / classes,
            at_variance=lambda variance, classes: 1 / classes + variance,
            guess=_squared_error_of_guess,
            linear=False,
            summary="Mean squared difference between outputs and one-hot labels, over examples and classes.",
            formula=r"L = \frac{1}{C} \sum_j (z_j - [j = y])^2",
            source="Rumelhart, Hinton and Williams 1986",
        ),
        Loss(
            name="hinge",
            kernel=_hinge,
            chance=lambda classes: classes - 1.0,
            at_variance=_hinge_at,
            guess=_hinge_of_guess,
            kinked=True,
            summary="Multiclass hinge loss: penalizes each wrong class within a margin of 1 of the correct class.",
            formula=r"L = \sum_{j \ne y} \max(0, 1 + z_j - z_y)",
            source="Weston and Watkins 1999",
        ),
    ],
)
