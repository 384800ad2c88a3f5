"""Baselines: accuracies of simple models, which diagnoses use as references; fitted once per data set and seed.

The four models are the most frequent class, which ignores the inputs; a linear model (ridge regression on class
indicators; Hastie, Tibshirani and Friedman 2009, section 4.2); nearest neighbours (section 13.3), which fit nonlinear
boundaries on few features; and ridge regression with a Gaussian kernel (section 5.8), which does so on many features
too. They are fitted on a part of the training split, so their accuracies are lower bounds of what is possible.

Accuracies on held-out training examples show whether the labels depend on the inputs. Validation accuracies alone do
not show this: with random training labels the fitted boundary is random, and on structured data of few features it can
agree with the true boundary, or with its opposite, by chance. If the examples are sorted by class, the used ones are
drawn in a fixed random order, so that each part has all classes.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32]
Labels = NDArray[np.int64]

MAX_TRAIN, MAX_VALIDATION = 900, 300
"""Largest numbers of training examples, a third of which is held out, and of validation examples."""

NEIGHBOURS = (1, 5, 15)
SHRINKAGE = 0.05
KERNEL_SCALES = (0.5, 2.0, 8.0)
"""Factors of the squared distance, in units of its median, in the exponent of the kernel."""

RIDGES = (0.01, 1.0)
MEDIAN_ROWS = 32
"""Number of examples whose distances to all others give the median."""


class Examples(Protocol):
    """Training and validation split of a data set, and its number of classes."""

    @property
    def x_train(self) -> Values:
        """Training examples, (n, features)."""

    @property
    def y_train(self) -> Labels:
        """Classes of the training examples, (n,)."""

    @property
    def x_val(self) -> Values:
        """Validation examples, (n, features)."""

    @property
    def y_val(self) -> Labels:
        """Classes of the validation examples, (n,)."""

    @property
    def classes(self) -> int:
        """Number of classes."""


def baselines(dataset: Examples) -> dict[str, Any]:
    """Return the accuracies of simple models on validation examples and on held-out training examples.

    baseline_train_n, baseline_left_out_n, baseline_val_n: numbers of fitted, held-out and validation examples;
    baseline_majority, baseline_linear, baseline_neighbours, baseline_kernel: validation accuracies; the last three with
    _left_out: accuracies on held-out training examples. The result is empty without validation examples, and for fewer
    than two training examples.
    """
    used = min(MAX_TRAIN, len(dataset.y_train))
    if used < 2 or not len(dataset.y_val):
        return {}
    fitted = used - max(1, used // 3)
    train, validation = _mixed(dataset.y_train)[:used], _mixed(dataset.y_val)[:MAX_VALIDATION]
    x, y = dataset.x_train[train[:fitted]], dataset.y_train[train[:fitted]]
    rows = np.concatenate([dataset.x_train[train[fitted:]], dataset.x_val[validation]])
    labels = np.concatenate([dataset.y_train[train[fitted:]], dataset.y_val[validation]])
    mean, spread = x.mean(axis=0, dtype=np.float64), x.std(axis=0, dtype=np.float64)
    scale = (1 / np.where(spread > 0, spread, 1)).astype(np.float32)
    x, rows = ((part - mean.astype(np.float32)) * scale for part in (x, rows))
    left_out = used - fitted
    linear = _linear(x, y, rows, dataset.classes) == labels
    neighbours = _neighbours(x, y, rows, labels[:left_out], dataset.classes) == labels
    kernel = _kernel(x, y, rows, dataset.classes) == labels
    majority = np.bincount(dataset.y_train, minlength=dataset.classes).argmax()
    return {
        "baseline_train_n": fitted,
        "baseline_left_out_n": left_out,
        "baseline_val_n": len(labels) - left_out,
        "baseline_majority": float((labels[left_out:] == majority).mean()),
        "baseline_linear": float(linear[left_out:].mean()),
        "baseline_neighbours": float(neighbours[left_out:].mean()),
        "baseline_kernel": float(kernel[left_out:].mean()),
        "baseline_linear_left_out": float(linear[:left_out].mean()),
        "baseline_neighbours_left_out": float(neighbours[:left_out].mean()),
        "baseline_kernel_left_out": float(kernel[:left_out].mean()),
    }


def _mixed(labels: Labels) -> Labels:
    """Return the examples in an order that mixes the classes: their own order, or a fixed shuffle of sorted examples.

    Examples count as sorted if neighbours differ in class less than half as often as in a random order.
    """
    shares = np.bincount(labels) / max(len(labels), 1)
    expected = (len(labels) - 1) * (1 - float((shares**2).sum()))
    if np.count_nonzero(labels[1:] != labels[:-1]) >= expected / 2:
        return np.arange(len(labels))
    return np.random.default_rng(0).permutation(len(labels))


def _linear(x: Values, y: Labels, rows: Values, classes: int) -> Labels:
    """Return the classes that ridge regression predicts for the rows; inputs are standardized.

    The penalty grows with features / examples, as the spread of the eigenvalues of a sample covariance does.
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
    """Return the majority class of the k nearest examples of each row; k is the best for the first, labelled rows."""
    most = min(max(NEIGHBOURS), len(y))
    distances = np.einsum("ij,ij->i", x, x) - 2 * (rows @ x.T)
    near = np.argpartition(distances, most - 1, axis=1)[:, :most]
    order = np.take_along_axis(distances, near, axis=1).argsort(axis=1)
    nearest = y[np.take_along_axis(near, order, axis=1)]
    votes = np.cumsum(nearest[:, :, None] == np.arange(classes), axis=1)
    predictions = [votes[:, k - 1].argmax(axis=1) for k in NEIGHBOURS if k <= most]
    return max(predictions, key=lambda classes: int((classes[: len(labels)] == labels).sum()))


