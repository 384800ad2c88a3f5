"""Tables in long form: each row has one value, the name of its metric, and its position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from reportgen.errors import StudyError
from reportgen.external.logs.raw import Array, LogFormat, RawLog
from reportgen.external.logs.roles import EPOCHS, METRICS, SPLITS, STEPS, VALUES, meaning_of, plain_name
from reportgen.external.logs.tables.columns import INDICES, Form, raw_log
from reportgen.external.logs.tables.head import Head, find_head
from reportgen.external.logs.tables.other import SCORED, seed_in
from reportgen.external.logs.tables.stacked import rows_of, split_runs
from reportgen.external.logs.tables.table import Column, Mask, Table, read_table
from reportgen.languages.translate import N_
from reportgen.runs.training_log import LogNote

NAME = "csv-long"
TIMES = ("wall_time", "walltime", "time", "timestamp", "relative", "relative_time", "date", "datetime")
SHARE = 0.5
"""Least share of the first rows whose names are of a score if the column of metrics has another name."""


@dataclass(frozen=True)
class LongForm:
    """The columns of a table in long form: names of metrics, values, and splits (None without them)."""

    metric: str
    value: str
    split: str | None


def long_form(head: Head) -> LongForm | None:
    """Return the columns of a table with one value in each row, None for any other table."""
    plain = {name: plain_name(name) for name in head.names}
    if len(set(head.names)) < len(head.names) or not any(name in (*STEPS, *EPOCHS) for name in plain.values()):
        return None
    cells = {name: _cells(head, index) for index, name in enumerate(head.names)}
    texts = [name for name, values in cells.items() if values and not any(map(_is_number, values))]
    split = next((name for name in texts if all(cell.lower() in SPLITS for cell in cells[name])), None)
    metric = next((name for name in texts if name != split and _names_metrics(plain[name], cells[name])), None)
    value = _value_column(plain, texts)
    if metric is None or value is None:
        return None
    return LongForm(metric, value, split)


def _cells(head: Head, index: int) -> list[str]:
    return [cell for row in head.sample if index < len(row) and (cell := row[index].strip())]


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True


def _names_metrics(name: str, cells: Sequence[str]) -> bool:
    """Return whether the cells of a column are names of metrics, some of them of a score."""
    scores = sum(_is_score(cell) for cell in cells)
    return scores >= SHARE * len(cells) or (name in METRICS and scores > 0)


def _is_score(name: str) -> bool:
    known = meaning_of(name)
    return known is not None and known.quantity in SCORED


def _value_column(plain: Mapping[str, str], texts: Sequence[str]) -> str | None:
    """Return the column of values: by its name, else the only column of numbers that counts or measures nothing."""
    named = [name for name, words in plain.items() if words in VALUES and name not in texts]
    if named:
        return min(named, key=lambda name: VALUES.index(plain[name]))
    others = (*STEPS, *EPOCHS, *INDICES, *TIMES)
    left = [name for name, words in plain.items() if name not in texts and words not in others]
    return left[0] if len(left) == 1 and meaning_of(left[0]) is None else None


def find(path: Path) -> Sequence[Path]:
    """Return the file if it has positions, names of metrics and values."""
    head = find_head(path) if path.is_file() else None
    return [path] if head is not None and long_form(head) is not None else []


def read(path: Path) -> Sequence[RawLog]:
    """Return the run, or the runs that columns name or number.

    Raises
    ------
    StudyError : the file is no table in long form, or a row is not of its form.
    """
    table = read_table(path)
    form = long_form(table.head)
    if form is None:
        hint = "a table with a name of a metric, a step or epoch, and a value in each row"
        raise StudyError("unknown-columns", "no columns of metrics and values", str(path), hint)
    if table.columns[form.metric].labels is None:
        raise StudyError("too-many", f"too many different metrics in column {form.metric!r}", str(path), "at most 1000")
    runs = split_runs(table, [name for name in (form.metric, form.split) if name is not None])
    return [
        raw_log(_wide(run, form), Form(NAME), f"{path.stem} {name}".strip(), seed_in(run)) for name, run in runs.items()
    ]


def _wide(table: Table, form: LongForm) -> Table:
    """Return a table with a column for each metric, whose cells in the rows of other metrics are missing."""
    table = _in_order(table, form)
    value = table.columns[form.value]
    present = np.ones(table.rows, np.bool_) if value.present is None else value.present
    everywhere = np.full(table.rows, np.nan)
    if value.values.size:
        everywhere[present] = value.values
    else:
        present = np.zeros(table.rows, np.bool_)
    own = (form.metric, form.value, form.split)
    columns = {name: column for name, column in table.columns.items() if name not in own}
    for name, rows in _metrics(table, form).items():
        chosen = rows & present
        columns[name if name not in columns else f"{name} ({form.value})"] = Column(everywhere[chosen], chosen)
    text = N_("each row has one value, in column {column}, of the metric in column {metric}")
    note = LogNote("long-form", text.format(column=repr(form.value), metric=repr(form.metric)))
    return replace(table, columns=columns, notes=[*table.notes, note])


def _metrics(table: Table, form: LongForm) -> dict[str, Mask]:
    """Return the rows of each metric by its name, with the split before it if there is a column of splits."""
    found: dict[str, Mask] = {}
    splits = None if form.split is None else table.columns[form.split]
    metrics = table.columns[form.metric]
    if metrics.labels is None:
        return found
    for number, metric in enumerate(metrics.names):
        rows = metrics.labels == number
        if not metric or not rows.any():
            continue
        if splits is None or splits.labels is None:
            found[metric] = rows
            continue
        for split in np.unique(splits.labels[rows]):
            name = f"{splits.names[split]}/{metric}" if splits.names[split] else metric
            found[name] = rows & (splits.labels == split)
    return found


def _in_order(table: Table, form: LongForm) -> Table:
    """Return the rows in the order of their positions, if those of each metric increase and those of all do not."""
    position = next(name for name in table.columns if plain_name(name) in (*STEPS, *EPOCHS))
    counts = table.columns[position]
    if counts.present is not None or counts.values.size < table.rows or not _goes_back(counts.values):
        return table
    if any(_goes_back(counts.values[rows]) for rows in _metrics(table, form).values()):
        return table
    return rows_of(table, np.argsort(counts.values, kind="stable"))


def _goes_back(counts: Array) -> bool:
    return bool((np.diff(counts) < 0).any())


LONG = LogFormat(NAME, "CSV or TSV with one value in each row", "any name", find, read, generic=True)
