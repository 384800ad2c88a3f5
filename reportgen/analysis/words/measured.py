"""The measured value of a claim and its interval as text, in the unit of its metric."""

from __future__ import annotations

import math

from reportgen.analysis.metrics.scales import in_points
from reportgen.analysis.results import ClaimResult
from reportgen.analysis.statistics import ROUNDING
from reportgen.analysis.words.formatting import (
    NONE,
    Bounds,
    deviation,
    deviation_interval,
    interval,
    number,
    percent,
    percent_interval,
    resolving_percent,
    resolving_points,
)
from reportgen.analysis.words.scores import difference, difference_interval, estimated, score_interval
from reportgen.languages.translate import N_, _, ngettext
from reportgen.study.metrics.table import metric_of

SAME = N_("the same for all seeds")
"""Text for an interval without width, in English."""


def measured(claim: ClaimResult) -> str:
    """Return the measured value of a claim as text.

    For values that are skewed over seeds or infinite for some of them, this is the median, for deviations by layer the
    number within the tolerance.
    """
    if claim.quantity == "deviation" and claim.within_tolerance is not None:
        met, layers = claim.within_tolerance
        return _("{count} of {total} layers within the tolerance").format(count=met, total=layers)
    if claim.quartiles is not None:
        low, median, high = claim.quartiles
        return _("median {value}").format(value=amount(claim, median, (low, high)))
    value = amount(claim, claim.measured, claim.interval)
    return _("median {value}").format(value=value) if is_median(claim) else value


def is_median(claim: ClaimResult) -> bool:
    """Return whether the measured value is a median, because some values are infinite and have no mean."""
    return claim.n > 1 and math.isnan(claim.interval[0]) and not math.isnan(claim.measured)


def amount(claim: ClaimResult, value: float, bounds: Bounds) -> str:
    """Return a value with its unit, with as many digits as its bounds."""
    if claim.quantity == "deviation":
        return deviation(value, resolving_points(bounds))
    if claim.quantity == "share":
        return percent(value, resolving_percent(bounds))
    if claim.quantity == "difference" and in_points(claim.metric):
        return difference(value, claim.metric, bounds)
    if claim.quantity == "difference":
        return f"{'+' if value > 0 else ''}{estimated(value, bounds, '')}{unit(claim.metric)}"
    if claim.quantity == "ratio":
        constant = all(bound == value for bound in bounds)
        return number(value) if constant else estimated(value, bounds, "")  # a ratio is no count: 1.00, not 1
    return estimated(value, bounds, claim.metric) + unit(claim.metric)


def with_interval(claim: ClaimResult) -> str:
    """Return the mean with its interval in the least space, such as "4.54 (4.53 to 4.55)×10⁻⁵".

    Without an interval the number of seeds takes its place.
    """
    value = amount(claim, claim.measured, claim.interval)
    if not all(map(math.isfinite, claim.interval)):
        value = measured(claim) if is_median(claim) else value
        return f"{value} (n = {claim.n})"
    ends = bounds_of(claim, claim.interval)
    if ends == value:
        return value
    start = next((value.index(mark) for mark in ("×10", " points") if mark in value), len(value))
    shared = value[start:]
    inner = ends.removesuffix(shared) if shared and ends.endswith(shared) else ""
    return f"{value[:start]} ({inner.strip('()')}){shared}" if inner else f"{value} ({ends})"


def measured_interval(claim: ClaimResult) -> str:
    """Return the interval of a claim's measured value as text.

    For values that are skewed over seeds, the quartiles come first, followed by the mean, which was tested.
    A median of values of which some are infinite has the reason why there is no interval.
    """
    if is_median(claim):
        return _no_interval(claim)
    lo, hi = claim.interval
    if math.isfinite(lo) and hi - lo <= ROUNDING * max(abs(lo), abs(hi)):
        return _(SAME)
    if claim.quartiles is None:
        return bounds_of(claim, claim.interval)
    low, _median, high = claim.quartiles
    mean, interval_ = amount(claim, claim.measured, claim.interval), bounds_of(claim, claim.interval)
    text = _("quartiles {quartiles}; mean {mean}, 95% interval {interval}")
    return text.format(quartiles=bounds_of(claim, (low, high)), mean=mean, interval=interval_)


def is_interval(claim: ClaimResult) -> bool:
    """Return whether `measured_interval` is a 95% interval alone, which needs these words before it."""
    return not claim.quartiles and not is_median(claim) and measured_interval(claim) not in (NONE, _(SAME))


def _no_interval(claim: ClaimResult) -> str:
    """Return why a claim has no interval; results of a finished report do not have the values by seed."""
    values = claim.per_seed.values()
    count = sum(math.isinf(value) or (claim.quantity == "ratio" and value == 0) for value in values)
    if not count:
        return _("no interval: some seeds are infinite")
    text = ngettext(
        "no interval: {count} of {total} seeds is infinite", "no interval: {count} of {total} seeds are infinite", count
    )
    return text.format(count=count, total=claim.n)


def bounds_of(claim: ClaimResult, bounds: Bounds) -> str:
    if claim.quantity == "deviation":
        return deviation_interval(bounds)
    if claim.quantity == "share":
        return percent_interval(bounds)
    if claim.quantity == "difference":
        return difference_interval(bounds, claim.metric)
    return interval(bounds) if claim.quantity == "ratio" else score_interval(bounds, claim.metric)


def unit(metric: str) -> str:
    """Return a space and the unit of a metric, empty if it has none."""
    symbol = metric_of(metric).unit
    return f" {_(symbol)}" if symbol else ""
