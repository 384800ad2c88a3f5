"""What a claim measured and expected, as text in the units of its metric; the rounding is that of `formatting`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from reportgen.analysis.metrics.scales import in_points
from reportgen.analysis.results import ClaimResult
from reportgen.analysis.statistics import ROUNDING
from reportgen.analysis.words.expectations import expectation, of_whom
from reportgen.analysis.words.formatting import (
    Bounds,
    deviation,
    deviation_interval,
    given,
    interval,
    number,
    percent,
    percent_interval,
    resolving_percent,
    resolving_points,
)
from reportgen.analysis.words.names import words
from reportgen.analysis.words.numerals import exponents
from reportgen.report.document.claim_view import ClaimView
from reportgen.report.scores import difference, difference_interval, estimated, score_interval
from reportgen.study.metrics.table import metric_of

QUANTITIES = {
    "value": "",
    "difference": "difference",
    "ratio": "ratio",
    "deviation": "the largest deviation",
    "share": "of the steps have the expected direction",
}
"""What stands beside a measured number that is not the metric's own value; which way, says what is expected."""

LEAST_RATIO = 0.01
"""A ratio below this is also written as one part of so many."""

SAME = "the same for all seeds"
"""What stands in the place of an interval without width."""


def measured(claim: ClaimResult) -> str:
    """Return what a claim measured, as its kind is read: a value, a difference, a ratio, a deviation, a share.

    Of values that are skewed over seeds it is the median, of deviations by layer how many are within the tolerance.
    """
    if claim.quantity == "deviation" and claim.within_tolerance is not None:
        met, layers = claim.within_tolerance
        return f"{met} of {layers} layers within the tolerance"
    if claim.quartiles is not None:
        low, median, high = claim.quartiles
        return f"median {_amount(claim, median, (low, high))}"
    return _amount(claim, claim.measured, claim.interval)


def _amount(claim: ClaimResult, value: float, bounds: Bounds) -> str:
    """Return a value of a claim's quantity, in the digits of its bounds and with its unit."""
    if claim.quantity == "deviation":
        return deviation(value, resolving_points(bounds))
    if claim.quantity == "share":
        return percent(value, resolving_percent(bounds))
    if claim.quantity == "difference" and in_points(claim.metric):
        return difference(value, claim.metric, bounds)
    if claim.quantity == "difference":
        return f"{'+' if value > 0 else ''}{estimated(value, bounds, '')}{unit(claim.metric)}"
    if claim.quantity == "ratio":
        return estimated(value, bounds, "")
    return estimated(value, bounds, claim.metric) + unit(claim.metric)


def measured_interval(claim: ClaimResult) -> str:
    """Return the interval of what a claim measured; where it has no width, that all seeds agree.

    Of values that are skewed over seeds, the quartiles come first and then the mean, which was tested.
    """
    lo, hi = claim.interval
    if math.isfinite(lo) and hi - lo <= ROUNDING * max(abs(lo), abs(hi)):
        return SAME
    if claim.quartiles is None:
        return _bounds(claim, claim.interval)
    low, _, high = claim.quartiles
    mean = f"mean {_amount(claim, claim.measured, claim.interval)}, 95% interval {_bounds(claim, claim.interval)}"
    return f"quartiles {_bounds(claim, (low, high))}; {mean}"


def _bounds(claim: ClaimResult, bounds: Bounds) -> str:
    if claim.quantity == "deviation":
        return deviation_interval(bounds)
    if claim.quantity == "share":
        return percent_interval(bounds)
    if claim.quantity == "difference":
        return difference_interval(bounds, claim.metric)
    return interval(bounds) if claim.quantity == "ratio" else score_interval(bounds, claim.metric)


def what(tested: ClaimView) -> str:
    """Return what was measured and where, such as "activation standard deviation in the last hidden layer"."""
    return f"{words(tested.result.metric)} {tested.place}".strip()


def unit(metric: str) -> str:
    """Return the unit that follows a value or a difference of a metric, empty where it has none."""
    found = metric_of(metric).unit
    return f" {found}" if found else ""


def quantity(claim: ClaimResult) -> str:
    """Return in a word what the measured number is, empty where it is the metric's own value or in points."""
    if claim.quantity == "difference" and in_points(claim.metric):
        return ""
    if claim.at_layer is not None:
        return _deviation(claim)
    if claim.quantity == "ratio" and 0 < claim.measured < LEAST_RATIO:
        return f"ratio, 1 to {number(1 / claim.measured)}"
    return QUANTITIES[claim.quantity]


def _deviation(claim: ClaimResult) -> str:
    """Return how large the largest deviation is, where, how much is allowed there, and of what from what."""
    size = f" {_amount(claim, claim.measured, claim.interval)}" if claim.within_tolerance else ""
    allowed = f" (tolerance {percent(claim.allowed)})" if claim.allowed is not None else ""
    where = f"largest deviation{size} in layer {claim.at_layer}{allowed}"
    found, printed = claim.furthest_off, claim.held_against
    if found is None or printed is None:
        return where
    return f"{where}: {number(found, 4)} measured, {given(float(f'{printed:.4g}'))} expected"


def expected(tested: ClaimView) -> str:
    """Return what a claim expects, in the units in which its measured value is shown."""
    if tested.asked is None:
        return exponents(tested.result.expected)
    claim = tested.asked
    return f"{exponents(expectation(claim))}{of_whom(claim, tested.noun)}"


def sides(claim: ClaimResult) -> str:
    """Return what a measured difference is of, such as "relu minus tanh", empty where it is none or not known."""
    return exponents(claim.sides)


FILTERS: dict[str, Callable[..., Any]] = {
    function.__name__: function for function in (what, measured, measured_interval, quantity, sides, expected)
}
"""What templates call, by name."""
