"""Short phrases for the kinds of expectation, with the numbers of the study file."""

from __future__ import annotations

from reportgen.analysis.claims.tolerances import USUAL_RTOL
from reportgen.analysis.words.names import amount, margin
from reportgen.analysis.words.where import named
from reportgen.study.model.claims import Claim


def _metric(claim: Claim) -> str:
    """Return the metric that determines the units of the expectation, empty for a ratio."""
    return "" if claim.measure.relative_to else claim.measure.metric


def level_in_words(claim: Claim) -> str:
    """Return an expectation above or below a level."""
    return f"{claim.expect.kind} {amount(claim.expect.value, _metric(claim))}"


def between_in_words(claim: Claim) -> str:
    """Return an expectation between two levels."""
    low, high = claim.expect.value
    return f"between {amount(low, _metric(claim))} and {amount(high, _metric(claim))}"


def near_in_words(claim: Claim) -> str:
    """Return an expectation near a number, near one number per layer, or near the theoretical value."""
    expect, metric = claim.expect, _metric(claim)
    rtol, atol = expect.get("rtol"), expect.get("atol")
    rtol = USUAL_RTOL if rtol is None and atol is None else rtol
    parts = [f"{100 * rtol:g}%"] if rtol else []
    parts += [margin(atol, metric)] if atol else []
    reach = f"within {' plus '.join(parts)} of" if parts else "exactly"
    if expect.row.theory(expect):
        return f"{reach} the theoretical value"
    if expect.row.by_layer(expect):
        return f"each layer {reach} its printed number"
    return f"{reach} {amount(expect.value, metric)}"


def comparison_in_words(claim: Claim) -> str:
    """Return the expectation that one side is greater or less than the other."""
    expect, metric, other = claim.expect, _metric(claim), named(claim.expect.value)
    by, factor = expect.get("by"), expect.get("factor")
    more, less = ("greater", "less") if expect.row.direction > 0 else ("less", "greater")
    if factor is not None:
        return f"at least {factor:g} times {more} than {other}"
    if by is not None and by < 0:
        return f"at most {margin(-by, metric)} {less} than {other}"
    return f"{more} than {other} by at least {margin(by, metric)}" if by else f"{more} than {other}"


def same_in_words(claim: Claim) -> str:
    """Return the expectation that both sides are the same up to a margin."""
    within = margin(claim.expect.get("within"), _metric(claim))
    return f"within {within} of {named(claim.expect.value)}"


def monotone_in_words(claim: Claim) -> str:
    """Return the expectation that values increase or decrease."""
    along = claim.expect.get("along")
    return f"{claim.expect.value} {f'along {along}' if along else 'from layer to layer'}"
