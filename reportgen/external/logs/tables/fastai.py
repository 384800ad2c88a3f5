"""The CSVLogger of fastai: `history.csv` with epoch, train_loss, valid_loss, validation metrics and a time as text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reportgen.external.logs.raw import LogFormat, RawLog
from reportgen.external.logs.roles import meaning_of
from reportgen.external.logs.tables.columns import Form, raw_log
from reportgen.external.logs.tables.head import find_head
from reportgen.external.logs.tables.table import read_table

NAME = "fastai"


def find(path: Path) -> Sequence[Path]:
    """Return the file if it begins with the columns of fastai and ends with the time."""
    head = find_head(path) if path.is_file() else None
    if head is None or not head.has("train_loss", "valid_loss"):
        return []
    return [path] if head.names[0] == "epoch" and head.names[-1] == "time" else []


def read(path: Path) -> RawLog:
    """Return the run; a metric without a prefix is of the validation examples."""
    table = read_table(path)
    meanings = {name: f"valid_{name}" for name in table.columns if _is_unnamed_metric(name)}
    return raw_log(table, Form(NAME, first_epoch=0, epoch_per_row=True, meanings=meanings), path.stem, {})


def _is_unnamed_metric(name: str) -> bool:
    meaning = meaning_of(name)
    return meaning is not None and meaning.split is None and meaning.quantity in ("accuracy", "score")


FASTAI = LogFormat(NAME, "fastai CSVLogger", "`history.csv`", find, read)
