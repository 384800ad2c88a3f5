"""What a format reads: the columns of a log before they have roles; and what a format is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    meaning : a name that says what the column is, if its own name means something else in this format, such as
        "val_accuracy" for the column "accuracy" of fastai.
    """

    name: str
    values: Array
    steps: Array | None = None
    epochs: Array | None = None
    resolution: Resolution | None = None
    meaning: str | None = None


@dataclass(frozen=True, eq=False)
class RawLog:
    """One run as a format gives it.

    Attributes
    ----------
    columns : numeric columns by name.
    layers : statistics of layers, as (layer, statistic, column).
    settings : hyperparameters that the log states.
    first_epoch : the number that the log gives its first epoch, 0 or 1; None if it must be found in the values.
    first_step : the number that the log gives its first optimizer step, 0 or 1; None if it must be found in the values.
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
    first_step: int | None = None
    log_every: int | None = None
    planned_steps: int | None = None
    ignored: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[LogNote, ...] = ()


@dataclass(frozen=True)
class LogFormat:
    """A format of logs.

    Attributes
    ----------
    name : name for `--as`.
    title : the tool, as its users call it.
    files : the files of one run, in a few words, such as "events.out.tfevents.*".
    find : returns the logs in a file or folder that have this format by their content, each the path of one run; an
        empty list for other files. Must be quick: it may read the beginning of a file only. It is called for a folder
        before its files and subfolders. If it finds something, it is not called for the subfolders again; if it returns
        the folder itself, the files in it are part of the run and no other format is tried on them.
    read : returns the run at a path that `find` returned, or that `--as` names, or the runs of a file that holds
        several. Raises StudyError for a file that is not of this format or cannot be read.
    parts : names of subfolders with other logs of the same run, which are not read.
    magic : bytes with which all files of this format, and no others that may be logs, begin; empty without such bytes.
    generic : whether any program may write this format, so that files inside the folder of a run are not logs.
    """

    name: str
    title: str
    files: str
    find: Callable[[Path], Sequence[Path]]
    read: Callable[[Path], RawLog | Sequence[RawLog]]
    parts: Sequence[str] = ()
    magic: bytes = b""
    generic: bool = False
