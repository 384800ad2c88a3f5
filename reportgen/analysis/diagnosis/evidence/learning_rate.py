"""Proposals for a lower learning rate, from the effect of the first step on the weights.

An update ratio (update over weight) of 0.001 is common in training, and the first step often has ten times that. A step
as large as the weights is never justified by a gradient.
"""

from __future__ import annotations

import math

import numpy as np

from reportgen.analysis.diagnosis.evidence.symptoms import fold, number, probed
from reportgen.analysis.finding import Proposal
from reportgen.runs.record import RunRecord

FIRST_RATIO = 0.05
"""Largest acceptable update ratio of the first step."""

UNUSABLE_RATE = 1e3
"""Learning rates above this are unusable even after division by ten or a thousand."""

COMMON_RATE = 0.01
"""Proposed instead of an unusable learning rate."""


def first_ratio(record: RunRecord) -> float:
    """Return the largest update ratio over layers at the first probed step, 0 if there is none.

    Layers whose weights start at zero are not considered, since any step is large compared with them.
    """
    if not probed([record]) or "probe_update_ratio" not in record.arrays:
        return 0.0
    ratios = np.asarray(record.statistic("update_ratio"), np.float64)
    if "probe_weight_norm" in record.arrays:
        ratios = np.where(np.asarray(record.statistic("weight_norm"))[0] == 0, np.nan, ratios)
    return next((float(np.nanmax(row)) for row in ratios if np.isfinite(row).any()), 0.0)


def factor(record: RunRecord) -> float:
    """Return the power of ten, at least 10, that brings the first update ratio to FIRST_RATIO or below."""
    return 10.0 ** max(1, math.ceil(math.log10(max(first_ratio(record), FIRST_RATIO) / FIRST_RATIO)))


def rounded(lr: float) -> float:
    """Return a value rounded to six digits, which removes rounding errors of divisions by ten."""
    return float(f"{lr:.6g}")


def set_above_zero() -> tuple[str, tuple[Proposal, ...]]:
    """Return the advice for a learning rate of 0, and the proposals."""
    common = Proposal({"training.lr": COMMON_RATE}, "a learning rate of 0 makes no steps")
    return f"Set a learning rate above 0, such as {number(COMMON_RATE)}.", (common,)


def lower(record: RunRecord, why: str) -> tuple[str, Proposal]:
    """Return the advice to lower the learning rate, without a full stop, and the proposal."""
    times, lr = factor(record), record.spec.training.lr
    if lr / times > UNUSABLE_RATE:
        return f"Lower the learning rate to a common value, {number(COMMON_RATE)}", Proposal(
            {"training.lr": COMMON_RATE}, why
        )
    advice = f"Lower the learning rate by {fold(times)}, to {number(lr / times)}"
    return advice, Proposal({"training.lr": rounded(lr / times)}, why)


def other_rates(record: RunRecord) -> tuple[Proposal, ...]:
    """Return further proposals: a learning rate ten times lower, and one ten times higher if that still lowers it."""
    times, lr = factor(record), record.spec.training.lr
    if lr / times > UNUSABLE_RATE:
        return (Proposal({"training.lr": COMMON_RATE / 10}, "much smaller steps"),)
    lowest = Proposal({"training.lr": rounded(lr / (10 * times))}, "much smaller steps")
    higher = Proposal({"training.lr": rounded(10 * lr / times)}, "slightly smaller steps")
    return (lowest,) if times <= 10 else (lowest, higher)
