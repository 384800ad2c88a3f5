"""The CSVLogger of Lightning: `metrics.csv` with sparse rows, a step counted from 0, and `hparams.yaml` beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reportgen.external.logs.raw import LogFormat, RawLog
from reportgen.external.logs.settings import settings_in
from reportgen.external.logs.tables.columns import Form, raw_log
from reportgen.external.logs.tables.head import find_head
from reportgen.external.logs.tables.table import read_table

NAME = "lightning"
FILE, SETTINGS = "metrics.csv", "hparams.yaml"


def find(path: Path) -> Sequence[Path]:
    """Return the file if it has steps, epochs, and the name, the hyperparameters or the empty cells of Lightning."""
    head = find_head(path) if path.is_file() else None
    if head is None or head.separator != "," or not head.has("step", "epoch") or len(head.names) < 3:
        return []
    sparse = any(cell == "" for row in head.sample for cell in row)
    return [path] if path.name == FILE or sparse or (path.parent / SETTINGS).is_file() else []


def read(path: Path) -> RawLog:
    settings, notes = settings_in(path.parent, SETTINGS)
    name = path.absolute().parent.name if path.name == FILE else path.stem
    return raw_log(read_table(path), Form(NAME, first_epoch=0, first_step=0), name, settings, notes)


LIGHTNING = LogFormat(NAME, "Lightning CSVLogger", f"`{FILE}`, `{SETTINGS}`", find, read)
