"""The tables of a report as data frames, or as lists of rows if pandas is not installed."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from reportgen import disk
from reportgen.analysis.words.foreign import text_of_cell
from reportgen.analysis.words.nouns import counted_noun

TEXTS = ("id", "key", "label", "says", "source", "variant")
"""Columns of text, whose cells may look like numbers."""

MOST_SHOWN = 20
"""Largest number of rows that a notebook shows."""


class Rows(list[dict[str, Any]]):
    """The rows of a table, each a dict by column; a missing value is None.

    Attributes
    ----------
    columns : the names of the columns.
    """

    def __init__(self, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        super().__init__(dict(zip(columns, row, strict=True)) for row in rows)
        self.columns = tuple(columns)

    def __repr__(self) -> str:
        return f"<{len(self)} rows of {', '.join(self.columns)}>"

    def _repr_html_(self) -> str:
        head = Markup("").join(Markup("<th>{}</th>").format(name) for name in self.columns)
        body = Markup("").join(
            Markup("<tr>{}</tr>").format(Markup("").join(Markup("<td>{}</td>").format(_shown(row[n])) for n in row))
            for row in self[:MOST_SHOWN]
        )
        more = len(self) - MOST_SHOWN
        rest = Markup("<p>{}</p>").format(counted_noun(more, "more row")) if more > 0 else ""
        return Markup("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>{}").format(head, body, rest)


def read_table(path: Path) -> Any:
    """Return a CSV file of a report as a pandas DataFrame, or as `Rows` if pandas is not installed."""
    with io.TextIOWrapper(disk.open_regular(path), "utf-8", newline="") as file:
        columns, *lines = list(csv.reader(file))
    cells = [_typed(name, [line[at] for line in lines]) for at, name in enumerate(columns)]
    try:
        from pandas import DataFrame
    except ImportError:
        return Rows(columns, list(zip(*cells, strict=True)))
    return DataFrame(dict(zip(columns, cells, strict=True)), columns=columns)


def _typed(name: str, cells: Sequence[str]) -> list[Any]:
    """Return the cells of a column as whole numbers, numbers or truth values if all are, else as text."""
    kinds: tuple[Callable[[str], Any], ...] = () if name in TEXTS else (int, float, _truth)
    for kind in kinds:
        try:
            return [kind(cell) if cell else None for cell in cells]
        except ValueError:
            continue
    return [text_of_cell(cell) or None for cell in cells]


def _truth(cell: str) -> bool:
    if cell in ("true", "false"):
        return cell == "true"
    raise ValueError(cell)


def _shown(value: Any) -> str:
    return "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
