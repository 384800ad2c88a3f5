"""What a recorder observed of the code of a training loop, and its severity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.diagnosis.evidence.outcome import fits, stuck
from reportgen.analysis.finding import Severity
from reportgen.runs.record import RunRecord

Array = NDArray[np.float64]

KERAS = "keras"


def is_of_loop(record: RunRecord) -> bool:
    """Return whether a recorder or a callback wrote the record of a training loop."""
    return "framework" in record.facts


def layer_values(record: RunRecord, name: str) -> Array:
    """Return an array with one value for each layer, NaN if it was not observed, shape (layers,)."""
    values = np.asarray(record.arrays.get(name, ()), np.float64)
    return values if values.size else np.full(record.layers, np.nan)


def moved(record: RunRecord) -> Array:
    """Return whether any probed step changed the weights of each layer: 1 or 0, NaN if unknown, shape (layers,)."""
    steps = np.asarray(record.arrays.get("probe_step", ()))
    ratios = np.asarray(record.arrays.get("probe_update_ratio", np.zeros((0, record.layers))), np.float64)
    after = ratios[steps > 0] if len(ratios) == len(steps) else ratios[:0]
    known = np.isfinite(after).any(axis=0) if len(after) else np.zeros(record.layers, bool)
    return np.where(known, np.nan_to_num(after).any(axis=0) if len(after) else 0.0, np.nan)


def severity_of(records: Sequence[RunRecord]) -> Severity:
    """Return "error" if most runs learned next to nothing or diverged, else "warning"."""
    lost = sum(record.status == "diverged" or stuck(record) for record in records)
    return "error" if 2 * lost > len(records) else "warning"


def severity_unless_fitted(records: Sequence[RunRecord]) -> Severity:
    """Return "info" if all runs fit their training examples nevertheless, else as `severity_of`."""
    return "info" if all(fits(record) for record in records) else severity_of(records)


def in_framework(record: RunRecord, pytorch: str, keras: str) -> str:
    """Return an advice in the words of the record's framework."""
    return keras if record.facts.get("framework") == KERAS else pytorch


def known_fact(record: RunRecord, name: str, least: str = "", count: int = 0) -> Any:
    """Return a fact; None if it is unknown, or if the fact `least` is smaller than a count."""
    if least and int(record.facts.get(least, 0)) < count:
        return None
    return record.facts.get(name)
