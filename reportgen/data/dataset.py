"""The arrays that a run trains and is scored on."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reportgen.data.baselines import baselines
from reportgen.data.describe import facts

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]

_SAMPLE = 1000


@dataclass(frozen=True)
class Dataset:
    """Split, preprocessed examples; an empty split has n = 0.

    x_*: (n, features) float32, C order, finite; an image is flattened channel by channel, row by row.
    y_*: (n,) int64, classes 0 .. classes - 1.
    image_shape: (channels, height, width) while features still are pixels, else None.
    facts: plain numbers about preparation (such as variance kept by PCA), for the report.
    """

    x_train: FloatArray
    y_train: IntArray
    x_val: FloatArray
    y_val: IntArray
    x_test: FloatArray
    y_test: IntArray
    classes: int
    image_shape: tuple[int, int, int] | None = None
    class_names: tuple[str, ...] = ()
    facts: dict[str, float] = field(default_factory=dict)

    @property
    def features(self) -> int:
        """Number of input features."""
        return int(self.x_train.shape[1])

    @cached_property
    def baselines(self) -> dict[str, Any]:
        """What simple models reach on the data, fitted when first asked for; see `reportgen.data.baselines`."""
        return baselines(self)

    @cached_property
    def described(self) -> dict[str, Any]:
        """Counts and moments, taken when first asked for; see `reportgen.data.describe`."""
        return facts(self)

    @cached_property
    def sample(self) -> tuple[FloatArray, IntArray]:
        """Training examples, inputs flat: at most 1000, as many of each class as there are or as leaves room for all.

        Gathered when first asked for.
        """
        rank = np.empty(len(self.y_train), np.int64)
        for label in range(self.classes):
            rank[self.y_train == label] = np.arange(np.count_nonzero(self.y_train == label))
        some = rank < max(1, _SAMPLE // self.classes)
        return np.ascontiguousarray(self.x_train[some], np.float32).reshape(-1), self.y_train[some]


def facts_of(x_train: ArrayLike, y_train: ArrayLike, x_val: ArrayLike, y_val: ArrayLike) -> dict[str, Any]:
    """Return the facts of examples that are not a study's, with what simple models reach on them.

    x_*: (n, ...), flattened to features; y_*: (n,) classes from 0 on. Raises ValueError where lengths differ.
    """
    parts = (np.asarray(part, np.float32) for part in (x_train, x_val))
    x, x_other = (part.reshape(len(part), math.prod(part.shape[1:])) for part in parts)
    y, y_other = (np.asarray(part, np.int64).reshape(-1) for part in (y_train, y_val))
    if len(x) != len(y) or len(x_other) != len(y_other):
        raise ValueError("as many labels as inputs are needed")
    classes = int(max(y.max(initial=0), y_other.max(initial=0))) + 1
    dataset = Dataset(x, y, x_other, y_other, x[:0], y[:0], classes)
    return {**facts(dataset), **dataset.baselines}
