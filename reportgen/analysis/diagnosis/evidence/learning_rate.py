"""How far a learning rate is to be lowered, by what the first step did to the weights.

A ratio of update to weight of 0.001 is common in training, and the first step's is often ten times that; a step as
large as the weights themselves is none that a gradient speaks for.
"""

from __future__ import annotations

import math

import numpy as np

from reportgen.analysis.diagnosis.evidence.symptoms import fold, number, probed
from reportgen.analysis.finding import Proposal
from reportgen.runs.record import RunRecord

FIRST_RATIO = 0.05
"""The ratio of update to weight that a first step may have."""


UNUSABLE_RATE = 1e3
"""A rate from which a tenth of it, or a thousandth, is still none that anyone trains with."""

COMMON_RATE = 0.01
"""What is advised in the place of such a rate: where trying rates begins."""


def first_ratio(record: RunRecord) -> float:
    """Return the largest ratio of update to weight over the layers at the first step that was looked at, 0 for none."""
    if not probed([record]) or "probe_update_ratio" not in record.arrays:
        return 0.0
    ratios = np.asarray(record.statistic("update_ratio"), np.float64)
    return next((float(np.nanmax(row)) for row in ratios if np.isfinite(row).any()), 0.0)


def factor(record: RunRecord) -> float:
    """Return the power of ten, 10 at least, that brings the first step's largest ratio to FIRST_RATIO or below."""
    return 10.0 ** max(1, math.ceil(math.log10(max(first_ratio(record), FIRST_RATIO) / FIRST_RATIO)))


def rounded(lr: float) -> float:
    """Return a value in six digits, without what division by ten leaves behind them."""
    return float(f"{lr:.6g}")


def set_above_zero() -> tuple[str, tuple[Proposal, ...]]:
    """Return the advice for a learning rate of 0, and the change."""
    common = Proposal({"training.lr": COMMON_RATE}, "without steps nothing is learned")
    return f"Set a learning rate above 0, such as {number(COMMON_RATE)}.", (common,)


def lower(record: RunRecord, why: str) -> tuple[str, Proposal]:
    """Return the advice to lower the learning rate, without its full stop, and the change."""
    times, lr = factor(record), record.spec.training.lr
    if lr / times > UNUSABLE_RATE:
        return f"Lower the learning rate to one that is common, {number(COMMON_RATE)}", Proposal(
            {"training.lr": COMMON_RATE}, why
        )
    advice = f"Lower the learning rate by {fold(times)}, to {number(lr / times)}"
    return advice, Proposal({"training.lr": rounded(lr / times)}, why)


def other_rates(record: RunRecord) -> tuple[Proposal, ...]:
    """Return the next changes of the rate: ten times lower still; and ten times less low, where that is still lower."""
    times, lr = factor(record), record.spec.training.lr
    if lr / times > UNUSABLE_RATE:
        return (Proposal({"training.lr": COMMON_RATE / 10}, "much smaller steps"),)
    lowest = Proposal({"training.lr": rounded(lr / (10 * times))}, "much smaller steps")
    higher = Proposal({"training.lr": rounded(10 * lr / times)}, "less small steps")
    return (lowest,) if times <= 10 else (lowest, higher)
