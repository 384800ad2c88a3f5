"""The region of a claim's measured value that its expectation describes."""

from __future__ import annotations

import math

from reportgen.analysis.claims.tolerances import tolerance
from reportgen.analysis.results import ClaimResult
from reportgen.study.model.claims import Claim

Region = tuple[float, float]


def region(claim: Claim | None, result: ClaimResult) -> Region | None:
    """Return the ends of the expected region on the scale of `result.measured`, infinite where it is open.

    None where the expectation is no one interval of the measured value, such as that of a monotone course.
    """
    if claim is None:
        return None
    expect, inf = claim.expect, math.inf
    if expect.below is not None:
        return -inf, expect.below
    if expect.above is not None:
        return expect.above, inf
    if expect.between is not None:
        return expect.between[0], expect.between[1]
    if expect.within is not None:
        return -expect.within, expect.within
    if expect.near == "theory" and result.reference is None and result.quantity != "deviation":
        return None
    return _near(claim, result) if expect.near is not None else _against(claim, "ratio" in result.method)


def _near(claim: Claim, result: ClaimResult) -> Region:
    """Return the region round one number, or of the relative deviation where numbers are given by layer."""
    expect = claim.expect
    if isinstance(expect.near, list) or result.quantity == "deviation":
        printed = result.held_against
        reach = tolerance(expect, printed) / abs(printed) if printed else tolerance(expect, 1.0) - (expect.atol or 0.0)
        return -reach, reach
    near = expect.near if isinstance(expect.near, float) else result.reference or 0.0
    return near - tolerance(expect, near), near + tolerance(expect, near)


def _against(claim: Claim, is_ratio: bool) -> Region | None:
    """Return the region of a difference, or of a ratio, between two variants."""
    expect, inf = claim.expect, math.inf
    if expect.greater_than is not None:
        return (expect.factor or 1.0, inf) if is_ratio else (expect.by or 0.0, inf)
    if expect.less_than is not None:
        return (-inf, 1 / (expect.factor or 1.0)) if is_ratio else (-inf, -(expect.by or 0.0))
    return None
