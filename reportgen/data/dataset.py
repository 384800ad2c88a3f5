"""Arrays for training and evaluation of a run."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reportgen.data.baselines import baselines
from reportgen.data.describe import facts

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]
ImageShape = tuple[int, int, int]
"""(channels, height, width)."""

_SAMPLE_SIZE = 1000


@dataclass(frozen=True)
class Dataset:
    """Split and preprocessed examples; an empty split has n = 0.

    x_*: (n, features) float32, C order, finite; an image is flattened by channel, then by row.
    y_*: (n,) int64, classes 0 to classes - 1.
    image_shape: (channels, height, width) if the features are pixels, else None.
    facts: numbers about the preprocessing for the report, such as the variance kept by PCA.
    fingerprint: identity of the examples before the split, as `reportgen.data.fingerprint` returns it.
    """

    x_train: FloatArray
    y_train: IntArray
    x_val: FloatArray
    y_val: IntArray
    x_test: FloatArray
    y_test: IntArray
    classes: int
    image_shape: ImageShape | None = None
    class_names: tuple[str, ...] = ()
    facts: dict[str, float] = field(default_factory=dict)
    fingerprint: str = ""

    @property
    def features(self) -> int:
        """Number of input features."""
        return int(self.x_train.shape[1])

    @cached_property
    def channels_last(self) -> Dataset:
        """The same images flattened by row, column and channel, as convolutions take them, cached."""
        if self.image_shape is None or self.image_shape[0] == 1:
            return self
        shape = self.image_shape

        def moved(x: FloatArray) -> FloatArray:
            return np.ascontiguousarray(x.reshape(-1, *shape).transpose(0, 2, 3, 1)).reshape(x.shape)

        return replace(self, x_train=moved(self.x_train), x_val=moved(self.x_val), x_test=moved(self.x_test))

    @cached_property
    def baselines(self) -> dict[str, Any]:
        """Accuracies of simple models on the data, cached; see `reportgen.data.baselines`."""
        return baselines(self)

    @cached_property
    def described(self) -> dict[str, Any]:
        """Counts and moments of the data, cached; see `reportgen.data.describe`."""
        return facts(self)

    @cached_property
    def sample(self) -> tuple[FloatArray, IntArray]:
        """Inputs (flattened) and classes of at most 1000 training examples, cached.

        These are the first examples of each class, at most 1000 / classes of them.
        """
        rank = np.empty(len(self.y_train), np.int64)
        for label in range(self.classes):
            rank[self.y_train == label] = np.arange(np.count_nonzero(self.y_train == label))
        chosen = rank < max(1, _SAMPLE_SIZE // self.classes)
        return np.ascontiguousarray(self.x_train[chosen], np.float32).reshape(-1), self.y_train[chosen]


def facts_of(x_train: ArrayLike, y_train: ArrayLike, x_val: ArrayLike, y_val: ArrayLike) -> dict[str, Any]:
    """Return facts and baselines of examples from outside a study.

    x_*: (n, ...), flattened to features; y_*: (n,), classes from 0. Raises ValueError if inputs and labels differ in
    length.
    """
    parts = (np.asarray(part, np.float32) for part in (x_train, x_val))
    x, x_validation = (part.reshape(len(part), math.prod(part.shape[1:])) for part in parts)
    y, y_validation = (np.asarray(part, np.int64).reshape(-1) for part in (y_train, y_val))
    if len(x) != len(y) or len(x_validation) != len(y_validation):
        raise ValueError("inputs and labels differ in length")
    classes = int(max(y.max(initial=0), y_validation.max(initial=0))) + 1
    dataset = Dataset(x, y, x_validation, y_validation, x[:0], y[:0], classes)
    return {**facts(dataset), **dataset.baselines}
