"""What a claim measured and expected, as text in the units of its metric; the rounding is that of `formatting`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reportgen.analysis.expectations import tolerance
from reportgen.analysis.model import ClaimResult
from reportgen.analysis.naming import words
from reportgen.analysis.wording import expectation, named, of_whom
from reportgen.report.formatting import (
    difference,
    difference_interval,
    estimated,
    exponents,
    given,
    in_points,
    interval,
    is_share,
    percent,
    percent_interval,
    resolving_percent,
    score_interval,
)
from reportgen.report.tested import Tested
from reportgen.study.claims import Claim, Expect

QUANTITIES = {
    "value": "",
    "difference": "difference",
    "ratio": "ratio",
    "deviation": "largest deviation",
    "share": "of the steps",
}
"""What stands beside a measured number that is not the metric's own value."""


def measured(claim: ClaimResult) -> str:
    """Return what a claim measured, as its kind is read: a value, a difference, a ratio, a deviation, a share."""
    if claim.quantity in ("deviation", "share"):
        return percent(claim.measured, resolving_percent(claim.interval))
    if claim.quantity == "difference" and in_points(claim.metric):
        return difference(claim.measured, claim.metric)
    return estimated(claim.measured, claim.interval, claim.metric if claim.quantity == "value" else "")


def measured_interval(claim: ClaimResult) -> str:
    """Return the interval of what a claim measured."""
    if claim.quantity in ("deviation", "share"):
        return percent_interval(claim.interval)
    if claim.quantity == "difference":
        return difference_interval(claim.interval, claim.metric)
    return interval(claim.interval) if claim.quantity == "ratio" else score_interval(claim.interval, claim.metric)


def what(tested: Tested) -> str:
    """Return what was measured and where, such as "activation standard deviation in the last hidden layer"."""
    return f"{words(tested.result.metric)} {tested.place}".strip()


def quantity(claim: ClaimResult) -> str:
    """Return in a word what the measured number is, empty where it is the metric's own value or in points."""
    if claim.quantity == "difference" and in_points(claim.metric):
        return ""
    at = "" if claim.at_layer is None else f", in layer {claim.at_layer}"
    return f"{QUANTITIES[claim.quantity]}{at}"


def expected(tested: Tested) -> str:
    """Return what a claim expects, in the units in which its measured value is shown."""
    if tested.asked is None:
        return exponents(tested.result.expected)
    return f"{_expected(tested.asked)}{_allowed(tested.asked, tested.result)}{of_whom(tested.asked, tested.noun)}"


def _allowed(claim: Claim, result: ClaimResult) -> str:
    """Return what an absolute tolerance comes to beside the deviation that is shown, which is a share."""
    printed = result.held_against
    if not claim.expect.atol or not printed:
        return ""
    return f", together {percent(tolerance(claim.expect, printed) / abs(printed))} in layer {result.at_layer}"


def _expected(claim: Claim) -> str:
    expect, metric = claim.expect, "" if claim.measure.relative_to else claim.measure.metric
    if expect.kind in ("below", "above"):
        return f"{expect.kind} {given(getattr(expect, expect.kind), metric)}"
    if expect.between is not None:
        return " to ".join(given(end, metric) for end in expect.between)
    if not is_share(metric) or expect.kind in ("near", "monotone"):
        return exponents(expectation(claim))
    return _against_another(expect, metric)


def _against_another(expect: Expect, metric: str) -> str:
    """Return the expectation of a share against that of other settings, in percentage points."""
    other = getattr(expect, expect.kind)
    margin = expect.within if expect.kind == "same_as" else expect.by
    apart = _points(margin, metric) if margin is not None else ""
    if expect.kind == "same_as":
        return f"within {apart} of {named(other)}"
    more = "greater" if expect.kind == "greater_than" else "less"
    if expect.factor is not None:
        return f"at least {expect.factor:g} times {more} than {named(other)}"
    if expect.by is not None and expect.by < 0:
        return f"at most {_points(-expect.by, metric)} {'less' if more == 'greater' else 'greater'} than {named(other)}"
    return f"{more} than {named(other)} by at least {apart}" if apart else f"{more} than {named(other)}"


def _points(margin: float, metric: str) -> str:
    number = given(margin, metric).removesuffix("%")
    return f"{number} point{'' if number == '1' else 's'}"


FILTERS: dict[str, Callable[..., Any]] = {
    function.__name__: function for function in (what, measured, measured_interval, quantity, expected)
}
"""What templates call, by name."""
