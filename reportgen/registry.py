"""The shape of a table row: everything that is known of an activation, an init, an optimizer, a data set ..."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

Kind = Literal["number", "integer", "boolean", "choice", "text", "path", "component", "numbers", "column"]


@dataclass(frozen=True, slots=True)
class Component:
    """A named row of a table (activation, init, optimizer, schedule, step, data set) with its parameters."""

    name: str
    params: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def of(cls, name: str, **params: Any) -> Component:
        """Return the component with its parameters in sorted order, so that equal ones compare equal."""
        return cls(name, tuple(sorted(params.items())))

    def get(self, key: str, default: Any = None) -> Any:
        """Return the parameter `key`, or `default` where the component has none of that name."""
        return dict(self.params).get(key, default)

    def __getitem__(self, key: str) -> Any:
        return dict(self.params)[key]


@dataclass(frozen=True)
class Parameter:
    """A parameter of a row: its name, kind, default (None: not set), range and one line on what it does.

    required: the author must give it. minimum and maximum are inclusive unless `exclusive` names them.
    choices: the names allowed for kind "choice". A "component" is itself a row, of the same table. "numbers" is a list
    of numbers, each within the range; a "column" of a file is given by its name or by its number from 0.
    """

    name: str
    kind: Kind
    default: Any
    description: str
    minimum: float | None = None
    maximum: float | None = None
    exclusive: tuple[Literal["minimum", "maximum"], ...] = ()
    choices: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True, kw_only=True)
class Row:
    """What validation, `reportgen list`, `describe`, docs and tests read of every row.

    summary: one sentence; formula: LaTeX without dollar signs; source: paper, with equation where it has one.
    """

    name: str
    summary: str
    formula: str
    source: str
    parameters: tuple[Parameter, ...] = ()
    aliases: tuple[str, ...] = ()


RowT = TypeVar("RowT", bound=Row)


def table(rows: Iterable[RowT]) -> dict[str, RowT]:
    """Return the rows by name; aliases are looked up by `find`."""
    return {row.name: row for row in rows}


def find(rows: dict[str, RowT], name: str) -> RowT | None:
    """Return the row of that name or alias, None where there is none."""
    if name in rows:
        return rows[name]
    return next((row for row in rows.values() if name in row.aliases), None)
