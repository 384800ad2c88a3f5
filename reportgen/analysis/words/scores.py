"""Scores and their differences as text, in the unit of their metric."""

from __future__ import annotations

import math

from reportgen.analysis.metrics.scales import in_points, is_difference, is_share
from reportgen.analysis.words.formatting import (
    Bounds,
    interval,
    number,
    percent,
    percent_interval,
    points,
    points_interval,
    resolving_percent,
    resolving_points,
    within,
)


def score(value: float | None, name: str) -> str:
    """Return a score as text: accuracies in percent, losses as numbers."""
    if is_difference(name):
        return points(value)
    return percent(value) if is_share(name) else number(value)


def estimated(value: float | None, bounds: Bounds, name: str) -> str:
    """Return an estimated score with as many digits as its interval."""
    if is_difference(name):
        return points(value, resolving_points(bounds))
    return percent(value, resolving_percent(bounds)) if is_share(name) else within(value, bounds)


def score_interval(bounds: Bounds, name: str) -> str:
    """Return the interval of a score as text."""
    if is_difference(name):
        return points_interval(bounds)
    return percent_interval(bounds) if is_share(name) else interval(bounds)


def difference(value: float | None, name: str, bounds: Bounds = (math.nan, math.nan)) -> str:
    """Return a difference of two scores: accuracies in percentage points, losses as numbers.

    bounds: the interval, which determines the number of digits.
    """
    return points(value, resolving_points(bounds)) if in_points(name) else within(value, bounds)


def difference_interval(bounds: Bounds, name: str) -> str:
    """Return the interval of a difference of two scores."""
    return points_interval(bounds) if in_points(name) else interval(bounds)
