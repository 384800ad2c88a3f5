"""Several runs in one table: a column numbers them, or each row is the summary of another run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from reportgen.errors import StudyError
from reportgen.external.logs.roles import plain_name
from reportgen.external.logs.tables.head import Head
from reportgen.external.logs.tables.table import Column, Table

NUMBERED = ("run", "run_number", "seed", "fold", "trial", "repetition")
"""Names of columns that number runs."""
NAMED = ("id", "name", "run", "run_id", "run_name", "run_uuid", "experiment", "experiment_name", "model", "model_name")
"""Names of columns of text that differ between the rows of a table of runs."""
MOST_RUNS = 1000
FEWEST_ROWS = 2


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


def split_runs(table: Table) -> Mapping[str, Table]:
    """Return the runs that a column numbers, by name; one run with an empty name if none does."""
    found = next((name for name in table.columns if plain_name(name) in NUMBERED), None)
    column = table.columns[found] if found is not None else None
    if found is None or column is None or column.present is not None or not column.values.size:
        return {"": table}
    numbers, counts = np.unique(column.values, return_counts=True)
    if not 1 < numbers.size <= MOST_RUNS or counts.min() < FEWEST_ROWS:
        return {"": table}
    return {f"{found} {number:g}": _rows(table, column.values == number) for number in numbers}


def _rows(table: Table, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Table:
    columns = {name: _part(column, chosen) for name, column in table.columns.items()}
    return replace(table, rows=int(chosen.sum()), columns=columns, headers=[], notes=list(table.notes))


def _part(column: Column, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Column:
    if column.text is not None:
        return column
    if column.present is None:
        return Column(column.values[chosen], None)
    return Column(column.values[chosen[column.present]], column.present[chosen])
