"""The training script of timm: `summary.csv` with train_loss, eval_loss, eval_top1 in percent, and `args.yaml`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reportgen.external.logs.raw import LogFormat, RawLog
from reportgen.external.logs.settings import settings_in
from reportgen.external.logs.tables.columns import Form, raw_log
from reportgen.external.logs.tables.head import find_head
from reportgen.external.logs.tables.table import read_table

NAME = "timm"
FILE, SETTINGS = "summary.csv", "args.yaml"


def find(path: Path) -> Sequence[Path]:
    """Return the file if it has the columns of timm."""
    head = find_head(path) if path.is_file() else None
    if head is None or not head.has("epoch", "train_loss", "eval_loss"):
        return []
    return [path] if any(name.startswith("eval_top") for name in head.names) or path.name == FILE else []


def read(path: Path) -> RawLog:
    """Return the run in a table, with the arguments beside it; raises StudyError like `read_table`."""
    settings, notes = settings_in(path.parent, SETTINGS)
    name = path.absolute().parent.name if path.name == FILE else path.stem
    return raw_log(read_table(path), Form(NAME, first_epoch=0, epoch_per_row=True), name, settings, notes)


TIMM = LogFormat(NAME, "timm", f"`{FILE}`, `{SETTINGS}`", find, read)
