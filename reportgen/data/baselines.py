"""What simple models reach on the data: references for diagnoses, fitted once a data set and seed.

Four models that need no training run: the commonest class, which is blind to the inputs; a linear one (ridge
regression on the classes' indicators, Hastie, Tibshirani and Friedman 2009, 4.2), which sees them in one way; nearest
neighbours (13.3 there), which bend wherever the data do, on few features; and regression with a Gaussian kernel (5.8
there), which bends on many features too. They see a part of the training split, so what they reach is a floor: more is
possible, and less is no fault of the data.

What they reach on training examples that are left out says whether these labels follow from their inputs at all. The
validation split alone does not: where training labels are random, a model's boundary is random too, and on data of few
features that have a structure it may agree with it by chance, or with its opposite.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32]
Labels = NDArray[np.int64]

USED, SCORED = 900, 300
"""Training examples that are used, of which a third is left out of the fit, and validation examples; at most."""

NEIGHBOURS = (1, 5, 15)
SHRINKAGE = 0.05
SHARPNESS = (0.5, 2.0, 8.0)
"""By what a kernel's exponent multiplies the squared distance over its median."""

RIDGES = (0.01, 1.0)
MEDIAN_OF = 32
"""The examples whose distances to all others give the median."""


class Examples(Protocol):
    """What is read of a data set: two of its splits, and how many classes there are."""

    @property
    def x_train(self) -> Values:
        """Training examples, (n, features)."""

    @property
    def y_train(self) -> Labels:
        """Their classes, (n,)."""

    @property
    def x_val(self) -> Values:
        """Validation examples, (n, features)."""

    @property
    def y_val(self) -> Labels:
        """Their classes, (n,)."""

    @property
    def classes(self) -> int:
        """How many classes there are."""


def baselines(dataset: Examples) -> dict[str, Any]:
    """Return the accuracies of simple models on validation examples, and on training examples that are left out.

    baseline_train_n, baseline_left_out_n, baseline_val_n: how many examples were fitted and scored;
    baseline_majority, baseline_linear, baseline_neighbours, baseline_kernel: validation accuracies; the last three with
    _left_out: those on left-out training examples. Nothing where a split is empty or has one training example.
    """
    used = min(USED, len(dataset.y_train))
    if used < 2 or not len(dataset.y_val):
        return {}
    fitted = used - max(1, used // 3)
    x, y = dataset.x_train[:fitted], dataset.y_train[:fitted]
    rows = np.concatenate([dataset.x_train[fitted:used], dataset.x_val[:SCORED]])
    labels = np.concatenate([dataset.y_train[fitted:used], dataset.y_val[:SCORED]])
    mean, spread = x.mean(axis=0, dtype=np.float64), x.std(axis=0, dtype=np.float64)
    scale = (1 / np.where(spread > 0, spread, 1)).astype(np.float32)
    x, rows = ((part - mean.astype(np.float32)) * scale for part in (x, rows))
    left_out = used - fitted
    linear = _linear(x, y, rows, dataset.classes) == labels
    near = _neighbours(x, y, rows, labels[:left_out], dataset.classes) == labels
    bent = _kernel(x, y, rows, dataset.classes) == labels
    commonest = np.bincount(dataset.y_train, minlength=dataset.classes).argmax()
    return {
        "baseline_train_n": fitted,
        "baseline_left_out_n": left_out,
        "baseline_val_n": len(labels) - left_out,
        "baseline_majority": float((labels[left_out:] == commonest).mean()),
        "baseline_linear": float(linear[left_out:].mean()),
        "baseline_neighbours": float(near[left_out:].mean()),
        "baseline_kernel": float(bent[left_out:].mean()),
        "baseline_linear_left_out": float(linear[:left_out].mean()),
        "baseline_neighbours_left_out": float(near[:left_out].mean()),
        "baseline_kernel_left_out": float(bent[:left_out].mean()),
    }


def _linear(x: Values, y: Labels, rows: Values, classes: int) -> Labels:
    """Return the classes that ridge regression predicts for some rows; inputs are standardized.

    The penalty grows with features over examples, as the spread of a random covariance's eigenvalues does.
    """
    n, d = x.shape
    targets = (y[:, None] == np.arange(classes)).astype(np.float32)
    offset = targets.mean(axis=0)
    ridge = np.float32(n * (SHRINKAGE + d / n / 2))
    if d <= n:
        weights = np.linalg.solve(x.T @ x + ridge * np.eye(d, dtype=np.float32), x.T @ (targets - offset))
    else:
        weights = x.T @ np.linalg.solve(x @ x.T + ridge * np.eye(n, dtype=np.float32), targets - offset)
    predicted: Labels = (rows @ weights + offset).argmax(axis=1)
    return predicted


def _neighbours(x: Values, y: Labels, rows: Values, labels: Labels, classes: int) -> Labels:
    """Return the classes of most of the nearest examples, as many of these as serve the first, labelled rows best."""
    wanted = min(max(NEIGHBOURS), len(y))
    distances = np.einsum("ij,ij->i", x, x) - 2 * (rows @ x.T)
    near = np.argpartition(distances, wanted - 1, axis=1)[:, :wanted]
    order = np.take_along_axis(distances, near, axis=1).argsort(axis=1)
    found = y[np.take_along_axis(near, order, axis=1)]
    votes = np.cumsum(found[:, :, None] == np.arange(classes), axis=1)
    chosen = [votes[:, k - 1].argmax(axis=1) for k in NEIGHBOURS if k <= wanted]
    return max(chosen, key=lambda one: int((one[: len(labels)] == labels).sum()))


def _kernel(x: Values, y: Labels, rows: Values, classes: int) -> Labels:
    """Return the classes that ridge regression with a Gaussian kernel predicts for some rows; inputs are standardized.

    Of a few widths and penalties those are taken under which two thirds of the fitted examples predict the rest best.
    """
    targets = (y[:, None] == np.arange(classes)).astype(np.float32)
    offset = targets.mean(axis=0)
    targets -= offset
    own, inner = _squared_distances(x, x), max(1, 2 * len(y) // 3)
    usual = float(np.median(own[:MEDIAN_OF])) or 1.0
    best, chosen = -1, (SHARPNESS[0], RIDGES[0])
    for sharpness in SHARPNESS:
        similar = np.exp(np.float32(-sharpness / usual) * own[:, :inner])
        for ridge in RIDGES:
            found = similar[inner:] @ _fitted(similar[:inner], targets[:inner], ridge) + offset
            right = int((found.argmax(axis=1) == y[inner:]).sum())
            if right > best:
                best, chosen = right, (sharpness, ridge)
    scale = np.float32(-chosen[0] / usual)
    weights = _fitted(np.exp(scale * own), targets, chosen[1])
    predicted: Labels = (np.exp(scale * _squared_distances(rows, x)) @ weights + offset).argmax(axis=1)
    return predicted


def _fitted(similar: Values, targets: Values, ridge: float) -> Values:
    """Return the weights of examples, (n, classes)."""
    weights: Values = np.linalg.solve(similar + np.float32(ridge) * np.eye(len(similar), dtype=np.float32), targets)
    return weights


def _squared_distances(a: Values, b: Values) -> Values:
    """Return the squared distance of each row of a to each of b, (len(a), len(b))."""
    squares = [np.einsum("ij,ij->i", rows, rows) for rows in (a, b)]
    distances: Values = np.maximum(squares[0][:, None] - 2 * (a @ b.T) + squares[1], 0)
    return distances
