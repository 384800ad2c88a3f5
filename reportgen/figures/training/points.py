"""Points of curves that are drawn, thinned for small files; loads no drawing code."""

from __future__ import annotations

import itertools

import numpy as np

from reportgen.runs.training_log import Array

LARGEST = 1e100
"""Larger values are drawn at this height, since matplotlib's scales overflow."""


def thinned(x: Array, y: Array, most: int) -> tuple[Array, Array]:
    """Return at most `most` points in order: of each window the lowest and the highest value, and both ends.

    Values that are not finite become NaN; a window without a finite value keeps one of them as a gap.
    """
    y = np.where(np.isfinite(y), y, np.nan)
    if y.size <= most:
        return np.asarray(x, float), y
    edges = np.linspace(0, y.size, max(most // 2, 2)).astype(int)
    kept = {0, y.size - 1}
    for low, high in itertools.pairwise(edges):
        part = y[low:high]
        finite = np.isfinite(part)
        kept |= {low + int(np.nanargmin(part)), low + int(np.nanargmax(part))} if finite.any() else {int(low)}
    at = np.array(sorted(kept))
    return np.asarray(x, float)[at], y[at]
