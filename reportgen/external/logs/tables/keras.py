"""Keras: the CSVLogger, with an epoch counted from 0, and the columns of a History saved as CSV, without epochs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reportgen.external.logs.raw import LogFormat, RawLog
from reportgen.external.logs.roles import EPOCHS, STEPS, meaning_of, plain_name
from reportgen.external.logs.tables.columns import INDICES, Form, raw_log
from reportgen.external.logs.tables.head import Head, find_head
from reportgen.external.logs.tables.stacked import NAMED, NUMBERED
from reportgen.external.logs.tables.table import read_table

NAME = "keras-csv"


def find(path: Path) -> Sequence[Path]:
    """Return the file if it has a loss without a prefix, as Keras writes it, and no steps."""
    head = find_head(path) if path.is_file() else None
    return [path] if head is not None and _is_keras(head) else []


def _is_keras(head: Head) -> bool:
    """Return whether all other columns are known, since without an epoch little distinguishes a history."""
    plain = [plain_name(name) for name in head.names]
    if not {*NAMED, *NUMBERED}.isdisjoint(plain):
        return False
    if "loss" not in head.names or any(name in STEPS or name.startswith("train_") for name in plain):
        return False
    if plain[0] in EPOCHS:
        in_order = plain[1:] == sorted(plain[1:]) and not any(name.startswith("test_") for name in plain)
        return any(name.startswith("val_") for name in plain) or in_order
    others = [name for name in head.names if plain_name(name) not in INDICES]
    return len(others) > 1 and all(meaning_of(name) is not None or name.startswith("val_") for name in others)


def read(path: Path) -> RawLog:
    """Return the run. Keras counts epochs from 0, also after `initial_epoch`; other programs begin with 1."""
    table = read_table(path)
    epochs = next((column.values for name, column in table.columns.items() if plain_name(name) in EPOCHS), None)
    first = None if epochs is None or (epochs[:1] == 1).all() else 0
    return raw_log(table, Form(NAME, first_epoch=first, epoch_per_row=True), path.stem, {})


KERAS = LogFormat(NAME, "Keras CSVLogger, or a History saved as CSV", "any name", find, read)
