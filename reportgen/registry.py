"""The shape of a table row: everything that is known of an activation, an init, an optimizer, a data set ..."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, TypeVar

from reportgen.errors import ReportgenError

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

    kind: the kind of table. summary: one sentence; formula: LaTeX without dollar signs; source: paper, with equation
    where it has one.
    """

    kind: ClassVar[str]
    name: str
    summary: str
    formula: str
    source: str
    parameters: tuple[Parameter, ...] = ()
    aliases: tuple[str, ...] = ()


class Entry(Protocol):
    """What every row of every table has."""

    kind: ClassVar[str]

    @property
    def name(self) -> str:
        """The name that a study uses."""


RowT = TypeVar("RowT", bound=Entry)


class Table(Mapping[str, RowT]):
    """The rows of one kind by name, in the order in which they were added."""

    def __init__(self, row_type: type[RowT], rows: Iterable[RowT] = ()) -> None:
        self.kind = row_type.kind
        self._type = row_type
        self._rows: dict[str, RowT] = {}
        for row in rows:
            self.add(row)

    def __getitem__(self, name: str) -> RowT:
        return self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: RowT) -> None:
        """Add a row whose name and aliases are new.

        Raises
        ------
        ReportgenError : a name that the table has already, or a row of another kind.
        """
        if not isinstance(row, self._type):
            raise ReportgenError("wrong-row", f"{row!r} is not a row of the kind {self.kind!r}")
        taken = next((name for name in names_of(row) if self.find(name) is not None), None)
        if taken is not None:
            raise ReportgenError("name-taken", f"there is already a row {taken!r} of the kind {self.kind!r}")
        self._rows[row.name] = row

    def remove(self, name: str) -> None:
        """Remove the row of that name."""
        del self._rows[name]

    def find(self, name: str) -> RowT | None:
        """Return the row of that name or alias, None if there is none."""
        if name in self._rows:
            return self._rows[name]
        return next((row for row in self._rows.values() if name in names_of(row)), None)


def names_of(row: Entry) -> tuple[str, ...]:
    """Return the name and the aliases of a row."""
    return row.name, *getattr(row, "aliases", ())
