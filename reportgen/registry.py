"""The tables of components: the shape of their rows, and how rows are added to them."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import marshal
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, TypeVar

from reportgen.errors import ReportgenError

_PACKAGE = Path(__file__).resolve().parent

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
        self.aliases: dict[str, str] = {}
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
        taken = next((name for name in (row.name, *aliases_of(row)) if self.find(name) is not None), None)
        if taken is not None:
            raise ReportgenError("name-taken", f"there is already a row {taken!r} of the kind {self.kind!r}")
        self._rows[row.name] = row
        self.aliases |= dict.fromkeys(aliases_of(row), row.name)

    def remove(self, name: str) -> None:
        """Remove the row of that name."""
        for alias in aliases_of(self._rows.pop(name)):
            del self.aliases[alias]

    def find(self, name: str) -> RowT | None:
        """Return the row of that name or alias, None if there is none."""
        return self._rows.get(self.aliases.get(name, name))


def aliases_of(row: Entry) -> tuple[str, ...]:
    """Return the other names of a row."""
    return getattr(row, "aliases", ())


HOMES = {
    "activation": "reportgen.engine.tables.activations:ACTIVATIONS",
    "init": "reportgen.engine.tables.inits:INITS",
    "loss": "reportgen.engine.tables.losses:LOSSES",
    "optimizer": "reportgen.engine.tables.optimizers:OPTIMIZERS",
    "schedule": "reportgen.engine.tables.schedules:SCHEDULES",
    "layer": "reportgen.engine.layers.table:LAYERS",
    "data set": "reportgen.data.datasets:DATASETS",
    "preprocessing step": "reportgen.data.preprocessing.steps:STEPS",
    "expectation": "reportgen.analysis.claims.kinds:EXPECTATIONS",
    "metric": "reportgen.study.metrics.table:METRICS",
    "rule": "reportgen.analysis.diagnosis.rules:RULES",
    "figure": "reportgen.figures:FIGURES",
}
"""The module and the name of the table of each kind; a table is imported when it is first needed."""


def table_of(kind: str) -> Table[Any]:
    """Return the table of a kind, such as "activation"."""
    module, _, name = HOMES[kind].partition(":")
    table: Table[Any] = getattr(importlib.import_module(module), name)
    return table


@dataclass(frozen=True)
class Plugin:
    """A loaded plug-in.

    name: the entry point's, or the file's. version: the package and its version, empty for a file. sha256: of its
    source code, which is part of the key of every run that uses one of its rows.
    """

    name: str
    version: str
    sha256: str


_ADDED: dict[tuple[str, str], Plugin] = {}


def register(*rows: Entry, plugin: Plugin | None = None) -> None:
    """Add rows to the tables of their kinds; where one is refused, none is added.

    plugin: where the rows come from; by default the files of their functions.

    Raises
    ------
    ReportgenError : a row whose name is taken, or something that is no row.
    """
    done: list[Entry] = []
    try:
        for row in rows:
            if getattr(row, "kind", None) not in HOMES:
                raise ReportgenError("wrong-row", f"{row!r} is not a row of any table")
            table_of(row.kind).add(row)
            _ADDED[row.kind, row.name] = plugin or _files_of(row)
            done.append(row)
    except ReportgenError:
        unregister(*done)
        raise


def _files_of(row: Entry) -> Plugin:
    """Return the files of a row's functions as a plug-in; of a function without a file, its compiled code counts."""
    functions = (getattr(value, "py_func", value) for value in vars(row).values() if callable(value))
    codes = {one.__code__.co_filename: one.__code__ for one in functions if hasattr(one, "__code__")}
    own = {Path(name): code for name, code in codes.items() if not Path(name).is_relative_to(_PACKAGE)}
    sources = (path.read_bytes() if path.is_file() else marshal.dumps(code) for path, code in sorted(own.items()))
    name = next(iter(own)).name if own else row.name
    return Plugin(name, "", hashlib.sha256(b"".join(sources)).hexdigest())


def unregister(*rows: Entry) -> None:
    """Remove rows that `register` has added."""
    for row in rows:
        table_of(row.kind).remove(row.name)
        del _ADDED[row.kind, row.name]


@contextlib.contextmanager
def registered(*rows: Entry, plugin: Plugin | None = None) -> Iterator[None]:
    """Add rows for the duration of a `with` block."""
    register(*rows, plugin=plugin)
    try:
        yield
    finally:
        unregister(*rows)


def plugin_of(kind: str, name: str) -> Plugin | None:
    """Return the plug-in that a row comes from, None for the package's own rows."""
    return _ADDED.get((kind, name))


def has_plugins() -> bool:
    """Return whether any row of the tables comes from a plug-in."""
    return bool(_ADDED)
