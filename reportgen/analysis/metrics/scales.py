"""On which scale a metric is: what it can be, and whether it is read in percent; one list for all who ask."""

from __future__ import annotations

import math

RUN_SHARES = ("diverged", "stopped")
"""Metrics that say of each run whether it is one of those, so that their mean is a share of runs."""

_PERCENT = ("accuracy", "fraction", "agreement_example", "agreement_batch", "val_spread", *RUN_SHARES)
_PLAIN = ("best_place", "weight_evenness")
_DIFFERENCES = ("accuracy_difference", "accuracy_gap", "gain")
_SIZES = (
    *("loss", "_std", "_norm", "update_ratio", "_unit_spread", "effective_rank", "singular_max", "weight_max"),
    *("gradient_error", "epochs_to", "steps_to", "activation_ns", "forward_ns", "backward_ns", "over_product"),
)
# How the names of metrics end: shares that are read in percent, numbers between 0 and 1 that are not, differences of
# shares, and sizes, which are never negative.


def is_share(name: str) -> bool:
    """Return whether a score or statistic is a share between 0 and 1, which is read in percent."""
    return name.endswith(_PERCENT)


def is_difference(name: str) -> bool:
    """Return whether a metric is itself a difference of shares, which is read in percentage points."""
    return name.endswith(_DIFFERENCES)


def in_points(name: str) -> bool:
    """Return whether differences of a score or statistic are read in percentage points."""
    return is_share(name) or is_difference(name)


def extent(name: str) -> tuple[float, float]:
    """Return the least and the largest value that a metric can have; infinite where nothing bounds it."""
    if is_difference(name):
        return -1.0, 1.0
    if name.endswith(_PERCENT + _PLAIN):
        return 0.0, 1.0
    return 0.0 if name.endswith(_SIZES) else -math.inf, math.inf


def is_size(name: str) -> bool:
    """Return whether a metric is never negative and has no upper bound, as losses, norms, counts and times."""
    return extent(name) == (0.0, math.inf)
