"""Fitted preprocessing step: an affine map of the features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reportgen.data.dataset import FloatArray
from reportgen.data.preprocessing.moments import blocks

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Fitted:
    """Map x -> (x - subtract) @ rotate * multiply + add.

    subtract: (d,) or one number; rotate: (d, k), or None for the identity; multiply and add: (k,) or one number.
    facts: numbers about the step for the report.
    """

    subtract: Values | float = 0.0
    rotate: Values | None = None
    multiply: Values | float = 1.0
    add: Values | float = 0.0
    facts: Mapping[str, float] = field(default_factory=dict)

    def apply(self, x: FloatArray) -> FloatArray:
        """Return the mapped examples, (n, k) float32."""
        width = x.shape[1] if self.rotate is None else self.rotate.shape[1]
        result = np.empty((len(x), width), np.float32)
        for rows in blocks(len(x)):
            block = x[rows] - self.subtract
            block = block if self.rotate is None else block @ self.rotate
            with np.errstate(over="ignore"):  # the caller checks for infinities and reports them
                result[rows] = block * self.multiply + self.add
        return result
