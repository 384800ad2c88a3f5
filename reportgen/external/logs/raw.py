"""The columns of a log, as its format gives them, before they have roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.runs.training_log import LogNote, Resolution

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RawColumn:
    """A column in the order of the file, (n,) each. Missing cells are left out, NaN and infinite values are kept.

    Attributes
    ----------
    steps : optimizer steps, None if the log does not count them.
    epochs : epochs as the log counts them, None if it does not.
    resolution : what one value is if the format defines it; None if the name of the column must tell.
    """

    name: str
    values: Array
    steps: Array | None = None
    epochs: Array | None = None
    resolution: Resolution | None = None


@dataclass(frozen=True, eq=False)
class RawLog:
    """One run as a format gives it.

    Attributes
    ----------
    columns : numeric columns by name.
    layers : statistics of layers, as (layer, statistic, column).
    settings : hyperparameters that the log states.
    first_epoch : the number that the log gives its first epoch, 0 or 1; None if it must be found in the values.
    log_every, planned_steps : numbers of steps if the log states them.
    ignored : columns that hold no numbers, with the reason.
    notes : decisions of the reader, such as a truncated last record.
    """

    path: Path
    format: str
    name: str
    columns: tuple[RawColumn, ...]
    layers: tuple[tuple[str, str, RawColumn], ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    first_epoch: int | None = None
    log_every: int | None = None
    planned_steps: int | None = None
    ignored: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[LogNote, ...] = ()
