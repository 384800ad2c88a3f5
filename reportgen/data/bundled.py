"""The real data set that needs no network: handwritten digits, shipped with scikit-learn."""

from __future__ import annotations

import numpy as np

from reportgen.data.source import Request, Source


def digits(request: Request) -> Source:
    """Return the 1797 handwritten digits of 8 x 8 pixels, raw values 0 to 16, in the file's order."""
    from sklearn.datasets import load_digits  # imported late: it takes a second

    bundle = load_digits()
    names = tuple(str(digit) for digit in range(10))
    return Source(bundle.data.astype(np.uint8), bundle.target.astype(np.int64), 10, names, (1, 8, 8))
