"""The CSVLogger of Lightning: `metrics.csv` with sparse rows, a step counted from 0, and `hparams.yaml` beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from reportgen.external.logs.raw import LogFormat, RawColumn, RawLog
from reportgen.external.logs.settings import settings_in
from reportgen.external.logs.tables.columns import Form, raw_log
from reportgen.external.logs.tables.head import find_head
from reportgen.external.logs.tables.table import read_table
from reportgen.languages.translate import N_
from reportgen.runs.training_log import LogNote

NAME = "lightning"
FILE, SETTINGS = "metrics.csv", "hparams.yaml"
FEWEST = 3
"""Values of a column from which a distance of one step is unusual."""


def find(path: Path) -> Sequence[Path]:
    """Return the file if it has steps, epochs, and the name, the hyperparameters or the empty cells of Lightning."""
    head = find_head(path) if path.is_file() else None
    if head is None or head.separator != "," or not head.has("step", "epoch") or len(head.names) < 3:
        return []
    sparse = any(cell == "" for row in head.sample for cell in row)
    return [path] if path.name == FILE or sparse or (path.parent / SETTINGS).is_file() else []


def read(path: Path) -> RawLog:
    """Return the run in a table, with the hyperparameters beside it; raises StudyError like `read_table`."""
    settings, notes = settings_in(path.parent, SETTINGS)
    name = path.absolute().parent.name if path.name == FILE else path.stem
    log = raw_log(read_table(path), Form(NAME, first_epoch=0, first_step=0), name, settings, notes)
    columns = tuple(map(_of_training, log.columns))
    late = [repr(own.name) for own, all_ in zip(columns, log.columns, strict=True) if own is not all_]
    if not late:
        return log
    text = N_("{columns}: the last value was measured after training, perhaps on other data, and was left out")
    note = LogNote("after-training", text.format(columns=", ".join(late)))
    return replace(log, columns=columns, notes=(*log.notes, note))


def _of_training(column: RawColumn) -> RawColumn:
    """Return a column without the value of a call of `validate` after training.

    Such a value is logged one step after the validation that ended training, in an epoch that had no steps.
    """
    if column.steps is None or column.epochs is None or column.steps.size < FEWEST:
        return column
    steps, epochs = np.diff(column.steps), np.diff(column.epochs)
    if steps[-1] == 1 and epochs[-1] == 1 and np.median(steps[:-1]) > 1:
        return replace(column, values=column.values[:-1], steps=column.steps[:-1], epochs=column.epochs[:-1])
    return column


LIGHTNING = LogFormat(NAME, "Lightning CSVLogger", f"`{FILE}`, `{SETTINGS}`", find, read)
