"""Rule sets of other tools, re-implemented from their documentation for the records of this project."""

from __future__ import annotations

from benchmarks.diagnosis.alarms import Published
from benchmarks.diagnosis.published import autotrainer, deepdiagnosis, sagemaker, umlaut

PUBLISHED: tuple[Published, ...] = (
    sagemaker.RULE_SET,
    autotrainer.RULE_SET,
    deepdiagnosis.RULE_SET,
    umlaut.RULE_SET,
)
"""Rule sets in the order of the table."""