def _kernel(x: Values, y: Labels, rows: Values, classes: int) -> Labels:
    """Return the classes that ridge regression with a Gaussian kernel predicts for the rows; inputs are standardized.

    The width and the penalty are those with which two thirds of the fitted examples predict the other third best.
    """
    targets = (y[:, None] == np.arange(classes)).astype(np.float32)
    offset = targets.mean(axis=0)
    targets -= offset
    distances, n_fit = _squared_distances(x, x), max(1, 2 * len(y) // 3)
    median = float(np.median(distances[:MEDIAN_ROWS])) or 1.0
    best, chosen = -1, (KERNEL_SCALES[0], RIDGES[0])
    for factor in KERNEL_SCALES:
        similarities = np.exp(np.float32(-factor / median) * distances[:, :n_fit])
        for ridge in RIDGES:
            outputs = similarities[n_fit:] @ _weights(similarities[:n_fit], targets[:n_fit], ridge) + offset
            correct = int((outputs.argmax(axis=1) == y[n_fit:]).sum())
            if correct > best:
                best, chosen = correct, (factor, ridge)
    scale = np.float32(-chosen[0] / median)
    weights = _weights(np.exp(scale * distances), targets, chosen[1])
    predicted: Labels = (np.exp(scale * _squared_distances(rows, x)) @ weights + offset).argmax(axis=1)
    return predicted


def _weights(similarities: Values, targets: Values, ridge: float) -> Values:
    """Return the weights of the fitted examples in kernel ridge regression, (n, classes)."""
    penalty = np.float32(ridge) * np.eye(len(similarities), dtype=np.float32)
    weights: Values = np.linalg.solve(similarities + penalty, targets)
    return weights


def _squared_distances(a: Values, b: Values) -> Values:
    """Return the squared distances between the rows of a and the rows of b, (len(a), len(b))."""
    squares = [np.einsum("ij,ij->i", rows, rows) for rows in (a, b)]
    distances: Values = np.maximum(squares[0][:, None] - 2 * (a @ b.T) + squares[1], 0)
    return distances
