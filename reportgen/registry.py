"""Components, the tables of their rows, and the registration of further rows."""

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


ADDED = {"added": True}
"""Metadata of fields that are left out of a run's key at their default, so that the keys of earlier runs remain."""


@dataclass(frozen=True, slots=True)
class Component:
    """A component of a run, such as an activation or a data set: the name of a row with values of its parameters."""

    name: str
    params: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def of(cls, name: str, **params: Any) -> Component:
        """Return the component with its parameters sorted, so that equal components compare equal."""
        return cls(name, tuple(sorted(params.items())))

    def get(self, key: str, default: Any = None) -> Any:
        """Return the parameter `key`, or `default` if there is no such parameter."""
        return dict(self.params).get(key, default)

    def __getitem__(self, key: str) -> Any:
        return dict(self.params)[key]


@dataclass(frozen=True)
class Parameter:
    """A parameter of a row.

    Attributes
    ----------
    kind : type of the value. A "component" is a row of the same table; "numbers" is a list of numbers, each within the
        range; a "column" of a file is a name, or a number counted from 0.
    default : default value, None for no value.
    description : one line for the reference.
    minimum, maximum : limits of numbers, inclusive unless `exclusive` names them.
    choices : allowed values of the kind "choice".
    required : the study must set the parameter.
    added : added after runs were stored; components leave it out if it has its default, so that keys of runs stay.
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
    added: bool = False


@dataclass(frozen=True, kw_only=True)
class Row:
    """Base class of rows.

    Attributes
    ----------
    kind : kind of the table.
    summary : one sentence.
    formula : LaTeX without dollar signs.
    source : paper, with the number of the equation if it has one.
    aliases : other names that studies may use.
    """

    kind: ClassVar[str]
    name: str
    summary: str
    formula: str
    source: str
    parameters: tuple[Parameter, ...] = ()
    aliases: tuple[str, ...] = ()


class Entry(Protocol):
    """The attributes that the rows of all tables have."""

    kind: ClassVar[str]

    @property
    def name(self) -> str:
        """The name in studies."""


RowT = TypeVar("RowT", bound=Entry)


def loose(name: str) -> str:
    """Return a name as it is compared with others: `nn.LeakyReLU()`, `leaky_relu` and `Leaky-ReLU` are equal."""
    last = name.strip().removesuffix("()").rsplit(".", 1)[-1]
    return last.replace("_", "").replace("-", "").replace(" ", "").casefold()


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
        """Add a row.

        Raises
        ------
        ReportgenError
            If its name or an alias is taken ("name-taken"), or the row is of another kind ("wrong-row").
        """
        if not isinstance(row, self._type):
            raise ReportgenError("wrong-row", f"{row!r} is not a row of the kind {self.kind!r}")
        known = (*self._rows, *self.aliases)
        taken = next((name for name in (row.name, *aliases_of(row)) if name in known), None)
        if taken is not None:
            raise ReportgenError("name-taken", f"the table of kind {self.kind!r} already has a row {taken!r}")
        self._rows[row.name] = row
        self.aliases |= dict.fromkeys(aliases_of(row), row.name)

    def remove(self, name: str) -> None:
        """Remove the row with this name."""
        for alias in aliases_of(self._rows.pop(name)):
            del self.aliases[alias]

    def find(self, name: str) -> RowT | None:
        """Return the row with this name or alias, compared as in `loose`, or None."""
        found = self._rows.get(self.aliases.get(name, name))
        if found is not None:
            return found
        known = {loose(other): other for other in (*self._rows, *self.aliases)}
        other = known.get(loose(name), name)
        return self._rows.get(self.aliases.get(other, other))


def aliases_of(row: Entry) -> tuple[str, ...]:
    """Return the other names of a row."""
    return getattr(row, "aliases", ())


HOMES = {
    "activation": "reportgen.engine.tables.activations:ACTIVATIONS",
    "init": "reportgen.engine.tables.inits:INITS",
    "loss": "reportgen.engine.tables.losses:LOSSES",
    "optimizer": "reportgen.engine.tables.optimizers:OPTIMIZERS",
    "schedule": "reportgen.engine.tables.schedules:SCHEDULES",
    "normalization": "reportgen.engine.tables.norms:NORMS",
    "layer": "reportgen.engine.layers.table:LAYERS",
    "data set": "reportgen.data.datasets:DATASETS",
    "preprocessing step": "reportgen.data.preprocessing.steps:STEPS",
    "expectation": "reportgen.analysis.claims.kinds:EXPECTATIONS",
    "metric": "reportgen.study.metrics.table:METRICS",
    "rule": "reportgen.analysis.diagnosis.rules:RULES",
    "figure": "reportgen.figures:FIGURES",
}
"""The module and name of the table of each kind; a table is imported when it is first used."""


def table_of(kind: str) -> Table[Any]:
    """Return the table of a kind, such as "activation"."""
    module, _, name = HOMES[kind].partition(":")
    table: Table[Any] = getattr(importlib.import_module(module), name)
    return table


@dataclass(frozen=True)
class Plugin:
    """A loaded plug-in.

    Attributes
    ----------
    name : the name of the entry point, or of the file.
    version : the package and its version, empty for a file.
    sha256 : the hash of its source code, which is part of the key of every run that uses one of its rows.
    path : the path of the file, empty for a package.
    """

    name: str
    version: str
    sha256: str
    path: str = ""


_ADDED: dict[tuple[str, str], Plugin] = {}


def register(*rows: Entry, plugin: Plugin | None = None) -> None:
    """Add rows to the tables of their kinds; after an error, none of them is added.

    Parameters
    ----------
    plugin : origin of the rows; by default the files of their functions.

    Raises
    ------
    ReportgenError
        If a name is taken ("name-taken"), or an object is not a row ("wrong-row").
    """
    added: list[Entry] = []
    try:
        for row in rows:
            if getattr(row, "kind", None) not in HOMES:
                raise ReportgenError("wrong-row", f"{row!r} is not a row of any table")
            table_of(row.kind).add(row)
            _ADDED[row.kind, row.name] = plugin or _files_of(row)
            added.append(row)
    except ReportgenError:
        unregister(*added)
        raise


def _files_of(row: Entry) -> Plugin:
    """Return the files of a row's functions as a plug-in; a function without a file is hashed by its bytecode."""
    functions = (getattr(value, "py_func", value) for value in vars(row).values() if callable(value))
    codes = {
        function.__code__.co_filename: function.__code__ for function in functions if hasattr(function, "__code__")
    }
    own = {Path(name): code for name, code in codes.items() if not Path(name).is_relative_to(_PACKAGE)}
    sources = (path.read_bytes() if path.is_file() else marshal.dumps(code) for path, code in sorted(own.items()))
    name = next(iter(own)).name if own else row.name
    return Plugin(name, "", hashlib.sha256(b"".join(sources)).hexdigest())


def unregister(*rows: Entry) -> None:
    """Remove rows that `register` added."""
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
    """Return the plug-in that registered a row, or None for rows of the package."""
    return _ADDED.get((kind, name))


def has_plugins() -> bool:
    """Return whether any row of the tables comes from a plug-in."""
    return bool(_ADDED)
