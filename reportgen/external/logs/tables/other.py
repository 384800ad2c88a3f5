"""Any other CSV or TSV file with a header, whose columns have usual names or are named on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from reportgen.external.logs.raw import LogFormat, RawLog
from reportgen.external.logs.roles import EPOCHS, STEPS, meaning_of, plain_name
from reportgen.external.logs.tables.columns import Form, raw_log
from reportgen.external.logs.tables.head import find_head
from reportgen.external.logs.tables.stacked import column_of_runs, refuse_table_of_runs, split_runs
from reportgen.external.logs.tables.table import Table, read_table

NAME = "csv"
SCORED = ("loss", "part", "accuracy", "score")


def find(path: Path) -> Sequence[Path]:
    """Return the file if it has positions and a loss or score."""
    head = find_head(path) if path.is_file() else None
    if head is None or not any(plain_name(name) in (*STEPS, *EPOCHS) for name in head.names):
        return []
    if column_of_runs(head) is not None:
        return []
    meanings = [meaning_of(name) for name in head.names]
    return [path] if any(known is not None and known.quantity in SCORED for known in meanings) else []


def read(path: Path) -> Sequence[RawLog]:
    """Return the run, or the runs that columns name or number."""
    table = read_table(path)
    refuse_table_of_runs(table)
    validated = any(known.split == "val" for known in map(meaning_of, table.columns) if known is not None)
    form = Form(NAME, epoch_per_row=validated)
    runs = split_runs(table)
    return [raw_log(run, form, f"{path.stem} {name}".strip(), seed_in(run)) for name, run in runs.items()]


def seed_in(table: Table) -> dict[str, int]:
    """Return the seed of a run whose table has the same seed in each row."""
    seeds = next((column.values for name, column in table.columns.items() if plain_name(name) == "seed"), np.zeros(0))
    is_one = seeds.size > 0 and bool((seeds == seeds[:1]).all()) and float(seeds[0]).is_integer()
    return {"seed": int(seeds[0])} if is_one else {}


CSV = LogFormat(NAME, "any CSV or TSV file with a header", "any name", find, read, generic=True)
