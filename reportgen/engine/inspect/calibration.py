"""Calibration of predicted probabilities: expected calibration error and temperature scaling (Guo et al. 2017).

Both are measured on the validation examples. The temperature for an example is fitted to the other half of them, so
that no example is scored with a temperature that was fitted to its own label.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Logits = NDArray[np.float64]

CALIBRATION_SCORES = ("val_calibration_error", "temperature", "val_calibration_error_scaled", "val_loss_scaled")
"""Expected calibration error, the temperature of the smallest cross-entropy, and error and cross-entropy with it."""

BINS = 15
LOWEST, HIGHEST = 0.05, 20.0
"""Range of temperatures; a network without a mistake on a half has the lowest one."""


def calibration_scores(logits: Logits, y: NDArray[np.int64], order: NDArray[np.int64]) -> dict[str, float]:
    """Return the CALIBRATION_SCORES; NaN for fewer than two examples, and for outputs that are not finite.

    Parameters
    ----------
    logits, y : outputs (n, classes) and labels (n,) of the validation examples.
    order : random order of the examples, whose halves take the temperature of each other. The temperature returned is
        the geometric mean of the two.
    """
    if len(y) < 2 or not np.isfinite(logits).all():
        return dict.fromkeys(CALIBRATION_SCORES, float("nan"))
    halves = order[: len(y) // 2], order[len(y) // 2 :]
    fitted = [fit_temperature(logits[half], y[half]) for half in halves]
    scaled = np.empty_like(logits)
    for half, other in zip(halves, reversed(fitted), strict=True):
        scaled[half] = logits[half] / other
    found = (
        calibration_error(_probabilities(logits), y),
        float(np.exp(np.log(fitted).mean())),
        calibration_error(_probabilities(scaled), y),
        _cross_entropy(scaled, y),
    )
    return dict(zip(CALIBRATION_SCORES, found, strict=True))


def calibration_error(p: NDArray[np.float64], y: NDArray[np.int64], bins: int = BINS) -> float:
    """Return the expected calibration error (Guo et al. 2017, eq. 3), for probabilities (n, classes).

    Examples are put into bins of equal width by the probability of their predicted class. The error is the mean
    distance of a bin's accuracy from its mean probability, weighted by the number of its examples.
    """
    confidence, right = p.max(axis=1), p.argmax(axis=1) == y
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)  # bins are closed above
    difference = np.bincount(place, confidence - right, bins)
    return float(np.abs(difference).sum() / len(y))


def fit_temperature(logits: Logits, y: NDArray[np.int64]) -> float:
    """Return the temperature, between LOWEST and HIGHEST, of the smallest cross-entropy of logits / temperature.

    The cross-entropy is convex in the inverse temperature, whose derivative is bisected.
    """
    low, high = 1 / HIGHEST, 1 / LOWEST
    centred = logits - logits[np.arange(len(y)), y][:, None]
    for _ in range(60):
        middle = np.sqrt(low * high)
        rises = (_probabilities(middle * logits) * centred).sum() > 0
        low, high = (low, middle) if rises else (middle, high)
    return float(1 / np.sqrt(low * high))


def _probabilities(logits: Logits) -> NDArray[np.float64]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    found: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return found


def _cross_entropy(logits: Logits, y: NDArray[np.int64]) -> float:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return float((np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(y)), y]).mean())
