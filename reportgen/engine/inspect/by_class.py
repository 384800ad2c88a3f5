"""Predictions by class: the confusion matrix, and the loss on the examples of each class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def confusion(labels: NDArray[np.int64], predicted: NDArray[np.int64], classes: int) -> NDArray[np.int32]:
    """Return the confusion matrix, shape (classes, classes): true classes by row, predicted classes by column."""
    counts = np.bincount(labels * classes + predicted, minlength=classes**2)
    return counts.astype(np.int32).reshape(classes, classes)


def class_losses(p: NDArray[np.float64], y: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """Return the mean cross-entropy of the examples of each class, shape (classes,); NaN for a class without examples.

    p: probabilities, shape (n, classes); y: classes, shape (n,).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        losses = -np.log(p[np.arange(len(y)), y])
        means: NDArray[np.float64] = np.bincount(y, losses, minlength=classes) / np.bincount(y, minlength=classes)
    return means
