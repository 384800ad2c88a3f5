"""Handwritten digits shipped with scikit-learn, a real data set that needs no download."""

from __future__ import annotations

import numpy as np

from reportgen.data.dataset import IntArray
from reportgen.data.source import Request, Source


def digits(request: Request) -> Source:
    """Return the 1797 handwritten digits of 8 x 8 pixels, raw values 0 to 16, in the order of the file."""
    from sklearn.datasets import load_digits  # a late import, since it takes a second

    bundle = load_digits()
    names = tuple(str(digit) for digit in range(10))
    return Source(bundle.data.astype(np.uint8), bundle.target.astype(np.int64), 10, names, (1, 8, 8))


def digits_counts(request: Request) -> IntArray:
    """Return the number of images of each digit, (10,)."""
    return np.array([178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
