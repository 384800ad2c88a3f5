"""The arrays that a run trains and is scored on."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.data.baselines import baselines

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]


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
