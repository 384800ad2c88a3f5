"""Logs made of arrays, for tests of the stages after reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.external.logs.cleaning import clean
from reportgen.external.logs.options import LogOptions
from reportgen.external.logs.raw import RawColumn, RawLog
from reportgen.runs.training_log import TrainingLog


def column(
    name: str,
    values: Sequence[float],
    steps: Sequence[float] | None = None,
    epochs: Sequence[float] | None = None,
    **more: Any,
) -> RawColumn:
    """A column of a log."""
    stepped, counted = (None if part is None else np.array(part, float) for part in (steps, epochs))
    return RawColumn(name, np.array(values, float), stepped, counted, **more)


def cleaned(*columns: RawColumn, options: LogOptions | None = None, **more: Any) -> TrainingLog:
    """The log of some columns."""
    return clean(RawLog(Path("log"), "csv", "log", columns, **more), options or LogOptions())


def by_epoch(**columns: Sequence[float]) -> TrainingLog:
    """The log of columns with a value an epoch, counted from 0."""
    return cleaned(*(column(name, values, epochs=range(len(values))) for name, values in columns.items()))


def roles(log: TrainingLog) -> Mapping[str, str]:
    """The first column of each role."""
    return {role: curve.column for curve in reversed(log.curves) for role in [curve.role]}


def codes(log: TrainingLog) -> set[str]:
    """The codes of the notes."""
    return {note.code for note in log.notes}
