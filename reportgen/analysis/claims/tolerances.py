"""Tolerances of measured values around printed numbers."""

from __future__ import annotations

from reportgen.study.model.claims import Expect

USUAL_RTOL = 0.05
"""The default relative tolerance of `near`."""


def number_or_0(value: float | None) -> float:
    """Return an optional number, 0 if it is not set."""
    return 0.0 if value is None else float(value)


def tolerance(expect: Expect, printed: float) -> float:
    """Return the largest distance from a printed number that `near` allows."""
    rtol, atol = expect.get("rtol"), expect.get("atol")
    rtol = USUAL_RTOL if rtol is None and atol is None else number_or_0(rtol)
    return abs(printed) * rtol + number_or_0(atol)
