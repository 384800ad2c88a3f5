"""Scales and ranges of metrics; names that are not metrics are plain numbers."""

from __future__ import annotations

from reportgen.study.metrics.table import metric_of


def is_share(name: str) -> bool:
    """Return whether a metric is a share between 0 and 1, which reports show in percent."""
    return metric_of(name).scale == "share"


def is_difference(name: str) -> bool:
    """Return whether a metric is a difference of shares, which reports show in percentage points."""
    return metric_of(name).scale == "difference"


def in_points(name: str) -> bool:
    """Return whether reports show differences of a metric in percentage points."""
    return is_share(name) or is_difference(name)


def extent(name: str) -> tuple[float, float]:
    """Return the lowest and the highest possible value of a metric."""
    row = metric_of(name)
    return row.lowest, row.highest


def is_size(name: str) -> bool:
    """Return whether a metric is never negative and has no upper limit, such as a loss, a norm, a count or a time."""
    return metric_of(name).is_size
