"""What a claim measured and expected, as text in the units of its metric; the rounding is that of `formatting`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from reportgen.analysis.claims.expectations import tolerance
from reportgen.analysis.metrics.scales import in_points
from reportgen.analysis.results import ClaimResult
from reportgen.analysis.words.expectations import expectation, of_whom
from reportgen.analysis.words.names import words
from reportgen.analysis.words.numerals import exponents
from reportgen.report.document.claim_view import Tested
from reportgen.report.formatting import (
    difference,
    difference_interval,
    estimated,
    given,
    interval,
    number,
    percent,
    percent_interval,
    resolving_percent,
    score_interval,
)
from reportgen.study.model.claims import Claim

QUANTITIES = {
    "value": "",
    "difference": "difference",
    "ratio": "ratio",
    "deviation": "the largest deviation",
    "share": "of the steps from one to the next go that way",
}
"""What stands beside a measured number that is not the metric's own value; which way, says what is expected."""

UNITS = {"epochs_to": " epochs", "steps_to": " steps", "steps": " steps", "train_seconds": " s"}
"""What follows a difference of these metrics."""

SAME = "the same in all seeds"
"""What stands in the place of an interval without width."""


def measured(claim: ClaimResult) -> str:
    """Return what a claim measured, as its kind is read: a value, a difference, a ratio, a deviation, a share."""
    if claim.quantity in ("deviation", "share"):
        sign = "+" if claim.quantity == "deviation" and claim.measured > 0 else ""
        return sign + percent(claim.measured, resolving_percent(claim.interval))
    if claim.quantity == "difference" and in_points(claim.metric):
        return difference(claim.measured, claim.metric)
    if claim.quantity == "difference":
        sign = "+" if claim.measured > 0 else ""
        return f"{sign}{estimated(claim.measured, claim.interval, '')}{_unit(claim.metric)}"
    return estimated(claim.measured, claim.interval, claim.metric if claim.quantity == "value" else "")


def measured_interval(claim: ClaimResult) -> str:
    """Return the interval of what a claim measured; where it has no width, that all seeds agree."""
    if claim.interval[0] == claim.interval[1] and math.isfinite(claim.interval[0]):
        return SAME
    if claim.quantity in ("deviation", "share"):
        return percent_interval(claim.interval)
    if claim.quantity == "difference":
        return difference_interval(claim.interval, claim.metric)
    return interval(claim.interval) if claim.quantity == "ratio" else score_interval(claim.interval, claim.metric)


def what(tested: Tested) -> str:
    """Return what was measured and where, such as "activation standard deviation in the last hidden layer"."""
    return f"{words(tested.result.metric)} {tested.place}".strip()


def _unit(metric: str) -> str:
    """Return the unit that follows a difference of a metric, empty where it has none."""
    return " ns" if metric.endswith("_ns") else UNITS.get(metric, "")


def quantity(claim: ClaimResult) -> str:
    """Return in a word what the measured number is, empty where it is the metric's own value or in points."""
    if claim.quantity == "difference" and in_points(claim.metric):
        return ""
    return QUANTITIES[claim.quantity] if claim.at_layer is None else _deviation(claim)


def _deviation(claim: ClaimResult) -> str:
    """Return where the largest deviation is, and of what from what."""
    found, printed = claim.furthest_off, claim.held_against
    where = f"in layer {claim.at_layer}, {QUANTITIES['deviation']}"
    if found is None or printed is None:
        return where
    return f"{where}: {number(found, 4)} measured, {given(float(f'{printed:.4g}'))} expected"


def expected(tested: Tested) -> str:
    """Return what a claim expects, in the units in which its measured value is shown."""
    if tested.asked is None:
        return exponents(tested.result.expected)
    claim = tested.asked
    return f"{exponents(expectation(claim))}{_allowed(claim, tested.result)}{of_whom(claim, tested.noun)}"


def _allowed(claim: Claim, result: ClaimResult) -> str:
    """Return what an absolute tolerance comes to beside the deviation that is shown, which is a share."""
    printed = result.held_against
    if not claim.expect.atol or not printed:
        return ""
    return f"; in layer {result.at_layer}, that is within {percent(tolerance(claim.expect, printed) / abs(printed))}"


def sides(claim: ClaimResult) -> str:
    """Return what a measured difference is of, such as "relu minus tanh", empty where it is none or not known."""
    return exponents(claim.sides)


FILTERS: dict[str, Callable[..., Any]] = {
    function.__name__: function for function in (what, measured, measured_interval, quantity, sides, expected)
}
"""What templates call, by name."""
