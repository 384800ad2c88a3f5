"""Whether the input is too large for the weights, and the remedy."""

from __future__ import annotations

import math

from reportgen.analysis.diagnosis.evidence.symptoms import number
from reportgen.analysis.diagnosis.layers import fan_ins
from reportgen.analysis.finding import Evidence, Proposal
from reportgen.languages.translate import _
from reportgen.runs.record import RunRecord

LARGE_INPUT = 3.0
"""Inputs above this root mean square are large; unit variance with mean 1 gives 1.4."""

KEEPS = 4.0
"""Weights suit an input of RMS 1 if they multiply its variance by less than this; He initialization has 2."""


def first_layer_fits_unit_input(record: RunRecord) -> bool:
    """Return whether the initial weights of the first layer are known to suit an input of RMS 1."""
    if "probe_weight_std" not in record.arrays:
        return False
    std = float(record.statistic("weight_std")[0][0])
    return "features" in record.facts and std**2 * float(fan_ins(record)[0]) < KEEPS


def input_too_large(record: RunRecord) -> bool:
    """Return whether the input is too large for initial weights that suit an input of RMS 1."""
    moment = float(record.facts.get("input_second_moment", 1.0))
    return first_layer_fits_unit_input(record) and moment > KEEPS


def standardize(evidence: Evidence, record: RunRecord) -> tuple[str, Proposal]:
    """Return the advice to standardize the input, and the proposal."""
    size = number(math.sqrt(float(record.facts["input_second_moment"])))
    steps = [*evidence.variant.settings.get("preprocess", ()), "standardize"]
    advice = _("Standardize the input: its root mean square is {size}, but common initializations assume 1.").format(
        size=size
    )
    return advice, Proposal({"preprocess": steps}, _("zero mean and unit variance for each feature"))
