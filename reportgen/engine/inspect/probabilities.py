"""Probabilities of classes, and their scores."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Probabilities = NDArray[np.float64]
NO_SCORES = (float("nan"), float("nan"))


def softmax(logits: NDArray[Any]) -> Probabilities:
    """Return the softmax of each row, float64."""
    z = logits.astype(np.float64)
    with np.errstate(invalid="ignore"):
        e = np.exp(z - z.max(axis=1, keepdims=True))
    p: Probabilities = e / e.sum(axis=1, keepdims=True)
    return p


def scores(p: Probabilities, y: NDArray[np.int64]) -> tuple[float, float]:
    """Return (cross-entropy, accuracy) of probabilities, shape (n, classes).

    A row with NaN counts as wrong. Both scores are NaN if there are no rows.
    """
    if len(y) == 0:
        return NO_SCORES
    at_label = p[np.arange(len(y)), y]
    with np.errstate(divide="ignore"):
        loss = float(-np.log(at_label).mean())
    correct = (p.argmax(axis=1) == y) & np.isfinite(p).all(axis=1)
    return loss, float(correct.mean())
