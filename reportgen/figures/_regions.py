"""The region of a claim's measured value that its expectation describes."""

from __future__ import annotations

import math

from reportgen.analysis.model import ClaimResult
from reportgen.study.claims import Claim

Region = tuple[float, float]


def region(claim: Claim | None, result: ClaimResult) -> Region | None:
    """Return the ends of the expected region on the scale of `result.measured`, infinite where it is open.

    None where the expectation is no interval of the measured value.
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
    return None
