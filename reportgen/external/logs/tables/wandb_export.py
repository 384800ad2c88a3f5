"""CSV files exported from a chart of Weights & Biases: columns "run - metric", with __MIN and __MAX beside each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reportgen.errors import StudyError
from reportgen.external.logs.raw import LogFormat, RawLog
from reportgen.external.logs.tables.columns import Form, raw_log
from reportgen.external.logs.tables.head import find_head
from reportgen.external.logs.tables.table import Table, read_table
from reportgen.languages.translate import N_
from reportgen.runs.training_log import LogNote

NAME = "wandb-csv"
DASH = " - "
BOUNDS = ("__MIN", "__MAX")
FIRST = ("Step", "epoch", "trainer/global_step", "train/global_step", "global_step")
CLOCKS = ("Relative Time (Process)", "Relative Time (Wall)", "Wall Time")


def find(path: Path) -> Sequence[Path]:
    """Return the file if its first column is a position and another one is the metric of a run."""
    head = find_head(path) if path.is_file() else None
    if head is None or head.names[0] not in (*FIRST, *CLOCKS):
        return []
    return [path] if any(DASH in name for name in head.names[1:]) else []


def read(path: Path) -> Sequence[RawLog]:
    """Return the runs of the file."""
    table = read_table(path)
    runs: dict[str, dict[str, str]] = {}
    for name in table.columns:
        run, dash, metric = name.rpartition(DASH)
        if dash and not name.endswith(BOUNDS) and not metric.startswith("_"):
            runs.setdefault(run, {})[name] = metric
    if not runs:
        raise StudyError("missing-column", "no column is named 'run - metric'", str(path), "a CSV export of a chart")
    first = next(iter(table.columns))
    return [_run(table, run, {first: first} | metrics) for run, metrics in runs.items()]


def _run(table: Table, run: str, names: dict[str, str]) -> RawLog:
    """Return one run, whose columns have the names of the metrics."""
    columns = {metric: table.columns[name] for name, metric in names.items()}
    first = next(iter(columns))
    if first in CLOCKS:
        columns.pop(first)
    part = Table(table.path, table.head, table.rows, columns, table.headers, list(table.notes))
    note = LogNote("logged-steps", N_("Step counts the calls of wandb.log")) if first == "Step" else None
    return raw_log(part, Form(NAME), run, {}, (note,) if note else ())


WANDB_EXPORT = LogFormat(NAME, "Weights & Biases, CSV export of a chart", "any name", find, read)
