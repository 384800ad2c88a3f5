"""What a claim measured and expected, as text in the units of its metric; rounded as in `formatting`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reportgen.analysis.metrics.scales import in_points
from reportgen.analysis.results import ClaimResult
from reportgen.analysis.words.expectations import expectation, of_whom
from reportgen.analysis.words.formatting import given, number, percent
from reportgen.analysis.words.measured import amount, measured, measured_interval
from reportgen.analysis.words.names import words
from reportgen.analysis.words.numerals import exponents
from reportgen.report.document.claim_view import ClaimView

QUANTITIES = {
    "value": "",
    "difference": "difference",
    "ratio": "ratio",
    "deviation": "the largest deviation",
    "share": "of the steps have the expected direction",
}
"""Text after a measured number, by its kind."""

LEAST_RATIO = 0.01
"""A ratio below this is also written as "1/n"."""


def headline(view: ClaimView) -> str:
    """Return the measured value of a claim in a few words, for a row that shows it without its details."""
    result = view.result
    if result.within_tolerance is not None and result.quantity == "deviation":
        return f"{result.within_tolerance[0]} of {result.within_tolerance[1]} layers"
    kind = {"ratio": "ratio {}", "share": "{} of the steps"}.get(result.quantity, "{}")
    if result.quantity == "difference" and not in_points(result.metric):
        kind = "difference {}"
    return kind.format(measured(result))


def what(view: ClaimView) -> str:
    """Return what was measured and where, such as "activation standard deviation in the last hidden layer"."""
    return f"{words(view.result.metric)} {view.place}".strip()


def quantity(claim: ClaimResult) -> str:
    """Return the kind of the measured number, empty for a value of the metric or a difference in points."""
    if claim.quantity == "difference" and in_points(claim.metric):
        return ""
    if claim.at_layer is not None:
        return _deviation(claim)
    if claim.quantity == "ratio" and 0 < claim.measured < LEAST_RATIO:
        return f"ratio, 1/{number(1 / claim.measured)}"
    return QUANTITIES[claim.quantity]


def _deviation(claim: ClaimResult) -> str:
    """Return the largest deviation with its layer, the tolerance, and the measured and expected values."""
    size = f" {amount(claim, claim.measured, claim.interval)}" if claim.within_tolerance else ""
    allowed = f" (tolerance {percent(claim.allowed)})" if claim.allowed is not None else ""
    where = f"largest deviation{size} in layer {claim.at_layer}{allowed}"
    measured_value, reference = claim.furthest_off, claim.held_against
    if measured_value is None or reference is None:
        return where
    return f"{where}: {number(measured_value, 4)} measured, {given(float(f'{reference:.4g}'))} expected"


def expected(view: ClaimView) -> str:
    """Return the expectation of a claim as text, in the units of its measured value."""
    if view.claim is None:
        return exponents(view.result.expected)
    return f"{exponents(expectation(view.claim))}{of_whom(view.claim, view.noun)}"


def sides(claim: ClaimResult) -> str:
    """Return the two sides of a measured difference, such as "relu minus tanh"; empty for other claims."""
    return exponents(claim.sides)


FILTERS: dict[str, Callable[..., Any]] = {
    function.__name__: function for function in (what, headline, measured, measured_interval, quantity, sides, expected)
}
"""Filters of the templates, by name."""
