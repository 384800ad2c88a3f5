"""What simple models reach on the data: references for diagnoses, fitted once a data set and seed.

Three models that need no training run: the commonest class, which is blind to the inputs; a linear one (ridge
regression on the classes' indicators, Hastie, Tibshirani and Friedman 2009, 4.2), which sees them in one way; and
nearest neighbours (13.3 there), which bend wherever the data do. They see at most FITTED training examples, so what
they reach is a floor: more is possible, and less is no fault of the data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from reportgen.data.dataset import Dataset

Values = NDArray[np.float32]
Labels = NDArray[np.int64]

FITTED, SCORED = 800, 300
"""Training examples that are fitted, and validation examples that are scored, at most."""

JUDGED = 100
"""Training examples on which the number of neighbours is chosen, each without itself."""

NEIGHBOURS = (1, 5, 15)
SHRINKAGE = 0.05


def baselines(dataset: Dataset) -> dict[str, Any]:
    """Return the validation accuracies of simple models, and how many examples they were fitted to and scored on.

    baseline_train_n, baseline_val_n; baseline_majority, baseline_linear, baseline_neighbours: accuracies; nothing
    where a split is empty.
    """
    if not len(dataset.y_train) or not len(dataset.y_val):
        return {}
    x, y = dataset.x_train[:FITTED], dataset.y_train[:FITTED]
    x_val, y_val = dataset.x_val[:SCORED], dataset.y_val[:SCORED]
    mean, spread = x.mean(axis=0, dtype=np.float64), x.std(axis=0, dtype=np.float64)
    scale = 1 / np.where(spread > 0, spread, 1)
    x, x_val = ((part - mean).astype(np.float32) * scale.astype(np.float32) for part in (x, x_val))
    commonest = np.bincount(dataset.y_train, minlength=dataset.classes).argmax()
    return {
        "baseline_train_n": len(y),
        "baseline_val_n": len(y_val),
        "baseline_majority": float((y_val == commonest).mean()),
        "baseline_linear": _share(_linear(x, y, x_val, dataset.classes), y_val),
        "baseline_neighbours": _share(_neighbours(x, y, x_val, dataset.classes), y_val),
    }


def _share(predicted: Labels, y: Labels) -> float:
    return float((predicted == y).mean())


def _linear(x: Values, y: Labels, x_val: Values, classes: int) -> Labels:
    """Return the classes that ridge regression predicts for x_val; inputs are standardized.

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
    predicted: Labels = (x_val @ weights + offset).argmax(axis=1)
    return predicted


def _neighbours(x: Values, y: Labels, x_val: Values, classes: int) -> Labels:
    """Return the classes of most of the nearest training examples, as many as serve the training split best."""
    judged = min(JUDGED, len(y))
    wanted = min(max(NEIGHBOURS), len(y) - 1)
    if wanted < 1:
        return np.full(len(x_val), y[0], np.int64)
    squares = np.einsum("ij,ij->i", x, x)
    rows = np.concatenate([x[:judged], x_val])
    distances = squares - 2 * (rows @ x.T)
    distances[np.arange(judged), np.arange(judged)] = np.inf
    near = np.argpartition(distances, wanted - 1, axis=1)[:, :wanted]
    order = np.take_along_axis(distances, near, axis=1).argsort(axis=1)
    labels = y[np.take_along_axis(near, order, axis=1)]
    votes = np.cumsum(labels[:, :, None] == np.arange(classes), axis=1)
    numbers = [k for k in NEIGHBOURS if k <= wanted]
    shares = [_share(votes[:judged, k - 1].argmax(axis=1), y[:judged]) for k in numbers]
    predicted: Labels = votes[judged:, numbers[int(np.argmax(shares))] - 1].argmax(axis=1)
    return predicted
