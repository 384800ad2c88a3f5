"""Short phrases for the kinds of expectation, with the numbers of the study file."""

from __future__ import annotations

from reportgen.analysis.claims.tolerances import USUAL_RTOL
from reportgen.analysis.words.names import amount, margin, setting_name
from reportgen.analysis.words.where import named
from reportgen.languages.translate import _, numeral, percentage
from reportgen.study.model.claims import Claim


def _metric(claim: Claim) -> str:
    """Return the metric that determines the units of the expectation, empty for a ratio."""
    return "" if claim.measure.relative_to else claim.measure.metric


def level_in_words(claim: Claim) -> str:
    """Return an expectation above or below a level."""
    value = amount(claim.expect.value, _metric(claim))
    message = f"{claim.expect.kind} {{value}}"
    return _(message).format(value=value)


def between_in_words(claim: Claim) -> str:
    """Return an expectation between two levels."""
    low, high = claim.expect.value
    metric = _metric(claim)
    return _("between {low} and {high}").format(low=amount(low, metric), high=amount(high, metric))


def near_in_words(claim: Claim) -> str:
    """Return an expectation near a number, near one number per layer, or near the theoretical value."""
    expect, metric = claim.expect, _metric(claim)
    rtol, atol = expect.get("rtol"), expect.get("atol")
    rtol = USUAL_RTOL if rtol is None and atol is None else rtol
    parts = [percentage(numeral(f"{100 * rtol:g}"))] if rtol else []
    parts += [margin(atol, metric)] if atol else []
    reach = _(" plus ").join(parts)
    if expect.row.theory(expect):
        text = _("within {reach} of the theoretical value") if parts else _("exactly the theoretical value")
    elif expect.row.by_layer(expect):
        text = (
            _("each layer within {reach} of its printed number")
            if parts
            else _("each layer exactly its printed number")
        )
    else:
        text = _("within {reach} of {value}") if parts else _("exactly {value}")
        return text.format(reach=reach, value=amount(expect.value, metric))
    return text.format(reach=reach)


def comparison_in_words(claim: Claim) -> str:
    """Return the expectation that one side is greater or less than the other."""
    expect, metric, other = claim.expect, _metric(claim), named(claim.expect.value)
    by, factor = expect.get("by"), expect.get("factor")
    up = expect.row.direction > 0
    if factor is not None:
        if up:
            text = _("at least {factor} times as large as {other}")
        elif factor >= 1:
            text = _("at least {factor} times less than {other}")
        else:
            text, factor = _("at most {factor} times as large as {other}"), 1 / factor
        return text.format(factor=numeral(f"{factor:g}"), other=other)
    if by is not None and by < 0:
        text = _("at most {margin} less than {other}") if up else _("at most {margin} greater than {other}")
        return text.format(margin=margin(-by, metric), other=other)
    if by:
        text = _("greater than {other} by at least {margin}") if up else _("less than {other} by at least {margin}")
        return text.format(margin=margin(by, metric), other=other)
    return (_("greater than {other}") if up else _("less than {other}")).format(other=other)


def same_in_words(claim: Claim) -> str:
    """Return the expectation that both sides are the same up to a margin."""
    within = margin(claim.expect.get("within"), _metric(claim))
    return _("within {reach} of {value}").format(reach=within, value=named(claim.expect.value))


def monotone_in_words(claim: Claim) -> str:
    """Return the expectation that values increase or decrease."""
    along = claim.expect.get("along")
    falls = claim.expect.value == "decreasing"
    if along:
        text = _("decreasing with {setting}") if falls else _("increasing with {setting}")
        return text.format(setting=setting_name(along))
    return _("decreasing from layer to layer") if falls else _("increasing from layer to layer")
