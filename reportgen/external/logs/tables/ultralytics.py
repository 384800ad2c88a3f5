"""Ultralytics: `results.csv` with names padded with spaces, parts of the loss, and `args.yaml` beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from reportgen.external.logs.raw import LogFormat, RawLog
from reportgen.external.logs.roles import meaning_of
from reportgen.external.logs.settings import settings_in
from reportgen.external.logs.tables.columns import Form, raw_log
from reportgen.external.logs.tables.head import find_head
from reportgen.external.logs.tables.table import Column, Table, read_table
from reportgen.languages.translate import N_
from reportgen.runs.training_log import LogNote

NAME = "ultralytics"
FILE, SETTINGS = "results.csv", ("args.yaml", "opt.yaml")
METRICS, TRAIN, VAL = "metrics/", "train/", "val/"


def find(path: Path) -> Sequence[Path]:
    """Return the file if it has epochs, training losses, and the metrics or rates of Ultralytics."""
    head = find_head(path) if path.is_file() else None
    if head is None or not head.has("epoch"):
        return []
    trained = any(name.startswith(TRAIN) for name in head.names)
    return [path] if trained and any(name.startswith((METRICS, "lr/pg", "x/lr")) for name in head.names) else []


def read(path: Path) -> RawLog:
    """Return the run; the metrics are of the validation examples, and the parts of a loss are added."""
    table = read_table(path)
    meanings = {name: VAL + name.removeprefix(METRICS) for name in table.columns if name.startswith(METRICS)}
    totals = [total for split in (TRAIN, VAL) if (total := _with_total(table, split))]
    meanings |= {total: f"{total.partition('/')[0]}/loss" for total in totals}
    text = N_("{column} is a sum of columns, which Ultralytics minimizes")
    notes = [LogNote("sum-of-parts", text.format(column=repr(total))) for total in totals]
    settings, unread = settings_in(path.parent, *SETTINGS)
    name = path.absolute().parent.name if path.name == FILE else path.stem
    return raw_log(table, Form(NAME, epoch_per_row=True, meanings=meanings), name, settings, (*unread, *notes))


def _with_total(table: Table, split: str) -> str | None:
    """Add the sum of the parts of a loss to the table, and return its name; the parts are logged with their weights."""
    meanings = {name: meaning_of(name) for name in table.columns if name.startswith(split)}
    quantities = {name: meaning.quantity for name, meaning in meanings.items() if meaning is not None}
    parts = [name for name, quantity in quantities.items() if quantity == "part"]
    columns = [table.columns[name] for name in parts]
    if "loss" in quantities.values() or len(parts) < 2 or len({column.values.size for column in columns}) > 1:
        return None
    total = " + ".join(parts)
    values = np.sum([column.values for column in columns], axis=0)
    table.columns[total] = Column(np.asarray(values, np.float64), columns[0].present)
    return total


ULTRALYTICS = LogFormat(NAME, "Ultralytics YOLO", f"`{FILE}`, `args.yaml`", find, read)
