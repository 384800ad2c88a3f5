"""What a claim measured and expected, as text in the units of its metric; rounded as in `formatting`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reportgen.analysis.metrics.scales import in_points
from reportgen.analysis.results import ClaimResult
from reportgen.analysis.words.expectations import expectation, of_whom
from reportgen.analysis.words.formatting import given, number, percent
from reportgen.analysis.words.measured import amount, is_median, measured, measured_interval
from reportgen.analysis.words.names import words
from reportgen.analysis.words.numerals import exponents
from reportgen.languages.translate import N_, _, translated
from reportgen.report.document.claim_view import ClaimView
from reportgen.study.metrics.table import metric_of

QUANTITIES = {
    "value": "",
    "difference": N_("difference"),
    "ratio": N_("ratio"),
    "deviation": N_("the largest deviation"),
    "share": N_("of the steps of single seeds have the expected direction"),
}
"""What a measured number is, by its kind, in English; `value_parts` says whether the words precede it."""

LEAST_RATIO = 0.01
"""A ratio below this is also written as "1/n"."""


def headline(view: ClaimView) -> str:
    """Return the measured value of a claim in a few words, for a row that shows it without its details."""
    result = view.result
    if result.within_tolerance is not None and result.quantity == "deviation":
        count, total = result.within_tolerance
        return _("{count} of {total} layers").format(count=count, total=total)
    kind = {"ratio": _("ratio {value}"), "share": _("{value} of single steps")}.get(result.quantity, "{value}")
    if result.quantity == "difference" and not in_points(result.metric):
        kind = _("difference {value}")
    return kind.format(value=measured(result))


def what(view: ClaimView) -> str:
    """Return what was measured and where, such as "activation standard deviation in the last hidden layer"."""
    return f"{words(view.result.metric)} {view.place}".strip()


def metric_name(claim: ClaimResult) -> str:
    """Return the metric of a claim whose other options are unknown, such as "epochs to a given value"."""
    name, options = words(claim.metric), metric_of(claim.metric).place.keys
    return _("{metric} a given value").format(metric=name) if "level" in options else name


def quantity(claim: ClaimResult) -> str:
    """Return the kind of the measured number, empty for a value of the metric or a difference in points."""
    if claim.quantity == "difference" and in_points(claim.metric):
        return ""
    if claim.at_layer is not None:
        return _deviation(claim)
    text = QUANTITIES[claim.quantity]
    return _(text) if text else ""


def value_parts(claim: ClaimResult) -> tuple[str, str, str]:
    """Return the measured value of a claim as text, and what it is: the words before and after it, empty without any.

    Such as ("ratio", "11.3", "") and ("relu minus tanh:", "+2.9 points", "").
    """
    value = measured(claim)
    if subject := sides(claim):
        return f"{subject}:", value, ""
    if claim.quantity == "ratio" and 0 < claim.measured < LEAST_RATIO:
        return _(QUANTITIES["ratio"]), value, f"(1/{number(1 / claim.measured)})"
    kind = quantity(claim)
    if claim.quantity in ("ratio", "difference"):
        return kind, value, ""
    return "", value, f"({kind})" if kind and claim.quantity == "deviation" else kind


def stated(claim: ClaimResult) -> str:
    """Return the measured value of a claim with what it is, such as "ratio 11.3"."""
    return " ".join(filter(None, value_parts(claim)))


def _deviation(claim: ClaimResult) -> str:
    """Return the largest deviation with its layer, the tolerance, and the measured and expected values."""
    size = f" {amount(claim, claim.measured, claim.interval)}" if claim.within_tolerance else ""
    allowed = _(", tolerance {value}").format(value=percent(claim.allowed)) if claim.allowed is not None else ""
    where = _("largest deviation{size} in layer {layer}{allowed}")
    where = where.format(size=size, layer=claim.at_layer, allowed=allowed)
    measured_value, reference = claim.furthest_off, claim.held_against
    if measured_value is None or reference is None:
        return where
    text = _("{where}: {measured} measured, {expected} expected")
    return text.format(where=where, measured=number(measured_value, 4), expected=given(float(f"{reference:.4g}")))


def expected(view: ClaimView) -> str:
    """Return the expectation of a claim as text, in the units of its measured value."""
    if view.claim is None:
        return translated(exponents(view.result.expected))
    return f"{exponents(expectation(view.claim))}{of_whom(view.claim, view.noun)}"


def sides(claim: ClaimResult) -> str:
    """Return the two sides of a measured difference or ratio, such as "relu minus tanh"; empty for other claims."""
    return translated(exponents(claim.sides))


_OWN = (what, headline, stated, value_parts, metric_name, expected, sides)

FILTERS: dict[str, Callable[..., Any]] = {
    function.__name__: function for function in (*_OWN, measured, measured_interval, is_median)
}
"""Filters of the templates, by name."""
