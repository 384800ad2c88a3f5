"""The interval in which a claim expects its measured value, for figures.

The functions return the ends of the interval on the scale of `ClaimResult.measured`; an open end is infinite. They
return None if the expectation is not an interval, such as `monotone`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from reportgen.analysis.claims.tolerances import tolerance
from reportgen.study.model.claims import Claim

if TYPE_CHECKING:
    from reportgen.analysis.results import ClaimResult

Region = tuple[float, float]


def region(claim: Claim | None, result: ClaimResult) -> Region | None:
    """Return the region of a claim, None for a result without a claim."""
    return None if claim is None else claim.expect.row.region(claim, result)


def below_region(claim: Claim, result: ClaimResult) -> Region:
    """Return the region below a level."""
    return -math.inf, claim.expect.value


def above_region(claim: Claim, result: ClaimResult) -> Region:
    """Return the region above a level."""
    return claim.expect.value, math.inf


def between_region(claim: Claim, result: ClaimResult) -> Region:
    """Return the region between two levels."""
    low, high = claim.expect.value
    return low, high


def near_region(claim: Claim, result: ClaimResult) -> Region | None:
    """Return the region around one number, or the region of the relative deviation for numbers by layer."""
    expect = claim.expect
    if expect.row.by_layer(expect) or result.quantity == "deviation":
        printed = result.held_against
        absolute = expect.get("atol") or 0.0
        margin = tolerance(expect, printed) / abs(printed) if printed else tolerance(expect, 1.0) - absolute
        return -margin, margin
    near = result.reference if expect.row.theory(expect) else expect.value
    return None if near is None else (near - tolerance(expect, near), near + tolerance(expect, near))


def greater_region(claim: Claim, result: ClaimResult) -> Region:
    """Return the region of the difference or ratio of two sides, if the first is expected to be greater."""
    if result.quantity == "ratio":
        return claim.expect.get("factor") or 1.0, math.inf
    return claim.expect.get("by") or 0.0, math.inf


def less_region(claim: Claim, result: ClaimResult) -> Region:
    """Return the region of the difference or ratio of two sides, if the first is expected to be less."""
    if result.quantity == "ratio":
        return -math.inf, 1 / (claim.expect.get("factor") or 1.0)
    return -math.inf, -(claim.expect.get("by") or 0.0)


def same_region(claim: Claim, result: ClaimResult) -> Region:
    """Return the region of differences within the margin."""
    within = claim.expect.get("within")
    return -within, within


def no_region(claim: Claim, result: ClaimResult) -> None:
    """Return None, because the expectation is not an interval."""
