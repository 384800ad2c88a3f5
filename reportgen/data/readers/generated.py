"""Generators of data: Gaussian inputs with four kinds of labels, and common two-dimensional shapes.

Each random quantity has a separate stream, so that a change of one parameter does not change the other quantities.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reportgen.data.dataset import IntArray
from reportgen.data.source import Request, Source
from reportgen.data.streams import stream
from reportgen.errors import StudyError

Points = NDArray[np.float64]


def gaussian(request: Request) -> Source:
    """Return standard normal inputs; labels are random, given by a teacher, or separated by class means."""
    _check_gaussian(request)
    x = stream(request.seed, "data.input").standard_normal((request.samples, request.features))
    if request.params["teacher"] is not None:
        return Source(x, teacher_labels(x, request.classes, request.params["teacher"], request.seed), request.classes)
    counts = class_counts(request.samples, request.classes, _shares(request))
    labels = stream(request.seed, "data.labels").permutation(np.repeat(np.arange(request.classes), counts))
    if request.params["distance"] is not None:
        means = class_means(request.classes, request.features, request.params["distance"], request.seed)
        x += means[labels]
    return Source(x, labels, request.classes)


def _shares(request: Request) -> Sequence[float] | None:
    """Return the shares of the classes, which need not sum to 1; None for equal shares."""
    tail: float | None = request.params["tail"]
    if tail is None:
        prior: Sequence[float] | None = request.params["prior"]
        return prior
    return [float(k) for k in np.arange(1, request.classes + 1, dtype=np.float64) ** -tail]


def _check_gaussian(request: Request) -> None:
    """Raise StudyError for parameters that contradict each other."""
    prior = request.params["prior"]
    exclusive = [("teacher", other) for other in ("distance", "prior", "tail")] + [("prior", "tail")]
    for one, other in exclusive:
        if request.params[one] is not None and request.params[other] is not None:
            raise StudyError("conflicting-settings", f"gaussian accepts {one} or {other}, not both")
    if prior is not None and len(prior) != request.classes:
        message = f"prior has {len(prior)} values for {request.classes} classes"
        raise StudyError("wrong-length", message, hint="one value per class")
    if prior is not None and sum(prior) <= 0:
        raise StudyError("out-of-range", "all values of prior are 0", hint="at least one positive value")


def gaussian_counts(request: Request) -> IntArray | None:
    """Return the number of examples of each class, (classes,), or None for labels of a teacher."""
    _check_gaussian(request)
    if request.params["teacher"] is not None:
        return None
    return class_counts(request.samples, request.classes, _shares(request))


def equal_counts(request: Request) -> IntArray | None:
    """Return the number of examples of each class, (classes,)."""
    return class_counts(request.samples, request.classes)


def class_counts(samples: int, classes: int, prior: Sequence[float] | None = None) -> IntArray:
    """Return the number of examples of each class, (classes,): its share, rounded by largest remainder.

    prior: shares of the classes, which need not sum to 1; None for equal shares.
    """
    shares = np.full(classes, 1.0) if prior is None else np.asarray(prior, dtype=np.float64)
    return largest_remainder(samples * shares / shares.sum(), samples)


def largest_remainder(quotas: NDArray[np.float64], total: int) -> IntArray:
    """Return the quotas rounded down or up to integers that sum to `total` (Hamilton's method)."""
    whole = np.floor(quotas + 1e-9).astype(np.int64)
    order = np.argsort(whole - quotas, kind="stable")
    whole[order[: total - int(whole.sum())]] += 1
    return whole


def teacher_labels(x: Points, classes: int, hidden: int, seed: int) -> IntArray:
    """Return the class that a random teacher network assigns to each row of x, (n,).

    The teacher has one hidden layer of `hidden` tanh units; 0 for a linear teacher. Its outputs are standardized over
    the data, so that the classes have similar sizes.
    """
    draw = stream(seed, "data.teacher")
    if hidden:
        x = np.tanh(x @ (draw.standard_normal((x.shape[1], hidden)) / np.sqrt(x.shape[1])))
    outputs = x @ draw.standard_normal((x.shape[1], classes))
    spread = outputs.std(axis=0)
    outputs = (outputs - outputs.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.asarray(np.argmax(outputs, axis=1), np.int64)


def class_means(classes: int, features: int, distance: float, seed: int) -> Points:
    """Return the means of the classes, (classes, features).

    Up to features + 1 classes, the means are the corners of a randomly rotated regular simplex, centred at 0, with all
    pairs at exactly `distance`. More classes have means in random directions, and `distance` is the root mean square of
    the distances.
    """
    draw = stream(seed, "data.means").standard_normal((max(classes, features), features))
    if classes > features + 1:
        return np.asarray(
            distance / np.sqrt(2) * draw[:classes] / np.linalg.norm(draw[:classes], axis=1, keepdims=True)
        )
    if classes == 1:
        return np.zeros((1, features))
    directions, _ = np.linalg.qr(draw[:features])
    return np.asarray(distance / np.sqrt(2) * _simplex(classes) @ directions[: classes - 1])


def _simplex(corners: int) -> Points:
    """Return the corners of a regular simplex centred at 0 with edge length sqrt(2), (corners, corners - 1)."""
    simplex = np.zeros((corners, corners - 1))
    for k in range(1, corners):  # Helmert contrasts: orthonormal, and each sums to 0 over the corners
        simplex[:k, k - 1] = 1 / np.sqrt(k * (k + 1))
        simplex[k, k - 1] = -k / np.sqrt(k * (k + 1))
    return simplex


def blobs(request: Request) -> Source:
    """Return Gaussian clouds around centres drawn uniformly from a box."""
    labels = _in_order(request)
    box = request.params["box"]
    centres = stream(request.seed, "data.means").uniform(-box, box, (request.classes, request.features))
    noise = stream(request.seed, "data.input").standard_normal((request.samples, request.features))
    return Source(centres[labels] + request.params["std"] * noise, labels, request.classes)


def circles(request: Request) -> Source:
    """Return noisy points on concentric circles; class 0 is the outermost, with radius 1."""
    labels = _in_order(request)
    radii = np.linspace(1.0, request.params["factor"], request.classes) if request.classes > 1 else np.ones(1)
    angle = 2 * np.pi * _along(labels, request.classes, closed=True)
    points = radii[labels, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return Source(points + _noise(request), labels, request.classes)


def moons(request: Request) -> Source:
    """Return noisy points on two interleaving half circles."""
    labels = _in_order(request)
    angle = np.pi * _along(labels, 2)
    upper = np.column_stack([np.cos(angle), np.sin(angle)])
    points = np.where(labels[:, None] == 0, upper, np.array([1.0, 0.5]) - upper)
    return Source(points + _noise(request), labels, 2)


def spiral(request: Request) -> Source:
    """Return points on spiral arms, one for each class, with noise on the angle (radians)."""
    labels = _in_order(request)
    radius = _along(labels, request.classes)
    angle = 2 * np.pi * (labels / request.classes + request.params["turns"] * radius)
    angle = angle + request.params["noise"] * stream(request.seed, "data.input").standard_normal(request.samples)
    return Source(radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)]), labels, request.classes)


def _in_order(request: Request) -> IntArray:
    """Return balanced labels sorted by class, (samples,)."""
    return np.repeat(np.arange(request.classes), class_counts(request.samples, request.classes))


def _along(labels: IntArray, classes: int, closed: bool = False) -> Points:
    """Return evenly spaced positions from 0 to 1 within each class, (n,).

    closed: whether the curve is closed, so that position 1 equals position 0 and is omitted.
    """
    counts = np.bincount(labels, minlength=classes)
    return np.concatenate([np.linspace(0.0, 1.0, count, endpoint=not closed) for count in counts])


def _noise(request: Request) -> Points:
    noise: float = request.params["noise"]
    return noise * stream(request.seed, "data.input").standard_normal((request.samples, 2))
