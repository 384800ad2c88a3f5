"""Any other CSV or TSV file with a header, whose columns have usual names or are named on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reportgen.external.logs.raw import LogFormat, RawLog
from reportgen.external.logs.roles import EPOCHS, STEPS, meaning_of, plain_name
from reportgen.external.logs.tables.columns import Form, raw_log
from reportgen.external.logs.tables.head import find_head
from reportgen.external.logs.tables.table import read_table

NAME = "csv"
SCORED = ("loss", "part", "accuracy", "score")


def find(path: Path) -> Sequence[Path]:
    """Return the file if it has positions and a loss or score."""
    head = find_head(path) if path.is_file() else None
    if head is None or not any(plain_name(name) in (*STEPS, *EPOCHS) for name in head.names):
        return []
    meanings = [meaning_of(name) for name in head.names]
    return [path] if any(known is not None and known.quantity in SCORED for known in meanings) else []


def read(path: Path) -> RawLog:
    table = read_table(path)
    validated = any(known.split == "val" for known in map(meaning_of, table.columns) if known is not None)
    return raw_log(table, Form(NAME, epoch_per_row=validated), path.stem, {})


CSV = LogFormat(NAME, "any CSV or TSV file with a header", "any name", find, read, generic=True)
