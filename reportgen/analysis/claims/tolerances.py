"""How far from a printed number a measured one may be."""

from __future__ import annotations

from reportgen.study.model.claims import Expect

USUAL_RTOL = 0.05
"""The tolerance of `near` where the author gives none."""


def number_or_0(value: float | None) -> float:
    """Return a number that an author may leave out as 0 where it is left out."""
    return 0.0 if value is None else float(value)


def tolerance(expect: Expect, printed: float) -> float:
    """Return how far from a printed number `near` allows a value to be."""
    rtol, atol = expect.get("rtol"), expect.get("atol")
    rtol = USUAL_RTOL if rtol is None and atol is None else number_or_0(rtol)
    return abs(printed) * rtol + number_or_0(atol)
