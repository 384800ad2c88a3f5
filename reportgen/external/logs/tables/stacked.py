"""Several runs in one table: a column names or numbers them, or each row is the summary of another run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from reportgen.errors import StudyError
from reportgen.external.logs.raw import Array
from reportgen.external.logs.roles import EPOCHS, SPLITS, STEPS, plain_name
from reportgen.external.logs.tables.head import Head
from reportgen.external.logs.tables.table import Column, Table

NUMBERED = ("run", "run_id", "run_number", "experiment", "seed", "fold", "trial", "repetition")
"""Names of columns that number runs."""
NAMED = (
    *("id", "name", "run", "run_id", "run_name", "run_uuid", "experiment", "experiment_name", "trial", "trial_name"),
    *("model", "model_name"),
)
"""Names of columns of text that differ between the rows of a table of runs."""
MOST_RUNS = 1000
FEWEST_ROWS = 2
BEGINNING = 0.1
"""Share of the positions of a table in which all its runs begin."""


def column_of_runs(head: Head) -> str | None:
    """Return the column that names another run in each of the first rows, None if there is none."""
    for index, name in enumerate(head.names):
        if plain_name(name) in NAMED:
            cells = [row[index].strip() for row in head.sample if index < len(row)]
            if len(cells) >= FEWEST_ROWS and len(set(cells)) > len(cells) / FEWEST_ROWS:
                return name if not all(cell.isdecimal() for cell in cells) else None
    return None


def refuse_table_of_runs(table: Table) -> None:
    """Raise StudyError for a table with a row for each run."""
    name = column_of_runs(table.head)
    if name is not None:
        text = f"each row is another run, named in column {name!r}; this is no log of training"
        raise StudyError("unknown-log", text, str(table.path), "a file with a row for each step or epoch of a run")


def split_runs(table: Table, others: Collection[str] = ()) -> Mapping[str, Table]:
    """Return the runs that columns name or number, by name; one run with an empty name if no column does.

    others: columns that do not divide the rows into runs.
    """
    runs = {"": table}
    for found in [name for name in (*_named_columns(table), *_columns_of_texts(table)) if name not in others]:
        runs = {
            f"{before} {name}".strip(): part
            for before, whole in runs.items()
            for name, part in _parts(whole, found).items()
        }
        if len(runs) > 1 and plain_name(found) not in (*NUMBERED, *NAMED):
            break
    return runs


def _named_columns(table: Table) -> list[str]:
    """Return the columns whose names say that they name or number runs."""
    return [name for name in table.columns if plain_name(name) in (*NUMBERED, *NAMED)]


def _columns_of_texts(table: Table) -> list[str]:
    """Return the other columns of text whose values part the rows into runs, if the positions of the table go back.

    The parts of a training run, such as training and validation, are no runs.
    """
    position = next((name for name in table.columns if plain_name(name) in (*STEPS, *EPOCHS)), None)
    counts = table.columns[position] if position is not None else None
    if position is None or counts is None or counts.present is not None or counts.values.size < FEWEST_ROWS:
        return []
    if (np.diff(counts.values) > 0).all():
        return []
    return [
        name
        for name, column in table.columns.items()
        if column.labels is not None
        and not SPLITS.keys() & {text.lower() for text in column.names}
        and all(_is_a_run(counts.values, column.labels == label) for label in range(len(column.names)))
    ]


def _is_a_run(counts: Array, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> bool:
    """Return whether rows count up from the beginning of the table; a resumed run begins later."""
    own = counts[chosen]
    return bool((np.diff(own) > 0).all() and own[0] <= counts.min() + BEGINNING * np.ptp(counts))


def _parts(table: Table, found: str) -> Mapping[str, Table]:
    """Return the rows of each value of a column by its name; all rows with an empty name if they are of one run."""
    column = table.columns[found]
    if column.labels is not None:
        values, names = np.asarray(column.labels, np.float64), dict(enumerate(column.names))
    elif column.present is None and plain_name(found) in NUMBERED:
        values, names = column.values, {}
    else:
        return {"": table}
    different, first = np.unique(values, return_index=True)
    if not 1 < different.size <= MOST_RUNS or table.rows < FEWEST_ROWS * different.size:
        return {"": table}
    chosen = different if not names else different[np.argsort(first)]
    titles = {value: names.get(value, f"{found} {value:g}") or f"no {found}" for value in chosen}
    return {title: rows_of(table, values == value) for value, title in titles.items()}


def rows_of(table: Table, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> Table:
    """Return the chosen rows of a table; chosen: for each row whether it is, or the numbers of rows in a new order."""
    columns = {name: _part(column, chosen) for name, column in table.columns.items()}
    rows = int(np.arange(table.rows)[chosen].size)
    return replace(table, rows=rows, columns=columns, headers=[], notes=list(table.notes))


def _part(column: Column, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> Column:
    if column.text is not None:
        return replace(column, labels=None if column.labels is None else column.labels[chosen])
    if column.present is None:
        return Column(column.values[chosen], None)
    everywhere = np.full(column.present.size, np.nan)
    everywhere[column.present] = column.values
    present = column.present[chosen]
    return Column(everywhere[chosen][present], present)
