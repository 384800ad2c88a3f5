"""Whether an input, and not the weights, is what is too large; and the remedy for it."""

from __future__ import annotations

import math

from reportgen.analysis.diagnosis.evidence.symptoms import number
from reportgen.analysis.finding import Evidence, Proposal
from reportgen.runs.record import RunRecord

LARGE_INPUT = 3.0
"""The root mean square from which on an input is called large; unit variance around a mean of 1 makes 1.4."""

KEEPS = 4.0
"""The factor on the variance of an input of size 1 up to which weights fit it; He's initialization has 2."""


def first_layer_fits_unit_input(record: RunRecord) -> bool:
    """Return whether the first layer's weights, as drawn, are known to fit inputs of size 1."""
    if "probe_weight_std" not in record.arrays:
        return False
    std = float(record.statistic("weight_std")[0][0])
    return std**2 * float(record.facts.get("features", math.inf)) < KEEPS


def input_too_large(record: RunRecord) -> bool:
    """Return whether the first layer's weights, as drawn, fit inputs of size 1, and these are larger."""
    moment = float(record.facts.get("input_second_moment", 1.0))
    return first_layer_fits_unit_input(record) and moment > KEEPS


def standardize(evidence: Evidence, record: RunRecord) -> tuple[str, Proposal]:
    """Return the advice to standardize the input, and the change."""
    size = number(math.sqrt(float(record.facts["input_second_moment"])))
    steps = [*evidence.variant.settings.get("preprocess", ()), "standardize"]
    advice = f"Standardize the input, whose root mean square is {size}: weights of a common scale fit inputs of size 1."
    return advice, Proposal({"preprocess": steps}, "inputs of zero mean and unit variance")
